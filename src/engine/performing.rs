//! The middle of a run: the adapter at work, the lease renewed meanwhile, and the end that somebody may ask for.

use super::{
    core::Core,
    desk::{Place, Stop},
    ending::Effect,
    facts,
    journal::StoreJournal,
    keyring,
    runner::{changed_fields, until},
    scene::Scene,
};
use crate::{
    adapters::{Adapter, Halt, Op, local},
    domain::{
        Fault, FaultKind, InstanceId, InstanceKind, Operation, OperationId, OperationVerb,
        RemoveMode,
    },
    services::supervisor::folder_of,
};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Lets the adapter work, renews the lease meanwhile, and stops it when that is asked for.
pub(super) async fn perform(
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
            answer = &mut task => return joined(answer).await,
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
            Ok(answer) => joined(answer).await,
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

/// What the work came to. A process that ends takes its tasks away one after the other: of work that was taken away before
/// this one nothing is known, so nothing is written of it, as after a death, and the next start takes it up.
async fn joined(
    answer: Result<Result<Effect, Halt>, tokio::task::JoinError>,
) -> Result<Effect, Halt> {
    match answer {
        Ok(answer) => answer,
        Err(gone) if gone.is_cancelled() => std::future::pending().await,
        // The words of a panic may hold anything, a secret too: they go nowhere.
        Err(_) => Err(Fault::new(
            FaultKind::Internal,
            "The operation stopped because of a mistake of Guildhall itself.",
        )
        .hint("What it had done is recorded; resume it, and please report this with the log.")
        .into()),
    }
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
    let is_here = site.kind == InstanceKind::Dedicated || manifest.shares_a_service_here(site.kind);
    if !is_here || manifest.resources.memory_active_mib == 0 {
        return Ok(());
    }
    let folder = folder_of(&local::service_folder(site));
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
        OperationVerb::HandOver => {
            super::handing_over::work(&core, adapter.as_ref(), &operation, &op).await
        }
    }
}
