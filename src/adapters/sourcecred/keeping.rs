//! The keeper of an instance: its timer and its site. What the site shows is named file by file, because the tool's own
//! way publishes everything in `config/` and `data/` (sheet: sourcecred 6).

use super::{
    ID, RECIPE,
    config::{self, Source},
    folder::Folder,
    refresh::LastRun,
};
use crate::{
    adapters::{
        contract::{Secrets, Site},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind},
    services::{
        files,
        keeper::{self, KeepSpec, SchedulePlan},
        ports, runtime,
        schedule::Rhythm,
        site::{Mount, NAME, SitePlan},
        supervisor::{Launch, OwnProgram, Service, Stopped},
    },
};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

/// Longer than the keeper gives a run to end.
const GRACE: Duration = keeper::GRACE.saturating_add(Duration::from_secs(5));
/// How long a started site may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How often another port is chosen when a stranger takes it in between.
const PORTS: usize = 3;

fn service(folder: &Folder) -> Service {
    Service::new(folder.keeper(), "keeper")
}

/// Whether the keeper runs.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn is_up(folder: &Folder) -> Result<bool, Fault> {
    Ok(service(folder).running()?.is_some())
}

/// Starts the keeper, or starts it anew when what it is to keep has changed. Returns the site's address.
///
/// # Errors
/// [`FaultKind::Host`] when it does not come up.
pub async fn up(op: &Op, own: &OwnProgram) -> Result<Option<Url>, Halt> {
    let site = op.site();
    let folder = Folder::of(site)?;
    let secrets = keys(op, &folder)?;
    let wants_site = site.settings.get("site") != Some("off");
    let mut fault = None;
    for _ in 0..PORTS {
        // Always anew: the keys may be others, and the keeper holds those it was started with.
        stop(&folder).await?;
        let port = if wants_site {
            Some(port(op).await?)
        } else {
            None
        };
        let spec = spec(site, &folder, own, port)?;
        let path = folder.keeper().join("keep.json");
        files::make_folder(&folder.keeper())?;
        files::write_json(&path, &spec)?;
        let mut arguments = own.arguments.clone();
        arguments.extend(["keep".to_owned(), path.to_string_lossy().into_owned()]);
        let launch = Launch {
            program: own.program.clone(),
            arguments,
            folder: folder.root().to_owned(),
            environment: BTreeMap::new(),
        };
        service(&folder).start(own, &launch, &secrets).await?;
        let Some(port) = port else {
            return Ok(None);
        };
        let address = address(port)?;
        match answers_in_time(op, &address).await {
            Ok(()) => return Ok(Some(address)),
            Err(Halt::Stopped(stopped)) if stopped.kind != FaultKind::Cancelled => {
                fault = Some(stopped);
            }
            Err(halt) => return Err(halt),
        }
    }
    stop(&folder).await?;
    Err(fault
        .map_or_else(
            || Fault::new(FaultKind::Host, "The site does not answer."),
            |fault| *fault,
        )
        .into())
}

/// Stops the keeper, and with it a run that is under way.
///
/// # Errors
/// [`FaultKind::Host`] when it cannot be ended.
pub async fn stop(folder: &Folder) -> Result<Stopped, Fault> {
    service(folder).stop(GRACE).await
}

/// Whether this instance's site answers there, and not somebody else.
///
/// # Errors
/// [`FaultKind::Unreachable`] when nobody does, [`FaultKind::Conflict`] when a stranger does.
pub async fn answers(site: &Site, address: &Url) -> Result<(), Fault> {
    let answer = site
        .http
        .get(address, "sourcecred.json")
        .timeout(Duration::from_secs(5))
        .send()
        .await?;
    if answer.header(NAME) != Some(site.marker.as_str()) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("Another program answers at {address}."),
        )
        .hint("Activate the instance again; another port is then chosen."));
    }
    answer.success().map(|_| ())
}

/// Where the site is, by the recorded port.
///
/// # Errors
/// [`FaultKind::Internal`].
pub fn site_address(site: &Site) -> Result<Option<Url>, Fault> {
    if site.settings.get("site") == Some("off") {
        return Ok(None);
    }
    site.fact::<u16>("port")?.map(address).transpose()
}

fn address(port: u16) -> Result<Url, Fault> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(|error| {
        Fault::new(FaultKind::Internal, "The site's address cannot be written.")
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error)
    })
}

async fn answers_in_time(op: &Op, address: &Url) -> Result<(), Halt> {
    let until = Instant::now() + ANSWER;
    loop {
        let fault = match answers(op.site(), address).await {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        };
        if fault.kind == FaultKind::Conflict || Instant::now() >= until {
            return Err(fault.into());
        }
        op.pause(Duration::from_millis(100)).await?;
    }
}

/// The remembered port while it is free, else another one, remembered before it is used.
async fn port(op: &Op) -> Result<u16, Halt> {
    if let Some(port) = op.fact::<u16>("port")?
        && ports::is_free(port)
    {
        return Ok(port);
    }
    let port = ports::choose(&op.site().marker)?;
    op.remember("port", &port).await?;
    Ok(port)
}

/// The keys that the sources need, for the keeper's standard input.
fn keys(op: &Op, folder: &Folder) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut text = Zeroizing::new(Vec::new());
    for (field, _) in config::sources_in(folder)?.iter().filter_map(Source::key) {
        // A source without its key is told by the run, in its result.
        if let Ok(secret) = op.secret(field) {
            let key = Zeroizing::new(serde_json::Value::from(secret.expose_secret()).to_string());
            let joint = if text.is_empty() { b"{" } else { b"," };
            text.extend_from_slice(joint);
            text.extend_from_slice(format!("\"{field}\":").as_bytes());
            text.extend_from_slice(key.as_bytes());
        }
    }
    if !text.is_empty() {
        text.push(b'}');
    }
    Ok(text)
}

/// The keys that an operation has for the sources.
pub fn secrets(op: &Op) -> Secrets {
    let fields = ["discord_token", "github_token"];
    Secrets(
        fields
            .into_iter()
            .filter_map(|field| Some((field.to_owned(), op.secret(field).ok()?)))
            .collect(),
    )
}

fn spec(
    site: &Site,
    folder: &Folder,
    own: &OwnProgram,
    port: Option<u16>,
) -> Result<KeepSpec, Fault> {
    let hours = site
        .settings
        .get("refresh_hours")
        .and_then(|hours| hours.parse().ok())
        .unwrap_or(24);
    let mut arguments = own.arguments.clone();
    let place = folder.own().to_string_lossy().into_owned();
    arguments.extend(["job".to_owned(), ID.to_owned(), place]);
    let last = LastRun::of(folder)?.map_or_else(Timestamp::now, |run| run.ended);
    Ok(KeepSpec {
        site: port.map(|port| site_plan(site, folder, port)).transpose()?,
        schedule: Some(SchedulePlan {
            rhythm: Rhythm {
                every_hours: hours,
                // Daily with one hour of jitter (sheet: sourcecred, refresh); less where runs are closer.
                jitter_minutes: (hours * 60 / 24).min(60),
            },
            last,
            launch: Launch {
                program: own.program.clone(),
                arguments,
                folder: folder.root().to_owned(),
                environment: BTreeMap::new(),
            },
            state: folder.keeper().join("schedule.json"),
        }),
        journal: folder.keeper().join("journal.log"),
    })
}

/// The shared site with those files of the instance that its pages read. Everything else stays private: graphs and
/// identity proposals, attributions, caches, logs, locks.
fn site_plan(site: &Site, folder: &Folder, port: u16) -> Result<SitePlan, Fault> {
    let runtime = runtime::find(&site.runtime_folder, RECIPE.name, RECIPE.version)?;
    let template = runtime.and_then(|runtime| runtime.site()).ok_or_else(|| {
        Fault::new(FaultKind::Host, "The runtime has no site to show.")
            .hint("Activate the instance again; the runtime is then installed.")
    })?;
    let shown = [
        "sourcecred.json",
        "config/weights.json",
        "config/currencyDetails.json",
        "data/ledger.json",
        "output",
    ];
    let mut mounts = vec![Mount {
        at: String::new(),
        target: template,
    }];
    mounts.extend(shown.into_iter().map(|at| Mount {
        at: at.to_owned(),
        target: folder.path(at),
    }));
    for source in config::sources_in(folder)? {
        if let Source::External(..) = source {
            let at = format!("config/plugins/{}/declaration.json", source.plugin());
            let target = folder.path(&at);
            mounts.push(Mount { at, target });
        }
    }
    Ok(SitePlan {
        name: site.marker.clone(),
        port,
        mounts,
    })
}
