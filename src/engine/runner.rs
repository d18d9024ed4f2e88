//! One run of one operation: take the lease, build the site, let the adapter work, write down how it ended.

use super::{
    choosing, connections,
    core::{Core, TRIES},
    desk::{Place, Stop},
    drift,
    ending::Ending,
    facts, keyring, lease, observe, outcome, performing,
    reconcile::Reached,
    rules::{Rules, subject_of},
    scene::Scene,
    titles,
    views::EngineEvent,
};
use crate::{
    adapters::Halt,
    domain::{
        AuditResult, Fault, FaultKind, HumanTask, InstanceId, Observed, Operation, OperationId,
        OperationState, OperationVerb,
    },
    store::Writer,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Runs an operation from the beginning to whatever end it comes to.
pub(super) async fn run(core: Arc<Core>, operation: Operation, mut place: Place) {
    let id = operation.id;
    match attempt(&core, &operation, &mut place).await {
        Ok(()) => {}
        // Somebody else has it now; it is theirs to tell.
        Err(fault) if went_to_others(&core, id, &fault).await => {
            tracing::info!(operation = %id, %fault, "an operation went to other hands");
        }
        Err(fault) => {
            // What could not be written down is found again by its lease, which runs out.
            tracing::error!(operation = %id, %fault, detail = ?fault.detail, "an operation could not be written down");
            core.emit(EngineEvent::Operation {
                operation: id,
                community: operation.community,
                title: String::new(),
                state: OperationState::Running,
                fault: Some(fault),
                said: None,
            });
        }
    }
}

/// Whether a change was refused because the operation is somebody else's, and not because the database was busy.
async fn went_to_others(core: &Core, operation: OperationId, fault: &Fault) -> bool {
    let holder = core.holder.clone();
    let held = core
        .store
        .read(move |reader| reader.require_lease(operation, &holder));
    fault.kind == FaultKind::InUse && held.await.is_err_and(|held| held.kind == FaultKind::InUse)
}

/// Writes down what an operation came to. A database that another program holds for a while must not let the operation
/// stand as under way, with nobody at work on it, until its lease runs out.
///
/// Where keys were closed when it began and are open by now, what waited for that goes on at once: whoever opened them
/// has looked for it already. Answers the instances that can be joined to this one now.
async fn write_down(
    core: &Core,
    operation: &Operation,
    ending: &Ending,
    was_locked: bool,
) -> Result<Vec<InstanceId>, Fault> {
    let mut left = TRIES;
    loop {
        let (holder, written, ending) = (core.holder.clone(), operation.clone(), ending.clone());
        let answer = core
            .change(move |writer, rules| {
                outcome::write(writer, rules, &written, &ending, &holder)?;
                let waits = ending.state() == OperationState::WaitsUnlock;
                if waits && was_locked && rules.custody.is_unlocked() {
                    rules.wake(writer, written.id, written.instance)?;
                }
                connections::begun_with(writer, written.instance)
            })
            .await;
        left -= 1;
        match answer {
            Err(fault)
                if fault.kind == FaultKind::InUse
                    && left > 0
                    && !went_to_others(core, operation.id, &fault).await => {}
            answer => return answer,
        }
    }
}

async fn attempt(core: &Arc<Core>, due: &Operation, place: &mut Place) -> Result<(), Fault> {
    let (id, holder) = (due.id, core.holder.clone());
    let Some((operation, scene, task)) = core
        .change(move |writer, rules| begin(writer, rules, id, &holder))
        .await?
    else {
        return Ok(());
    };
    let title = titles::of(
        &core.options.catalog,
        &operation.platform,
        &scene.community.name,
    );
    tell(core, &operation, &title, None, None);
    let limits = core.options.limits;
    let was_locked = scene.is_locked();
    let answer = match task {
        Some(task) => Err(Halt::Human(Box::new(task))),
        None => performing::perform(core, &operation, scene, place).await,
    };
    let answer = answer
        .map_err(|halt| told_of_lent(core, &operation, halt))
        .map_err(|halt| named(core, &operation, halt));
    let stop = *place.stop.borrow();
    let ending = match stop {
        Some(Stop::Lost) => return Ok(()),
        Some(Stop::Asked) => Ending::of_stopped(answer),
        Some(Stop::Park) => Ending::of_parked(answer),
        None => Ending::of(answer, operation.attempts, core.now(), &limits),
    };
    let (state, fault) = (ending.state(), ending.fault().cloned());
    let said = match &ending {
        Ending::Done(effect) => effect.sentence(),
        _ => None,
    };
    let joined = write_down(core, &operation, &ending, was_locked).await?;
    core.desk.widen(joined);
    outcome::afterwards(core, &operation, &ending).await;
    let is_done = matches!(ending, Ending::Done(_));
    if let Err(fault) = look_afterwards(core, operation.instance, is_done).await {
        // What it came to is written down, and told all the same.
        tracing::warn!(operation = %id, %fault, detail = ?fault.detail, "an instance was not looked at after its work");
    }
    let operation = Operation { state, ..operation };
    tell(core, &operation, &title, fault, said);
    Ok(())
}

/// Looks at the instance where its work has shown that this is due.
async fn look_afterwards(
    core: &Arc<Core>,
    instance: InstanceId,
    is_done: bool,
) -> Result<(), Fault> {
    let task = if is_done {
        look_at_task(core, instance).await
    } else {
        Ok(())
    };
    // Neither look is left out because the other failed.
    drift::look_after(core, instance).await.and(task)
}

/// Which key is missing, in the words of its platform's manifest: an adapter knows only its field.
fn named(core: &Core, operation: &Operation, halt: Halt) -> Halt {
    let Halt::Stopped(fault) = &halt else {
        return halt;
    };
    let manifest = core.options.catalog.get(&operation.platform);
    let missing = fault.field.as_ref().and_then(|field| {
        let manifest = manifest?;
        Some((manifest, manifest.credential(field)?))
    });
    match missing {
        Some((manifest, credential)) if fault.kind == FaultKind::NeedsKey => {
            let what = format!("{} needs {}", manifest.name, credential.label);
            Fault {
                what: format!("{what}."),
                ..(**fault).clone()
            }
            .hint("Enter it; the work goes on by itself.")
            .into()
        }
        _ => halt,
    }
}

/// A key that is used once and not kept lies in memory only: who is asked to do something first is told so.
fn told_of_lent(core: &Core, operation: &Operation, halt: Halt) -> Halt {
    let owner = (operation.platform.clone(), Some(operation.community));
    let lent = core.held.lent(&owner);
    let Halt::Human(mut task) = halt else {
        return halt;
    };
    let manifest = core.options.catalog.get(&operation.platform);
    for field in lent.keys() {
        let label = manifest
            .and_then(|manifest| manifest.credential(field))
            .map_or(field.as_str(), |known| known.label.as_str());
        task.instructions.push(format!(
            "{label} was entered for this and is not kept: if this Guildhall ends before the step is done, enter it again afterwards."
        ));
    }
    Halt::Human(task)
}

/// A step that an earlier look found may be done now, or not be needed any more.
async fn look_at_task(core: &Arc<Core>, instance: InstanceId) -> Result<(), Fault> {
    let found = core
        .store
        .read(move |reader| facts::found_task(reader, instance))
        .await?;
    if found.is_some() {
        observe::begin(core, vec![instance]);
    }
    Ok(())
}

fn tell(
    core: &Core,
    operation: &Operation,
    title: &str,
    fault: Option<Fault>,
    said: Option<String>,
) {
    core.emit(EngineEvent::Operation {
        operation: operation.id,
        community: operation.community,
        title: title.to_owned(),
        state: operation.state,
        fault,
        said,
    });
    core.emit_changed(Some(operation.community));
}

/// Takes the lease, marks the operation as under way and settles which accounts it uses, in one transaction. None when
/// it is not ours to begin; with a person's step where every account is full.
fn begin(
    writer: &Writer<'_>,
    rules: &Rules,
    id: OperationId,
    holder: &str,
) -> Result<Option<(Operation, Scene, Option<HumanTask>)>, Fault> {
    let operation = writer.operation(id)?;
    let waits = operation.not_before.is_some_and(|time| time > rules.now);
    if waits
        || !matches!(
            operation.state,
            OperationState::Queued | OperationState::Running
        )
    {
        return Ok(None);
    }
    free_from_the_dead(writer, rules, &operation)?;
    if !writer.take_lease(id, holder, rules.now, until(rules, rules.limits.lease))? {
        return Ok(None);
    }
    let operation = writer.begin_operation(id, rules.now)?;
    let instance = operation.instance;
    let operation = match operation.verb {
        OperationVerb::Activate | OperationVerb::Deactivate => {
            facts::remember(writer, instance, facts::REACHED, &Reached::Underway.word())?;
            operation
        }
        OperationVerb::Configure => with_unsent(writer, rules, operation)?,
        _ => operation,
    };
    writer.set_observed(instance, Observed::Working, "")?;
    let instance = writer.instance(instance)?;
    let mut task = choosing::settle(writer, rules, &instance, operation.verb)?;
    let mut scene = Scene::read(writer, rules, instance.clone())?;
    if rules.custody.is_unlocked() && scene.is_locked() {
        // A key came in while the vault was locked, and whoever unlocked it has not come to it yet.
        keyring::promote_inbox(writer, rules)?;
        task = choosing::settle(writer, rules, &instance, operation.verb)?;
        scene = Scene::read(writer, rules, instance)?;
    }
    if rules.custody.is_unlocked() {
        writer.touch_credentials(&scene.keys(), rules.now)?;
    }
    Ok(Some((operation, scene, task)))
}

/// A lease whose holder was a process of this host that is gone is taken away at once, and that is written down.
fn free_from_the_dead(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
) -> Result<(), Fault> {
    let Some(held) = writer.lease(operation.instance)? else {
        return Ok(());
    };
    if !lease::is_abandoned(&held.holder)
        || !writer.break_lease(operation.instance, &held.holder)?
    {
        return Ok(());
    }
    let instance = writer.instance(operation.instance)?;
    rules.audit(
        writer,
        "guildhall",
        operation.verb.word(),
        &subject_of(writer, &instance)?,
        Some(operation.community),
        AuditResult::Permitted,
        "taken over: the process that worked on it is gone",
    )
}

/// The changed settings that are to be sent become part of the operation, so that a change during the run is not lost.
fn with_unsent(
    writer: &Writer<'_>,
    rules: &Rules,
    mut operation: Operation,
) -> Result<Operation, Fault> {
    let instance = operation.instance;
    let mut changed = changed_fields(&operation.argument);
    let unsent: Option<Vec<String>> = facts::recall(writer, instance, facts::UNSENT)?;
    for field in unsent.unwrap_or_default() {
        if !changed.contains(&field) {
            changed.push(field);
        }
    }
    facts::forget(writer, instance, facts::UNSENT)?;
    operation.argument = serde_json::json!({ "changed": changed });
    writer.set_operation_argument(operation.id, &operation.argument, rules.now)?;
    Ok(operation)
}

pub(super) fn changed_fields(argument: &Value) -> Vec<String> {
    argument
        .get("changed")
        .and_then(|fields| serde_json::from_value(fields.clone()).ok())
        .unwrap_or_default()
}

pub(super) fn until(rules: &Rules, span: Duration) -> jiff::Timestamp {
    rules.now.checked_add(span).unwrap_or(rules.now)
}
