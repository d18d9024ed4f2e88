//! State in one SQLite file: one writer thread behind a handle, migrations, typed queries, journal, audit chain, backup.
