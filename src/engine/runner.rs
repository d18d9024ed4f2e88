//! One run of one operation: take the lease, build the site, let the adapter work, write down how it ended.

use super::{
    choosing,
    core::Core,
    desk::{Place, Stop},
    drift,
    ending::{Effect, Ending},
    facts,
    journal::StoreJournal,
    keyring, lease, observe, outcome,
    reconcile::Reached,
    rules::{Rules, subject_of},
    scene::Scene,
    titles,
    views::EngineEvent,
};
use crate::{
    adapters::{Adapter, Halt, Op, local},
    domain::{
        AuditResult, Fault, FaultKind, HumanTask, InstanceId, InstanceKind, Observed, Operation,
        OperationId, OperationState, OperationVerb, RemoveMode,
    },
    services::supervisor::folder_of,
    store::Writer,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Runs an operation from the beginning to whatever end it comes to.
pub(super) async fn run(core: Arc<Core>, operation: Operation, mut place: Place) {
    let id = operation.id;
    match attempt(&core, &operation, &mut place).await {
        Ok(()) => {}
        // Somebody else has it now; it is theirs to tell.
        Err(fault) if fault.kind == FaultKind::InUse => {
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
    let answer = match task {
        Some(task) => Err(Halt::Human(Box::new(task))),
        None => perform(core, &operation, scene, place).await,
    };
    let answer = answer.map_err(|halt| told_of_lent(core, &operation, halt));
    let stop = *place.stop.borrow();
    let ending = match stop {
        Some(Stop::Lost) => return Ok(()),
        Some(Stop::Asked) => Ending::of_stopped(answer),
        Some(Stop::Park) => Ending::of_parked(answer),
        None => Ending::of(answer, operation.attempts, core.now(), &limits),
    };
    let (holder, told) = (core.holder.clone(), ending.clone());
    let (state, fault) = (ending.state(), ending.fault().cloned());
    let said = match &ending {
        Ending::Done(effect) => effect.sentence(),
        _ => None,
    };
    let written = operation.clone();
    core.change(move |writer, rules| outcome::write(writer, rules, &written, &ending, &holder))
        .await?;
    outcome::afterwards(core, &operation, &told);
    if let Ending::Done(_) = told {
        look_at_task(core, operation.instance).await?;
    }
    drift::look_after(core, operation.instance).await?;
    let operation = Operation { state, ..operation };
    tell(core, &operation, &title, fault, said);
    Ok(())
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
    let task = choosing::settle(writer, rules, &instance, operation.verb)?;
    let scene = Scene::read(writer, rules, instance)?;
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

fn changed_fields(argument: &Value) -> Vec<String> {
    argument
        .get("changed")
        .and_then(|fields| serde_json::from_value(fields.clone()).ok())
        .unwrap_or_default()
}

fn until(rules: &Rules, span: Duration) -> jiff::Timestamp {
    rules.now.checked_add(span).unwrap_or(rules.now)
}

/// Lets the adapter work, renews the lease meanwhile, and stops it when that is asked for.
async fn perform(
    core: &Arc<Core>,
    operation: &Operation,
    scene: Scene,
    place: &mut Place,
) -> Result<Effect, Halt> {
    let Some(adapter) = core.options.registry.get(&operation.platform).cloned() else {
        return Err(no_adapter(operation).into());
    };
    let community = scene.community.id;
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let journal = Arc::new(StoreJournal {
        core: core.clone(),
        operation: operation.id,
        steps_of: operation.instance,
        instance: operation.instance,
        community,
        platform: operation.platform.clone(),
        marker: site.marker.clone(),
        prefix: String::new(),
    });
    let cancel = CancellationToken::new();
    let op = Op::new(site, journal, place.progress.clone(), cancel.clone());
    let work = work(core.clone(), adapter, operation.clone(), op);
    let mut task = AbortOnDropHandle::new(tokio::spawn(work));
    let mut renewal = tokio::time::interval(core.options.limits.renew_every);
    renewal.tick().await;
    loop {
        let why = tokio::select! {
            answer = &mut task => return joined(answer),
            _ = place.stop.changed() => *place.stop.borrow(),
            _ = renewal.tick() => renew(core, operation.id, operation.instance).await,
        };
        let Some(why) = why else { continue };
        cancel.cancel();
        core.desk.stop(operation.id, why);
        let grace = match why {
            Stop::Asked => core.options.limits.cancel_grace,
            Stop::Park => core.options.limits.shutdown_grace,
            Stop::Lost => Duration::ZERO,
        };
        return match tokio::time::timeout(grace, &mut task).await {
            Ok(answer) => joined(answer),
            Err(_) => Err(cut_short().into()),
        };
    }
}

/// Holds the lease for longer, and looks whether somebody in another process asks for an end.
async fn renew(core: &Arc<Core>, operation: OperationId, instance: InstanceId) -> Option<Stop> {
    let holder = core.holder.clone();
    let renewed = core
        .change(move |writer, rules| {
            let until = until(rules, rules.limits.lease);
            if !writer.renew_lease(operation, &holder, until)? {
                return Ok(Some(Stop::Lost));
            }
            let asked: Option<OperationId> = facts::recall(writer, instance, facts::CANCEL)?;
            Ok((asked == Some(operation)).then_some(Stop::Asked))
        })
        .await;
    renewed.unwrap_or_else(|fault| {
        // The lease has some time left; the next renewal may succeed, and every record is checked against it.
        tracing::warn!(%operation, %fault, "a lease could not be renewed");
        None
    })
}

fn joined(answer: Result<Result<Effect, Halt>, tokio::task::JoinError>) -> Result<Effect, Halt> {
    answer.unwrap_or_else(|_| {
        // The words of a panic may hold anything, a secret too: they go nowhere.
        Err(Fault::new(
            FaultKind::Internal,
            "The operation stopped because of a mistake of Guildhall itself.",
        )
        .hint("What it had done is recorded; resume it, and please report this with the log.")
        .into())
    })
}

fn cut_short() -> Fault {
    Fault::new(
        FaultKind::Cancelled,
        "The operation was stopped in the middle of a call; whether that call took effect is not known.",
    )
    .hint("Resume it: it looks first for what the call may have made.")
}

fn no_adapter(operation: &Operation) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        format!("The adapter of {} is not there yet.", operation.platform),
    )
    .hint("Its instances are recorded; a later Guildhall makes them.")
}

/// What is to run on this host must fit into its memory, unless it runs already.
async fn require_room(core: &Core, op: &Op) -> Result<(), Fault> {
    let site = op.site();
    let Some(manifest) = core.options.catalog.get(&site.platform) else {
        return Ok(());
    };
    if site.kind != InstanceKind::Dedicated || manifest.resources.memory_active_mib == 0 {
        return Ok(());
    }
    let folder = folder_of(&site.data_folder);
    let tools = local::tools(site, op.cancel());
    let state = core.options.registry.supervisor().state(&tools, &folder);
    if state.await?.is_some_and(|state| state.kept) {
        return Ok(());
    }
    super::services::require_room(manifest, &site.community_name)
}

/// The verb itself.
async fn work(
    core: Arc<Core>,
    adapter: Arc<dyn Adapter>,
    operation: Operation,
    op: Op,
) -> Result<Effect, Halt> {
    let stands = |presence| Effect::Stands(Box::new(presence));
    match operation.verb {
        OperationVerb::Provision => adapter.provision(&op).await.map(stands),
        OperationVerb::Adopt => {
            let reference = operation.argument.get("reference").and_then(Value::as_str);
            adapter
                .adopt(&op, reference.unwrap_or_default())
                .await
                .map(stands)
        }
        OperationVerb::Configure => {
            let changed = changed_fields(&operation.argument);
            adapter.configure(&op, &changed).await.map(stands)
        }
        OperationVerb::Activate => {
            require_room(&core, &op).await?;
            adapter.activate(&op).await.map(Effect::Switched)
        }
        OperationVerb::Deactivate => adapter.deactivate(&op).await.map(Effect::Switched),
        OperationVerb::RemoveSoft | OperationVerb::RemoveHard => {
            let mode = match operation.verb {
                OperationVerb::RemoveSoft => RemoveMode::Soft,
                _ => RemoveMode::Hard,
            };
            let stays = super::joining::leave(&core, &operation, &op).await?;
            let mut removed = adapter.remove(&op, mode).await?;
            removed.left.extend(stays);
            Ok(Effect::Gone(removed))
        }
        OperationVerb::Connect | OperationVerb::Disconnect => {
            super::joining::work(&core, adapter.as_ref(), &operation, &op).await
        }
        OperationVerb::Rotate => match super::moving::of(&operation) {
            Some(to) => super::moving::work(&core, adapter.as_ref(), &operation, &op, to).await,
            None => super::rotation::work(&core, adapter.as_ref(), &operation, &op).await,
        },
    }
}
