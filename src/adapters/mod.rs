//! The shared adapter layer: the contract, the durable steps, the one HTTP client, the one process runner, and one
//! file or folder per platform. Knows nothing of screens or tables.
//!
//! To add a platform: write its manifest in `assets/platforms`, its adapter here, and register it in [`registry`].

mod aside;
mod chat_keys;
pub mod contract;
mod discord;
mod discourse;
pub mod django;
pub mod durable;
pub mod http;
pub mod internal;
pub mod kybern;
pub mod local;
mod loomio;
mod mastodon;
mod matrix;
pub mod metagov;
pub mod opencollective;
mod order;
mod ownership;
pub mod policykit;
pub mod process;
pub mod registry;
mod replacing;
mod slack;
pub mod sourcecred;

pub use contract::{
    Adapter, Discovered, MadeAccount, Observation, PUT_BACK, Peer, Presence, Probe, Removed,
    Secrets, Settings, Site, Standing, Target, VerifyRequest,
};
pub use durable::{Attempt, Before, Halt, Journal, Op};
pub use ownership::{OurHold, Ownership};
