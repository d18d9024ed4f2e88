//! When a community leaves, its keys are ended: each by an operation of its own, from which nothing here has a key of the
//! community any more, and which is over only when the platform has refused the key.

use super::{
    Engine,
    handing_over::{own_keys, was_exported},
    reading::seen,
    rules::Rules,
    titles,
};
use crate::domain::{
    Actor, CredentialId, CredentialMeta, CredentialState, Fault, FaultKind, Intent, IntentKind,
    OperationId, RotationReason, Slug,
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
    /// Begins to end every key that belongs to a community. Nothing of it can be looked after from here afterwards.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `NotAllowed`; `BadInput` when its
    /// name was not typed; `Conflict` when it was not written out, or when no key of it is here; `Storage`.
    pub async fn end_keys(
        &self,
        actor: &Actor,
        slug: &Slug,
        typed: &str,
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
        let keys = self
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
                let mut keys = BTreeMap::new();
                for instance in reader.instances(community.id)? {
                    let name = titles::platform(&rules.catalog, &instance.platform);
                    for key in own_keys(reader, &rules, &instance)? {
                        if lives(&key) {
                            keys.insert(key.id, name.clone());
                        }
                    }
                }
                Ok(keys)
            })
            .await?;
        if keys.is_empty() {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("No key of {slug} is here that could be ended."),
            )
            .hint(format!(
                "Look what remains with: guildhall community hand-over {slug}"
            )));
        }
        Ok(self.end_each(actor, keys).await)
    }

    async fn end_each(&self, actor: &Actor, keys: BTreeMap<CredentialId, String>) -> EndedKeys {
        let mut ended = EndedKeys::default();
        for (key, name) in keys {
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
}

fn lives(key: &CredentialMeta) -> bool {
    !matches!(
        key.state,
        CredentialState::Revoked | CredentialState::NeedsReentry
    )
}
