//! The old key is ended once nothing works with it any more, and nobody says so before the platform has refused it.

use super::{parts, tasks, work::old_keys};
use crate::{
    adapters::{Adapter, Halt, Op},
    domain::{AuditResult, Fault, FaultKind, Operation, Rotation},
    engine::{core::Core, keyring},
};
use secrecy::SecretString;
use std::sync::Arc;

/// Ends the old key and looks whether it is dead. Answers what is now so.
pub(super) async fn end(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
    rotation: &Rotation,
) -> Result<String, Halt> {
    let old = opened(core, rotation).await?;
    let field = &rotation.field;
    let mut lives = adapter.key_lives(op.site(), field, &old).await?;
    if lives && adapter.revokes(op, field) && adapter.revoke_key(op, field, &old).await? {
        lives = adapter.key_lives(op.site(), field, &old).await?;
        if lives {
            return Err(Fault::new(
                FaultKind::Refused,
                "The platform was told to end the old key, and accepts it still.",
            )
            .hint("End it there by hand, then resume the operation: it looks again.")
            .into());
        }
    }
    if lives {
        let Some(manifest) = core.options.catalog.get(&rotation.platform) else {
            return Err(Fault::new(
                FaultKind::NotFound,
                "The platform is gone from the catalog.",
            )
            .hint("Put its manifest back.")
            .into());
        };
        let task = tasks::end_old(rotation, manifest, &op.site().settings.0);
        return Err(Halt::Human(Box::new(task)));
    }
    let proof = adapter.proof_of_end(field).to_owned();
    let said = format!("The old key is dead: {proof}.");
    let (id, lease, holder) = (rotation.id, operation.id, core.holder.clone());
    let (actor, subject) = (operation.actor.clone(), rotation.platform.to_string());
    let detail = format!("rotation {id}: {proof}");
    let queued = core
        .change(move |writer, rules| {
            writer.require_lease(lease, &holder)?;
            if writer.rotation(id)?.ended_at.is_some() {
                return Ok(Vec::new());
            }
            let queued = parts::finish(writer, rules, id, &proof)?;
            rules.audit(
                writer,
                &actor,
                "key-rotate",
                &subject,
                None,
                AuditResult::Done,
                &detail,
            )?;
            Ok(queued)
        })
        .await?;
    core.desk.widen(queued);
    Ok(said)
}

/// The old key in the clear, from whichever of its rows opens.
async fn opened(core: &Arc<Core>, rotation: &Rotation) -> Result<SecretString, Fault> {
    let (id, rules) = (rotation.id, core.rules());
    let sealed = core
        .store
        .read(move |reader| {
            let mut sealed = Vec::new();
            for key in old_keys(reader, id)? {
                let account = reader.account(key.account)?;
                sealed.extend(keyring::sealed_one(reader, &rules, &account, &key)?);
            }
            Ok(sealed)
        })
        .await?;
    sealed
        .iter()
        .find_map(|key| keyring::opened(&core.custody, key))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Conflict,
                "No row of the old key opens any more, so nobody can see whether it is dead.",
            )
            .hint(format!(
                "End it on the platform by hand, then: guildhall key close {id} --why REASON"
            ))
        })
}
