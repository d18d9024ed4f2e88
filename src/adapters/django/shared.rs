//! One service for several communities: who is in it, what each brought into the one private file, whose turn it is.
//!
//! | in the shared folder | what it is |
//! |---|---|
//! | `tenants/<short name>.json` | an instance that has rows in it, and which keys and address it brought |
//! | `kept.json` | what is remembered of the service itself: its port, its version |
//!
//! Two instances are never worked on at once: each verb takes its turn.

use super::{Place, Told, told};
use crate::{
    adapters::{
        contract::Site,
        durable::{Halt, Op},
        local,
    },
    domain::{Fault, FaultKind, InstanceKind, Slug},
    services::{files, lock::FileLock, supervisor::Supervisor},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};
use zeroize::Zeroizing;

/// How long one community's verb waits for another's: a start and an upgrade may be before it.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// An instance that has rows in the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// The instance's marker.
    pub instance: String,
    /// Whose it is.
    pub slug: Slug,
    /// Whether it is switched on; the service runs as long as one of them is.
    #[serde(default)]
    pub on: bool,
    /// The names of the keys that it brought into the private file.
    #[serde(default)]
    pub keys: BTreeSet<String>,
    /// The public address that it asks for.
    #[serde(default)]
    pub address: Option<String>,
}

/// The turn of an instance at a shared service; nothing where the service is its own.
///
/// # Errors
/// [`FaultKind::InUse`] when another community's takes too long, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
pub async fn turn(op: &Op) -> Result<Option<FileLock>, Halt> {
    let site = op.site();
    if site.kind != InstanceKind::Tenant {
        return Ok(None);
    }
    // Beside the folder: it outlives the service.
    let folder = local::service_folder(site);
    let lock = folder.with_extension("lock");
    if let Some(parent) = lock.parent() {
        files::make_folder(parent)?;
    }
    Ok(Some(FileLock::take(&lock, PATIENCE, op.cancel()).await?))
}

fn file(site: &Site) -> PathBuf {
    let tenants = local::service_folder(site).join("tenants");
    tenants.join(format!("{}.json", site.slug))
}

/// What is recorded of this instance in the service.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn mine(site: &Site) -> Result<Option<Tenant>, Fault> {
    let found: Option<Tenant> = files::read_json(&file(site))?;
    Ok(found.filter(|tenant| tenant.instance == site.marker))
}

/// Everybody else in it; nobody where the service is the instance's own.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn others(site: &Site) -> Result<Vec<Tenant>, Fault> {
    let folder = local::service_folder(site).join("tenants");
    if site.kind != InstanceKind::Tenant || !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| files::storage("A folder cannot be read", &folder, &error))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry =
            entry.map_err(|error| files::storage("A folder cannot be read", &folder, &error))?;
        let is_record = entry.path().extension().is_some_and(|end| end == "json");
        if is_record && let Some(tenant) = files::read_json::<Tenant>(&entry.path())? {
            found.push(tenant);
        }
    }
    found.retain(|tenant| tenant.slug != site.slug);
    found.sort_by(|one, other| one.slug.cmp(&other.slug));
    Ok(found)
}

/// Whether it runs for somebody else.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn others_on(site: &Site) -> Result<usize, Fault> {
    Ok(others(site)?.iter().filter(|other| other.on).count())
}

/// Enters the instance into the service; what is recorded of it already stays.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn enter(site: &Site) -> Result<(), Fault> {
    if mine(site)?.is_some() {
        return Ok(());
    }
    write(
        site,
        &Tenant {
            instance: site.marker.clone(),
            slug: site.slug.clone(),
            on: false,
            keys: BTreeSet::new(),
            address: None,
        },
    )
}

fn write(site: &Site, tenant: &Tenant) -> Result<(), Fault> {
    let path = file(site);
    if let Some(folder) = path.parent() {
        files::make_folder(folder)?;
    }
    files::write_json(&path, tenant)
}

/// Records whether the instance is switched on.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn switch(site: &Site, on: bool) -> Result<(), Fault> {
    match mine(site)? {
        Some(tenant) if tenant.on != on => write(site, &Tenant { on, ..tenant }),
        _ => Ok(()),
    }
}

/// Something that is remembered of the service: with the instance where it is its own, in the shared folder else.
///
/// # Errors
/// [`FaultKind::Internal`] when it has another shape, [`FaultKind::Storage`].
pub fn recall<T: DeserializeOwned>(op: &Op, name: &str) -> Result<Option<T>, Halt> {
    if op.site().kind != InstanceKind::Tenant {
        return op.fact(name);
    }
    Ok(recalled(op.site(), name)?)
}

/// The same for a look; as it was when the look began.
///
/// # Errors
/// As [`recall`].
pub fn recalled<T: DeserializeOwned>(site: &Site, name: &str) -> Result<Option<T>, Fault> {
    if site.kind != InstanceKind::Tenant {
        return site.fact(name);
    }
    // One of another shape is chosen anew, as one that is not there.
    Ok(kept(site)?
        .get(name)
        .and_then(|value| T::deserialize(value).ok()))
}

fn kept(site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
    let path = local::service_folder(site).join("kept.json");
    Ok(files::read_json(&path)?.unwrap_or_default())
}

/// Remembers it.
///
/// # Errors
/// [`FaultKind::Storage`].
pub async fn keep(op: &Op, name: &str, value: &Value) -> Result<(), Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Tenant {
        let mut kept = kept(site)?;
        kept.insert(name.to_owned(), value.clone());
        files::write_json(&local::service_folder(site).join("kept.json"), &kept)?;
    }
    op.remember(name, value).await
}

/// Joins what this instance is told with what the others are: they read one file. What it brings is recorded.
///
/// # Errors
/// [`FaultKind::Conflict`] when it brings another key or address than another community has there, [`FaultKind::Storage`].
pub fn join(site: &Site, told: &mut Told, address: Option<&str>) -> Result<(), Fault> {
    let Some(tenant) = mine(site)? else {
        return Ok(());
    };
    let place = Place::of(site);
    let (others, mut known) = (others(site)?, told::keys_in(&place)?);
    if site.locked {
        // What was read from the file may be somebody else's.
        told.keys.retain(|(name, _)| tenant.keys.contains(name));
    }
    let own: BTreeSet<String> = told.keys.iter().map(|(name, _)| name.clone()).collect();
    for (name, key) in &told.keys {
        let theirs = others.iter().any(|other| other.keys.contains(name));
        let differs = known
            .get(name)
            .is_some_and(|known| known.expose_secret() != key.expose_secret());
        if theirs && differs {
            return Err(taken(site, &format!("another {name}")));
        }
    }
    let mut addresses = others.iter().filter_map(|other| other.address.as_deref());
    if let (Some(own), Some(theirs)) = (address, addresses.next())
        && own != theirs
    {
        return Err(taken(site, "another public address"));
    }
    for name in others.iter().flat_map(|other| &other.keys) {
        if let Some(key) = known.remove(name).filter(|_| !own.contains(name)) {
            told.keys.push((name.clone(), key));
        }
    }
    write(
        site,
        &Tenant {
            keys: own,
            address: address.map(str::to_owned),
            ..tenant
        },
    )
}

fn taken(site: &Site, what: &str) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        format!(
            "{} of {} shares a service with another community, which has {what} there; nothing was changed.",
            site.platform, site.slug
        ),
    )
    .hint("Use the same one, or remove this instance and make it again with a service of its own.")
}

/// The public address that somebody else asked for.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn their_address(site: &Site) -> Result<Option<String>, Fault> {
    Ok(others(site)?.into_iter().find_map(|other| other.address))
}

/// Lets a new key take the place of the one that all of them have: the others follow, each in its own turn.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn let_go(site: &Site, key: &str, new: &SecretString) -> Result<(), Fault> {
    let known = told::keys_in(&Place::of(site))?;
    let is_there = known
        .get(key)
        .is_some_and(|known| known.expose_secret() == new.expose_secret());
    if is_there {
        return Ok(());
    }
    for mut other in others(site)? {
        if other.keys.remove(key) {
            let path = file(site).with_file_name(format!("{}.json", other.slug));
            files::write_json(&path, &other)?;
        }
    }
    Ok(())
}

/// Takes the instance out of the service. The last one takes the service along; while others use it, it loses what only
/// this instance brought, and goes on.
///
/// # Errors
/// [`FaultKind::Host`] when it cannot be stopped or started, [`FaultKind::Storage`].
pub async fn leave(op: &Op, supervisor: &Supervisor) -> Result<(), Halt> {
    let site = op.site();
    let place = Place::of(site);
    let tools = local::tools(site, op.cancel());
    let others = others(site)?;
    let mut going = BTreeSet::new();
    if let Some(tenant) = mine(site)? {
        going = tenant.keys;
    }
    for other in &others {
        going.retain(|name| !other.keys.contains(name));
    }
    if !others.iter().any(|other| other.on) {
        supervisor.stop(&tools, &place.run()).await?;
    }
    if others.is_empty() {
        files::remove(place.folder())?;
        return Ok(());
    }
    told::drop_keys(&place, &going)?;
    let changed = place.path(told::CHANGED);
    if changed.exists()
        && let Some(described) = Supervisor::described(&place.run())?
        && others.iter().any(|other| other.on)
    {
        let nothing = Zeroizing::default();
        supervisor.restart(&tools, &described, &nothing).await?;
        files::remove(&changed)?;
    }
    files::remove(&file(site))?;
    Ok(())
}
