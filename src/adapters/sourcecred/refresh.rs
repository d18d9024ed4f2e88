//! One run: probe the sources, save the mirror, load, score, analyse; under the folder's lock.

use super::{
    ID, cache, classify,
    classify::Outcome,
    config::{self, Source},
    folder::Folder,
    ledger, source,
    tool::Tool,
};
use crate::{
    adapters::{
        contract::{Secrets, Site},
        http::Http,
        process::{LineSink, Runner, Stream},
    },
    domain::{Fault, FaultKind},
    services::{files, lock::FileLock},
};
use jiff::Timestamp;
use rustix::process::{Signal, set_parent_process_death_signal};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The exit code of a scheduled run that found another one under way.
const SKIPPED: u8 = 3;
/// Shorter than the keeper's own grace, so that the tool is gone before the keeper ends this process.
const GRACE: Duration = Duration::from_secs(5);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// There are new scores.
    Done,
    /// There are no contributions yet.
    Waiting,
    /// It failed; older results stand.
    Failed(Fault),
}

/// The last run, as `runs/last.json` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub result: RunResult,
}

impl LastRun {
    /// The last run of a folder.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn of(folder: &Folder) -> Result<Option<Self>, Fault> {
        files::read_json(&folder.runs().join("last.json"))
    }
}

/// Sees how far a run is: the phase, the number of finished phases, of how many, the last line.
pub type Watch = Arc<dyn Fn(&str, usize, usize, &str) + Send + Sync>;

/// Probing, loading, scoring, analysing.
const PHASES: usize = 4;

/// What a run needs.
pub struct Refresh<'a> {
    /// Where.
    pub folder: &'a Folder,
    /// The folder of shared runtimes.
    pub runtimes: &'a Path,
    /// Runs the tool.
    pub runner: &'a Runner,
    /// The instance whose walls and user the tool gets; none in a process that has no more rights than that itself.
    pub behind: Option<&'a Site>,
    /// Probes the sources.
    pub http: &'a Http,
    /// The keys of the sources.
    pub secrets: &'a Secrets,
    /// Stops it.
    pub cancel: &'a CancellationToken,
    /// Sees how far it is.
    pub watch: Watch,
}

impl Refresh<'_> {
    /// Runs, waiting `patience` at most for a run that is under way. What went wrong with the sources or the tool is
    /// the run's result, and written down.
    ///
    /// # Errors
    /// [`FaultKind::InUse`], [`FaultKind::Cancelled`] (the mirror is as before), [`FaultKind::Storage`] when the result cannot
    /// be written.
    pub async fn run(&self, patience: Duration) -> Result<LastRun, Fault> {
        let _lock = FileLock::take(&self.folder.lock(), patience, self.cancel).await?;
        let started = Timestamp::now();
        let result = match self.all().await {
            Ok(result) => result,
            Err(fault) if fault.kind == FaultKind::Cancelled => return Err(fault),
            Err(fault) => RunResult::Failed(fault),
        };
        let run = LastRun {
            started,
            ended: Timestamp::now(),
            result,
        };
        files::make_folder(&self.folder.runs())?;
        files::write_json(&self.folder.runs().join("last.json"), &run)?;
        Ok(run)
    }

    async fn all(&self) -> Result<RunResult, Fault> {
        let sources = self.check()?;
        if sources.is_empty() {
            return Err(Fault::new(
                FaultKind::BadInput,
                "No source is connected, so there is nothing to score.",
            )
            .hint("Connect a source first."));
        }
        self.load(&sources, None).await?;
        self.tell("scoring", 2, "");
        let finished = self
            .tool("scoring", 2)?
            .score(&sources, self.secrets)
            .await?;
        match classify::outcome("go", &finished) {
            Outcome::Failed(fault) => return Err(*fault),
            Outcome::Waiting => return Ok(RunResult::Waiting),
            Outcome::Done => {}
        }
        ledger::save(self.folder)?;
        self.tell("analysing", 3, "");
        let finished = self.tool("analysing", 3)?.run(&["analysis"]).await?;
        match classify::outcome("analysis", &finished) {
            Outcome::Failed(fault) => Err(*fault),
            Outcome::Waiting => Ok(RunResult::Waiting),
            Outcome::Done => Ok(RunResult::Done),
        }
    }

    /// Reads one source, or all, as the test of a connection.
    ///
    /// # Errors
    /// Why it cannot be read; the mirror is then as before. [`FaultKind::InUse`] while a run is under way.
    pub async fn load_only(&self, only: Option<&Source>, patience: Duration) -> Result<(), Fault> {
        let _lock = FileLock::take(&self.folder.lock(), patience, self.cancel).await?;
        let sources = self.check()?;
        self.load(&sources, only).await
    }

    /// Makes the graph of the sources that were loaded, and nothing of its scores.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub async fn score_only(&self, patience: Duration) -> Result<RunResult, Fault> {
        let _lock = FileLock::take(&self.folder.lock(), patience, self.cancel).await?;
        let sources = self.check()?;
        let finished = self
            .tool("scoring", 2)?
            .score(&sources, self.secrets)
            .await?;
        match classify::outcome("go", &finished) {
            Outcome::Failed(fault) => Err(*fault),
            Outcome::Waiting => Ok(RunResult::Waiting),
            Outcome::Done => Ok(RunResult::Done),
        }
    }

    /// What must hold before the tool touches anything. A whole ledger is copied: a run may add people to it.
    fn check(&self) -> Result<Vec<Source>, Fault> {
        ledger::save(self.folder)?;
        config::sources_in(self.folder)
    }

    /// A source whose key is missing keeps no other from being read: it stands as it was read before, and a look tells which
    /// key it waits for.
    async fn load(&self, sources: &[Source], only: Option<&Source>) -> Result<(), Fault> {
        let read = only.map_or(sources, std::slice::from_ref);
        let ready: Vec<&Source> = read
            .iter()
            .filter(|each| each.missing_key(self.secrets).is_none())
            .collect();
        // Where none can be read, the first tells why.
        let probed = if ready.is_empty() {
            read.iter().collect()
        } else {
            ready
        };
        for each in &probed {
            self.tell("asking the sources", 0, &each.plugin());
            source::probe(each, self.folder, self.http, self.secrets, self.cancel).await?;
        }
        if only.is_none() && probed.len() == sources.len() {
            return self.call_load(sources, None).await;
        }
        for each in probed {
            self.call_load(sources, Some(each)).await?;
        }
        Ok(())
    }

    /// The tool's own reading, of all sources or of one; when it fails, what was read before is as it was.
    async fn call_load(&self, sources: &[Source], only: Option<&Source>) -> Result<(), Fault> {
        self.tell("loading", 1, "");
        let tool = self.tool("loading", 1)?;
        cache::save(self.folder).await?;
        let fault = match tool.load(sources, only, self.secrets).await {
            Err(fault) => fault,
            Ok(finished) => match classify::outcome("load", &finished) {
                Outcome::Done => return cache::accept(self.folder),
                Outcome::Failed(fault) => *fault,
                Outcome::Waiting => Fault::new(
                    FaultKind::BadAnswer,
                    "Loading the sources ended in an unknown way; what was read before was kept.",
                )
                .hint("Read the log of the run, then try again."),
            },
        };
        cache::restore(self.folder)?;
        Err(fault)
    }

    fn tool(&self, phase: &'static str, done: usize) -> Result<Tool<'_>, Fault> {
        let watch = Arc::clone(&self.watch);
        let sink: LineSink = Arc::new(move |stream, line| {
            // The task lines tell how far it is (sheet: sourcecred 5).
            if stream == Stream::Out {
                watch(phase, done, PHASES, line.trim());
            }
        });
        Tool::new(
            self.runtimes,
            self.folder,
            self.runner,
            self.behind,
            self.cancel,
            Some(sink),
        )
    }

    fn tell(&self, phase: &str, done: usize, item: &str) {
        (self.watch)(phase, done, PHASES, item);
    }
}

/// The scheduled run of the instance whose own files lie in `own`, started by its keeper. Keys come on standard input, as a
/// JSON object by field.
///
/// # Errors
/// [`FaultKind::NotFound`] when there is no instance, [`FaultKind::Storage`]; what went wrong with a run is its result.
pub async fn job(own: &Path) -> Result<u8, Fault> {
    // When the keeper is killed, its run ends too instead of going on unseen.
    set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| host(&error.into()))?;
    let mut term = signal(SignalKind::terminate()).map_err(|error| host(&error))?;
    let secrets = keys_from_input().await?;
    let nowhere: PathBuf = own.to_owned();
    let marker = Folder::at(&nowhere, own).marker()?.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("There is no instance of {ID} in {}.", own.display()),
        )
        .hint("Check the instance.")
    })?;
    let folder = Folder::at(&marker.root, own);
    let cancel = CancellationToken::new();
    let runner = Runner::with_grace(GRACE);
    let http = Http::default();
    let refresh = Refresh {
        folder: &folder,
        runtimes: &marker.runtimes,
        runner: &runner,
        behind: None,
        http: &http,
        secrets: &secrets,
        cancel: &cancel,
        watch: Arc::new(|_, _, _, _| {}),
    };
    let run = refresh.run(Duration::ZERO);
    tokio::pin!(run);
    let ended = tokio::select! {
        ended = &mut run => ended,
        _ = term.recv() => {
            cancel.cancel();
            run.await
        }
    };
    match ended {
        Ok(LastRun {
            result: RunResult::Failed(_),
            ..
        }) => Ok(1),
        Ok(_) => Ok(0),
        Err(fault) if fault.kind == FaultKind::InUse => Ok(SKIPPED),
        Err(fault) => Err(fault),
    }
}

async fn keys_from_input() -> Result<Secrets, Fault> {
    let mut input = Zeroizing::new(Vec::new());
    tokio::io::stdin()
        .take(64 * 1024)
        .read_to_end(&mut input)
        .await
        .map_err(|error| host(&error))?;
    if input.is_empty() {
        return Ok(Secrets::default());
    }
    let keys: BTreeMap<String, String> = serde_json::from_slice(&input).map_err(|_| {
        Fault::new(
            FaultKind::Internal,
            "The keys of the scheduled run cannot be read.",
        )
        .hint("Activate the instance again.")
    })?;
    Ok(Secrets(
        keys.into_iter()
            .map(|(field, key)| (field, SecretString::from(key)))
            .collect(),
    ))
}

fn host(error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::Host, "The scheduled run could not begin.")
        .hint("Try again.")
        .detail(error)
}
