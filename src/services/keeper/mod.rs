//! The keeper: the one process of our own behind a service that runs without systemd. It starts the service's processes
//! again when they end, runs what is due, writes their logs, and sleeps otherwise.
//!
//! Secrets come on its standard input when it is started and are handed on to each process in the same way: they are
//! never on the disk, in arguments or in its environment. After a restart of the host it is started again by whoever
//! may open the secrets. When it ends, however it ends, its processes are asked to end too.

mod child;
mod process;
mod timer;

use super::{
    files::{self, storage},
    lock::FileLock,
    process_mark::ProcessMark,
    supervisor::{
        folder::{Record, ServiceFolder},
        log::Log,
        state::{KeeperState, ProcessState, TimerState},
    },
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncReadExt as _,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How often it is looked whether the service's folder is still there.
const FOLDER_LOOK: Duration = Duration::from_secs(5);
/// More input than this is not read.
const INPUT_LIMIT: u64 = 256 * 1024;

/// What a keeper works with.
pub(super) struct Keeper {
    folder: ServiceFolder,
    record: Record,
    start: String,
    secrets: Zeroizing<Vec<u8>>,
    state: Mutex<KeeperState>,
    journal: Mutex<Log>,
    stop: CancellationToken,
}

impl Keeper {
    /// Writes down what has changed. What cannot be written is told in the log, and the keeper goes on.
    fn note(&self, change: impl FnOnce(&mut KeeperState)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let Err(fault) = files::write_json(&self.folder.file("keeper.json"), &*state) {
            self.tell(&fault.to_string());
        }
    }

    fn note_process(&self, name: &str, change: impl FnOnce(&mut ProcessState)) {
        self.note(|state| change(state.processes.entry(name.to_owned()).or_default()));
    }

    fn note_timer(&self, name: &str, change: impl FnOnce(&mut TimerState)) {
        self.note(|state| change(state.timers.entry(name.to_owned()).or_default()));
    }

    /// Writes a line to the keeper's own log.
    fn tell(&self, line: &str) {
        let text = format!("{} {line}\n", Timestamp::now());
        self.journal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(text.as_bytes());
    }
}

/// The hidden command `keep FOLDER START`: keeps until it is told to end (TERM). When the service has a keeper, or was
/// stopped or started anew meanwhile, it ends at once and that is well.
///
/// # Errors
/// [`FaultKind::Storage`] when the description cannot be read, [`FaultKind::Host`] when signals cannot be heard,
/// [`FaultKind::Cancelled`] when whoever started it ended before all secrets were handed over.
pub async fn keep(path: &Path, start: &str) -> Result<(), Fault> {
    let folder = ServiceFolder::at(path);
    let Some(_lock) = FileLock::try_take(&folder.lock("keeper"))? else {
        return Ok(());
    };
    let no_signals = |error| {
        Fault::new(FaultKind::Host, "The keeper cannot hear signals.")
            .hint("Try again.")
            .detail(error)
    };
    let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let secrets = read_secrets(path).await?;
    // Only now, under the lock: who stops the service takes the start away first and looks for the keeper then.
    let Some(record) = folder
        .record()?
        .filter(|found| found.start.as_deref() == Some(start))
    else {
        return Ok(());
    };
    let keeper = ProcessMark::own().ok_or_else(|| {
        Fault::new(FaultKind::Host, "The keeper cannot find itself in /proc.")
            .hint("Check that /proc can be read, then try again.")
    })?;
    let keeper = Keeper {
        state: Mutex::new(KeeperState {
            keeper,
            start: start.to_owned(),
            processes: BTreeMap::new(),
            timers: BTreeMap::new(),
        }),
        journal: Mutex::new(Log::open(folder.log("keeper"))),
        start: start.to_owned(),
        stop: CancellationToken::new(),
        folder,
        record,
        secrets,
    };
    keeper.tell("started");
    keeper.note(|_| {});
    let service = &keeper.record.service;
    let work = async {
        let processes = service
            .processes
            .iter()
            .map(|each| process::keep(&keeper, each));
        let timers = service.timers.iter().map(|each| timer::keep(&keeper, each));
        tokio::join!(
            futures::future::join_all(processes),
            futures::future::join_all(timers),
            keeper.stop.cancelled()
        )
    };
    tokio::pin!(work);
    tokio::select! {
        _ = &mut work => {}
        _ = term.recv() => keeper.stop.cancel(),
        _ = interrupt.recv() => keeper.stop.cancel(),
        () = gone(path) => keeper.stop.cancel(),
    }
    // Each gets its grace; a second signal is not needed for that.
    work.await;
    keeper.tell("ended");
    Ok(())
}

/// Waits until the service's folder is not there any more: nobody could find, stop or use what runs in it.
async fn gone(folder: &Path) {
    while folder.is_dir() {
        tokio::time::sleep(FOLDER_LOOK).await;
    }
}

/// What [`crate::services::supervisor`] writes: the length, a line end, and so many bytes.
async fn read_secrets(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut input = Zeroizing::new(Vec::new());
    tokio::io::stdin()
        .take(INPUT_LIMIT)
        .read_to_end(&mut input)
        .await
        .map_err(|error| storage("The keeper's input cannot be read", path, &error))?;
    let whole = input
        .iter()
        .position(|byte| *byte == b'\n')
        .and_then(|place| {
            let length: usize = std::str::from_utf8(&input[..place]).ok()?.parse().ok()?;
            let secrets = &input[place + 1..];
            (secrets.len() == length).then(|| Zeroizing::new(secrets.to_vec()))
        });
    whole.ok_or_else(|| {
        Fault::new(
            FaultKind::Cancelled,
            "Whoever started this service ended before it was handed everything; nothing runs.",
        )
        .hint("Start it again.")
    })
}
