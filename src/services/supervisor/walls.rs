//! What a service may see of the installation that runs it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The walls around a service that runs what others wrote, or what members of a community write: of the installation's
/// folder it sees nothing but what is named here, neither the database with the sealed keys nor other communities. Held
/// where the host can hold them (systemd).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// The installation's folder.
    pub home: PathBuf,
    /// What of it is shown and only read.
    pub reads: Vec<PathBuf>,
    /// The service's own folder: shown, written, and owned by a user of its own where the host can make one.
    pub own: PathBuf,
}
