//! The list of what remains to be done when a community leaves, looked at anew each time: what exists where, who has it
//! there, and whether our keys still open it. A key counts as revoked only when its platform has refused it.

use super::{Engine, keyring, reading::seen, rules::Rules, scene::Scene, submit, titles};
use crate::{
    adapters::{Secrets, VerifyRequest},
    domain::{
        Actor, AuditResult, CommunityId, CredentialMeta, Fault, FaultKind, Instance, IntentKind,
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
        for left in left {
            self.lines_of(slug, left, &mut lines).await;
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
        self.note(actor, community.id, &done).await?;
        Ok(done)
    }

    async fn lines_of(&self, slug: &Slug, left: Left, lines: &mut Vec<HandOverLine>) {
        let Left {
            instance,
            title,
            scene,
            own_key,
            who,
            ended,
            data,
        } = left;
        let platform = &instance.platform;
        if let Some(folder) = data {
            lines.push(line(
                format!("{title}: data"),
                Progress::Open,
                format!("lies on this host, in {}", folder.display()),
                format!(
                    "Give a copy to the community, then: guildhall instance remove {slug} {platform} --hard"
                ),
            ));
        } else if let Some(object) = &instance.external_id {
            let found = match who {
                Some(who) => format!("{object}, looked after there by {who}"),
                None => object.clone(),
            };
            lines.push(line(
                format!("{title}: ownership"),
                match (own_key, &ended) {
                    (true, _) => Progress::Open,
                    (false, Some(_)) => Progress::Done,
                    (false, None) => Progress::Unproven,
                },
                found,
                match (own_key, &ended) {
                    (true, _) => {
                        "Make somebody of the community its owner there, then take our account out."
                    }
                    (false, Some(_)) => "",
                    (false, None) => {
                        "No key of the community's own is here to look with; ask its owner there."
                    }
                },
            ));
        }
        if !own_key {
            lines.push(line(
                format!("{title}: key"),
                Progress::Done,
                ended.map_or_else(
                    || "none of its own is kept here".to_owned(),
                    |proof| format!("ended: {proof}"),
                ),
                "",
            ));
            return;
        }
        let (progress, found, to_do) = self.still_works(slug, scene).await;
        if progress == Progress::Done
            && let Some(ownership) = lines
                .iter_mut()
                .find(|known| known.what == format!("{title}: ownership"))
        {
            // Nothing of ours opens it any more.
            ownership.progress = Progress::Done;
            ownership.to_do.clear();
        }
        let to_do = if progress == Progress::Done {
            format!("It may be forgotten here: guildhall key forget {slug} {platform}")
        } else {
            to_do
        };
        lines.push(line(format!("{title}: key"), progress, found, to_do));
    }

    /// Whether the platform still takes the stored keys of an instance.
    async fn still_works(&self, slug: &Slug, scene: Scene) -> (Progress, String, String) {
        let (site, _) = scene.open(&self.core);
        let manifest = self.core.options.catalog.get(&site.platform);
        let mut entered = Secrets(site.secrets.0.clone());
        entered.0.retain(|field, _| {
            manifest
                .and_then(|manifest| manifest.credential(field))
                .is_some_and(|known| !known.made_by_us)
        });
        if site.locked || entered.0.is_empty() {
            let found = "it could not be opened to try it".to_owned();
            return (
                Progress::Open,
                found,
                "Unlock the vault, then look again.".into(),
            );
        }
        let Some(adapter) = self.core.options.registry.get(&site.platform) else {
            return (
                Progress::Unproven,
                "there is no adapter to try it with".to_owned(),
                String::new(),
            );
        };
        let request = VerifyRequest {
            site: &site,
            entered: &entered,
        };
        match adapter.verify(&request).await {
            Ok(identity) => (
                Progress::Open,
                format!("still works there, as {}", identity.who),
                format!(
                    "End it once the community has everything: guildhall community hand-over {slug} --end-keys"
                ),
            ),
            Err(fault) if fault.kind == FaultKind::KeyRejected => (
                Progress::Done,
                "revoked: the platform refused it just now".to_owned(),
                String::new(),
            ),
            Err(fault) if fault.kind == FaultKind::Unsupported => {
                (Progress::Unproven, fault.what, String::new())
            }
            Err(fault) => (Progress::Open, fault.what, "Look again later.".into()),
        }
    }

    /// Writes down that it was looked at, and what was found.
    async fn note(
        &self,
        actor: &Actor,
        community: CommunityId,
        done: &HandOver,
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
