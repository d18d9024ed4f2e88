//! Runs the tool in an instance's folder. Whoever calls this holds the folder's lock.

use super::{ID, RECIPE, config::Source, folder::Folder, keeping};
use crate::{
    adapters::{
        contract::{Secrets, Site},
        order,
        process::{Finished, Input, LineSink, ProcessCall, Runner},
    },
    domain::{Fault, FaultKind},
    services::{
        files,
        runtime::{self, Runtime},
        supervisor::{Launch, keyed},
    },
};
use jiff::Timestamp;
use secrecy::SecretString;
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
    behind: Option<&'a Site>,
    cancel: &'a CancellationToken,
    log: PathBuf,
    on_line: Option<LineSink>,
}

impl<'a> Tool<'a> {
    /// The tool of the shared runtime; `behind` is the instance whose walls and user it gets, where its caller has more
    /// rights than that.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when the runtime is missing, [`FaultKind::Storage`].
    pub fn new(
        runtimes: &Path,
        folder: &'a Folder,
        runner: &'a Runner,
        behind: Option<&'a Site>,
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
            behind,
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
        let plugin = only.map(Source::plugin);
        let mut arguments = vec!["load"];
        arguments.extend(plugin.as_deref());
        let keys = keys_of(only.map_or(sources, std::slice::from_ref), secrets);
        self.call(&arguments, &keys, LOAD_LIMIT).await
    }

    /// Makes the graph, its scores and the view of them.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn score(&self, sources: &[Source], secrets: &Secrets) -> Result<Finished, Fault> {
        // The graph of GitHub asks for its token although it reads no network (sheet: sourcecred 2).
        let keys = keys_of(sources, secrets);
        self.call(&["go", "--no-load"], &keys, SCORE_LIMIT).await
    }

    /// A command that needs no key.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn run(&self, arguments: &[&str]) -> Result<Finished, Fault> {
        self.call(arguments, &[], SCORE_LIMIT).await
    }

    async fn call(
        &self,
        arguments: &[&str],
        keys: &[(&str, &SecretString)],
        limit: Duration,
    ) -> Result<Finished, Fault> {
        let mut launch = Launch::new(self.runtime.program(), self.folder.root())
            .arguments(self.runtime.first_arguments())
            .arguments(arguments.iter().copied());
        let options = "--max_old_space_size=4096".to_owned();
        launch
            .environment
            .insert("NODE_OPTIONS".to_owned(), options);
        match self.behind.filter(|site| self.has_user(site)) {
            Some(site) => self.behind_walls(site, launch, keys, limit).await,
            None => self.as_it_is(launch, keys, limit).await,
        }
    }

    /// What lies in somebody else's folder is theirs: it is given to no user of ours.
    fn has_user(&self, site: &Site) -> bool {
        site.supervisor.gives_users() && self.folder.root() == self.folder.own()
    }

    async fn behind_walls(
        &self,
        site: &Site,
        mut launch: Launch,
        keys: &[(&str, &SecretString)],
        limit: Duration,
    ) -> Result<Finished, Fault> {
        let mut input = Input::Nothing;
        if !keys.is_empty() {
            let own = site.supervisor.own()?;
            launch.arguments = keyed::arguments(&own, &launch.program, &launch.arguments);
            launch.program = own.program;
            input = Input::Secret(keyed::input(keys));
        }
        launch.writes = vec![self.folder.own().to_owned()];
        let service = self.folder.service();
        let order = order::Order {
            name: keeping::name(site)?,
            walls: keeping::walls(site, self.folder, &site.supervisor)?,
            launch,
            service: &service,
            limit,
        };
        order::run(site, order, self.cancel, |call| {
            let call = keys.iter().fold(call, |call, (_, key)| call.redact(key));
            self.heard(call).input(input)
        })
        .await
    }

    async fn as_it_is(
        &self,
        launch: Launch,
        keys: &[(&str, &SecretString)],
        limit: Duration,
    ) -> Result<Finished, Fault> {
        let mut call = ProcessCall::new(launch.program)
            .args(launch.arguments)
            .folder(launch.folder)
            .timeout(limit)
            .cancel(self.cancel);
        for (variable, value) in launch.environment {
            call = call.env(&variable, value);
        }
        for (variable, key) in keys {
            call = call.secret_env(variable, key);
        }
        self.runner.run(self.heard(call)).await
    }

    fn heard(&self, call: ProcessCall) -> ProcessCall {
        let call = call.log(&self.log);
        match &self.on_line {
            Some(sink) => call.on_line(sink.clone()),
            None => call,
        }
    }
}

/// The variables of the sources' keys that are there.
fn keys_of<'a>(sources: &[Source], secrets: &'a Secrets) -> Vec<(&'static str, &'a SecretString)> {
    let keys = sources.iter().filter_map(Source::key);
    keys.filter_map(|(field, variable)| Some((variable, secrets.get(field)?)))
        .collect()
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
