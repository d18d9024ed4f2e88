//! Runs the tool in an instance's folder. Whoever calls this holds the folder's lock.

use super::{ID, RECIPE, config::Source, folder::Folder};
use crate::{
    adapters::{
        contract::Secrets,
        process::{Finished, LineSink, ProcessCall, Runner},
    },
    domain::{Fault, FaultKind},
    services::{
        files,
        runtime::{self, Runtime},
    },
};
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// A first load of a large forum comes at 55 requests a minute (sheet: sourcecred 4).
const LOAD_LIMIT: Duration = Duration::from_secs(12 * 60 * 60);
/// Scoring reads no network.
const SCORE_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);
/// So many logs of runs are kept.
const KEPT_LOGS: usize = 20;

/// The tool, ready to run in a folder.
pub struct Tool<'a> {
    runtime: Runtime,
    folder: &'a Folder,
    runner: &'a Runner,
    cancel: &'a CancellationToken,
    log: PathBuf,
    on_line: Option<LineSink>,
}

impl<'a> Tool<'a> {
    /// The tool of the shared runtime.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when the runtime is missing, [`FaultKind::Storage`].
    pub fn new(
        runtimes: &Path,
        folder: &'a Folder,
        runner: &'a Runner,
        cancel: &'a CancellationToken,
        on_line: Option<LineSink>,
    ) -> Result<Self, Fault> {
        let runtime = runtime::find(runtimes, RECIPE.name, RECIPE.version)?.ok_or_else(|| {
            Fault::new(
                FaultKind::Host,
                format!("The runtime {} is not installed.", RECIPE.name),
            )
            .hint("Activate the instance; it is then installed.")
        })?;
        let runs = folder.runs();
        files::make_folder(&runs)?;
        drop_old_logs(&runs);
        let log = runs.join(format!("{}.log", Timestamp::now().as_millisecond()));
        Ok(Self {
            runtime,
            folder,
            runner,
            cancel,
            log,
            on_line,
        })
    }

    /// Reads the sources: all of them, or one.
    ///
    /// # Errors
    /// As [`Runner::run`]; a tool that fails is no fault here.
    pub async fn load(
        &self,
        sources: &[Source],
        only: Option<&Source>,
        secrets: &Secrets,
    ) -> Result<Finished, Fault> {
        let mut call = self.call(&["load"]).timeout(LOAD_LIMIT);
        if let Some(source) = only {
            call = call.arg(source.plugin());
        }
        let call = with_keys(call, only.map_or(sources, std::slice::from_ref), secrets);
        self.runner.run(call).await
    }

    /// Makes the graph, its scores and the view of them.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn score(&self, sources: &[Source], secrets: &Secrets) -> Result<Finished, Fault> {
        let call = self.call(&["go", "--no-load"]).timeout(SCORE_LIMIT);
        // The graph of GitHub asks for its token although it reads no network (sheet: sourcecred 2).
        self.runner.run(with_keys(call, sources, secrets)).await
    }

    /// A command that needs no key.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn run(&self, arguments: &[&str]) -> Result<Finished, Fault> {
        let call = self.call(arguments).timeout(SCORE_LIMIT);
        self.runner.run(call).await
    }

    fn call(&self, arguments: &[&str]) -> ProcessCall {
        let mut call = ProcessCall::new(self.runtime.program())
            .args(self.runtime.first_arguments())
            .args(arguments)
            .folder(self.folder.root())
            .env("NODE_OPTIONS", "--max_old_space_size=4096")
            .log(&self.log)
            .cancel(self.cancel);
        if let Some(sink) = &self.on_line {
            call = call.on_line(sink.clone());
        }
        call
    }
}

fn with_keys(mut call: ProcessCall, sources: &[Source], secrets: &Secrets) -> ProcessCall {
    for (field, variable) in sources.iter().filter_map(Source::key) {
        if let Some(secret) = secrets.get(field) {
            call = call.secret_env(variable, secret);
        }
    }
    call
}

/// Logs are named by their time, so that the oldest come first. That one cannot be dropped is not worth a failed run.
fn drop_old_logs(runs: &Path) {
    let Ok(entries) = std::fs::read_dir(runs) else {
        return;
    };
    let mut logs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .collect();
    logs.sort();
    for old in logs.iter().rev().skip(KEPT_LOGS) {
        if let Err(fault) = files::remove(old) {
            tracing::warn!(platform = ID, %fault, "an old log stays");
        }
    }
}
