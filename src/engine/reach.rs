//! What a key reaches: who depends on it, what it touches on its platform, where it lies besides. The blast radius, should
//! it be stolen.

use super::{
    Engine,
    clear_copies::{self, Copies},
    key_policy,
    rules::Rules,
    scene, tenants, titles,
};
use crate::{
    adapters::local,
    catalog::Keep,
    domain::{
        Account, Actor, CommunityId, Connection, ConnectionState, CredentialId, CredentialMeta,
        CredentialState, Fault, Identity, Instance, InstanceKind, IntentKind, PlatformId, Reach,
        Slug,
    },
    store::Reader,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that one key reaches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyReach {
    /// Whose key it is.
    pub account: Account,
    /// The platform's name for people.
    pub platform_name: String,
    /// The community it belongs to; none for one of the installation.
    pub slug: Option<Slug>,
    /// The name of its field for people.
    pub label: String,
    /// What is known of it, its age and last use among that.
    pub key: CredentialMeta,
    /// The communities it reaches, by short name.
    pub communities: Vec<Slug>,
    /// The instances that work with it.
    pub instances: Vec<ReachedInstance>,
    /// What those are joined to; webhooks of such connections were made with it.
    pub connections: Vec<ReachedConnection>,
    /// What it touches on the platform, as the last verification measured; none when it was never verified.
    pub measured: Option<Reach>,
    /// The communities whose instances run in one process with those that work with it, so that their code reaches it.
    pub runs_beside: Vec<Slug>,
    /// Where else the same key is stored here: "Alpha of fern".
    pub also_stored: Vec<String>,
    /// The files of local services in which it lies in the clear, as far as anybody could look.
    pub copies: Copies,
    /// What it may do beyond what is needed, in words.
    pub power: Vec<String>,
    /// The narrowest key there is on that platform.
    pub narrowest: String,
}

/// An instance that works with a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReachedInstance {
    /// Whose.
    pub slug: Slug,
    /// Of which platform.
    pub platform: PlatformId,
    /// The platform's name for people.
    pub platform_name: String,
    /// Which kind.
    pub kind: InstanceKind,
    /// What it is on the platform.
    pub external_id: Option<String>,
    /// Where it is.
    pub url: Option<String>,
}

/// A connection of an instance that works with a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReachedConnection {
    /// Whose.
    pub slug: Slug,
    /// The acting or reading platform's name for people.
    pub from: String,
    /// What it does there.
    pub verb: String,
    /// The other platform's name for people.
    pub to: String,
    /// Where it stands.
    pub state: ConnectionState,
    /// What is to be said of that; may be empty.
    pub note: String,
}

impl ReachedConnection {
    /// A connection as it stands, with the names of its ends.
    pub(super) fn of(
        reader: &Reader<'_>,
        rules: &Rules,
        slug: &Slug,
        connection: Connection,
    ) -> Result<Self, Fault> {
        let end = |id| -> Result<String, Fault> {
            let platform = reader.instance(id)?.platform;
            Ok(titles::platform(&rules.catalog, &platform))
        };
        Ok(Self {
            slug: slug.clone(),
            from: end(connection.from)?,
            to: end(connection.to)?,
            verb: connection.verb,
            state: connection.state,
            note: connection.note,
        })
    }
}

/// Whom an account serves: its community, or those whose instances are made with it.
pub(super) fn served(
    reader: &Reader<'_>,
    account: &Account,
) -> Result<BTreeSet<CommunityId>, Fault> {
    Ok(match account.community {
        Some(community) => BTreeSet::from([community]),
        None => reader
            .instances_using(account.id)?
            .into_iter()
            .map(|(_, community)| community)
            .collect(),
    })
}

/// Every row that holds the same secret as one of these, those themselves among them. Revoked ones are left out.
pub(super) fn same_secret(
    reader: &Reader<'_>,
    keys: &[CredentialMeta],
) -> Result<Vec<CredentialMeta>, Fault> {
    let mut rows: BTreeMap<CredentialId, CredentialMeta> = BTreeMap::new();
    for key in keys {
        rows.insert(key.id, key.clone());
        for row in reader.credentials_with_fingerprint(&key.fingerprint)? {
            rows.insert(row.id, row);
        }
    }
    Ok(rows
        .into_values()
        .filter(|key| key.state != CredentialState::Revoked)
        .collect())
}

/// The communities that the keys of an account reach, wherever the same secrets are stored and as far as was measured.
pub(super) fn communities(
    reader: &Reader<'_>,
    account: &Account,
    keys: &[CredentialMeta],
) -> Result<BTreeSet<CommunityId>, Fault> {
    let mut reached = served(reader, account)?;
    for key in same_secret(reader, keys)? {
        if key.account != account.id {
            reached.extend(served(reader, &reader.account(key.account)?)?);
        }
    }
    for key in keys {
        if key.state == CredentialState::Revoked {
            continue;
        }
        if let Some(identity) = &key.identity {
            reached.extend(measured(reader, &account.platform, identity)?);
        }
    }
    Ok(reached)
}

/// Our communities among the objects that a key touches there.
fn measured(
    reader: &Reader<'_>,
    platform: &PlatformId,
    identity: &Identity,
) -> Result<Vec<CommunityId>, Fault> {
    if identity.reach.objects.is_empty() {
        return Ok(Vec::new());
    }
    let objects: Vec<String> = identity
        .reach
        .objects
        .iter()
        .map(|object| object.external_id.clone())
        .collect();
    reader.communities_with_objects(platform, &objects)
}

/// The instances that work with one of these keys.
pub(super) fn dependants(
    reader: &Reader<'_>,
    keys: &[CredentialMeta],
) -> Result<Vec<Instance>, Fault> {
    let mut found = BTreeMap::new();
    for key in keys {
        let account = reader.account(key.account)?;
        match account.community {
            Some(community) => {
                if let Some(instance) = reader.instance_of(community, &account.platform)? {
                    found.insert(instance.id, instance);
                }
            }
            None => {
                for (id, _) in reader.instances_using(account.id)? {
                    found.insert(id, reader.instance(id)?);
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

impl Engine {
    /// The blast radius of the keys of a platform of a community, one entry for each key.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn keys_reach(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
    ) -> Result<Vec<KeyReach>, Fault> {
        let detail = self.instance(actor, slug, platform).await?;
        let mut found = Vec::new();
        for key in detail.keys {
            found.push(self.key_reach(actor, key.id).await?);
        }
        Ok(found)
    }

    /// The blast radius of one key.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn key_reach(&self, actor: &Actor, id: CredentialId) -> Result<KeyReach, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        let home = self.core.options.home.clone();
        let (mut found, folders, sealed) = self
            .core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                let found = look(reader, &rules, id)?;
                let mut folders: Vec<_> = rules
                    .catalog
                    .iter()
                    .map(|manifest| {
                        local::shared_folder(&scene::runtime_folder(&home), &manifest.id)
                    })
                    .collect();
                for slug in &found.communities {
                    for platform in rules.catalog.iter() {
                        folders.push(scene::data_folder(&home, slug, &platform.id));
                    }
                }
                let sealed =
                    super::keyring::sealed_one(reader, &rules, &found.account, &found.key)?;
                Ok((found, folders, sealed))
            })
            .await?;
        let custody = &self.core.custody;
        let opened = sealed
            .as_ref()
            .map(|sealed| super::keyring::opened(custody, sealed));
        found.copies = match opened {
            Some(Some(secret)) => {
                let search = move || clear_copies::of(&secret, &folders);
                tokio::task::spawn_blocking(search)
                    .await
                    .unwrap_or_else(|error| {
                        tracing::error!(%error, "a search for copies of a key broke off");
                        Copies::none_because(BROKE_OFF)
                    })
            }
            Some(None) if custody.is_unlocked() => Copies::none_because(DOES_NOT_OPEN),
            Some(None) => Copies::none_because(LOCKED),
            None => Copies::none_because(TAKEN_AWAY),
        };
        Ok(found)
    }
}

const LOCKED: &str =
    "The vault is locked, so nobody looked for copies of the key in the files of local services.";
const DOES_NOT_OPEN: &str =
    "The key does not open any more, so nobody could look for copies of it: enter it again.";
const TAKEN_AWAY: &str =
    "Nothing is stored of the key any more, so nobody could look for copies of it.";
const BROKE_OFF: &str = "The search for copies of the key broke off because of a mistake of Guildhall; what it had found is lost. Try again.";

fn look(reader: &Reader<'_>, rules: &Rules, id: CredentialId) -> Result<KeyReach, Fault> {
    let key = reader.credential(id)?;
    let account = reader.account(key.account)?;
    let same = same_secret(reader, std::slice::from_ref(&key))?;
    let mut slugs = BTreeSet::new();
    for community in communities(reader, &account, std::slice::from_ref(&key))? {
        slugs.insert(reader.community(community)?.slug);
    }
    let (mut instances, mut connections) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    let mut runs_beside = BTreeSet::new();
    for instance in dependants(reader, &same)? {
        let others = tenants::others(reader, rules, &instance)?;
        runs_beside.extend(others.into_iter().map(|(slug, _)| slug));
        let slug = reader.community(instance.community)?.slug;
        for connection in reader.connections_at(instance.id)? {
            if known.insert(connection.id) {
                connections.push(ReachedConnection::of(reader, rules, &slug, connection)?);
            }
        }
        instances.push(ReachedInstance {
            slug,
            platform_name: titles::platform(&rules.catalog, &instance.platform),
            platform: instance.platform,
            kind: instance.kind,
            external_id: instance.external_id,
            url: instance.url,
        });
    }
    let mut also_stored = Vec::new();
    for row in same.iter().filter(|row| row.account != account.id) {
        let other = reader.account(row.account)?;
        also_stored.push(match other.community {
            Some(community) => {
                let slug = reader.community(community)?.slug;
                titles::of(&rules.catalog, &other.platform, slug.as_str())
            }
            None => format!(
                "account {} on {}",
                other.name,
                titles::platform(&rules.catalog, &other.platform)
            ),
        });
    }
    let manifest = rules.manifest(&account.platform)?;
    let field = manifest.credential(&key.field);
    let mut power = key.identity.as_ref().map(power).unwrap_or_default();
    if !runs_beside.is_empty() {
        let names: Vec<&str> = runs_beside.iter().map(Slug::as_str).collect();
        power.insert(
            0,
            format!(
                "It lies in one service with the keys of others, and whoever runs code there for one of them has it: {}.",
                names.join(", ")
            ),
        );
    }
    slugs.extend(runs_beside.iter().cloned());
    if let Some(field) = field.filter(|field| field.keep == Keep::OnRequest) {
        power.insert(
            0,
            format!(
                "It is powerful, and kept on request only. {}",
                field.also_reaches
            ),
        );
    }
    let mut reach = key.identity.as_ref().map(|identity| identity.reach.clone());
    if let Some(reach) = &mut reach {
        for object in &mut reach.objects {
            let ids = [object.external_id.clone()];
            let ours = reader.communities_with_objects(&account.platform, &ids)?;
            object.community = ours.first().copied().or(object.community);
        }
    }
    Ok(KeyReach {
        platform_name: manifest.name.clone(),
        slug: match account.community {
            Some(community) => Some(reader.community(community)?.slug),
            None => None,
        },
        label: field.map_or_else(|| key.field.clone(), |field| field.label.clone()),
        communities: slugs.into_iter().collect(),
        instances,
        connections,
        measured: reach,
        runs_beside: runs_beside.into_iter().collect(),
        also_stored,
        copies: Copies::default(),
        power,
        narrowest: field
            .map(|field| key_policy::narrowest(manifest, field))
            .unwrap_or_default(),
        account,
        key,
    })
}

/// What a key may do beyond what is needed, in words.
pub(super) fn power(identity: &Identity) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(everything) = &identity.reach.everything {
        words.push(format!("It reaches {everything}."));
    }
    if !identity.scopes_excess.is_empty() {
        words.push(format!(
            "It may do more than is needed: {}.",
            identity.scopes_excess.join(", ")
        ));
    }
    words.extend(identity.warnings.iter().cloned());
    words
}
