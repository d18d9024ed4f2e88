//! What an adapter is told of the instance it works on: read in one transaction, then completed with the opened keys.

use super::{core::Core, facts, keyring, rules::Rules};
use crate::{
    adapters::{Secrets, Settings, Site},
    domain::{Community, CredentialId, Desired, Fault, FaultKind, Instance, PlatformId, Slug},
    store::{Reader, Writer},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// What stands in the store about an instance, its keys still sealed.
pub(super) struct Scene {
    /// The instance.
    pub instance: Instance,
    /// Its community.
    pub community: Community,
    marker: String,
    settings: Settings,
    facts: BTreeMap<String, Value>,
    keys: Vec<keyring::SealedKey>,
    /// Whether keys stay closed: the vault was locked when this was read, or a key waits to be compared with the others.
    locked: bool,
}

impl Scene {
    /// Reads an instance.
    pub fn read(reader: &Reader<'_>, rules: &Rules, instance: Instance) -> Result<Self, Fault> {
        let keys = keyring::sealed_for(reader, rules, &instance.platform, instance.community)?;
        Ok(Self {
            community: reader.community(instance.community)?,
            marker: facts::recall(reader, instance.id, facts::MARKER)?.unwrap_or_default(),
            settings: settings(reader, rules, &instance.platform, &instance.settings)?,
            facts: facts::of_adapter(reader, instance.id)?,
            locked: keyring::stay_closed(rules, &keys),
            keys,
            instance,
        })
    }

    /// What an adapter is told where there is no community, as for a key of the installation itself: nothing is made there.
    pub fn of_installation(
        reader: &Reader<'_>,
        rules: &Rules,
        instance: Instance,
    ) -> Result<Self, Fault> {
        let name = reader
            .installation()?
            .map(|known| known.name)
            .unwrap_or_default();
        let keys = keyring::sealed_for(reader, rules, &instance.platform, instance.community)?;
        let slug = Slug::suggest(&name).or_else(|_| Slug::suggest("installation"));
        Ok(Self {
            community: Community {
                id: instance.community,
                slug: slug.map_err(|error| {
                    Fault::new(FaultKind::Internal, "The installation has no short name.")
                        .hint("This is a mistake of Guildhall; please report it.")
                        .detail(error)
                })?,
                name,
                description: String::new(),
                created_at: rules.now,
                archived_at: None,
            },
            marker: String::new(),
            settings: settings(reader, rules, &instance.platform, &instance.settings)?,
            facts: BTreeMap::new(),
            locked: keyring::stay_closed(rules, &keys),
            keys,
            instance,
        })
    }

    /// The same with further settings on top, as for a key that is examined together with new settings.
    pub fn with_settings(mut self, more: &BTreeMap<String, String>) -> Self {
        for (field, value) in more {
            self.settings.0.insert(field.clone(), value.clone());
        }
        self
    }

    /// The same for an account of the installation that is to be made there: what it is called, and its marker.
    pub fn of_account(mut self, name: Option<Slug>, marker: &str) -> Self {
        if let Some(name) = name {
            self.community.slug = name;
        }
        marker.clone_into(&mut self.marker);
        self
    }

    /// Which keys it works with.
    pub fn keys(&self) -> Vec<CredentialId> {
        self.keys.iter().map(|key| key.id).collect()
    }

    /// Whether keys stay closed.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Opens the keys and completes the picture. Keys that do not open are named in the second part.
    pub fn open(self, core: &Core) -> (Site, Vec<CredentialId>) {
        let owner = (
            self.instance.platform.clone(),
            Some(self.instance.community),
        );
        let closed = self.locked || !core.custody.is_unlocked();
        let opened = keyring::open_all(core, if closed { &[] } else { &self.keys });
        let mut secrets = opened.secrets;
        secrets.extend(core.held.lent(&owner));
        let home = &core.options.home;
        let manifest = core.options.catalog.get(&self.instance.platform);
        let credential_key = self.keys.first().map_or_else(
            || format!("instance-{}", self.instance.id),
            |key| format!("credential-{}", key.id),
        );
        let site = Site {
            installation: core.installation.uuid.clone(),
            community: self.community.id,
            data_folder: data_folder(home, &self.community.slug, &self.instance.platform),
            runtime_folder: runtime_folder(home),
            slug: self.community.slug,
            community_name: self.community.name,
            description: self.community.description,
            instance: self.instance.id,
            marker: self.marker,
            kind: self.instance.kind,
            external_id: self.instance.external_id,
            made_by_us: self.instance.made_by_us,
            active: self.instance.desired == Desired::Active,
            settings: self.settings,
            facts: self.facts,
            secrets: Secrets(secrets),
            credential_key,
            locked: closed,
            settling: manifest
                .map(|manifest| manifest.settling)
                .unwrap_or_default(),
            platform: self.instance.platform,
            http: core.http.clone(),
            runner: core.runner.clone(),
            supervisor: core.options.registry.supervisor().clone(),
        };
        (site, opened.bad)
    }
}

/// Where the shared runtimes of an installation lie.
pub(super) fn runtime_folder(home: &Path) -> PathBuf {
    home.join("runtimes")
}

/// The own folder of an instance on this host.
pub(super) fn data_folder(home: &Path, community: &Slug, platform: &PlatformId) -> PathBuf {
    home.join("communities")
        .join(community.as_str())
        .join(platform.as_str())
}

/// The name under which the installation keeps the settings of a platform that hold for all communities.
pub(super) fn shared_settings_name(platform: &PlatformId) -> String {
    format!("platform.{platform}")
}

/// The manifest's defaults, then the installation's settings, then the instance's own.
fn settings(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    own: &BTreeMap<String, String>,
) -> Result<Settings, Fault> {
    let mut settings: BTreeMap<String, String> = rules
        .manifest(platform)?
        .settings
        .iter()
        .filter_map(|field| Some((field.field.clone(), field.default.clone()?)))
        .collect();
    let shared: Option<BTreeMap<String, String>> =
        reader.setting(&shared_settings_name(platform))?;
    settings.extend(shared.unwrap_or_default());
    settings.extend(own.clone());
    Ok(Settings(settings))
}

/// Gives an incarnation its marker: random, so that what a restored backup does not know of is never taken for its own.
pub(super) fn mark(writer: &Writer<'_>, instance: crate::domain::InstanceId) -> Result<(), Fault> {
    let marker = Uuid::new_v4().simple().to_string();
    facts::remember(writer, instance, facts::MARKER, &marker)
}
