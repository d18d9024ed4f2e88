//! Keys at rest: wrapping, sealing, fingerprints, lock and unlock. Knows bytes and files, not tables.
