//! What a process does, seen from outside.

#![expect(clippy::expect_used, reason = "a test")]

use super::DEADLINE;
use rustix::process::Pid;
use std::{
    ffi::OsString,
    fs,
    time::{Duration, Instant},
};

/// Waits until the process has ended, whether or not its parent has noticed.
pub fn wait_until_ended(pid: Pid) {
    let start = Instant::now();
    let file = format!("/proc/{}/stat", pid.as_raw_nonzero());
    while fs::read_to_string(&file).is_ok_and(|state| !state.contains(") Z ")) {
        assert!(start.elapsed() < DEADLINE, "process {pid:?} does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether every thread of the process sleeps, and has used no more CPU time between two looks at it.
///
/// A thread that spins is seen running, or its time grows; waits until neither is so, several times in a row.
pub fn wait_until_at_rest(pid: Pid) {
    let start = Instant::now();
    let (mut before, mut quiet) = (None, 0);
    while quiet < 20 {
        let now = activity(pid);
        quiet = if now.is_some() && now == before {
            quiet + 1
        } else {
            0
        };
        before = now;
        assert!(
            start.elapsed() < DEADLINE,
            "process {pid:?} does not come to rest"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The nanoseconds spent by each thread, or none while one is running.
fn activity(pid: Pid) -> Option<Vec<(OsString, u64)>> {
    let mut threads = Vec::new();
    let folder = format!("/proc/{}/task", pid.as_raw_nonzero());
    for thread in fs::read_dir(folder).expect("the process is there") {
        let path = thread.expect("a thread").path();
        let Ok(state) = fs::read_to_string(path.join("stat")) else {
            return None;
        };
        let state = state
            .rsplit_once(") ")
            .map(|(_, rest)| rest.starts_with('S'));
        let spent = fs::read_to_string(path.join("schedstat")).ok()?;
        let spent = spent.split(' ').next()?.parse().ok()?;
        if state != Some(true) {
            return None;
        }
        threads.push((path.into_os_string(), spent));
    }
    threads.sort();
    Some(threads)
}
