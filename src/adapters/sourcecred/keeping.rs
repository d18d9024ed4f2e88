//! What runs while an instance is active: the scheduled run and the site. What the site shows is named file by file,
//! because the tool's own way publishes everything in `config/` and `data/` (sheet: sourcecred 6).

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
        local,
    },
    domain::{Fault, FaultKind},
    services::{
        files, ports, runtime,
        schedule::Rhythm,
        site::{Mount, NAME, SitePlan},
        supervisor::{
            Launch, ProcessDescription, Readiness, ServiceDescription, ServiceName, Stopped,
            Supervisor, TimerDescription, Walls,
        },
    },
};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use std::{path::PathBuf, time::Duration};
use url::Url;
use zeroize::Zeroizing;

/// Longer than the scheduled run gives its tool to end.
const GRACE: Duration = Duration::from_secs(10);
/// How long a started site may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How often another port is chosen when a stranger takes it in between.
const PORTS: usize = 3;

/// Whether everything of it runs.
///
/// # Errors
/// [`FaultKind::Storage`], [`FaultKind::Host`].
pub async fn is_up(supervisor: &Supervisor, site: &Site, folder: &Folder) -> Result<bool, Fault> {
    let never = tokio_util::sync::CancellationToken::new();
    let state = supervisor
        .state(&local::tools(site, &never), &folder.service())
        .await?;
    Ok(state.is_some_and(|state| state.is_up()))
}

/// Starts timer and site anew: the keys may be others, and what runs holds those it was started with. Returns the site's
/// address.
///
/// # Errors
/// [`FaultKind::Host`] when it does not come up.
pub async fn up(op: &Op, supervisor: &Supervisor) -> Result<Option<Url>, Halt> {
    let site = op.site();
    let folder = Folder::of(site)?;
    let secrets = keys(op, &folder)?;
    let tools = local::tools(site, op.cancel());
    let wants_site = site.settings.get("site") != Some("off");
    let mut tried = 1;
    loop {
        supervisor.stop(&tools, &folder.service()).await?;
        let port = if wants_site {
            Some(port(op).await?)
        } else {
            None
        };
        let service = describe(site, &folder, supervisor, port)?;
        match supervisor.start(&tools, &service, &secrets).await {
            Ok(()) => return Ok(port.map(address).transpose()?),
            // Somebody took the port after it was chosen.
            Err(fault) if fault.kind == FaultKind::Conflict && tried < PORTS => tried += 1,
            Err(fault) => return Err(fault.into()),
        }
    }
}

/// Stops timer and site, and with them a run that is under way.
///
/// # Errors
/// [`FaultKind::Host`] when something cannot be ended.
pub async fn stop(op: &Op, supervisor: &Supervisor, folder: &Folder) -> Result<Stopped, Fault> {
    supervisor
        .stop(&local::tools(op.site(), op.cancel()), &folder.service())
        .await
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

/// The keys that the sources need, for the scheduled run's standard input.
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

/// What its units, and its user, are named after.
pub fn name(site: &Site) -> Result<ServiceName, Fault> {
    ServiceName::of(&site.installation, &site.slug, &site.platform)
}

/// What runs. The site's plan is written beside, and read by the process that serves it.
fn describe(
    site: &Site,
    folder: &Folder,
    supervisor: &Supervisor,
    port: Option<u16>,
) -> Result<ServiceDescription, Fault> {
    let mut processes = Vec::new();
    if let Some(port) = port {
        processes.push(site_process(site, folder, supervisor, port)?);
    }
    Ok(ServiceDescription {
        name: name(site)?,
        title: format!("SourceCred of {}", site.community_name),
        folder: folder.service(),
        processes,
        timers: vec![refresh(site, folder, supervisor)?],
        walls: Some(walls(site, folder, supervisor)?),
    })
}

/// The tool and its packages are not ours, and what members write passes through them. A folder that was adopted may lie
/// anywhere: inside the installation it is shown besides; outside it is there as everything else that others own.
pub fn walls(site: &Site, folder: &Folder, supervisor: &Supervisor) -> Result<Walls, Fault> {
    let home = site.runtime_folder.parent().unwrap_or(&site.runtime_folder);
    let mut reads = vec![supervisor.own()?.program];
    if let Some(runtime) = runtime::find(&site.runtime_folder, RECIPE.name, RECIPE.version)? {
        reads.push(PathBuf::from(runtime.program()));
        reads.push(runtime.folder);
    }
    // Programs of the host are there anyway, by the names that lead to them.
    reads.retain(|path| path.is_absolute() && !path.starts_with("/usr"));
    Ok(Walls {
        home: home.to_owned(),
        reads,
        own: folder.own().to_owned(),
    })
}

fn site_process(
    site: &Site,
    folder: &Folder,
    supervisor: &Supervisor,
    port: u16,
) -> Result<ProcessDescription, Fault> {
    let own = supervisor.own()?;
    files::make_folder(&folder.service())?;
    let plan = folder.service().join("site.json");
    files::write_json(&plan, &site_plan(site, folder, port)?)?;
    let mut url = address(port)?;
    url.set_path("sourcecred.json");
    Ok(ProcessDescription {
        name: "site".to_owned().try_into()?,
        launch: Launch::new(&own.program, folder.root())
            .arguments(own.hidden(&["site", &plan.to_string_lossy()])),
        readiness: Readiness::Page {
            url,
            text: None,
            header: Some((NAME.to_owned(), site.marker.clone())),
        },
        ready_within: ANSWER,
    })
}

fn refresh(
    site: &Site,
    folder: &Folder,
    supervisor: &Supervisor,
) -> Result<TimerDescription, Fault> {
    let own = supervisor.own()?;
    let hours = site
        .settings
        .get("refresh_hours")
        .and_then(|hours| hours.parse().ok())
        .unwrap_or(24);
    let place = folder.own().to_string_lossy();
    Ok(TimerDescription {
        name: "refresh".to_owned().try_into()?,
        launch: Launch {
            takes_secrets: true,
            writes: vec![folder.root().to_owned(), folder.own().to_owned()],
            grace: GRACE,
            ..Launch::new(&own.program, folder.root()).arguments(own.hidden(&["job", ID, &place]))
        },
        rhythm: Rhythm {
            every_hours: hours,
            // Daily with one hour of jitter (sheet: sourcecred, refresh); less where runs are closer.
            jitter_minutes: (hours * 60 / 24).min(60),
        },
        last: LastRun::of(folder)?.map_or_else(Timestamp::now, |run| run.ended),
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
