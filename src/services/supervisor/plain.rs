//! The driver with processes of our own: a detached keeper that keeps the rest.

use super::{
    OwnProgram, Stopped,
    enter::PASSED,
    folder::{ServiceFolder, holders},
    log,
    state::{DriverKind, ProcessState, ServiceState, TimerState},
};
use crate::{
    domain::{Fault, FaultKind},
    services::{lock::FileLock, process_mark::ProcessMark},
};
use rustix::process::Signal;
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt as _, time::Instant};
use zeroize::Zeroizing;

/// How long the keeper may take to begin.
const BEGIN: Duration = Duration::from_secs(15);
/// How much longer than the longest grace of its processes the keeper gets to end.
const SLACK: Duration = Duration::from_secs(5);
/// How long what was killed may take to be gone.
const GONE: Duration = Duration::from_secs(5);
/// How often it is looked whether something has begun or ended.
const LOOK: Duration = Duration::from_millis(25);

/// Starts the keeper of what is recorded and waits until it has begun.
pub async fn start(
    folder: &ServiceFolder,
    own: &OwnProgram,
    start: &str,
    secrets: &Zeroizing<Vec<u8>>,
) -> Result<(), Fault> {
    let failed = |error: &dyn std::fmt::Display| {
        Fault::new(
            FaultKind::Host,
            "The keeper of the service could not be started.",
        )
        .hint(format!(
            "Read {}, then try again.",
            folder.log("keeper").display()
        ))
        .detail(error)
    };
    let mut command = tokio::process::Command::new(&own.program);
    command
        .args(own.hidden(&["detach"]))
        .arg(folder.path())
        .arg(start)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    if let Some(mut pipe) = child.stdin.take() {
        let mut input = Zeroizing::new(format!("{}\n", secrets.len()).into_bytes());
        input.extend_from_slice(secrets);
        // A keeper that ended before it read tells why by its absence, below.
        let _ = pipe.write_all(&input).await;
        let _ = pipe.shutdown().await;
    }
    let ended = tokio::time::timeout(BEGIN, child.wait_with_output())
        .await
        .map_err(|_| failed(&"it did not answer in time"))?
        .map_err(|error| failed(&error))?;
    if !ended.status.success() {
        return Err(failed(&String::from_utf8_lossy(&ended.stderr).trim()));
    }
    let until = Instant::now() + BEGIN;
    loop {
        if folder
            .living_keeper()?
            .is_some_and(|state| state.start == start)
        {
            return Ok(());
        }
        if Instant::now() >= until {
            let said = log::tail(&folder.log("keeper"), 5)?.join("\n");
            return Err(failed(&said));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Stops keeper and processes. The caller holds the lock of changes.
pub async fn stop(folder: &ServiceFolder) -> Result<Stopped, Fault> {
    let Some(mut record) = folder.record()? else {
        return Ok(Stopped::WasNot);
    };
    if record.start.take().is_some() {
        // First of all: a keeper that is only now on its way sees that it comes too late.
        folder.write_record(&record)?;
    }
    let service = &record.service;
    let grace = service
        .launches()
        .map(|(_, launch)| launch.grace)
        .max()
        .unwrap_or_default();
    let mut how = Stopped::WasNot;
    let until = Instant::now() + grace + SLACK;
    // The lock tells whether there is a keeper, also before it has written down who it is.
    while FileLock::try_take(&folder.lock("keeper"))?.is_none() {
        how = Stopped::Ended;
        let keepers = holders(&folder.lock("keeper"));
        let signal = if Instant::now() < until {
            Signal::TERM
        } else {
            how = Stopped::Killed;
            Signal::KILL
        };
        for keeper in keepers {
            // Repeated signals do no harm, and it may have ended by itself just now.
            let _ = keeper.signal(signal);
        }
        if Instant::now() >= until + GONE {
            return Err(cannot_end("keeper", &holders(&folder.lock("keeper"))));
        }
        tokio::time::sleep(LOOK).await;
    }
    // It gives its lock back a moment before it is gone.
    while let Some(state) = folder.living_keeper()? {
        if Instant::now() >= until + GONE {
            return Err(cannot_end("keeper", &[state.keeper]));
        }
        if Instant::now() >= until {
            let _ = state.keeper.signal(Signal::KILL);
        }
        tokio::time::sleep(LOOK).await;
    }
    // What a keeper that was killed left behind.
    for (name, launch) in service.launches() {
        match end(folder, name, launch.grace).await? {
            Stopped::Ended if how == Stopped::WasNot => how = Stopped::Ended,
            Stopped::WasNot | Stopped::Ended => {}
            Stopped::Killed => how = Stopped::Killed,
        }
    }
    if how == Stopped::Ended && was_killed(folder)? {
        how = Stopped::Killed;
    }
    Ok(how)
}

/// Whether the keeper had to kill a process in the end.
fn was_killed(folder: &ServiceFolder) -> Result<bool, Fault> {
    let kill = Some(Signal::KILL.as_raw());
    Ok(folder.keeper()?.is_some_and(|state| {
        let processes = state.processes.values().filter_map(|each| each.last_exit);
        let timers = state.timers.values().filter_map(|each| each.last);
        processes.chain(timers).any(|exit| exit.signal == kill)
    }))
}

async fn end(folder: &ServiceFolder, name: &str, grace: Duration) -> Result<Stopped, Fault> {
    let lock = folder.lock(name);
    let mut left = holders(&lock);
    if left.is_empty() {
        return Ok(Stopped::WasNot);
    }
    let until = Instant::now() + grace;
    let mut how = Stopped::Ended;
    let mut asked = false;
    while !left.is_empty() {
        if Instant::now() >= until + GONE {
            return Err(cannot_end(name, &left));
        }
        if Instant::now() >= until {
            how = Stopped::Killed;
            for mark in &left {
                let _ = mark.signal(Signal::KILL);
            }
        } else if !asked {
            asked = true;
            for mark in &left {
                let _ = mark.signal(Signal::TERM);
            }
        }
        tokio::time::sleep(LOOK).await;
        left = holders(&lock);
    }
    Ok(how)
}

fn cannot_end(name: &str, left: &[ProcessMark]) -> Fault {
    let pids: Vec<String> = left.iter().map(|mark| mark.pid.to_string()).collect();
    Fault::new(
        FaultKind::Host,
        format!("The process {name} ({}) cannot be ended.", pids.join(", ")),
    )
    .hint("Look at what it waits for, or restart this host.")
}

/// How it does.
pub fn state(folder: &ServiceFolder) -> Result<Option<ServiceState>, Fault> {
    let Some(record) = folder.record()? else {
        return Ok(None);
    };
    let keeper = folder
        .living_keeper()?
        .filter(|state| record.start.as_deref() == Some(state.start.as_str()));
    let kept = keeper.is_some();
    let (known_processes, known_timers) = keeper
        .map(|state| (state.processes, state.timers))
        .unwrap_or_default();
    let of = |name: &str| -> ProcessState {
        let mut state = known_processes.get(name).cloned().unwrap_or_default();
        if !kept {
            // Nobody keeps it, and it may live on for a moment.
            state.pid = holders(&folder.lock(name)).first().map(|mark| mark.pid);
        }
        state
    };
    let processes: BTreeMap<String, ProcessState> = record
        .service
        .processes
        .iter()
        .map(|process| (process.name.to_string(), of(process.name.as_str())))
        .collect();
    let timers: BTreeMap<String, TimerState> = record
        .service
        .timers
        .iter()
        .map(|timer| {
            let name = timer.name.to_string();
            let state = known_timers.get(&name).cloned().unwrap_or_default();
            (name, state)
        })
        .collect();
    Ok(Some(ServiceState {
        driver: DriverKind::Plain,
        kept,
        processes,
        timers,
    }))
}
