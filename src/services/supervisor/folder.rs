//! What lies in the folder of a service.
//!
//! | file | what it is |
//! |---|---|
//! | `service.json` | the description, which way it was started, which start it was; no start once it was stopped |
//! | `change.lock` | held by whoever starts or stops the service |
//! | `keeper.lock` | held by the keeper as long as it lives; there is never a second one |
//! | `keeper.json` | what the keeper knows of its processes and timers |
//! | `<process>.lock` | held by the process and everything it started, even when its keeper is gone |
//! | `<process>.log`, `keeper.log` | what they wrote; one former log each (`.log.1`) |

use super::{
    super::{files, lock::FileLock, process_mark::ProcessMark},
    description::ServiceDescription,
    state::{DriverKind, KeeperState},
};
use crate::domain::Fault;
use rustix::fs::{AtFlags, CWD, statat};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long a start or a stop waits for another one of the same service.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was last started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::services) struct Record {
    /// How it is run.
    pub driver: DriverKind,
    /// Which start this was; none once it was stopped. Whoever comes too late sees that another start is meant.
    pub start: Option<String>,
    /// What is run.
    pub service: ServiceDescription,
}

/// The folder of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::services) struct ServiceFolder(PathBuf);

impl ServiceFolder {
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The log of a process, a timer or the keeper.
    pub fn log(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.log"))
    }

    /// The lock that a process holds as long as anything of it lives.
    pub fn lock(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.lock"))
    }

    pub fn record(&self) -> Result<Option<Record>, Fault> {
        files::read_json(&self.file("service.json"))
    }

    pub fn write_record(&self, record: &Record) -> Result<(), Fault> {
        files::write_json(&self.file("service.json"), record)
    }

    /// What the keeper wrote down; one that is cut or foreign counts as none.
    pub fn keeper(&self) -> Result<Option<KeeperState>, Fault> {
        let bytes = files::read(&self.file("keeper.json"))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// What a living keeper wrote down.
    pub fn living_keeper(&self) -> Result<Option<KeeperState>, Fault> {
        Ok(self.keeper()?.filter(|state| state.keeper.is_alive()))
    }

    /// Waits for everybody else who starts or stops this service.
    pub async fn change(&self, cancel: &CancellationToken) -> Result<FileLock, Fault> {
        FileLock::take(&self.file("change.lock"), PATIENCE, cancel).await
    }
}

/// The name of a start, which no other start has.
pub(in crate::services) fn fresh_start() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Every process of this host that has this file open, as far as we may see them. Whoever holds a lock that was handed
/// on at a process's start belongs to that process, whatever number it has.
pub(in crate::services) fn holders(lock: &Path) -> Vec<ProcessMark> {
    let Ok(wanted) = fs::metadata(lock) else {
        return Vec::new();
    };
    let (device, inode) = (wanted.dev(), wanted.ino());
    let own = std::process::id();
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let holds = |pid: u32| {
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else {
            return false;
        };
        open.flatten().any(|entry| {
            statat(CWD, entry.path(), AtFlags::empty())
                .is_ok_and(|about| about.st_dev == device && about.st_ino == inode)
        })
    };
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own && holds(*pid))
        .filter_map(|pid| ProcessMark::of(i32::try_from(pid).ok()?))
        .collect()
}
