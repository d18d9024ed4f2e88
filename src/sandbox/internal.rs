//! The hidden commands of the sandbox: stand-ins for programs that the real services run.

use super::{loomio, sourcecred};
use crate::domain::Fault;

/// Runs a stand-in; none when the name is not one of them.
///
/// # Errors
/// When the folder it runs in cannot be found out.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    let arguments = arguments.to_vec();
    match name {
        "sandbox-sourcecred" => Some(sourcecred::run_here(arguments).await),
        "sandbox-docker" => Some(loomio::run_here(arguments).await),
        _ => None,
    }
}
