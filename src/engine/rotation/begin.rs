//! The intents: a key is to be replaced, or a rotation is declared over.

use super::parts;
use crate::{
    domain::{
        Actor, Capability, CredentialId, CredentialState, Fault, FaultKind, PartState, RotationId,
        RotationReason, Verb, clean_line, counted,
    },
    engine::{key_age, reach, rules::Rules, submit::Applied, titles, views::Receipt},
    store::{NewRotation, Writer},
};

/// Writes down everything that depends on a key, and queues its move. What is under way already is taken up again.
pub(in crate::engine) fn begin(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    key: CredentialId,
    reason: RotationReason,
    why: &str,
) -> Result<Applied, Fault> {
    let meta = writer.credential(key)?;
    let account = writer.account(meta.account)?;
    let manifest = rules.manifest(&account.platform)?;
    if meta.state == CredentialState::Revoked {
        return Err(Fault::new(
            FaultKind::Conflict,
            "That key is dead already; nothing depends on it.",
        )
        .hint("Look at its rotation with: guildhall key report"));
    }
    if manifest.capability(Verb::Rotate) == Capability::Unsupported {
        let note = manifest.capabilities.get(&Verb::Rotate);
        return Err(Fault::new(
            FaultKind::Unsupported,
            format!("Keys of {} cannot be replaced.", manifest.name),
        )
        .hint(note.map(|note| note.note.clone()).unwrap_or_default()));
    }
    let rows = reach::same_secret(writer, std::slice::from_ref(&meta))?;
    let mut open = None;
    for row in &rows {
        open = open.or(writer.open_rotation_of_key(row.id)?);
    }
    let why = clean_line(why);
    // Who replaces what is due need not say why.
    let reason = match key_age::of(writer, rules, &account.platform, &meta)? {
        Some(due) if reason == RotationReason::Choice => due.reason,
        _ => reason,
    };
    let taken_up = open.is_some();
    let id = if let Some(known) = open {
        let weighs_more = reason == RotationReason::Leaked || !reason.needs_successor();
        if weighs_more && known.reason != reason {
            writer.set_rotation_reason(known.id, reason, &why)?;
        }
        known.id
    } else {
        let new = NewRotation {
            platform: account.platform.clone(),
            field: meta.field.clone(),
            last_four: meta.last_four.clone(),
            reason,
            why: why.clone(),
            actor: actor.name.clone(),
        };
        writer.insert_rotation(&new, rules.now)?
    };
    for row in &rows {
        writer.add_rotation_key(id, row.id)?;
    }
    parts::note_dependants(writer, rules, id)?;
    if !reason.needs_successor() {
        parts::release(writer, rules, id, account.community)?;
    }
    let parts = writer.rotation_parts(id)?;
    if parts.is_empty() {
        return Err(Fault::new(
            FaultKind::Conflict,
            "Nothing works with that key, so there is nothing to move.",
        )
        .hint("End it on the platform, and forget it here."));
    }
    let mut applied = Applied {
        subject: subject(writer, &account)?,
        detail: format!("rotation {id}, {reason}: {why}")
            .trim_end_matches(": ")
            .to_owned(),
        ..Applied::default()
    };
    let waiting = parts.iter().filter(|part| part.state == PartState::Open);
    let count = waiting.clone().count();
    for part in waiting {
        let operation = parts::enqueue(writer, rules, id, part.instance, &actor.name)?;
        applied.receipt.operations.push(operation);
        applied.instances.push(part.instance);
    }
    if count == 0
        && let Some(ender) = parts::ender(writer, id)?
    {
        let operation = parts::enqueue(writer, rules, id, ender, &actor.name)?;
        applied.receipt.operations.push(operation);
        applied.instances.push(ender);
    }
    let name = titles::platform(&rules.catalog, &account.platform);
    applied.receipt.message = format!(
        "Rotation {id} of a key of {name} {}: {} to move.",
        if taken_up {
            "is taken up again"
        } else {
            "has begun"
        },
        counted(count, "instance has", "instances have")
    );
    Ok(applied)
}

fn subject(writer: &Writer<'_>, account: &crate::domain::Account) -> Result<String, Fault> {
    Ok(match account.community {
        Some(community) => format!("{}/{}", writer.community(community)?.slug, account.platform),
        None => format!("{}/{}", account.platform, account.name),
    })
}

/// Takes a person's word for it that an old key is dead, or that nothing can be done about it.
pub(in crate::engine) fn close(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: RotationId,
    why: &str,
) -> Result<Applied, Fault> {
    let rotation = writer.rotation(id)?;
    let why = clean_line(why);
    if why.is_empty() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "Nobody saw the old key to be dead; say how it is known.",
        )
        .hint("Give the reason in a sentence: it stands in the report."));
    }
    let parts = writer.rotation_parts(id)?;
    let open = parts.iter().filter(|part| part.state == PartState::Open);
    let open = open.count();
    if open > 0 {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "{} with the old key still, so the rotation is not over.",
                counted(open, "instance works", "instances work")
            ),
        )
        .hint("Enter their new keys first; the report names them."));
    }
    let proof = format!("not proven; {} says: {why}", actor.name);
    for part in parts {
        parts::cancel(writer, rules, id, part.instance)?;
    }
    Ok(Applied {
        instances: parts::finish(writer, rules, id, &proof)?,
        subject: rotation.platform.to_string(),
        detail: format!("rotation {id}: {proof}"),
        receipt: Receipt {
            message: format!("Rotation {id} is over, without a proof that the old key is dead."),
            ..Receipt::default()
        },
        ..Applied::default()
    })
}
