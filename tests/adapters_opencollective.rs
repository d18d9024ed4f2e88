//! The Open Collective adapter against the simulated service: what an operator and a community would notice.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "opencollective/hosting.rs"]
mod hosting;
#[path = "support/journal.rs"]
mod journal;
#[path = "opencollective/keys.rs"]
mod keys;
#[path = "opencollective/making.rs"]
mod making;
#[path = "opencollective/running.rs"]
mod running;
#[path = "opencollective/switching.rs"]
mod switching;
#[path = "opencollective/world.rs"]
mod world;
