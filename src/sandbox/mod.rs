//! Simulated platforms and services in this binary, for trying before handing over a key and for the tests.
//!
//! One HTTP server on an ephemeral loopback port serves every simulated platform under a prefix of its own
//! (`/matrix`, `/loomio`, ...). Adapters do not know the difference: the one HTTP client is told to send what is meant
//! for a platform's host here ([`RunningSandbox::overrides`]). Knows nothing of adapters, engine or screens.
//!
//! To add a platform: a folder here with a type that implements [`SimulatedPlatform`], and a line in [`platforms`].

mod discord;
mod discourse;
mod django;
pub mod internal;
mod loomio;
mod mastodon;
mod matrix;
mod opencollective;
pub mod service;
mod slack;
pub mod sourcecred;

mod controls;
mod cut;
mod delivery;
mod exchange;
mod faults;
mod laying;
mod own_paths;
mod platform;
mod recorder;
mod running;
mod serve;
mod shared;
mod state;

pub use exchange::{Delivery, Incoming, Reply, ReplyBody};
pub use faults::{LimitShape, Trouble, TroubleKind};
pub use loomio::{StandInOutput, stand_in_docker};
pub use platform::SimulatedPlatform;
pub use recorder::RecordedCall;
pub use running::{RunningSandbox, Sandbox, SandboxOptions};

use platform::Simulated;
use std::sync::Arc;

/// Lays the stand-ins for the runtimes of local services, run by this program at `executable`.
///
/// # Errors
/// Storage trouble.
pub fn lay_runtimes(
    runtimes: &std::path::Path,
    executable: &std::path::Path,
) -> Result<(), crate::domain::Fault> {
    sourcecred::lay_runtime(runtimes, executable)?;
    django::lay_runtimes(runtimes, executable)
}

/// Every simulated platform of this build.
fn platforms() -> Vec<Arc<dyn Simulated>> {
    vec![
        Arc::new(discord::SimulatedDiscord),
        Arc::new(discourse::SimulatedDiscourse),
        Arc::new(loomio::SimulatedLoomio),
        Arc::new(mastodon::SimulatedMastodon),
        Arc::new(matrix::SimulatedMatrix),
        Arc::new(opencollective::SimulatedOpenCollective),
        Arc::new(slack::SimulatedSlack),
    ]
}
