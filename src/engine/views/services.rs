//! Services that run on this host.

use crate::domain::{Desired, Health, InstanceId, PlatformId, Slug};
use jiff::Timestamp;
use serde::Serialize;

/// The service of an instance on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceRow {
    /// Whose.
    pub slug: Slug,
    /// Whether that community is archived.
    pub archived: bool,
    /// Of which platform.
    pub platform: PlatformId,
    /// The instance.
    #[serde(skip)]
    pub instance: InstanceId,
    /// What is wanted.
    pub desired: Desired,
    /// Where it is shown.
    pub url: Option<String>,
    /// The memory it takes while active, estimated, in MiB.
    pub memory_mib: u64,
    /// How the platform did at the last look.
    pub health: Health,
    /// When that was.
    pub checked_at: Option<Timestamp>,
    /// Where the supervisor keeps it.
    pub folder: std::path::PathBuf,
    /// What runs of it.
    pub state: crate::services::supervisor::ServiceState,
}

/// A line of a service's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceLine {
    /// Which of its processes wrote it.
    pub process: String,
    /// What, cleaned, without keys.
    pub text: String,
}
