//! How a service does, as far as this host can tell.

use super::super::process_mark::ProcessMark;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Which way of running things a service is run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverKind {
    /// Processes of our own, kept by a keeper.
    Plain,
    /// Units of the user's systemd.
    SystemdUser,
    /// Units of the system's systemd.
    SystemdSystem,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain => "plain processes",
            Self::SystemdUser => "systemd (user)",
            Self::SystemdSystem => "systemd (system)",
        })
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code; none when a signal ended it or it could not be started.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// When.
    pub at: Timestamp,
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(formatter, "ended with {code}"),
            (None, Some(signal)) => write!(formatter, "was ended by signal {signal}"),
            (None, None) => write!(formatter, "could not be started"),
        }
    }
}

/// One process of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Which process it is; none when it does not run.
    pub pid: Option<i32>,
    /// Since when it runs.
    pub since: Option<Timestamp>,
    /// How often it was started again since the service was started.
    pub restarts: u32,
    /// How it last ended, since the service was started.
    pub last_exit: Option<Exit>,
}

impl ProcessState {
    /// Whether it runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.pid.is_some()
    }
}

/// One timer of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerState {
    /// When the next run is due; none when the service does not run.
    pub next: Option<Timestamp>,
    /// How the last run ended, since the service was started.
    pub last: Option<Exit>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// How it is run.
    pub driver: DriverKind,
    /// Whether it was started and not stopped since; a keeper that was killed counts as stopped.
    pub kept: bool,
    /// Its processes, by name.
    pub processes: BTreeMap<String, ProcessState>,
    /// Its timers, by name.
    pub timers: BTreeMap<String, TimerState>,
}

impl ServiceState {
    /// Whether it is kept and every process runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.kept && self.processes.values().all(ProcessState::is_up)
    }
}

/// What a keeper writes down of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::services) struct KeeperState {
    /// Who it is.
    pub keeper: ProcessMark,
    /// Which start of the service it belongs to.
    pub start: String,
    /// Its processes, by name.
    pub processes: BTreeMap<String, ProcessState>,
    /// Its timers, by name.
    pub timers: BTreeMap<String, TimerState>,
}
