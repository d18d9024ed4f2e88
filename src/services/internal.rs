//! The hidden commands of this room: what this program runs itself as.

use super::{keeper, supervisor};
use crate::domain::{Fault, FaultKind};
use std::path::Path;

/// Runs a hidden command of local services; none when the name is not one of them.
///
/// | command | what it does |
/// |---|---|
/// | `detach FOLDER NAME` | starts the service that is described there, in a session of its own |
/// | `keep FILE` | keeps the site and the schedule described there; secrets on standard input |
///
/// # Errors
/// What the command itself returns; [`FaultKind::BadInput`] when an argument is missing.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    let done = match (name, arguments) {
        ("detach", [folder, service]) => supervisor::detach(Path::new(folder), service).await,
        ("keep", [path]) => keeper::keep(Path::new(path)).await,
        ("detach" | "keep", _) => Err(Fault::new(
            FaultKind::BadInput,
            format!("The hidden command {name} was called with other arguments than it takes."),
        )
        .hint("It is called by Guildhall itself only.")),
        _ => return None,
    };
    Some(done.map(|()| 0))
}
