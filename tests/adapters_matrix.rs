//! The Matrix adapter against the simulated homeserver: what an operator and the members of a community would notice.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "support/journal.rs"]
mod journal;
#[path = "matrix/making.rs"]
mod making;
#[path = "matrix/pausing.rs"]
mod pausing;
#[path = "matrix/running.rs"]
mod running;
#[path = "matrix/world.rs"]
mod world;
