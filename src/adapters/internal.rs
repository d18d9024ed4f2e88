//! The hidden commands of the adapters: what is run regularly for an instance on this host, without a terminal and
//! without the engine.

use super::sourcecred;
use crate::domain::{Fault, FaultKind};
use std::path::Path;

/// Runs `job PLATFORM FOLDER`, the scheduled work of the instance in that folder; none when the name is another one.
/// Secrets come on standard input.
///
/// # Errors
/// What the work returns; [`FaultKind::BadInput`] when there is no such platform.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    if name != "job" {
        return None;
    }
    Some(match arguments {
        [platform, folder] if platform == sourcecred::ID => {
            sourcecred::job(Path::new(folder)).await
        }
        _ => Err(
            Fault::new(FaultKind::BadInput, "There is no such scheduled work.")
                .hint("It is called by Guildhall itself only."),
        ),
    })
}
