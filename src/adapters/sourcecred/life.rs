//! Provision, configure, activate, deactivate.

use super::{
    RECIPE,
    config::{self, Connected, Hashes},
    existing,
    folder::{Folder, Marker},
    keeping, ledger,
    refresh::{LastRun, Refresh, RunResult, Watch},
};
use crate::{
    adapters::{
        contract::{Presence, Secrets, Site},
        durable::{Halt, Op},
        local,
    },
    domain::{Fault, FaultKind, HumanTask, InstanceKind, OperationKey, Progress},
    services::{files, lock::FileLock, runtime, supervisor::Stopped, supervisor::Supervisor},
};
use std::{sync::Arc, time::Duration};

/// How long a verb waits for a run that is under way.
pub const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Makes folder, files and, where it is missing, the shared runtime.
pub async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(existing::link(site).await?);
    }
    let folder = Folder::of(site)?;
    // A wrong setting is told before anything is made.
    let sources = config::sources(site, &connected(op)?)?;
    op.ensure(
        "folder",
        |_| async { find_folder(site, &folder) },
        |key| {
            let folder = &folder;
            async move { make_folder(site, folder, &key) }
        },
    )
    .await?;
    let hashes = op
        .step("files", || async {
            let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
            let before = Hashes::new();
            let hashes = config::write(&folder, site, &sources, &before)?;
            ledger::begin(&folder.ledger())?;
            Ok(hashes)
        })
        .await?;
    op.remember("files", &hashes).await?;
    op.step("runtime", || ensure_runtime(op)).await?;
    presence(op)
}

fn find_folder(site: &Site, folder: &Folder) -> Result<Option<String>, Fault> {
    Ok(folder.is_ours(site)?.then(|| site.marker.clone()))
}

fn make_folder(site: &Site, folder: &Folder, key: &OperationKey) -> Result<String, Fault> {
    if folder.is_ours(site)? {
        return Ok(site.marker.clone());
    }
    let is_used = folder.path("sourcecred.json").exists() || folder.ledger().exists();
    if is_used || folder.marker()?.is_some() {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "The folder {} holds another instance; nothing was changed.",
                folder.root().display()
            ),
        )
        .hint("Adopt it, or move it away and try again."));
    }
    files::make_folder(folder.own())?;
    write_marker(site, folder, key.as_str())?;
    Ok(site.marker.clone())
}

/// Writes the marker of this instance into its own folder.
pub fn write_marker(site: &Site, folder: &Folder, key: &str) -> Result<(), Fault> {
    let marker = Marker {
        instance: site.marker.clone(),
        key: key.to_owned(),
        installation: site.installation.clone(),
        version: RECIPE.version.to_owned(),
        runtimes: site.runtime_folder.clone(),
        root: folder.root().to_owned(),
    };
    files::write_json(&folder.marker_file(), &marker)
}

/// Finds or installs the runtime, with progress.
pub async fn ensure_runtime(op: &Op) -> Result<(), Fault> {
    let site = op.site();
    let watch: runtime::Watch = watch(op);
    let builds = local::builds(site, RECIPE.name, op.cancel())?;
    let tools = runtime::Tools {
        runtimes: &site.runtime_folder,
        commands: &site.runner,
        builds: &builds,
        watch: &watch,
        cancel: op.cancel(),
    };
    runtime::ensure_npm(tools, &RECIPE).await.map(|_| ())
}

/// Passes what is seen on to the operation's progress.
pub fn watch(op: &Op) -> Watch {
    let progress = op.progress_sender();
    Arc::new(move |phase, done, of, item| {
        progress.send_replace(Progress {
            phase: phase.to_owned(),
            done: u32::try_from(done).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
            item: item.to_owned(),
        });
    })
}

/// What connections added to the settings.
pub fn connected(op: &Op) -> Result<Connected, Halt> {
    Ok(op.fact("connected")?.unwrap_or_default())
}

/// Writes settings and connections to the folder and remembers what was written.
pub async fn write_config(op: &Op) -> Result<bool, Halt> {
    let site = op.site();
    let folder = Folder::of(site)?;
    let sources = config::sources(site, &connected(op)?)?;
    let before: Hashes = op.fact("files")?.unwrap_or_default();
    let hashes = {
        let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
        config::write(&folder, site, &sources, &before)?
    };
    op.remember("files", &hashes).await?;
    Ok(!sources.is_empty())
}

/// Writes the files anew. While active: runs, and starts the keeper anew; else loads once, as a test of the sources.
pub async fn configure(op: &Op, supervisor: &Supervisor) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(existing::link(site).await?);
    }
    let folder = Folder::of(site)?;
    must_stand(site, &folder)?;
    let any = write_config(op).await?;
    if any {
        ensure_runtime(op).await?;
    }
    if site.active {
        if any {
            run(op, &folder).await?;
        }
        keeping::up(op, supervisor).await?;
        return presence(op);
    }
    if any {
        match refresh(op, &folder).run_load().await {
            // The key comes later, and is asked for then.
            Err(fault) if matches!(fault.kind, FaultKind::NeedsKey) => {}
            Err(fault) => return Err(fault.into()),
            Ok(()) => {}
        }
    }
    presence(op)
}

/// What cannot be made again from settings is put back from the copy that was saved of it.
pub async fn put_back(op: &Op) -> Result<(), Fault> {
    let site = op.site();
    let folder = Folder::of(site)?;
    if site.kind == InstanceKind::Link || !folder.is_ours(site)? {
        return Ok(());
    }
    let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
    ledger::restore(&folder)
}

/// Runs once, then starts timer and site.
pub async fn activate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        existing::link(site).await?;
        return Ok("The scores of the other site are read.".to_owned());
    }
    let folder = Folder::of(site)?;
    must_stand(site, &folder)?;
    ensure_runtime(op).await?;
    repair(op, &folder).await?;
    op.human(source_task(), || async {
        Ok((!config::sources_in(&folder)?.is_empty()).then_some(()))
    })
    .await?;
    let run = op.step("run", || async {
        let last = run(op, &folder).await.map_err(|halt| match halt {
            Halt::Stopped(fault) => *fault,
            Halt::Human(task) => Fault::new(FaultKind::Internal, task.title),
        })?;
        Ok(last)
    });
    let last = run.await?;
    let address = keeping::up(op, supervisor).await?;
    let scores = match last.result {
        RunResult::Waiting => "There are no contributions yet; scores come with the first ones.",
        _ => "The scores are there.",
    };
    Ok(match address {
        Some(address) => {
            format!("{scores} They are made anew by the clock and shown at {address} on this host.")
        }
        None => format!("{scores} They are made anew by the clock and shown nowhere."),
    })
}

/// Files of ours that are missing are written again. What was edited by hand is left as it is.
async fn repair(op: &Op, folder: &Folder) -> Result<(), Halt> {
    let recorded: Hashes = op.fact("files")?.unwrap_or_default();
    let connected = connected(op)?;
    let empty = config::sources_in(folder).is_ok_and(|sources| sources.is_empty());
    let missing = recorded.keys().any(|name| !folder.path(name).exists());
    // Settings that came while it waited for a source are taken up here.
    let now_set = empty && !config::sources(op.site(), &connected)?.is_empty();
    if missing || now_set {
        write_config(op).await?;
    }
    Ok(())
}

fn source_task() -> HumanTask {
    HumanTask {
        step: "source".to_owned(),
        title: "choose a source".to_owned(),
        why: "Without a source there are no contributions to score.".to_owned(),
        who: "whoever knows where the community works".to_owned(),
        url: None,
        instructions: vec![
            "Open the settings of this instance.".to_owned(),
            "Name at least one source, with its address or id, and save.".to_owned(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// Stops timer and site. Everything stays.
pub async fn deactivate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok("The other site is not read any more; it stays as it is.".to_owned());
    }
    let folder = Folder::of(site)?;
    let stopped = keeping::stop(op, supervisor, &folder).await?;
    if !folder.root().is_dir() {
        return Ok("Timer and site are off; the folder is not there any more.".to_owned());
    }
    // A run that somebody else began is waited for, so that nothing runs once this returns.
    let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
    let cut = match stopped {
        Stopped::Killed => " A run that did not end was cut off; it repeats cleanly.",
        _ => "",
    };
    Ok(format!(
        "Timer and site are off; ledger, settings and the last scores stay.{cut}"
    ))
}

/// Runs now, and tells what went wrong.
pub async fn run(op: &Op, folder: &Folder) -> Result<LastRun, Halt> {
    let last = refresh(op, folder).run_all().await?;
    match &last.result {
        RunResult::Failed(fault) => Err(fault.clone().into()),
        _ => Ok(last),
    }
}

/// A run with the tools of an operation.
pub fn refresh<'a>(op: &'a Op, folder: &'a Folder) -> Run<'a> {
    Run { op, folder }
}

/// See [`refresh`].
pub struct Run<'a> {
    op: &'a Op,
    folder: &'a Folder,
}

impl Run<'_> {
    async fn run_all(&self) -> Result<LastRun, Fault> {
        let secrets = keeping::secrets(self.op);
        self.with(&secrets).run(PATIENCE).await
    }

    async fn run_load(&self) -> Result<(), Fault> {
        let secrets = keeping::secrets(self.op);
        self.with(&secrets).load_only(None, PATIENCE).await
    }

    /// Reads one source, then makes the scores if there is anything.
    pub async fn run_one(&self, source: &config::Source) -> Result<RunResult, Fault> {
        let secrets = keeping::secrets(self.op);
        let refresh = self.with(&secrets);
        refresh.load_only(Some(source), PATIENCE).await?;
        refresh.score_only(PATIENCE).await
    }

    fn with<'b>(&'b self, secrets: &'b Secrets) -> Refresh<'b> {
        let site = self.op.site();
        Refresh {
            folder: self.folder,
            runtimes: &site.runtime_folder,
            runner: &site.runner,
            behind: Some(site),
            http: &site.http,
            secrets,
            cancel: self.op.cancel(),
            watch: watch(self.op),
        }
    }
}

/// Refuses to work in a folder that is gone or is not this instance's.
pub fn must_stand(site: &Site, folder: &Folder) -> Result<(), Fault> {
    if folder.is_ours(site)? && folder.root().is_dir() {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::NotFound,
        format!(
            "The folder {} of this instance is not there.",
            folder.root().display()
        ),
    )
    .hint("Put it back from the trash or a copy, or remove the instance and make it again."))
}

/// Where the instance stands.
pub fn presence(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    let folder = Folder::of(site)?;
    let url = match op.fact::<u16>("port")? {
        Some(port) if site.active && site.settings.get("site") != Some("off") => {
            Some(format!("http://127.0.0.1:{port}/"))
        }
        _ => None,
    };
    let sources = config::sources_in(&folder)?;
    let note = if sources.is_empty() {
        "no source is connected yet".to_owned()
    } else {
        String::new()
    };
    Ok(Presence {
        external_id: site
            .external_id
            .clone()
            .unwrap_or_else(|| site.marker.clone()),
        url,
        kind: InstanceKind::Dedicated,
        made_by_us: site.made_by_us || site.external_id.is_none(),
        note,
    })
}
