//! Hidden commands: what this program runs itself as. Not for people, and not in the help.

use super::vault;
use crate::{
    adapters,
    domain::{Fault, FaultKind},
    sandbox, services,
};
use clap::Args;
use std::{io::Write as _, path::Path};

/// What this program runs itself as.
#[derive(Debug, Args)]
pub struct Internal {
    /// The hidden command.
    name: String,
    /// Its arguments, as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs `guildhall internal NAME ARGUMENTS...` and returns the exit code.
///
/// Three rooms may know the name: local services, the adapters (their scheduled jobs), the sandbox (its stand-ins).
pub async fn run(command: &Internal) -> u8 {
    let (name, arguments) = (command.name.as_str(), command.arguments.as_slice());
    let mut done = agent(name, arguments).await;
    if done.is_none() {
        done = services::internal::run(name, arguments).await;
    }
    if done.is_none() {
        done = adapters::internal::run(name, arguments).await;
    }
    if done.is_none() {
        done = sandbox::internal::run(name, arguments).await;
    }
    match done {
        Some(Ok(code)) => code,
        Some(Err(fault)) => {
            tell(&fault);
            1
        }
        None => 2,
    }
}

/// `agent SOCKET SECONDS`: keeps the vault unlocked. The key comes on standard input.
async fn agent(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    if name != "agent" {
        return None;
    }
    let seconds = arguments.get(1).and_then(|seconds| seconds.parse().ok());
    Some(match (arguments, seconds) {
        ([socket, _], Some(seconds)) => vault::serve(Path::new(socket), seconds).await.map(|()| 0),
        _ => Err(Fault::new(
            FaultKind::BadInput,
            "The agent was called with other arguments than it takes.",
        )
        .hint("Start it with: guildhall unlock --for 8h")),
    })
}

/// Nobody may be there to read it; then nothing is lost.
fn tell(fault: &Fault) {
    let detail = fault.detail.as_deref().unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{fault} {detail}");
}
