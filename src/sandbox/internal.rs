//! The hidden commands of the sandbox: stand-ins for programs that the real services run.

use super::sourcecred;
use crate::domain::Fault;

/// Runs a stand-in; none when the name is not one of them.
///
/// # Errors
/// When the folder it runs in cannot be found out.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    if name != "sandbox-sourcecred" {
        return None;
    }
    let arguments = arguments.to_vec();
    Some(sourcecred::run_here(arguments).await)
}
