//! Asking a platform about stored keys again: who they are, what they may do, how far they reach now.

use super::{Engine, examine, keyring, reach, rules::Rules, scene::Scene, slots, submit::label};
use crate::{
    adapters::{Secrets, VerifyRequest},
    domain::{
        Actor, AuditResult, CommunityId, CredentialId, CredentialMeta, CredentialState, Fault,
        FaultKind, Identity, IntentKind, PlatformId, Slug,
    },
    store::Writer,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// What a platform said of stored keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verified {
    /// Who they are, what they may do, how far they reach.
    pub identity: Identity,
    /// Communities of ours they reach, by short name.
    pub our_communities: Vec<Slug>,
    /// What they may do beyond what is needed, in words.
    pub power: Vec<String>,
}

impl Engine {
    /// Asks a platform about the stored keys of a community again, and records what it says.
    ///
    /// # Errors
    /// `NotFound` when none is stored, `Locked`, `NotAllowed`, `Storage`; what the platform answers otherwise. A key that
    /// it refuses is marked so.
    pub async fn verify_keys(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
    ) -> Result<Verified, Fault> {
        let core = &self.core;
        core.require_writable()?;
        let (asking, rules) = (actor.clone(), core.rules());
        let (wanted, of) = (slug.clone(), platform.clone());
        let (community, scene, keys) = core
            .store
            .read(move |reader| {
                let community = super::reading::seen(reader, &asking, &wanted)?.id;
                Rules::require(reader, &asking, IntentKind::SetKey, Some(community))?;
                let manifest = rules.manifest(&of)?;
                let instance = match reader.instance_of(community, &of)? {
                    Some(instance) => instance,
                    None => examine::imagined(&rules, community, &of)?,
                };
                let entered: BTreeSet<String> = manifest
                    .entered_credentials()
                    .map(|field| field.field.clone())
                    .collect();
                let mut keys = keyring::current(reader, &rules, &of, community)?;
                keys.retain(|key| entered.contains(&key.field));
                Ok((community, Scene::read(reader, &rules, instance)?, keys))
            })
            .await?;
        let Some(adapter) = core.options.registry.get(platform).cloned() else {
            return Err(Fault::new(
                FaultKind::Unsupported,
                format!("The adapter of {platform} is not there yet, so nothing can be verified."),
            )
            .hint("A later Guildhall can."));
        };
        if keys.is_empty() {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("No key of {platform} is stored for {slug}."),
            )
            .hint(format!("Enter one: guildhall key set {slug} {platform}")));
        }
        let (site, bad) = scene.open(core);
        keyring::mark_bad(core, bad).await?;
        if site.locked {
            return Err(Fault::new(
                FaultKind::Locked,
                "The vault is locked, so no key can be verified.",
            )
            .hint("Unlock it first."));
        }
        let mut entered = Secrets::default();
        for key in &keys {
            if let Some(secret) = site.secrets.get(&key.field) {
                entered.0.insert(key.field.clone(), secret.clone());
            }
        }
        let answer = adapter
            .verify(&VerifyRequest {
                site: &site,
                entered: &entered,
            })
            .await;
        let (said, asking, actor) = (answer.clone(), actor.clone(), label(actor));
        let subject = format!("{slug}/{platform}");
        let our = core
            .change(move |writer, rules| {
                let asking = writer.actor(asking.id)?;
                let mut our = record(writer, rules, &keys, &said)?;
                our.retain(|id| asking.sees(*id));
                let (result, detail) = match &said {
                    Ok(identity) => (AuditResult::Done, identity.who.as_str()),
                    Err(fault) => (AuditResult::Failed, fault.what.as_str()),
                };
                let community = Some(community);
                rules.audit(
                    writer,
                    &actor,
                    "key-verify",
                    &subject,
                    community,
                    result,
                    detail,
                )?;
                our.into_iter()
                    .map(|id| writer.community(id).map(|community| community.slug))
                    .collect()
            })
            .await?;
        core.emit_changed(Some(community));
        let identity = answer?;
        Ok(Verified {
            power: reach::power(&identity),
            our_communities: our,
            identity,
        })
    }
}

/// Writes down what the platform said of these keys; answers our communities that they reach.
fn record(
    writer: &Writer<'_>,
    rules: &Rules,
    keys: &[CredentialMeta],
    said: &Result<Identity, Fault>,
) -> Result<BTreeSet<CommunityId>, Fault> {
    let mut our = BTreeSet::new();
    match said {
        Ok(identity) => {
            let ids: Vec<CredentialId> = keys.iter().map(|key| key.id).collect();
            for id in &ids {
                writer.set_credential_verified(*id, identity, rules.now)?;
                let key = writer.credential(*id)?;
                let account = writer.account(key.account)?;
                our.extend(reach::communities(writer, &account, &[key])?);
                slots::record(
                    writer,
                    rules,
                    account.id,
                    &account.platform,
                    &identity.slots,
                )?;
            }
            writer.touch_credentials(&ids, rules.now)?;
        }
        Err(fault) => {
            // Which of several was refused nobody can tell.
            if let (FaultKind::KeyRejected, [only]) = (&fault.kind, keys) {
                writer.set_credential_state(only.id, CredentialState::Rejected)?;
            }
        }
    }
    Ok(our)
}
