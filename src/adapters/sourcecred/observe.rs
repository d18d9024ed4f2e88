//! How an instance does (sheet: sourcecred, health), without changing anything.

use super::{
    RECIPE,
    config::{self, Hashes},
    existing,
    folder::Folder,
    keeping, ledger,
    refresh::{LastRun, RunResult},
    source,
};
use crate::{
    adapters::contract::{Observation, Secrets, Site, Standing},
    domain::{Drift, DriftKind, Fault, Health, InstanceKind, counted},
    services::{runtime, supervisor::Supervisor},
};
use jiff::{SignedDuration, Timestamp};
use std::{fs, path::Path, time::SystemTime};
use tokio_util::sync::CancellationToken;

/// What a look found so far: the worst counts, and its reason is shown.
struct Look {
    health: Health,
    note: String,
}

impl Look {
    fn find(&mut self, health: Health, note: impl Into<String>) {
        let worse = match (self.health, health) {
            (Health::Down, _) | (Health::Degraded, Health::Degraded | Health::Ok) => false,
            (_, Health::Ok) => self.note.is_empty(),
            _ => true,
        };
        if worse {
            self.health = health;
            self.note = note.into();
        }
    }
}

/// Looks at the instance.
pub async fn observe(site: &Site, supervisor: &Supervisor) -> Result<Observation, Fault> {
    if site.kind == InstanceKind::Link {
        return Ok(existing::observe_link(site).await);
    }
    let folder = Folder::of(site)?;
    if !folder.root().is_dir() || !folder.is_ours(site)? {
        return Ok(Observation {
            standing: Standing::Gone,
            health: Health::Unknown,
            note: "its folder is not there any more".to_owned(),
            drift: Vec::new(),
            task: None,
            slots: Vec::new(),
            url: None,
        });
    }
    let mut look = Look {
        health: Health::Ok,
        note: String::new(),
    };
    if let Err(fault) = ledger::check(&folder) {
        look.find(Health::Down, fault.what);
    }
    let mut url = None;
    if site.active {
        if runtime::find(&site.runtime_folder, RECIPE.name, RECIPE.version)?.is_none() {
            look.find(Health::Down, "the runtime is missing");
        }
        if !keeping::is_up(supervisor, site, &folder).await? {
            look.find(
                Health::Degraded,
                "timer and site do not run; activate again",
            );
        }
        if let Some(address) = keeping::site_address(site)? {
            match keeping::answers(site, &address).await {
                Ok(()) => url = Some(address.to_string()),
                Err(fault) => look.find(Health::Degraded, fault.what),
            }
        }
        look_at_runs(site, &folder, &mut look)?;
        look_at_sources(site, &folder, &mut look).await;
    }
    Ok(Observation {
        standing: Standing::Present,
        health: look.health,
        note: look.note,
        drift: drift(site, &folder)?,
        task: None,
        slots: Vec::new(),
        url,
    })
}

fn drift(site: &Site, folder: &Folder) -> Result<Vec<Drift>, Fault> {
    let recorded: Hashes = site.fact("files")?.unwrap_or_default();
    let mut drift = config::drift(folder, &recorded)?;
    if let Some(events) = ledger::restorable(folder)? {
        let copy = counted(events, "event", "events");
        let what = format!(
            "The ledger is damaged; put back, it is the copy that was saved before the last run, with {copy}, and the damaged one is kept beside it."
        );
        drift.push(Drift::new(DriftKind::Changed, what).about("ledger"));
    }
    Ok(drift)
}

fn look_at_runs(site: &Site, folder: &Folder, look: &mut Look) -> Result<(), Fault> {
    let Some(last) = LastRun::of(folder)? else {
        look.find(Health::Down, "it never ran");
        return Ok(());
    };
    match last.result {
        RunResult::Failed(fault) => {
            look.find(
                Health::Degraded,
                format!("the last run failed: {}", fault.what),
            );
            return Ok(());
        }
        RunResult::Waiting => {
            look.find(Health::Ok, "no contributions yet");
            return Ok(());
        }
        RunResult::Done => {}
    }
    let hours: i64 = site
        .settings
        .get("refresh_hours")
        .and_then(|hours| hours.parse().ok())
        .unwrap_or(24);
    let (view, accounts) = (
        changed(&folder.path("output/credGrainView")),
        changed(&folder.path("output/accounts.json")),
    );
    match (view, accounts) {
        (Some(view), Some(accounts)) => {
            let age = SystemTime::now().duration_since(view).unwrap_or_default();
            let limit = SignedDuration::from_hours(2 * hours);
            if SignedDuration::try_from(age).is_ok_and(|age| age > limit) {
                look.find(Health::Degraded, "the scores are older than two intervals");
            }
            if accounts < view {
                look.find(
                    Health::Degraded,
                    "the list of accounts is older than the scores",
                );
            }
        }
        _ => look.find(Health::Degraded, "the results of the last run are missing"),
    }
    if last.ended > Timestamp::now() {
        look.find(Health::Degraded, "the clock of this host went back");
    }
    Ok(())
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

async fn look_at_sources(site: &Site, folder: &Folder, look: &mut Look) {
    let sources = match config::sources_in(folder) {
        Ok(sources) => sources,
        Err(fault) => {
            look.find(Health::Degraded, fault.what);
            return;
        }
    };
    if sources.is_empty() {
        look.find(Health::Degraded, "no source is connected");
    }
    let never = CancellationToken::new();
    for each in sources {
        if each.missing_key(&site.secrets).is_some() && site.locked {
            // Whether there is a key cannot be said while the vault is locked.
            continue;
        }
        let secrets: &Secrets = &site.secrets;
        if let Err(fault) = source::probe(&each, folder, &site.http, secrets, &never).await {
            look.find(Health::Degraded, fault.what);
        }
    }
}
