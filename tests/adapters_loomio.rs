//! The Loomio adapter against the simulated server: what an operator and the members of a community would notice.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "loomio/hosted.rs"]
mod hosted;
#[path = "support/journal.rs"]
mod journal;
#[path = "loomio/keys.rs"]
mod keys;
#[path = "loomio/own_server.rs"]
mod own_server;
#[path = "loomio/wiring.rs"]
mod wiring;
#[path = "loomio/world.rs"]
mod world;
