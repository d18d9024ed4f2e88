//! Hidden commands: what this program runs itself as. Not for people, and not in the help.

use crate::{adapters, domain::Fault, sandbox, services};
use std::io::Write as _;

/// Runs `guildhall internal NAME ARGUMENTS...` and returns the exit code.
///
/// Three rooms may know the name: local services, the adapters (their scheduled jobs), the sandbox (its stand-ins).
pub async fn run(name: &str, arguments: &[String]) -> u8 {
    let mut done = services::internal::run(name, arguments).await;
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

/// Nobody may be there to read it; then nothing is lost.
fn tell(fault: &Fault) {
    let detail = fault.detail.as_deref().unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "{fault} {detail}");
}
