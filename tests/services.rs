//! Services on this host: processes of our own that outlive whoever started them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

#[path = "services/communities.rs"]
mod communities;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "support/hall.rs"]
mod hall;
#[path = "services/installing.rs"]
mod installing;
#[path = "services/killing.rs"]
mod killing;
#[path = "services/running.rs"]
mod running;
#[path = "services/world.rs"]
mod world;
