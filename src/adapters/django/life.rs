//! Folder, secret, database, port, processes: the parts of an instance that do not depend on the platform.

use super::{
    place::Place,
    runtime::{Service, ensure_runtime},
    shared,
    told::{self, Told},
    upgrade::{self, upgrade},
};
use crate::{
    adapters::{
        contract::Site,
        durable::{Halt, Op},
        local,
    },
    domain::{Fault, FaultKind},
    services::{
        database, files, ports,
        runtime::Runtime,
        supervisor::{
            Launch, ProcessDescription, ProcessState, Readiness, ServiceDescription, ServiceName,
            Stopped, Supervisor, TimerDescription, Walls,
        },
    },
};
use rand::Rng as _;
use secrecy::SecretString;
use std::{collections::BTreeMap, time::Duration};
use url::Url;
use zeroize::Zeroizing;

/// How often another port is chosen when a stranger takes it in between.
const PORTS: usize = 3;
/// How long a process may take until it works (sheet: policykit 3: 30 s; a loaded host may need more).
const READY: Duration = Duration::from_secs(60);
/// How many characters a server's secret has (sheet: metagov 2).
const SECRET: usize = 50;

/// What an instance's processes are described from.
pub struct Parts<'a> {
    /// The instance.
    pub site: &'a Site,
    /// The platform.
    pub service: &'a Service,
    /// Its runtime.
    pub runtime: &'a Runtime,
    /// Its folder.
    pub place: &'a Place,
    /// Its port on loopback.
    pub port: u16,
}

impl Parts<'_> {
    /// A run of the runtime's Python with these arguments.
    #[must_use]
    pub fn python<I>(&self, arguments: I) -> Launch
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let folder = self.runtime.folder.join(self.service.recipe.manage);
        let mut launch = Launch::new(self.runtime.program(), folder)
            .arguments(self.runtime.first_arguments())
            .arguments(arguments);
        launch.environment = self.service.environment(self.runtime, self.place);
        launch.private_file = Some(self.place.told());
        launch.writes = vec![self.place.folder().to_owned()];
        launch
    }

    /// A process that is ready once this page of it shows the text.
    ///
    /// # Errors
    /// [`FaultKind::Internal`].
    pub fn web(&self, launch: Launch, page: &str, text: &str) -> Result<ProcessDescription, Fault> {
        let url = address(self.port)?.join(page).map_err(|error| {
            Fault::new(FaultKind::Internal, "The page's address cannot be written.")
                .hint("This is a mistake of Guildhall; please report it.")
                .detail(error)
        })?;
        process(
            "web",
            launch,
            Readiness::Page {
                url,
                text: Some(text.to_owned()),
                header: Some((
                    crate::services::site::NAME.to_owned(),
                    self.place.name().to_owned(),
                )),
            },
        )
    }

    /// A process that is ready once it says so in its log.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] for a name that cannot be one.
    pub fn behind(
        &self,
        name: &str,
        launch: Launch,
        line: &str,
    ) -> Result<ProcessDescription, Fault> {
        process(name, launch, Readiness::Line(line.to_owned()))
    }
}

fn process(name: &str, launch: Launch, readiness: Readiness) -> Result<ProcessDescription, Fault> {
    Ok(ProcessDescription {
        name: name.to_owned().try_into()?,
        launch,
        readiness,
        ready_within: READY,
    })
}

/// Where an instance listens.
///
/// # Errors
/// [`FaultKind::Internal`].
pub fn address(port: u16) -> Result<Url, Fault> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            "The instance's address cannot be written.",
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .detail(error)
    })
}

/// Where the instance listens, by its recorded port.
///
/// # Errors
/// [`FaultKind::Internal`].
pub fn url(site: &Site) -> Result<Option<Url>, Fault> {
    shared::recalled::<u16>(site, "port")?
        .map(address)
        .transpose()
}

/// Claims the folder, finds or installs the runtime.
///
/// # Errors
/// As [`Place::claim`] and [`ensure_runtime`].
pub async fn begin(op: &Op, service: &Service) -> Result<Runtime, Halt> {
    let site = op.site();
    let place = Place::of(site);
    op.ensure(
        "folder",
        |_| async { Ok(place.is_ours(site)?.then(|| site.marker.clone())) },
        |key| {
            let place = &place;
            async move {
                place.claim(site, key.as_str())?;
                Ok(site.marker.clone())
            }
        },
    )
    .await?;
    op.progress("the shared runtime", 0, 4, service.recipe.name);
    Ok(ensure_runtime(op, service).await?)
}

/// Secret, database, port. What is there already is kept.
///
/// # Errors
/// [`FaultKind::Host`] when no port is free, [`FaultKind::Storage`].
pub async fn prepare(op: &Op, service: &Service, runtime: &Runtime) -> Result<u16, Halt> {
    let place = Place::of(op.site());
    secret(op, service).await?;
    op.progress("the database", 1, 4, "");
    let template = runtime.folder.join("template.sqlite3");
    let path = place.database();
    let copied = tokio::task::spawn_blocking(move || database::copy_template(&template, &path));
    let is_fresh = copied.await.map_err(|error| {
        Fault::new(FaultKind::Internal, "Copying the database was broken off.")
            .hint("Resume the operation.")
            .detail(error)
    })??;
    if is_fresh {
        let version = service.recipe.version.into();
        shared::keep(op, upgrade::VERSION, &version).await?;
    }
    port(op).await
}

/// The server's secret: what its file holds, else what the vault holds, else a fresh one, which is kept in both. That of a
/// service that several communities share is nobody's of them, and only in the file.
///
/// # Errors
/// [`FaultKind::Storage`], and what keeping it brings.
pub async fn secret(op: &Op, service: &Service) -> Result<SecretString, Halt> {
    let place = Place::of(op.site());
    if let Some(secret) = told::secret_in(&place)? {
        return Ok(secret);
    }
    if let Ok(secret) = op.secret(service.secret_field)
        && !place.is_shared()
    {
        return Ok(secret);
    }
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    let fresh: Zeroizing<String> = Zeroizing::new(letters.take(SECRET).map(char::from).collect());
    let secret = SecretString::from(fresh.as_str());
    if !place.is_shared() {
        op.keep_secret(service.secret_field, secret.clone(), None)
            .await?;
    }
    Ok(secret)
}

/// The remembered port while it is free or ours, else another one, remembered before it is used.
pub(super) async fn port(op: &Op) -> Result<u16, Halt> {
    let remembered = shared::recall::<u16>(op, "port")?;
    if let Some(port) = remembered
        && (ports::is_free(port) || is_up(op).await?)
    {
        if op.fact::<u16>("port")? != remembered {
            // Another community's instance chose it for the service.
            op.remember("port", &port).await?;
        }
        return Ok(port);
    }
    let port = ports::choose(&Place::of(op.site()).folder().to_string_lossy())?;
    shared::keep(op, "port", &port.into()).await?;
    Ok(port)
}

async fn is_up(op: &Op) -> Result<bool, Halt> {
    let site = op.site();
    let state = site
        .supervisor
        .state(&local::tools(site, op.cancel()), &Place::of(site).run())
        .await?;
    Ok(state.is_some_and(|state| state.processes.values().any(ProcessState::is_up)))
}

/// Writes what the instance is told and starts its processes; anew, when what they are told has changed. `described` says
/// what runs; `told` what they are told.
///
/// # Errors
/// [`FaultKind::Host`] when it does not come up, with the end of its log.
pub async fn start<T, D>(
    op: &Op,
    supervisor: &Supervisor,
    service: &Service,
    runtime: &Runtime,
    told: T,
    described: D,
) -> Result<Url, Halt>
where
    T: Fn(u16, SecretString) -> Result<Told, Fault> + Send + Sync,
    D: Fn(&Parts<'_>) -> Result<(Vec<ProcessDescription>, Vec<TimerDescription>), Fault>
        + Send
        + Sync,
{
    let site = op.site();
    let place = Place::of(site);
    let tools = local::tools(site, op.cancel());
    let secret = secret(op, service).await?;
    let beside = told(port(op).await?, secret.clone())?;
    upgrade(op, supervisor, service, runtime, beside).await?;
    let mut conflict = None;
    for _ in 0..PORTS {
        let port = port(op).await?;
        told(port, secret.clone())?.write(&place)?;
        let unknown = place.path(told::CHANGED);
        let changed = unknown.exists();
        let parts = Parts {
            site,
            service,
            runtime,
            place: &place,
            port,
        };
        let (processes, timers) = described(&parts)?;
        let (name, title) = named(site, &place)?;
        let description = ServiceDescription {
            name,
            title,
            folder: place.run(),
            processes,
            timers,
            walls: Some(walls(site, runtime, &place)),
        };
        let nothing = Zeroizing::new(Vec::new());
        let started = if changed {
            supervisor.restart(&tools, &description, &nothing).await
        } else {
            supervisor.start(&tools, &description, &nothing).await
        };
        match started {
            Ok(()) => {
                files::remove(&unknown)?;
                return Ok(address(port)?);
            }
            // A stranger took the port in between; another one is chosen.
            Err(fault) if fault.kind == FaultKind::Conflict => conflict = Some(fault),
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(conflict
        .unwrap_or_else(|| {
            Fault::new(FaultKind::Host, "The instance does not answer.")
                .hint("Read its log, then try again.")
        })
        .into())
}

pub(super) fn named(site: &Site, place: &Place) -> Result<(ServiceName, String), Fault> {
    if place.is_shared() {
        let name = ServiceName::shared(&site.installation, &site.platform)?;
        return Ok((name, format!("{} of several communities", site.platform)));
    }
    let name = ServiceName::of(&site.installation, &site.slug, &site.platform)?;
    Ok((
        name,
        format!("{} of {}", site.platform, site.community_name),
    ))
}

/// Policies are programs that members write, and upstream's code is not ours: neither has to see other communities, or
/// the database with the sealed keys (sheet: policykit 6).
pub(super) fn walls(site: &Site, runtime: &Runtime, place: &Place) -> Walls {
    let home = site.runtime_folder.parent().unwrap_or(&site.runtime_folder);
    Walls {
        home: home.to_owned(),
        reads: vec![runtime.folder.clone()],
        own: place.folder().to_owned(),
    }
}

/// Stops everything of the instance, and says how.
///
/// # Errors
/// [`FaultKind::Host`] when something cannot be ended.
pub async fn stop(op: &Op, supervisor: &Supervisor) -> Result<Stopped, Halt> {
    let site = op.site();
    let tools = local::tools(site, op.cancel());
    Ok(supervisor.stop(&tools, &Place::of(site).run()).await?)
}

/// The keys that are at hand, by the names under which the service knows them. While the vault is locked, those that the
/// instance was told before stay.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn keys(op: &Op, known: &[(&str, &str)]) -> Result<Vec<(String, SecretString)>, Fault> {
    let site = op.site();
    let mut before = if site.locked {
        told::keys_in(&Place::of(site))?
    } else {
        BTreeMap::new()
    };
    Ok(known
        .iter()
        .filter_map(|(field, name)| {
            let key = op.secret(field).ok().or_else(|| before.remove(*name))?;
            Some(((*name).to_owned(), key))
        })
        .collect())
}

/// The folder with our marker and in it a database that was migrated.
///
/// # Errors
/// [`FaultKind::NotFound`] when one of them is missing, [`FaultKind::Storage`].
pub fn must_stand(site: &Site) -> Result<(), Fault> {
    let place = Place::of(site);
    place.must_stand(site)?;
    if database::is_migrated(&place.database())? {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::NotFound,
        format!(
            "The database {} is missing or empty; nothing was started.",
            place.database().display()
        ),
    )
    .hint("Put it back from a copy, or remove the instance and make it again."))
}

/// The end of a process's log.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn log_tail(place: &Place, process: &str) -> Result<String, Fault> {
    let path = place.run().join(format!("{process}.log"));
    let bytes = files::read(&path)?.unwrap_or_default();
    let tail = &bytes[bytes.len().saturating_sub(128 * 1024)..];
    Ok(String::from_utf8_lossy(tail).into_owned())
}
