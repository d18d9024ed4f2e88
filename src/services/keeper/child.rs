//! One run of a program under a keeper: started, its output written to a log, ended with everything it started.

use super::Keeper;
use crate::{
    domain::Fault,
    services::{
        process_mark::ProcessMark,
        supervisor::{Launch, OwnProgram, folder::holders, log::Log, state::Exit},
    },
};
use jiff::Timestamp;
use rustix::process::Signal;
use std::{
    os::unix::process::ExitStatusExt as _,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::Child,
    time::Instant,
};

/// A longer line is written in pieces.
const LONGEST_LINE: usize = 16 * 1024;
/// How long output is awaited after the end of a program and of all that it started.
const LAST_OUTPUT: Duration = Duration::from_millis(500);
/// How often it is looked whether something has ended.
const LOOK: Duration = Duration::from_millis(25);

/// Ends what was left behind under this name by an earlier keeper, giving it its grace.
pub(super) async fn clear(keeper: &Keeper, name: &str, grace: Duration) {
    let lock = keeper.folder.lock(name);
    let left = holders(&lock);
    if left.is_empty() {
        return;
    }
    keeper.tell(&format!("{name}: ending what was left behind"));
    for mark in &left {
        // It may have ended by itself just now.
        let _ = mark.signal(Signal::TERM);
    }
    let until = Instant::now() + grace;
    while !holders(&lock).is_empty() && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
    }
    end(&lock);
}

/// Ends all that hold this lock, at once.
fn end(lock: &std::path::Path) {
    for mark in holders(lock) {
        let _ = mark.signal(Signal::KILL);
    }
}

/// Runs it to its end; asks it to end when the keeper is stopped. `began` is told its number.
pub(super) async fn run(
    keeper: &Keeper,
    name: &str,
    launch: &Launch,
    began: impl FnOnce(i32),
) -> Exit {
    let mut child = match spawn(keeper, name, launch) {
        Ok(child) => child,
        Err(error) => {
            keeper.tell(&format!("{name} could not be started: {error}"));
            return exit(None);
        }
    };
    let log = Arc::new(Mutex::new(Log::open(keeper.folder.log(name))));
    let output = [
        child
            .stdout
            .take()
            .map(|pipe| tokio::spawn(copy(pipe, Arc::clone(&log)))),
        child
            .stderr
            .take()
            .map(|pipe| tokio::spawn(copy(pipe, log))),
    ];
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let mark = pid.and_then(ProcessMark::of);
    if let Some(pid) = pid {
        began(pid);
    }
    if let Some(mut pipe) = child.stdin.take() {
        // One that does not read its input is within its rights.
        let _ = pipe.write_all(&keeper.secrets).await;
        let _ = pipe.shutdown().await;
    }
    let status = tokio::select! {
        ended = child.wait() => ended,
        () = keeper.stop.cancelled() => ask(&mut child, mark.as_ref(), launch.grace).await,
    };
    // What it started and left behind must not outlive it: the next start would run beside it.
    end(&keeper.folder.lock(name));
    for task in output.into_iter().flatten() {
        let abort = task.abort_handle();
        if tokio::time::timeout(LAST_OUTPUT, task).await.is_err() {
            abort.abort();
        }
    }
    let exit = exit(status.ok());
    keeper.tell(&format!("{name} {exit}"));
    exit
}

fn exit(status: Option<std::process::ExitStatus>) -> Exit {
    Exit {
        code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
        at: Timestamp::now(),
    }
}

async fn ask(
    child: &mut Child,
    mark: Option<&ProcessMark>,
    grace: Duration,
) -> std::io::Result<std::process::ExitStatus> {
    if let Some(mark) = mark {
        let _ = mark.signal(Signal::TERM);
    }
    if let Ok(ended) = tokio::time::timeout(grace, child.wait()).await {
        return ended;
    }
    if let Some(mark) = mark {
        mark.kill_group();
    }
    child.wait().await
}

fn spawn(keeper: &Keeper, name: &str, launch: &Launch) -> Result<Child, Fault> {
    let own = OwnProgram::running()?;
    let input = if launch.takes_secrets {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    tokio::process::Command::new(&own.program)
        .args(own.hidden(&["enter"]))
        .arg(keeper.folder.path())
        .args([&keeper.start, name, &std::process::id().to_string()])
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            Fault::new(
                crate::domain::FaultKind::Host,
                format!("The process {name} could not be started."),
            )
            .hint("It is tried again.")
            .detail(error)
        })
}

/// Writes what comes to the log, whole lines at once, so that two streams do not cut each other's.
async fn copy(mut from: impl AsyncRead + Unpin, log: Arc<Mutex<Log>>) {
    let mut waiting = Vec::new();
    let mut block = vec![0_u8; 8 * 1024];
    let write = |bytes: &[u8]| {
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes);
    };
    while let Ok(length) = from.read(&mut block).await {
        if length == 0 {
            break;
        }
        waiting.extend_from_slice(&block[..length]);
        let whole = waiting
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |place| place + 1);
        if whole > 0 {
            write(&waiting[..whole]);
            waiting.drain(..whole);
        }
        if waiting.len() >= LONGEST_LINE {
            waiting.push(b'\n');
            write(&waiting);
            waiting.clear();
        }
    }
    if !waiting.is_empty() {
        waiting.push(b'\n');
        write(&waiting);
    }
}
