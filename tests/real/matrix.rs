//! Matrix against a real Synapse: the adapter verb by verb, then the program as its user meets it.
//!
//! Runs only with `GUILDHALL_REAL=1`; `.ci/real-peers` installs what it needs.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

#[path = "../support/hall.rs"]
mod hall;
#[path = "../support/journal.rs"]
mod journal;
#[path = "matrix/keys.rs"]
mod keys;
#[path = "matrix/looking.rs"]
mod looking;
#[path = "matrix/making.rs"]
mod making;
#[path = "matrix/moving.rs"]
mod moving;
#[path = "support/person.rs"]
mod person;
#[path = "matrix/program.rs"]
mod program;
#[path = "matrix/removing.rs"]
mod removing;
#[path = "matrix/switching.rs"]
mod switching;
#[path = "support/synapse.rs"]
mod synapse;
#[path = "matrix/world.rs"]
mod world;
