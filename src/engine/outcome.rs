//! Writing down how a run ended: the operation, the instance, the audit and what follows, all in one transaction.

use super::{
    core::Core,
    ending::{Effect, Ending},
    facts, keyring, parting,
    reconcile::Reached,
    rules::{self, Rules, subject_of},
};
use crate::{
    adapters::Presence,
    domain::{
        AuditResult, ConnectionState, Desired, Fault, FaultKind, Instance, InstanceId, Observed,
        Operation, OperationId, OperationState, OperationVerb, clean_line,
    },
    store::{InstancePlace, OperationFilter, Reader, Writer},
};
use serde_json::Value;

/// Writes down an ending. Nothing is written when the lease is in other hands.
///
/// # Errors
/// `InUse` when it is; what the store answers.
pub(super) fn write(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    ending: &Ending,
    holder: &str,
) -> Result<(), Fault> {
    writer.require_lease(operation.id, holder)?;
    let instance = writer.instance(operation.instance)?;
    let (task, not_before) = match ending {
        Ending::Human(task) => (Some(task.as_ref()), None),
        Ending::Waits { not_before, .. } => (None, *not_before),
        _ => (None, None),
    };
    if let Some(task) = task {
        let marker: Option<String> = facts::recall(writer, instance.id, facts::MARKER)?;
        let key = super::journal::step_key(&marker.unwrap_or_default(), &task.step);
        writer.await_step(operation.id, &task.step, &key, rules.now)?;
    }
    writer.park_operation(
        operation.id,
        ending.state(),
        task,
        ending.fault(),
        not_before,
        rules.now,
    )?;
    let asked_to_stop: Option<OperationId> = facts::recall(writer, instance.id, facts::CANCEL)?;
    if asked_to_stop == Some(operation.id) {
        facts::forget(writer, instance.id, facts::CANCEL)?;
    }
    writer.release_lease(operation.id, holder)?;
    audit(writer, rules, operation, &instance, ending)?;
    if let Some((observed, note)) = ending.shown(rules.now) {
        show(writer, operation, &instance, observed, &note)?;
        if let (Some(connection), OperationVerb::Connect, Ending::Human(_) | Ending::Waits { .. }) = (
            super::connection_work::of(operation),
            operation.verb,
            ending,
        ) {
            let waits = ConnectionState::Waiting;
            super::connection_work::stand(writer, connection, waits, &clean_line(&note))?;
        }
    }
    match ending {
        Ending::Done(effect) => done(writer, rules, operation, &instance, effect),
        Ending::Cancelled(_) => stopped(writer, rules, operation, &instance),
        Ending::Failed(fault) => {
            connection_failed(writer, operation, fault)?;
            Ok(())
        }
        Ending::Waits { fault, .. } if fault.kind == FaultKind::KeyRejected => {
            keyring::mark_refused(writer, rules, &instance)
        }
        Ending::Human(_) | Ending::Waits { .. } => Ok(()),
    }
}

/// What is to be done in memory once the ending is written: a powerful key was lent for what was begun with it, and is
/// forgotten when the last of that is over, or when the platform does not accept it.
pub(super) async fn afterwards(core: &Core, operation: &Operation, ending: &Ending) {
    let owner = (operation.platform.clone(), Some(operation.community));
    if !core.held.lent_fields().contains_key(&owner) {
        return;
    }
    match ending {
        Ending::Done(_) | Ending::Cancelled(_) => {}
        Ending::Waits { fault, .. } if fault.kind == FaultKind::KeyRejected => {
            core.held.take_back(&owner);
            return;
        }
        Ending::Human(_) | Ending::Waits { .. } | Ending::Failed(_) => return,
    }
    let (instance, held, of) = (operation.instance, core.held.clone(), owner.clone());
    // Where changes are written nobody lends a key between the look and the taking.
    let looked = core
        .store
        .write(move |writer| {
            if !is_under_way(writer, instance)? {
                held.take_back(&of);
            }
            Ok(())
        })
        .await;
    if let Err(fault) = looked {
        tracing::warn!(%fault, "whether a key that was lent is still needed could not be read; it is forgotten");
        core.held.take_back(&owner);
    }
}

/// Whether anything of an instance is being done, or is about to be.
fn is_under_way(reader: &Reader<'_>, instance: InstanceId) -> Result<bool, Fault> {
    let filter = OperationFilter {
        states: vec![OperationState::Queued, OperationState::Running],
        instance: Some(instance),
        ..Default::default()
    };
    Ok(!reader.operations(&filter, 1)?.is_empty())
}

/// A connection's trouble is shown at the connection; the instance itself may be in the best of health.
fn show(
    writer: &Writer<'_>,
    operation: &Operation,
    instance: &Instance,
    observed: Observed,
    note: &str,
) -> Result<(), Fault> {
    if is_connecting(operation.verb) && instance.external_id.is_some() {
        return writer.set_observed(instance.id, Observed::Ready, "");
    }
    writer.set_observed(instance.id, observed, &clean_line(note))
}

fn audit(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    instance: &Instance,
    ending: &Ending,
) -> Result<(), Fault> {
    let (result, detail) = match ending {
        Ending::Done(effect) => (AuditResult::Done, told(effect)),
        Ending::Failed(fault) => (AuditResult::Failed, fault.what.clone()),
        Ending::Cancelled(fault) => (AuditResult::Done, format!("stopped: {}", fault.what)),
        Ending::Human(_) | Ending::Waits { .. } => return Ok(()),
    };
    rules.audit(
        writer,
        &operation.actor,
        operation.verb.word(),
        &subject_of(writer, instance)?,
        Some(instance.community),
        result,
        &detail,
    )
}

fn told(effect: &Effect) -> String {
    match effect {
        Effect::Stands(presence) => clean_line(&presence.external_id),
        Effect::Switched(sentence)
        | Effect::Joined(sentence)
        | Effect::Replaced(sentence)
        | Effect::Handed(sentence) => clean_line(sentence),
        Effect::Gone(removed) if removed.left.is_empty() => "nothing is left".to_owned(),
        Effect::Gone(removed) => clean_line(&format!("left: {}", removed.left.join(" "))),
    }
}

fn done(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    instance: &Instance,
    effect: &Effect,
) -> Result<(), Fault> {
    let id = instance.id;
    match effect {
        Effect::Stands(presence) => stands(writer, operation, instance, presence)?,
        Effect::Switched(sentence) => {
            let reached = match operation.verb {
                OperationVerb::Activate => Reached::Active,
                _ => Reached::Inactive,
            };
            facts::remember(writer, id, facts::REACHED, &reached.word())?;
            let note = clean_line(sentence);
            writer.set_observed(id, Observed::Ready, note.trim_end_matches('.'))?;
        }
        Effect::Gone(_) => return gone(writer, rules, operation, instance),
        Effect::Joined(sentence) => {
            writer.set_observed(id, Observed::Ready, &instance.note)?;
            joined(writer, rules, operation, sentence)?;
        }
        Effect::Replaced(_) => {
            facts::forget(writer, id, facts::MOVED)?;
            rules::rest(writer, instance)?;
        }
        Effect::Handed(_) => rules::rest(writer, instance)?,
    }
    keyring::mark_accepted(writer, rules, instance)?;
    rules.towards_desired(writer, id, &operation.actor, false)?;
    super::connections::begin_waiting(writer, rules, id, &operation.actor)
}

fn stands(
    writer: &Writer<'_>,
    operation: &Operation,
    instance: &Instance,
    presence: &Presence,
) -> Result<(), Fault> {
    let observe_only = match operation.verb {
        OperationVerb::Adopt => operation.argument.get("observe_only") == Some(&Value::Bool(true)),
        _ => instance.observe_only,
    };
    writer.set_place(
        instance.id,
        &InstancePlace {
            kind: presence.kind,
            external_id: Some(presence.external_id.clone()),
            url: presence.url.clone(),
            made_by_us: presence.made_by_us,
            observe_only,
        },
    )?;
    if operation.verb != OperationVerb::Configure {
        // Whatever its state there, nobody switched it from here yet; adopting must not switch anything off.
        facts::remember(
            writer,
            instance.id,
            facts::REACHED,
            &Reached::Inactive.word(),
        )?;
    }
    writer.set_observed(instance.id, Observed::Ready, &clean_line(&presence.note))
}

/// The instance is removed there; here it becomes a line of the past, and its keys are forgotten.
fn gone(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    instance: &Instance,
) -> Result<(), Fault> {
    cancel_open(writer, rules, instance)?;
    super::rotation::gone(writer, rules, instance.id)?;
    keyring::forget(writer, rules, &instance.platform, instance.community, None)?;
    parting::take_out(writer, rules, instance, &operation.actor).map(drop)
}

/// Cancels whatever of an instance has not begun or waits.
pub(super) fn cancel_open(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<(), Fault> {
    let filter = OperationFilter {
        open: true,
        instance: Some(instance.id),
        ..Default::default()
    };
    for open in writer.operations(&filter, 64)? {
        if open.state != OperationState::Running {
            writer.set_operation_state(open.id, OperationState::Cancelled, rules.now)?;
        }
    }
    Ok(())
}

/// An operation was stopped. What it would have reached is still wanted and not so, and the row says that.
pub(super) fn stopped(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    instance: &Instance,
) -> Result<(), Fault> {
    if let OperationVerb::RemoveSoft | OperationVerb::RemoveHard = operation.verb {
        let was = operation
            .argument
            .get("was")
            .and_then(Value::as_str)
            .and_then(|word| word.parse().ok())
            .unwrap_or(Desired::Inactive);
        writer.set_desired(instance.id, was)?;
        // What others had begun for it was cancelled when it was to go.
        super::connections::begin_waiting(writer, rules, instance.id, &operation.actor)?;
    }
    if let Some(to) = super::moving::of(operation) {
        super::moving::stopped(writer, rules, operation, to)?;
    }
    if is_connecting(operation.verb) {
        if let Some(connection) = super::connection_work::of(operation) {
            super::connection_work::stand(writer, connection, ConnectionState::Waiting, "stopped")?;
        }
        return rules::rest(writer, instance);
    }
    let instance = writer.instance(instance.id)?;
    if rules::has_open_operation(writer, instance.id)? {
        return Ok(());
    }
    let situation = rules.situation(writer, &instance)?;
    match super::reconcile::next(situation) {
        super::reconcile::Next::Run(_) if situation.present => {
            writer.set_observed(instance.id, Observed::Failed, "stopped on request")
        }
        super::reconcile::Next::Run(_) => writer.set_observed(
            instance.id,
            Observed::Absent,
            "stopped before it was finished",
        ),
        super::reconcile::Next::NeedsKey(verb) => {
            let note = rules.key_note(&instance, verb)?;
            writer.set_observed(instance.id, Observed::NeedsKey, &note)
        }
        _ => rules::rest(writer, &instance),
    }
}

fn is_connecting(verb: OperationVerb) -> bool {
    matches!(verb, OperationVerb::Connect | OperationVerb::Disconnect)
}

fn joined(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    sentence: &str,
) -> Result<(), Fault> {
    let Some(connection) = super::connection_work::of(operation) else {
        return Ok(());
    };
    if super::connection_work::is_made_again(operation) {
        return super::connections::make_again(writer, rules, connection, operation);
    }
    if operation.verb == OperationVerb::Disconnect {
        return super::connection_work::forget(writer, connection);
    }
    let made = ConnectionState::Made;
    super::connection_work::stand(writer, connection, made, &clean_line(sentence))
}

fn connection_failed(
    writer: &Writer<'_>,
    operation: &Operation,
    fault: &Fault,
) -> Result<(), Fault> {
    match super::connection_work::of(operation) {
        Some(connection) if is_connecting(operation.verb) => {
            let note = super::ending::brief(fault);
            super::connection_work::stand(writer, connection, ConnectionState::Failed, &note)
        }
        _ => Ok(()),
    }
}
