//! What belongs to one run: the program with everything it started, and our own tasks beside it. Both end with the run,
//! also when the run is abandoned.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::{io, time::Duration};
use tokio::{process::Child, task::JoinHandle, time::Instant};

/// A running program with everything it started; ended at once when a run is abandoned.
pub(super) struct Group(Option<Pid>);

impl Group {
    pub(super) fn of(child: &Child) -> Self {
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        Self(pid.and_then(Pid::from_raw))
    }

    /// Fails only when nothing of the group is left, which is what a signal is for.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            let _ = kill_process_group(pid, signal);
        }
    }

    pub(super) fn exists(&self) -> bool {
        self.0
            .is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }

    /// It ended; its number may soon belong to somebody else.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// What goes on beside a program; ended with the run.
#[derive(Default)]
pub(super) struct Tasks(Vec<JoinHandle<io::Result<()>>>);

impl Tasks {
    pub(super) fn start(&mut self, work: impl Future<Output = io::Result<()>> + Send + 'static) {
        self.0.push(tokio::spawn(work));
    }

    /// Waits for all of them, `limit` at most.
    pub(super) async fn finish(&mut self, limit: Duration) {
        let until = Instant::now() + limit;
        for task in &mut self.0 {
            if tokio::time::timeout_at(until, &mut *task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}
