//! Which process is meant, so surely that a number that was given to another process is never taken for it.

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::fs;

/// A process of this host: its number, when it was started, and in which run of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMark {
    /// Its number.
    pub pid: i32,
    /// When it was started, in ticks since the system started (`/proc/<pid>/stat`, field 22).
    pub started: u64,
    /// The run of the system (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

impl ProcessMark {
    /// The process that has this number now; none when there is none or it has ended.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, started) = state_and_start(&stat)?;
        if matches!(state, 'Z' | 'X' | 'x') {
            return None;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(Self {
            pid,
            started,
            boot: boot.trim().to_owned(),
        })
    }

    /// This process; none when it cannot be found out.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    /// Whether exactly this process still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Sends a signal to exactly this process. Says whether it was there to get it.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return false;
        };
        // The descriptor holds on to one process: what is found alive after it was opened is what gets the signal.
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => self.is_alive() && pidfd_send_signal(handle, signal).is_ok(),
            Err(_) => false,
        }
    }

    /// Ends the process and everything in its own group at once.
    pub fn kill_group(&self) {
        if !self.is_alive() {
            return;
        }
        if let Some(pid) = Pid::from_raw(self.pid) {
            // A group that is gone is what was wanted.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.signal(Signal::KILL);
    }
}

/// The state and the start of a process. Its name stands in brackets and may hold anything, brackets too.
fn state_and_start(stat: &str) -> Option<(char, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    // The state is field 3; the start is field 22.
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1000 1";
        assert_eq!(state_and_start(stat), Some(('S', 12345)));
    }

    #[test]
    fn a_number_that_now_belongs_to_another_process_gets_no_signal() {
        let mut stranger = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let pid = i32::try_from(stranger.id()).unwrap();
        let mut mark = ProcessMark::of(pid).unwrap();
        mark.started -= 1;
        assert!(!mark.is_alive() && !mark.signal(Signal::KILL));
        mark.kill_group();
        assert_eq!(stranger.try_wait().unwrap(), None);
        mark.started += 1;
        assert!(mark.is_alive() && mark.signal(Signal::KILL));
        stranger.wait().unwrap();
        assert!(!mark.is_alive());
    }
}
