//! The list of what remains to be done when a community leaves, looked at anew each time: what exists where, who has it
//! there, and whether our keys still open it. What is somebody's counts as handed over only when its platform says so, and a
//! key as revoked only when its platform has refused it.

mod lines;
pub(in crate::engine) mod owned;
mod passing;

pub(super) use passing::{begin, plan, work};

use super::{Engine, keyring, reading::seen, rules::Rules, scene::Scene, submit, titles};
use crate::{
    adapters::Ownership,
    domain::{
        Actor, AuditResult, CommunityId, CredentialMeta, Fault, Instance, InstanceId, IntentKind,
        RotationReason, Slug, counted,
    },
    store::{AuditFilter, Reader},
};
use serde::Serialize;
use std::path::PathBuf;

/// How far a line of the list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Done, and seen to be so.
    Done,
    /// Somebody has to do something.
    Open,
    /// Whether it is so could not be seen.
    Unproven,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandOverLine {
    /// What it is about.
    pub what: String,
    /// How far it is.
    pub progress: Progress,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is.
    pub to_do: String,
}

/// The list for one community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandOver {
    /// Whose.
    pub community: Slug,
    /// What there is to do, in the order in which it is done.
    pub lines: Vec<HandOverLine>,
}

impl HandOver {
    /// Whether nobody has to do anything any more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.progress != Progress::Open)
    }
}

fn line(
    what: impl Into<String>,
    progress: Progress,
    found: impl Into<String>,
    to_do: impl Into<String>,
) -> HandOverLine {
    HandOverLine {
        what: what.into(),
        progress,
        found: found.into(),
        to_do: to_do.into(),
    }
}

/// One instance, as far as the store knows it.
struct Left {
    instance: Instance,
    title: String,
    scene: Scene,
    /// Whether a key of the community's own is stored.
    own_key: bool,
    /// Who our key is there.
    who: Option<String>,
    /// How it is known that the last key of the community is dead, where it was ended from here because it leaves.
    ended: Option<String>,
    /// Who owned it when its platform last said so.
    owned: Option<owned::Owned>,
    data: Option<PathBuf>,
}

impl Engine {
    /// What remains to be done until a community has everything and we have nothing of it. Platforms are asked whether our
    /// keys still work there; nothing is changed but the audit, which says that it was looked at.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `NotAllowed`, `Storage`.
    pub async fn hand_over(&self, actor: &Actor, slug: &Slug) -> Result<HandOver, Fault> {
        let core = self.core.clone();
        core.require_writable()?;
        let (asking, wanted, home) = (actor.clone(), slug.clone(), core.options.home.clone());
        let (community, exported, left, admins) = core
            .store
            .read({
                let rules = core.rules();
                move |reader| {
                    let community = seen(reader, &asking, &wanted)?;
                    Rules::require(reader, &asking, IntentKind::HandOver, Some(community.id))?;
                    let mut left = Vec::new();
                    for instance in reader.instances(community.id)? {
                        let folder = super::scene::data_folder(&home, &wanted, &instance.platform);
                        let data = folder.is_dir().then_some(folder);
                        left.push(read(reader, &rules, instance, data)?);
                    }
                    let exported = was_exported(reader, community.id)?;
                    let admins = reader
                        .actors()?
                        .iter()
                        .filter(|person| person.communities.contains(&community.id))
                        .count();
                    Ok((community, exported, left, admins))
                }
            })
            .await?;
        let mut lines = vec![if exported {
            line("export", Progress::Done, "was written", "")
        } else {
            line(
                "export",
                Progress::Open,
                "was not written",
                format!("Write it and give it to the community: guildhall community export {slug}"),
            )
        }];
        let mut told = Vec::new();
        for left in left {
            let instance = left.instance.id;
            let ownership = lines::of(&core, slug, left, &mut lines).await;
            told.extend(ownership.map(|ownership| (instance, ownership)));
        }
        lines.push(if admins == 0 {
            line("administrators", Progress::Done, "nobody comes in for it", "")
        } else {
            line(
                "administrators",
                Progress::Open,
                format!("{} in for it", counted(admins, "person comes", "people come")),
                format!("Archive it last, which lets nobody in any more: guildhall community archive {slug}"),
            )
        });
        let done = HandOver {
            community: slug.clone(),
            lines,
        };
        self.note(actor, community.id, &done, told).await?;
        Ok(done)
    }

    /// Writes down that it was looked at, what was found, and who owns what.
    async fn note(
        &self,
        actor: &Actor,
        community: CommunityId,
        done: &HandOver,
        told: Vec<(InstanceId, Ownership)>,
    ) -> Result<(), Fault> {
        let (asking, slug) = (actor.clone(), done.community.to_string());
        let of = |progress| {
            done.lines
                .iter()
                .filter(|line| line.progress == progress)
                .count()
        };
        let detail = format!(
            "{} done, {} open, {} unproven",
            of(Progress::Done),
            of(Progress::Open),
            of(Progress::Unproven)
        );
        self.core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::HandOver, Some(community))?;
                for (instance, ownership) in &told {
                    owned::remember(writer, *instance, ownership, rules.now)?;
                }
                rules.audit(
                    writer,
                    &submit::label(&actor),
                    IntentKind::HandOver.word(),
                    &slug,
                    Some(community),
                    AuditResult::Permitted,
                    &detail,
                )
            })
            .await
    }
}

fn read(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: Instance,
    data: Option<PathBuf>,
) -> Result<Left, Fault> {
    let keys = keyring::current(reader, rules, &instance.platform, instance.community)?;
    let own_key = !own_keys(reader, rules, &instance)?.is_empty();
    let who = keys
        .into_iter()
        .find_map(|key| key.identity.map(|identity| identity.who));
    let ended = reader
        .ended_rotations_at(instance.id)?
        .pop()
        .filter(|last| last.reason == RotationReason::Leaving)
        .map(|last| last.proof);
    Ok(Left {
        ended,
        owned: owned::recall(reader, instance.id)?,
        title: titles::platform(&rules.catalog, &instance.platform),
        scene: Scene::read(reader, rules, instance.clone())?,
        own_key,
        who,
        data,
        instance,
    })
}

pub(super) fn was_exported(reader: &Reader<'_>, community: CommunityId) -> Result<bool, Fault> {
    let filter = AuditFilter {
        community: Some(community),
        ..Default::default()
    };
    let latest = reader.audit(&filter, 1000)?;
    Ok(latest
        .iter()
        .any(|entry| entry.action == IntentKind::Export.word()))
}

/// The keys of the community's own with which an instance is looked after on its platform.
pub(super) fn own_keys(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<Vec<CredentialMeta>, Fault> {
    let mut own = Vec::new();
    for key in keyring::current(reader, rules, &instance.platform, instance.community)? {
        // What Guildhall made for a service on this host is no key to anywhere else.
        let made_here = rules
            .catalog
            .get(&instance.platform)
            .and_then(|manifest| manifest.credential(&key.field))
            .is_some_and(|field| field.made_by_us);
        if reader.account(key.account)?.community == Some(instance.community) && !made_here {
            own.push(key);
        }
    }
    Ok(own)
}
