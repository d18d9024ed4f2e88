//! The hidden commands of the sandbox: stand-ins for programs that the real services run.

use super::{django, loomio, service, sourcecred};
use crate::domain::Fault;
use std::{ffi::OsString, path::Path};
use url::Url;

/// What stands in for programs of this host that adapters run, so that they reach the simulated platforms at `base`: each
/// program with the command that is started in its place, which is this program at `executable`.
#[must_use]
pub fn stand_ins(executable: &Path, base: &Url) -> Vec<(&'static str, Vec<OsString>)> {
    let command = |name: &str| {
        vec![
            executable.into(),
            "internal".into(),
            name.into(),
            base.as_str().into(),
        ]
    };
    vec![("docker", command("sandbox-docker"))]
}

/// Runs a stand-in; none when the name is not one of them.
///
/// # Errors
/// When the folder it runs in cannot be found out.
pub async fn run(name: &str, arguments: &[String]) -> Option<Result<u8, Fault>> {
    let arguments = arguments.to_vec();
    match name {
        "sandbox-sourcecred" => Some(sourcecred::run_here(arguments).await),
        "sandbox-service" => Some(service::run_here(&arguments).await),
        "sandbox-docker" => Some(loomio::run_here(arguments).await),
        _ => django::run_here(name, &arguments).await.map(Ok),
    }
}
