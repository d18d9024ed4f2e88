//! The shared runtimes on this host: what each takes of the disk, who needs it, and clearing those that nobody needs.

use super::{Engine, rules::Rules, submit};
use crate::{
    adapters::local,
    domain::{Actor, AuditResult, Fault, FaultKind, IntentKind},
    services::{
        runtime::{self, Laid},
        supervisor::{self, ServiceDescription, Supervisor},
    },
};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// A shared runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuntimeRow {
    /// Its name, with the version.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it can be used; else an installation that was never finished left it.
    pub finished: bool,
    /// What it takes of the disk, in MiB.
    pub disk_mib: u64,
    /// The instances that run from it, or would at their next start: "rosewood/name-of-platform".
    pub needed_by: Vec<String>,
}

impl RuntimeRow {
    /// Whether nobody needs it.
    #[must_use]
    pub fn is_spare(&self) -> bool {
        self.needed_by.is_empty()
    }
}

impl Engine {
    /// Everything that lies in the folder of shared runtimes.
    ///
    /// # Errors
    /// `NotAllowed`; `Host` when the supervisor cannot be asked; `Storage`.
    pub async fn runtimes(&self, actor: &Actor) -> Result<Vec<RuntimeRow>, Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::Settings, None).map(drop)
            })
            .await?;
        let laid = self.laid().await?;
        let mut rows: Vec<RuntimeRow> = laid.iter().map(row).collect();
        for (community, instance, data) in self.held_here(actor, None).await? {
            let name = format!("{}/{}", community.slug, instance.platform);
            // What stands needs the runtime that its next start would take, also while it is off.
            let next = self
                .core
                .options
                .registry
                .get(&instance.platform)
                .and_then(|adapter| adapter.runtime());
            let running = self.runs_from(&data).await?;
            let names = |row: &RuntimeRow| {
                let mut running = running.iter();
                running.any(|service| service.mentions(&row.folder))
            };
            let is_known = rows.iter().any(names);
            let own = format!("{}-", instance.platform);
            for row in &mut rows {
                let runs_from = match running {
                    None => false,
                    Some(_) if is_known => names(row),
                    // Only a file of its own says from which; any of its kind may be the one.
                    Some(_) => row.name.starts_with(&own),
                };
                if row.finished && (runs_from || next == Some(row.name.as_str())) {
                    row.needed_by.push(name.clone());
                }
            }
        }
        Ok(rows)
    }

    /// Takes away the runtimes with these names that nobody needs, and what installations left that were never finished.
    /// Answers what went. One that is needed by now, or is being installed, stays.
    ///
    /// # Errors
    /// As [`Engine::runtimes`]; what went stays gone.
    pub async fn clear_runtimes(
        &self,
        actor: &Actor,
        folders: &BTreeSet<PathBuf>,
    ) -> Result<Vec<RuntimeRow>, Fault> {
        self.core.require_writable()?;
        let spare: BTreeSet<PathBuf> = self
            .runtimes(actor)
            .await?
            .into_iter()
            .filter(|row| row.is_spare() && folders.contains(&row.folder))
            .map(|row| row.folder)
            .collect();
        let mut gone = Vec::new();
        for laid in self.laid().await? {
            if !spare.contains(&laid.folder) {
                continue;
            }
            let (runtimes, one) = (self.folder_of_runtimes(), laid.clone());
            let cleared = off_the_loop(move || runtime::clear(&runtimes, &one)).await;
            match cleared {
                Ok(()) => gone.push(row(&laid)),
                Err(fault) if fault.kind == FaultKind::InUse => {}
                Err(fault) => return Err(fault),
            }
        }
        let names: Vec<&str> = gone.iter().map(|row| row.name.as_str()).collect();
        let (label, detail) = (submit::label(actor), names.join(", "));
        self.core
            .change(move |writer, rules| {
                let permitted = AuditResult::Permitted;
                rules.audit(
                    writer,
                    &label,
                    "runtimes-clear",
                    "",
                    None,
                    permitted,
                    &detail,
                )
            })
            .await?;
        Ok(gone)
    }

    /// What runs of the instance with this folder; none when nothing does.
    async fn runs_from(&self, data: &Path) -> Result<Option<ServiceDescription>, Fault> {
        let core = &self.core;
        let never = CancellationToken::new();
        let tools = local::lent(&core.runner, &core.http, &never);
        let folder = supervisor::folder_of(data);
        let supervisor = core.options.registry.supervisor();
        match supervisor.state(&tools, &folder).await? {
            Some(state) if state.kept => Supervisor::described(&folder),
            _ => Ok(None),
        }
    }

    fn folder_of_runtimes(&self) -> PathBuf {
        super::scene::runtime_folder(&self.core.options.home)
    }

    async fn laid(&self) -> Result<Vec<Laid>, Fault> {
        let runtimes = self.folder_of_runtimes();
        off_the_loop(move || runtime::laid(&runtimes)).await
    }
}

fn row(laid: &Laid) -> RuntimeRow {
    const MIB: u64 = 1024 * 1024;
    RuntimeRow {
        name: laid.name.clone(),
        folder: laid.folder.clone(),
        finished: laid.finished,
        disk_mib: laid.bytes.div_ceil(MIB),
        needed_by: Vec::new(),
    }
}

/// Walking through thousands of files takes long; the loop goes on meanwhile.
async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            "Looking at the runtimes was broken off.",
        )
        .hint("Try again.")
        .detail(error)
    })?
}
