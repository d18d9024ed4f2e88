//! Intents about operations: beginning one again, and stopping one.

use super::{
    facts, instances, lease, outcome,
    rules::Rules,
    submit::{After, Applied},
};
use crate::{
    domain::{
        Actor, CommunityId, Fault, FaultKind, Observed, Operation, OperationId, OperationState,
        OperationVerb,
    },
    store::{Reader, Writer},
};

/// Whose operation it is. One that the actor may not know of does not exist.
pub(super) fn community_of(
    reader: &Reader<'_>,
    actor: &Actor,
    id: OperationId,
) -> Result<CommunityId, Fault> {
    let actor = reader.actor(actor.id)?;
    match reader.operation(id) {
        Ok(operation) if actor.sees(operation.community) => Ok(operation.community),
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
        _ => Err(unknown(id)),
    }
}

/// What is said of an operation that is not there, and of one that the actor may not know of.
pub(super) fn unknown(id: OperationId) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("There is no operation {id} here."),
    )
    .hint("List the operations to see their numbers.")
}

/// Begins an operation again at the line where it stopped; for one that waits for a person, looks whether that was done.
pub(super) fn resume(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: OperationId,
) -> Result<Applied, Fault> {
    let operation = writer.operation(id)?;
    match operation.state {
        OperationState::Done => Err(Fault::new(
            FaultKind::Conflict,
            format!("Operation {id} is done already."),
        )
        .hint("Check the instance to see how it does.")),
        OperationState::Cancelled => again(writer, rules, actor, &operation),
        OperationState::Running => told(writer, rules, &operation, operation.id, "runs already"),
        _ => {
            rules.wake(writer, id, operation.instance)?;
            told(writer, rules, &operation, id, "goes on")
        }
    }
}

/// A cancelled operation stays cancelled; another one of its kind takes up what it left, which is found by its marker.
fn again(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    operation: &Operation,
) -> Result<Applied, Fault> {
    let instance = writer.instance(operation.instance)?;
    let current = writer.instance_of(instance.community, &instance.platform)?;
    if current.is_none_or(|current| current.id != instance.id) {
        return Err(Fault::new(
            FaultKind::Conflict,
            "The instance of that operation was removed.",
        )
        .hint("Switch the platform on to make another."));
    }
    if matches!(
        operation.verb,
        OperationVerb::RemoveSoft
            | OperationVerb::RemoveHard
            | OperationVerb::Connect
            | OperationVerb::Disconnect
            | OperationVerb::Rotate
            | OperationVerb::HandOver
    ) {
        let fault = Fault::new(
            FaultKind::Conflict,
            format!(
                "Operation {} was stopped, and is not taken up again by itself.",
                operation.id
            ),
        );
        return Err(if operation.verb == OperationVerb::HandOver {
            // By now it may have been begun anew, to somebody else.
            let slug = writer.community(instance.community)?.slug;
            fault.hint(format!(
                "Look who owns it now: guildhall community hand-over {slug}. Then ask for it anew, with --owner."
            ))
        } else {
            fault.hint("Ask for it anew at the instance.")
        });
    }
    let begun = rules.enqueue(
        writer,
        operation.instance,
        operation.verb,
        operation.argument.clone(),
        &actor.name,
        true,
    )?;
    told(
        writer,
        rules,
        operation,
        begun.unwrap_or(operation.id),
        "is taken up by another one",
    )
}

fn told(
    reader: &Reader<'_>,
    rules: &Rules,
    operation: &Operation,
    begun: OperationId,
    what: &str,
) -> Result<Applied, Fault> {
    let mut applied = instances::applied(
        reader,
        rules,
        operation.instance,
        vec![begun],
        format!("operation {}: {}", operation.id, operation.verb),
    )?;
    applied.receipt.message = format!("Operation {} {what}.", operation.id);
    Ok(applied)
}

/// Stops an operation. One that runs elsewhere is stopped by its holder, within the time of a renewal.
pub(super) fn cancel(
    writer: &Writer<'_>,
    rules: &Rules,
    _actor: &Actor,
    id: OperationId,
) -> Result<Applied, Fault> {
    let operation = writer.operation(id)?;
    if operation.state.is_final() {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("Operation {id} is over already: {}.", operation.state),
        )
        .hint("There is nothing to stop."));
    }
    let done = writer
        .steps(id)?
        .iter()
        .filter(|step| step.recorded_at.is_some())
        .count();
    let honest = match done {
        0 => "It had finished no step.".to_owned(),
        1 => "The step it had finished stays done.".to_owned(),
        _ => format!("The {done} steps it had finished stay done."),
    };
    let held = lease::is_held(writer, &operation, rules.now)?;
    if operation.state == OperationState::Running && held {
        facts::remember(writer, operation.instance, facts::CANCEL, &id)?;
        let mut applied = told(writer, rules, &operation, id, "is being stopped")?;
        applied.receipt.message = format!("Operation {id} is being stopped. {honest}");
        applied.after.push(After::Stop(id));
        return Ok(applied);
    }
    let instance = writer.instance(operation.instance)?;
    writer.set_operation_state(id, OperationState::Cancelled, rules.now)?;
    writer.set_observed(operation.instance, Observed::Working, "")?;
    outcome::stopped(writer, rules, &operation, &instance)?;
    let mut applied = told(writer, rules, &operation, id, "is stopped")?;
    applied.receipt.message = format!("Operation {id} is stopped. {honest}");
    applied.receipt.operations.clear();
    Ok(applied)
}
