//! One run on one instance: a new key, the switch to it, the move; the last one ends the old key.

use super::{end, of, parts, parts::Then, tasks};
use crate::{
    adapters::{Adapter, Halt, Op},
    domain::{
        CredentialMeta, CredentialState, Fault, FaultKind, Instance, InstanceId, Operation,
        PartState, PlatformId, Rotation, RotationId, RotationPart,
    },
    engine::{
        choosing, core::Core, ending::Effect, journal::StoreJournal, key_policy, keyring, reach,
        rules::Rules, scene::Scene,
    },
    store::{Reader, Writer},
};
use std::{collections::BTreeSet, sync::Arc};

/// Where an instance stands in a rotation.
struct Stand {
    rotation: Rotation,
    part: RotationPart,
    instance: Instance,
    successor: Option<CredentialMeta>,
    reached: usize,
    refused: bool,
}

/// The verb itself.
pub(in crate::engine) async fn work(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
) -> Result<Effect, Halt> {
    let id = of(operation).ok_or_else(unreadable)?;
    if op.site().locked {
        return Err(Fault::new(
            FaultKind::Locked,
            "The vault is locked, so no key can be replaced.",
        )
        .hint("Unlock the vault; the work goes on by itself.")
        .into());
    }
    let (instance, rules) = (operation.instance, core.rules());
    let stand = core
        .store
        .read(move |reader| look(reader, &rules, id, instance))
        .await?;
    if stand.part.state == PartState::Open && stand.successor.is_none() {
        make(core, adapter, op, &stand).await?;
    }
    let holder = core.holder.clone();
    let lease = operation.id;
    let scene = core
        .change(move |writer, rules| {
            writer.require_lease(lease, &holder)?;
            switch(writer, rules, id, instance)?;
            Scene::read(writer, rules, writer.instance(instance)?)
        })
        .await?;
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let journal = Arc::new(StoreJournal {
        core: core.clone(),
        operation: operation.id,
        steps_of: operation.instance,
        instance: operation.instance,
        community: operation.community,
        platform: operation.platform.clone(),
        marker: site.marker.clone(),
        prefix: String::new(),
    });
    let op = Op::new(site, journal, op.progress_sender(), op.cancel().clone());
    let said = if stand.part.state == PartState::Open {
        adapter.move_key(&op, &stand.part.field).await?
    } else {
        stand.part.note.clone()
    };
    let holder = core.holder.clone();
    let note = said.clone();
    let (then, queued) = core
        .change(move |writer, rules| {
            writer.require_lease(lease, &holder)?;
            parts::moved(
                writer,
                rules,
                id,
                instance,
                &crate::domain::clean_line(&note),
            )
        })
        .await?;
    core.desk.widen(queued);
    match then {
        Then::Others | Then::Over => Ok(Effect::Replaced(said)),
        Then::End => end::end(core, adapter, operation, &op, &stand.rotation)
            .await
            .map(Effect::Replaced),
    }
}

fn unreadable() -> Fault {
    Fault::new(
        FaultKind::Internal,
        "The operation does not say which key it replaces.",
    )
    .hint("Cancel it, and replace the key anew.")
}

/// Has the platform make a new key, or asks a person for one.
async fn make(core: &Arc<Core>, adapter: &dyn Adapter, op: &Op, stand: &Stand) -> Result<(), Halt> {
    let field = &stand.part.field;
    if adapter.mints(op, field) {
        let (secret, identity) = adapter.mint_key(op, field).await?;
        return op.keep_secret(field, secret, identity).await;
    }
    let platform: &PlatformId = &stand.instance.platform;
    let Some(manifest) = core.options.catalog.get(platform) else {
        return Err(unreadable().into());
    };
    let waiting = tasks::Waiting {
        manifest,
        settings: &stand.instance.settings,
        field,
        maker: adapter.mints_with(op.site(), field),
        reached: stand.reached,
        refused: stand.refused,
    };
    Err(Halt::Human(Box::new(tasks::new_key(
        &stand.rotation,
        &waiting,
    ))))
}

fn look(
    reader: &Reader<'_>,
    rules: &Rules,
    id: RotationId,
    instance: InstanceId,
) -> Result<Stand, Fault> {
    let rotation = reader.rotation(id)?;
    let parts = reader.rotation_parts(id)?;
    let part = parts
        .iter()
        .find(|part| part.instance == instance)
        .cloned()
        .ok_or_else(unreadable)?;
    let known = reader.instance(instance)?;
    let mut communities = BTreeSet::new();
    for part in &parts {
        communities.insert(reader.instance(part.instance)?.community);
    }
    let mut refused = false;
    for key in old_keys(reader, id)? {
        refused |= key.state == CredentialState::Rejected;
    }
    Ok(Stand {
        successor: successor(reader, rules, id, &part, &known)?,
        reached: communities.len(),
        refused,
        rotation,
        part,
        instance: known,
    })
}

/// The rows of the old key that are still there.
pub(super) fn old_keys(reader: &Reader<'_>, id: RotationId) -> Result<Vec<CredentialMeta>, Fault> {
    let mut rows = Vec::new();
    for key in reader.rotation_keys(id)? {
        match reader.credential(key) {
            Ok(row) => rows.push(row),
            Err(fault) if fault.kind == FaultKind::NotFound => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(rows)
}

/// The new key of an instance: one of the same field that the platform accepted and that is none of the old ones, its
/// community's own first.
fn successor(
    reader: &Reader<'_>,
    rules: &Rules,
    id: RotationId,
    part: &RotationPart,
    instance: &Instance,
) -> Result<Option<CredentialMeta>, Fault> {
    let old: BTreeSet<_> = reader.rotation_keys(id)?.into_iter().collect();
    let prints: BTreeSet<String> = old_keys(reader, id)?
        .into_iter()
        .map(|key| key.fingerprint)
        .collect();
    let manifest = rules.manifest(&instance.platform)?;
    let used = reader.accounts_used(instance.id)?;
    let mut candidates =
        reader.current_credentials(Some(instance.community), &instance.platform)?;
    for key in reader.current_credentials(None, &instance.platform)? {
        if used.contains(&key.account)
            || choosing::is_installations(manifest, &key.field)
            || key_policy::has_room(reader, &instance.platform, key.account)?
        {
            candidates.push(key);
        }
    }
    Ok(candidates.into_iter().find(|key| {
        key.field == part.field
            && !old.contains(&key.id)
            && !prints.contains(&key.fingerprint)
            && key.verified_at.is_some()
            && matches!(
                key.state,
                CredentialState::Active | CredentialState::Unverified
            )
    }))
}

/// From here on the instance works with its new key. Repeating is harmless.
fn switch(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    instance: InstanceId,
) -> Result<(), Fault> {
    let stand = look(writer, rules, id, instance)?;
    let Some(successor) = stand.successor else {
        // It moved in an earlier run, and only the old key is left to be ended.
        if stand.part.state == PartState::Moved {
            return Ok(());
        }
        return Err(Fault::new(
            FaultKind::NeedsKey,
            "The new key is gone again; the old one is still in use.",
        )
        .hint("Enter the new key."));
    };
    for old in old_keys(writer, id)? {
        let account = writer.account(old.account)?;
        if account.id != successor.account {
            writer.stop_using(instance, account.id)?;
        }
        let serves_others = reach::served(writer, &account)?
            .iter()
            .any(|community| *community != stand.instance.community);
        let is_its = account.community == Some(stand.instance.community)
            && account.platform == stand.instance.platform;
        if is_its && !serves_others && old.state != CredentialState::Revoked {
            writer.set_credential_state(old.id, CredentialState::Retiring)?;
        }
    }
    writer.use_accounts(instance, &[successor.account], rules.now)
}
