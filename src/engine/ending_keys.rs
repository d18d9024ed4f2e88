//! When a community leaves, its keys are ended: each by an operation of its own, from which nothing here has a key of the
//! community any more, and which is over only when the platform has refused the key. What is still ours there keeps its key.

use super::{
    Engine,
    handing_over::{
        own_keys,
        owned::{self, Known, Owned},
        was_exported,
    },
    reading::seen,
    rules::Rules,
    scene::Scene,
    titles,
};
use crate::domain::{
    Actor, CredentialId, CredentialMeta, CredentialState, Fault, FaultKind, Intent, IntentKind,
    OperationId, PlatformId, RotationReason, Slug,
};
use std::collections::BTreeMap;

/// What became of the wish to end the keys of a community.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndedKeys {
    /// What ends them; over when the platform has refused each.
    pub operations: Vec<OperationId>,
    /// The platforms, by their names for people, whose keys cannot be ended from here, and why.
    pub refused: Vec<(String, Fault)>,
}

impl Engine {
    /// Begins to end every key that belongs to a community. Nothing of it can be looked after from here afterwards. Where a
    /// platform says that what is there is still ours, or cannot be asked and did not say otherwise before, its key is kept,
    /// since it is needed for giving that away; `although` names the platforms whose keys are ended all the same.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `NotAllowed`; `BadInput` when its
    /// name was not typed; `Conflict` when it was not written out, or when no key of it is here; `Storage`.
    pub async fn end_keys(
        &self,
        actor: &Actor,
        slug: &Slug,
        typed: &str,
        although: &[PlatformId],
    ) -> Result<EndedKeys, Fault> {
        if typed.trim() != slug.as_str() {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("Every key of {slug} would be ended; nothing was."),
            )
            .hint(format!(
                "Make people of the community the owners everywhere first. Then confirm with its short name, {slug}."
            )));
        }
        let (asking, wanted, rules) = (actor.clone(), slug.clone(), self.core.rules());
        let kept = self
            .core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &wanted)?;
                Rules::require(reader, &asking, IntentKind::HandOver, Some(community.id))?;
                if !was_exported(reader, community.id)? {
                    return Err(Fault::new(
                        FaultKind::Conflict,
                        format!("{wanted} was not written out yet; no key was ended."),
                    )
                    .hint(format!(
                        "Write it and give it to the community: guildhall community export {wanted}"
                    )));
                }
                let mut kept = Vec::new();
                for instance in reader.instances(community.id)? {
                    let keys = own_keys(reader, &rules, &instance)?;
                    let keys: Vec<_> = keys.into_iter().filter(lives).map(|key| key.id).collect();
                    if !keys.is_empty() {
                        kept.push(Kept {
                            name: titles::platform(&rules.catalog, &instance.platform),
                            keys,
                            stands: instance.external_id.is_some() && !instance.observe_only,
                            owned: owned::recall(reader, instance.id)?,
                            scene: Scene::read(reader, &rules, instance)?,
                        });
                    }
                }
                Ok(kept)
            })
            .await?;
        if kept.is_empty() {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("No key of {slug} is here that could be ended."),
            )
            .hint(format!(
                "Look what remains with: guildhall community hand-over {slug}"
            )));
        }
        Ok(self.end_each(actor, slug, kept, although).await)
    }

    async fn end_each(
        &self,
        actor: &Actor,
        slug: &Slug,
        kept: Vec<Kept>,
        although: &[PlatformId],
    ) -> EndedKeys {
        let mut ended = EndedKeys::default();
        let mut ending = BTreeMap::new();
        for Kept {
            name,
            keys,
            stands,
            owned,
            scene,
        } in kept
        {
            let platform = scene.instance.platform.clone();
            if stands
                && !although.contains(&platform)
                && let Err(fault) = self.require_unneeded(slug, scene, owned).await
            {
                ended.refused.push((name, fault));
                continue;
            }
            ending.extend(keys.into_iter().map(|key| (key, name.clone())));
        }
        for (key, name) in ending {
            let intent = Intent::RotateKey {
                key,
                reason: RotationReason::Leaving,
                why: String::new(),
            };
            match self.submit(actor, intent).await {
                Ok(receipt) => ended.operations.extend(receipt.operations),
                Err(fault) => ended.refused.push((name, fault)),
            }
        }
        ended
    }

    /// Refuses where a key is needed yet. What the platform says is kept: nobody can ask it again without the key.
    async fn require_unneeded(
        &self,
        slug: &Slug,
        scene: Scene,
        owned: Option<Owned>,
    ) -> Result<(), Fault> {
        let (instance, platform) = (scene.instance.id, scene.instance.platform.clone());
        let (site, _) = scene.open(&self.core);
        let known = owned::ask(&self.core, &site, owned).await;
        if let Known::Now(ownership) = &known {
            let told = ownership.clone();
            self.core
                .change(move |writer, rules| owned::remember(writer, instance, &told, rules.now))
                .await?;
        }
        match known.needs_key() {
            Some((found, hint)) => Err(keep(slug, &platform, &found, &hint)),
            None => Ok(()),
        }
    }
}

/// The keys of one instance that may be ended.
struct Kept {
    name: String,
    keys: Vec<CredentialId>,
    /// Whether something stands there that has an owner.
    stands: bool,
    /// Who owned it when its platform last said so.
    owned: Option<Owned>,
    scene: Scene,
}

/// Why a key is not ended yet. What is to be done first stands in `hint`, where it is not giving away what is there.
fn keep(slug: &Slug, platform: &PlatformId, found: &str, hint: &str) -> Fault {
    let first = if hint.is_empty() {
        format!(
            "Make people of the community its owners first: guildhall community hand-over {slug} --owner {platform}."
        )
    } else {
        hint.to_owned()
    };
    Fault::new(
        FaultKind::Conflict,
        format!("{found}; its key was not ended."),
    )
    .hint(format!(
        "{first} To end the key all the same, add: --although {platform}"
    ))
}

fn lives(key: &CredentialMeta) -> bool {
    !matches!(
        key.state,
        CredentialState::Revoked | CredentialState::NeedsReentry
    )
}
