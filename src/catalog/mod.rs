//! Platforms as data: reads and checks the manifests in `assets/platforms` and the operator's own.
