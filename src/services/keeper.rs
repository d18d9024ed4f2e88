//! The one process of an active instance: it serves the site and runs the schedule, and starts again what fails.
//!
//! It sleeps until something is due. Secrets come on its standard input when it is started and are handed on to each
//! run in the same way: they are never on the disk, in arguments or in its environment. After a restart of the host
//! it is started again by whoever may open the secrets.

use super::{
    files::{self, storage},
    process_mark::ProcessMark,
    schedule::Rhythm,
    site::{self, SitePlan},
    supervisor::Launch,
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::{fs::OpenOptionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How long a run may take to end when asked to. Whoever stops the keeper waits longer than this.
pub const GRACE: Duration = Duration::from_secs(10);
/// The first pause before something that failed is started again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// More input than this is not read.
const INPUT_LIMIT: u64 = 64 * 1024;
/// A journal larger than this is put aside; one former journal is kept.
const JOURNAL_LIMIT: u64 = 256 * 1024;

/// What a keeper keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepSpec {
    /// The site it serves.
    pub site: Option<SitePlan>,
    /// What it runs regularly.
    pub schedule: Option<SchedulePlan>,
    /// Where it writes what it did, one line each.
    pub journal: PathBuf,
}

/// Something that is run regularly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchedulePlan {
    /// How often.
    pub rhythm: Rhythm,
    /// When it last ended.
    pub last: Timestamp,
    /// What is run. It gets the keeper's secrets on its standard input.
    pub launch: Launch,
    /// Where the keeper writes when the next run is due.
    pub state: PathBuf,
}

/// When the next run is due, as the keeper wrote it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// When the next run is due.
    pub next: Timestamp,
    /// When the last one of this keeper ended.
    pub last: Timestamp,
    /// How it ended: its exit code; none before the first run or when a signal ended it.
    pub code: Option<i32>,
}

/// The hidden command of the keeper: keeps until it is told to end (TERM).
///
/// # Errors
/// [`FaultKind::Storage`] when the description cannot be read, [`FaultKind::Host`] when signals cannot be heard.
pub async fn keep(path: &Path) -> Result<(), Fault> {
    let spec: KeepSpec = files::read_json(path)?.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("There is nothing to keep at {}.", path.display()),
        )
        .hint("Activate the instance again.")
    })?;
    let no_signals = |error| {
        Fault::new(FaultKind::Host, "The keeper cannot hear signals.")
            .hint("Try again.")
            .detail(error)
    };
    let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut input = Zeroizing::new(Vec::new());
    let mut source = tokio::io::stdin().take(INPUT_LIMIT);
    source
        .read_to_end(&mut input)
        .await
        .map_err(|error| storage("The keeper's input cannot be read", path, &error))?;
    let journal = Journal(spec.journal.clone());
    journal.write("started");
    let stop = CancellationToken::new();
    let work = async {
        tokio::join!(
            keep_site(spec.site.as_ref(), &journal, &stop),
            keep_schedule(spec.schedule.as_ref(), &input, &journal, &stop)
        )
    };
    tokio::pin!(work);
    tokio::select! {
        _ = &mut work => {}
        _ = term.recv() => stop.cancel(),
        _ = interrupt.recv() => stop.cancel(),
    }
    if stop.is_cancelled() {
        // A run is given its grace; a second signal is not needed for that.
        work.await;
    }
    journal.write("ended");
    Ok(())
}

async fn keep_site(plan: Option<&SitePlan>, journal: &Journal, stop: &CancellationToken) {
    let Some(plan) = plan else {
        stop.cancelled().await;
        return;
    };
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        if let Err(fault) = site::serve(plan, stop).await {
            journal.write(&format!("{fault} Next try in {} s.", pause.as_secs()));
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

async fn keep_schedule(
    plan: Option<&SchedulePlan>,
    input: &Zeroizing<Vec<u8>>,
    journal: &Journal,
    stop: &CancellationToken,
) {
    let Some(plan) = plan else {
        stop.cancelled().await;
        return;
    };
    let mut state = ScheduleState {
        next: plan
            .rhythm
            .next(plan.last, Timestamp::now(), rand::random()),
        last: plan.last,
        code: None,
    };
    loop {
        if let Err(fault) = files::write_json(&plan.state, &state) {
            journal.write(&fault.to_string());
        }
        let wait = Duration::try_from(state.next.duration_since(Timestamp::now()))
            .unwrap_or(Duration::ZERO);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        journal.write("a run begins");
        state.code = run(&plan.launch, input, journal, stop).await;
        state.last = Timestamp::now();
        state.next = plan.rhythm.next(state.last, state.last, rand::random());
    }
}

/// Runs it once. The exit code; none when it could not be started or a signal ended it.
async fn run(
    launch: &Launch,
    input: &Zeroizing<Vec<u8>>,
    journal: &Journal,
    stop: &CancellationToken,
) -> Option<i32> {
    let spawned = tokio::process::Command::new(&launch.program)
        .args(&launch.arguments)
        .current_dir(&launch.folder)
        .envs(&launch.environment)
        .stdin(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            journal.write(&format!("the run could not be started: {error}"));
            return None;
        }
    };
    if let Some(mut pipe) = child.stdin.take() {
        // A run that does not read its input is within its rights.
        let _ = pipe.write_all(input).await;
        let _ = pipe.shutdown().await;
    }
    let mark = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(ProcessMark::of);
    let ended = tokio::select! {
        ended = child.wait() => ended,
        () = stop.cancelled() => {
            if let Some(mark) = &mark {
                // It may have ended by itself just now.
                let _ = mark.signal(Signal::TERM);
            }
            if let Ok(ended) = tokio::time::timeout(GRACE, child.wait()).await {
                ended
            } else {
                if let Some(mark) = &mark {
                    mark.kill_group();
                }
                child.wait().await
            }
        }
    };
    match ended {
        Ok(status) => {
            let how = match (status.code(), status.signal()) {
                (Some(code), _) => format!("the run ended with {code}"),
                (None, Some(signal)) => format!("the run was ended by signal {signal}"),
                (None, None) => "the run ended".to_owned(),
            };
            journal.write(&how);
            status.code()
        }
        Err(error) => {
            journal.write(&format!("how the run ended cannot be found out: {error}"));
            None
        }
    }
}

/// What the keeper did, one line each.
struct Journal(PathBuf);

impl Journal {
    /// Writes a line. A full disk must not end the keeper, and there is nobody else to tell.
    fn write(&self, line: &str) {
        if fs::metadata(&self.0).is_ok_and(|about| about.len() > JOURNAL_LIMIT) {
            let _ = fs::rename(&self.0, self.0.with_extension("log.1"));
        }
        let opened = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.0);
        if let Ok(mut file) = opened {
            let _ = writeln!(file, "{} {line}", Timestamp::now());
        }
    }
}
