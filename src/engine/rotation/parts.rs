//! How far everything is that depends on an old key, and what follows when something has moved or is gone.

use super::{argument, of};
use crate::{
    domain::{
        CommunityId, CredentialId, CredentialState, Fault, FaultKind, InstanceId, Observed,
        OperationId, OperationState, OperationVerb, PartState, Rotation, RotationId,
    },
    engine::{
        connections, reach,
        rules::{self, Rules},
    },
    store::{NewOperation, OperationFilter, Reader, Writer},
};

/// What follows when an instance has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Others have to move first, or another instance ends the old key: it is queued.
    Others,
    /// The old key is to be ended from here.
    End,
    /// The rotation is over.
    Over,
}

/// Whether a key is on its way out.
pub(in crate::engine) fn is_under_way(
    reader: &Reader<'_>,
    key: CredentialId,
) -> Result<bool, Fault> {
    Ok(reader.open_rotation_of_key(key)?.is_some())
}

/// Whether an instance waits for a new key of this field.
pub(in crate::engine) fn awaits(
    reader: &Reader<'_>,
    instance: InstanceId,
    field: &str,
) -> Result<bool, Fault> {
    for rotation in reader.open_rotations_at(instance)? {
        let parts = reader.rotation_parts(rotation.id)?;
        if parts.iter().any(|part| {
            part.instance == instance && part.field == field && part.state == PartState::Open
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes down whatever depends on the old key and is not written down yet.
pub(super) fn note_dependants(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
) -> Result<(), Fault> {
    for key in writer.rotation_keys(id)? {
        let meta = match writer.credential(key) {
            Ok(meta) => meta,
            Err(fault) if fault.kind == FaultKind::NotFound => continue,
            Err(fault) => return Err(fault),
        };
        for instance in reach::dependants(writer, std::slice::from_ref(&meta))? {
            writer.add_rotation_part(id, instance.id, &meta.field, rules.now)?;
        }
    }
    Ok(())
}

/// Lets everything go that depends on the key of a community that leaves: it needs no other one.
///
/// # Errors
/// `Conflict` when the key works for another community too; `Storage`.
pub(super) fn release(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    community: Option<CommunityId>,
) -> Result<(), Fault> {
    for part in writer.rotation_parts(id)? {
        let instance = writer.instance(part.instance)?;
        if Some(instance.community) != community {
            let other = writer.community(instance.community)?.slug;
            let platform = &instance.platform;
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("The key works for {other} too, so it was not ended."),
            )
            .hint(format!(
                "Give {other} a key of its own first: guildhall key rotate {other} {platform}"
            )));
        }
        if part.state == PartState::Open {
            let note = "needs no key any more";
            writer.set_rotation_part(id, part.instance, PartState::Moved, note, rules.now)?;
        }
    }
    Ok(())
}

/// Queues the move of an instance, or wakes the one that waits.
pub(super) fn enqueue(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    instance: InstanceId,
    actor: &str,
) -> Result<OperationId, Fault> {
    if let Some((known, state)) = open_operation(writer, id, instance)? {
        let rests = match state {
            OperationState::Running | OperationState::Queued => true,
            OperationState::WaitsUnlock => !rules.custody.is_unlocked(),
            _ => false,
        };
        if !rests {
            rules.wake(writer, known, instance)?;
        }
        return Ok(known);
    }
    let new = NewOperation {
        instance,
        verb: OperationVerb::Rotate,
        actor: actor.to_owned(),
        argument: argument(id),
        not_before: None,
    };
    let operation = writer.insert_operation(&new, rules.now)?;
    writer.set_observed(instance, Observed::Working, "")?;
    Ok(operation)
}

fn open_operation(
    reader: &Reader<'_>,
    id: RotationId,
    instance: InstanceId,
) -> Result<Option<(OperationId, OperationState)>, Fault> {
    let filter = OperationFilter {
        open: true,
        instance: Some(instance),
        ..Default::default()
    };
    let open = reader.operations(&filter, 64)?;
    let known = open.iter().find(|operation| of(operation) == Some(id));
    Ok(known.map(|operation| (operation.id, operation.state)))
}

/// Drops the operation of an instance that is not needed any more, unless it runs.
pub(super) fn cancel(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    instance: InstanceId,
) -> Result<(), Fault> {
    match open_operation(writer, id, instance)? {
        Some((operation, state)) if state != OperationState::Running => {
            writer.set_operation_state(operation, OperationState::Cancelled, rules.now)?;
            rules::rest(writer, &writer.instance(instance)?)
        }
        _ => Ok(()),
    }
}

/// From which instance the old key is ended: one of its own platform where there is one, always the same.
pub(super) fn ender(reader: &Reader<'_>, id: RotationId) -> Result<Option<InstanceId>, Fault> {
    let rotation = reader.rotation(id)?;
    let mut other = None;
    for part in reader.rotation_parts(id)? {
        if part.state == PartState::Gone {
            continue;
        }
        if reader.instance(part.instance)?.platform == rotation.platform {
            return Ok(Some(part.instance));
        }
        other = other.or(Some(part.instance));
    }
    Ok(other)
}

/// Writes down that an instance works with a new key. Whatever came to depend on the old one meanwhile is queued too.
pub(super) fn moved(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    instance: InstanceId,
    note: &str,
) -> Result<(Then, Vec<InstanceId>), Fault> {
    let rotation = writer.rotation(id)?;
    writer.set_rotation_part(id, instance, PartState::Moved, note, rules.now)?;
    if rotation.ended_at.is_some() {
        return Ok((Then::Over, Vec::new()));
    }
    note_dependants(writer, rules, id)?;
    let mut queued = Vec::new();
    for part in writer.rotation_parts(id)? {
        if part.state == PartState::Open {
            if open_operation(writer, id, part.instance)?.is_none() {
                enqueue(writer, rules, id, part.instance, &rotation.actor)?;
            }
            queued.push(part.instance);
        }
    }
    if !queued.is_empty() {
        return Ok((Then::Others, queued));
    }
    match ender(writer, id)? {
        Some(ender) if ender != instance => {
            enqueue(writer, rules, id, ender, &rotation.actor)?;
            Ok((Then::Others, vec![ender]))
        }
        _ => Ok((Then::End, Vec::new())),
    }
}

/// An instance is removed: nothing of it has to move any more, and if it was the last, the old key is to be ended.
pub(in crate::engine) fn gone(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
) -> Result<Vec<InstanceId>, Fault> {
    let mut queued = Vec::new();
    for rotation in writer.open_rotations_at(instance)? {
        let id = rotation.id;
        writer.set_rotation_part(id, instance, PartState::Gone, "removed", rules.now)?;
        let parts = writer.rotation_parts(id)?;
        if parts.iter().all(|part| part.state != PartState::Open)
            && let Some(ender) = ender(writer, id)?
        {
            enqueue(writer, rules, id, ender, &rotation.actor)?;
            queued.push(ender);
        }
    }
    Ok(queued)
}

/// The rotation is over: the old key's bytes are taken away here, what is known of it stays. Where somebody else may have
/// had it, what was made with it for connections may be known too, and is made anew. Answers the instances concerned.
pub(super) fn finish(
    writer: &Writer<'_>,
    rules: &Rules,
    id: RotationId,
    proof: &str,
) -> Result<Vec<InstanceId>, Fault> {
    for key in writer.rotation_keys(id)? {
        match writer.empty_credential(key, CredentialState::Revoked) {
            Err(fault) if fault.kind == FaultKind::NotFound => {}
            other => other?,
        }
    }
    writer.end_rotation(id, proof, rules.now)?;
    remake_connections(writer, rules, &writer.rotation(id)?)
}

fn remake_connections(
    writer: &Writer<'_>,
    rules: &Rules,
    rotation: &Rotation,
) -> Result<Vec<InstanceId>, Fault> {
    let mut queued = Vec::new();
    if !rotation.reason.was_exposed() {
        return Ok(queued);
    }
    for part in writer.rotation_parts(rotation.id)? {
        if part.state != PartState::Moved
            || writer.instance(part.instance)?.platform != rotation.platform
        {
            continue;
        }
        for connection in writer.connections_at(part.instance)? {
            if connections::remake(writer, rules, &connection, &rotation.actor)? {
                queued.push(connection.from);
            }
        }
    }
    Ok(queued)
}
