//! Examining a key before it is stored: its shape, then the platform's word on who it is and how far it reaches.

use super::{
    Engine, allowances, held::Examined, instances, key_policy, keyring, rules::Rules, scene::Scene,
    titles, views::Examination,
};
use crate::{
    adapters::{Secrets, VerifyRequest},
    catalog::{CredentialField, Keep, ShapeCheck},
    domain::{
        Actor, CommunityId, CredentialState, Desired, Fault, FaultKind, Health, Identity, Instance,
        InstanceId, InstanceKind, IntentKind, KeyEntry, Observed, PlatformId, Slug, Subject,
        permits,
    },
    store::Reader,
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for the community where there is none.
pub(super) const NO_COMMUNITY: CommunityId = CommunityId(0);

/// Whose key is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOwner {
    /// A community's, by its row.
    Community(CommunityId),
    /// A community's, by its short name.
    Slug(Slug),
    /// The installation's, for an account that serves several communities.
    Installation,
}

impl From<CommunityId> for KeyOwner {
    fn from(id: CommunityId) -> Self {
        Self::Community(id)
    }
}

impl From<&Slug> for KeyOwner {
    fn from(slug: &Slug) -> Self {
        Self::Slug(slug.clone())
    }
}

/// What is known before the platform is asked.
struct Prepared {
    community: Option<CommunityId>,
    scene: Scene,
    settings: BTreeMap<String, String>,
    warnings: Vec<String>,
    same_as: Vec<String>,
}

impl Engine {
    /// Examines a key without storing it. The answer says who it is, what it may do and how far it reaches, or why nobody
    /// could ask. The secret stays in memory under the examination's id for ten minutes.
    ///
    /// # Errors
    /// `BadInput` when the key cannot be right whoever is asked (its shape, a field or setting that does not exist);
    /// `NotAllowed`, `NotFound`. What the platform answers is no error but part of the examination.
    pub async fn examine_key(
        &self,
        actor: &Actor,
        owner: impl Into<KeyOwner>,
        platform: &PlatformId,
        entries: Vec<KeyEntry>,
        settings: BTreeMap<String, String>,
    ) -> Result<Examination, Fault> {
        let core = &self.core;
        core.require_writable()?;
        let entries = trimmed(entries);
        let rules = core.rules();
        let (asking, owner, id) = (actor.clone(), owner.into(), platform.clone());
        let entered = entries.clone();
        let prepared = core
            .store
            .read(move |reader| prepare(reader, &rules, &asking, owner, &id, &entered, settings))
            .await?;
        let community = prepared.community;
        let answer = self.ask(platform, prepared.scene, &entries).await;
        let (identity, fault) = match answer {
            Ok(identity) => (Some(identity), None),
            Err(fault) => (None, Some(fault)),
        };
        let (our_communities, mut warnings) =
            self.reach(actor, platform, identity.as_ref()).await?;
        let broad = our_communities.len() > 1
            || !prepared.same_as.is_empty()
            || identity
                .as_ref()
                .is_some_and(|found| found.reach.everything.is_some());
        if broad && let Some(manifest) = core.options.catalog.get(platform) {
            warnings.extend(
                entries
                    .keys()
                    .filter_map(|field| manifest.credential(field))
                    .filter(|field| field.secret)
                    .map(|field| key_policy::narrowest(manifest, field)),
            );
        }
        warnings.splice(0..0, prepared.warnings);
        let id = core.held.keep(
            Examined {
                owner: (platform.clone(), community),
                actor: actor.id,
                entries,
                settings: prepared.settings,
                may_keep_unverified: fault.as_ref().is_some_and(may_be_kept),
                identity: identity.clone(),
                until: core
                    .now()
                    .checked_add(core.options.limits.examination)
                    .unwrap_or(core.now()),
            },
            core.now(),
        );
        Ok(Examination {
            id,
            identity,
            fault,
            our_communities,
            same_as: prepared.same_as,
            warnings,
        })
    }

    async fn ask(
        &self,
        platform: &PlatformId,
        scene: Scene,
        entries: &BTreeMap<String, SecretString>,
    ) -> Result<Identity, Fault> {
        let Some(adapter) = self.core.options.registry.get(platform) else {
            return Err(Fault::new(
                FaultKind::Unsupported,
                format!(
                    "The adapter of {platform} is not there yet, so the key could not be verified."
                ),
            )
            .hint("Keep it as unverified, or enter it when the adapter is there."));
        };
        let (site, _) = scene.open(&self.core);
        let entered = Secrets(entries.clone());
        adapter
            .verify(&VerifyRequest {
                site: &site,
                entered: &entered,
            })
            .await
    }

    /// Our communities that a key reaches, as far as the actor may know of them, and what should be said of it.
    async fn reach(
        &self,
        actor: &Actor,
        platform: &PlatformId,
        identity: Option<&Identity>,
    ) -> Result<(Vec<Slug>, Vec<String>), Fault> {
        let Some(identity) = identity else {
            return Ok((Vec::new(), Vec::new()));
        };
        let objects: Vec<String> = identity
            .reach
            .objects
            .iter()
            .map(|object| object.external_id.clone())
            .collect();
        let (platform, asking) = (platform.clone(), actor.id);
        let reached = self
            .core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                let found = reader.communities_with_objects(&platform, &objects)?;
                found
                    .into_iter()
                    .filter(|community| actor.sees(*community))
                    .map(|id| reader.community(id).map(|community| community.slug))
                    .collect::<Result<BTreeSet<_>, _>>()
            })
            .await?;
        Ok((reached.into_iter().collect(), identity.warnings.clone()))
    }
}

/// Whether a key may be kept although it was not verified: when nobody could be asked, not when somebody said no.
fn may_be_kept(fault: &Fault) -> bool {
    fault.is_passing() || matches!(fault.kind, FaultKind::Unsupported | FaultKind::Locked)
}

fn trimmed(entries: Vec<KeyEntry>) -> BTreeMap<String, SecretString> {
    entries
        .into_iter()
        .map(|entry| {
            let plain = CredentialField::trimmed(entry.secret.expose_secret());
            (entry.field, SecretString::from(plain))
        })
        .collect()
}

fn prepare(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    owner: KeyOwner,
    platform: &PlatformId,
    entries: &BTreeMap<String, SecretString>,
    settings: BTreeMap<String, String>,
) -> Result<Prepared, Fault> {
    let community = match owner {
        KeyOwner::Installation => None,
        KeyOwner::Community(id) => Some(id),
        KeyOwner::Slug(slug) => Some(
            reader
                .community_by_slug(&slug)?
                .ok_or_else(super::rules::hidden)?
                .id,
        ),
    };
    let kind = if community.is_some() {
        IntentKind::SetKey
    } else {
        IntentKind::AddAccount
    };
    let actor = &Rules::require(reader, actor, kind, community)?;
    if let Some(community) = community {
        allowances::require_listed(reader, rules, actor, community, platform)?;
        allowances::require_own_settings(reader, rules, actor, platform, &settings)?;
    }
    let warnings = check_shapes(rules, platform, entries)?;
    let settings = instances::checked_settings(rules, platform, settings)?;
    let mut same_as = Vec::new();
    if rules.custody.is_unlocked() {
        for secret in entries.values() {
            same_as.extend(same_secret(reader, rules, actor, community, secret)?);
        }
    }
    let scene = if let Some(community) = community {
        let instance = match reader.instance_of(community, platform)? {
            Some(instance) => instance,
            None => imagined(rules, community, platform)?,
        };
        Scene::read(reader, rules, instance)?
    } else {
        let instance = imagined(rules, NO_COMMUNITY, platform)?;
        Scene::of_installation(reader, rules, instance)?
    };
    let scene = scene.with_settings(&settings);
    Ok(Prepared {
        community,
        scene,
        settings,
        warnings,
        same_as,
    })
}

/// Refuses what cannot be right; answers what looks odd, and what is to be known of powerful keys.
fn check_shapes(
    rules: &Rules,
    platform: &PlatformId,
    entries: &BTreeMap<String, SecretString>,
) -> Result<Vec<String>, Fault> {
    let manifest = rules.manifest(platform)?;
    if entries.is_empty() {
        return Err(Fault::new(FaultKind::BadInput, "No key was entered.")
            .hint("Enter at least one field of the form."));
    }
    let mut warnings = Vec::new();
    for (field, secret) in entries {
        match rules
            .catalog
            .check_credential(platform, field, secret.expose_secret())
        {
            ShapeCheck::Ok => {}
            ShapeCheck::Soft(reason) => warnings.push(reason),
            ShapeCheck::Wrong(reason) => {
                let hint = manifest.credential(field).map_or_else(
                    || format!("Look at the form of {} for its fields.", manifest.name),
                    |known| known.where_to_get.first().cloned().unwrap_or_default(),
                );
                return Err(Fault::new(FaultKind::BadInput, reason).hint(hint));
            }
        }
        if let Some(known) = manifest.credential(field)
            && known.keep == Keep::OnRequest
        {
            warnings.push(format!(
                "{} is powerful: it is used once and forgotten, unless you ask to keep it.",
                known.label
            ));
        }
    }
    Ok(warnings)
}

/// Where the same secret is stored already, but for the place it is meant for and those the actor may not know of.
fn same_secret(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    community: Option<CommunityId>,
    secret: &SecretString,
) -> Result<Vec<String>, Fault> {
    let print = keyring::fingerprint(rules, secret)?;
    let mut places = Vec::new();
    for key in reader.credentials_with_fingerprint(&print)? {
        let account = reader.account(key.account)?;
        let known = match account.community {
            Some(other) => actor.sees(other),
            None => permits(actor, IntentKind::ViewAccounts, Subject::Installation),
        };
        let dead = key.state == CredentialState::Revoked;
        if account.community == community || !known || dead {
            continue;
        }
        places.push(match account.community {
            Some(other) => titles::of(
                &rules.catalog,
                &account.platform,
                reader.community(other)?.slug.as_str(),
            ),
            None => format!(
                "account {} on {}",
                account.name,
                titles::platform(&rules.catalog, &account.platform)
            ),
        });
    }
    Ok(places)
}

/// An instance that is not recorded, to look at the platform with.
pub(super) fn imagined(
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<Instance, Fault> {
    let kind = rules
        .manifest(platform)?
        .kinds
        .first()
        .map_or(InstanceKind::Link, |offer| offer.kind);
    Ok(Instance {
        id: InstanceId(0),
        community,
        platform: platform.clone(),
        kind,
        desired: Desired::Inactive,
        observed: Observed::Absent,
        note: String::new(),
        health: Health::Unknown,
        checked_at: None,
        drift: Vec::new(),
        observe_only: false,
        made_by_us: false,
        external_id: None,
        url: None,
        settings: BTreeMap::new(),
        created_at: rules.now,
    })
}
