//! The hidden commands of this room: what this program runs itself as.

use super::{
    keeper, site,
    supervisor::{enter, keyed},
};
use crate::domain::{Fault, FaultKind};
use std::path::Path;

/// Runs a hidden command of local services; none when the name is not one of them.
///
/// | command | what it does |
/// |---|---|
/// | `detach FOLDER START` | starts the keeper of the service in that folder, in a session of its own |
/// | `keep FOLDER START` | keeps the service in that folder; secrets on standard input |
/// | `enter FOLDER START NAME PARENT` | becomes the process or timer of that name |
/// | `keyed PROGRAM ARGUMENTS...` | becomes that program, with the secrets of standard input in its environment |
/// | `site FILE` | serves the site described there |
///
/// # Errors
/// What the command itself returns; [`FaultKind::BadInput`] when an argument is missing.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    let done = match (name, arguments) {
        ("detach", [folder, start]) => enter::detach(Path::new(folder), start),
        ("keep", [folder, start]) => keeper::keep(Path::new(folder), start).await,
        ("enter", [folder, start, service, parent]) => {
            enter::enter(Path::new(folder), start, service, parent)
        }
        ("site", [path]) => site::serve_file(Path::new(path)).await,
        ("keyed", [program, arguments @ ..]) => keyed::become_program(program, arguments),
        ("detach" | "keep" | "enter" | "keyed" | "site", _) => Err(Fault::new(
            FaultKind::BadInput,
            format!("The hidden command {name} was called with other arguments than it takes."),
        )
        .hint("It is called by Guildhall itself only.")),
        _ => return None,
    };
    Some(done.map(|()| 0))
}
