//! Which operations are begun when: those that are due, within the scope of this process, as many as there is room for. One
//! timer, for the earliest that waits; none when nothing waits.

use super::{
    core::Core,
    desk::{Desk, Scope, Work},
    lease, runner,
};
use crate::{
    domain::{Fault, InstanceId, InstanceKind, Operation, OperationState},
    store::{Lease, OperationFilter, Reader},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
    time::Duration,
};

/// Operations looked at in one pass; the next ring looks further.
const PAGE: u32 = 1024;
/// From so many instances on they are not asked for one by one.
const MANY: usize = 64;
/// The next look after one that failed: the disk may be full, or the file in use.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// A timer is never set to less, so that a clock that stands still makes no busy loop.
const SHORTEST: Duration = Duration::from_millis(20);

/// Starts the scheduler of this process unless it runs.
pub(super) fn ensure_started(core: &Arc<Core>) {
    if core.desk.claim_scheduler() {
        let desk = core.desk.clone();
        let core = Arc::downgrade(core);
        tokio::spawn(attend(core, desk));
    }
    core.desk.ring();
}

async fn attend(core: Weak<Core>, desk: Arc<Desk>) {
    loop {
        let rings = desk.rings();
        let wait = {
            let Some(core) = core.upgrade() else { return };
            let next = match begin_what_is_due(&core).await {
                Ok(next) => next,
                Err(fault) => {
                    tracing::warn!(%fault, detail = ?fault.detail, "looking for due operations failed");
                    core.now().checked_add(AFTER_TROUBLE).ok()
                }
            };
            desk.heed(rings, next);
            next.map(|next| until(core.now(), next))
        };
        tokio::select! {
            () = desk.closing().cancelled() => return,
            () = desk.rung() => {}
            () = sleep(wait) => {}
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

fn until(now: Timestamp, next: Timestamp) -> Duration {
    Duration::try_from(next.duration_since(now))
        .unwrap_or(Duration::ZERO)
        .max(SHORTEST)
}

/// Begins what is due; answers when something becomes due by itself.
async fn begin_what_is_due(core: &Arc<Core>) -> Result<Option<Timestamp>, Fault> {
    let (scope, now) = (core.desk.scope(), core.now());
    let running = core.desk.instances();
    let due = core
        .store
        .read(move |reader| look(reader, &scope, &running, now))
        .await?;
    let mut next = due.next;
    let mut ours = core.desk.instances();
    for operation in due.operations {
        match due.leases.get(&operation.instance) {
            _ if ours.contains(&operation.instance) => {}
            Some(lease) if !lease::is_abandoned(&lease.holder) => {
                next = earliest(next, Some(lease.expires_at));
            }
            _ => {
                let work = work_of(core, &operation);
                if !core.desk.has_room(work) {
                    // Whoever finishes rings; the other kind of work goes on.
                    continue;
                }
                if let Some(place) = core.desk.place(operation.id, operation.instance, work) {
                    ours.insert(operation.instance);
                    tokio::spawn(runner::run(core.clone(), operation, place));
                }
            }
        }
    }
    Ok(next)
}

fn work_of(core: &Core, operation: &Operation) -> Work {
    let manifest = core.options.catalog.get(&operation.platform);
    let usual = manifest.and_then(|manifest| manifest.kinds.first());
    match usual {
        Some(usual) if usual.kind == InstanceKind::Dedicated => Work::Here,
        _ => Work::There,
    }
}

struct Due {
    operations: Vec<Operation>,
    /// Leases that have not expired.
    leases: BTreeMap<InstanceId, Lease>,
    next: Option<Timestamp>,
}

fn look(
    reader: &Reader<'_>,
    scope: &Scope,
    running: &BTreeSet<InstanceId>,
    now: Timestamp,
) -> Result<Due, Fault> {
    let leases: BTreeMap<_, _> = reader
        .leases()?
        .into_iter()
        .filter(|lease| lease.expires_at > now)
        .map(|lease| (lease.instance, lease))
        .collect();
    let (operations, next) = match scope {
        Scope::All => {
            let mut operations = reader.due_operations(now, PAGE)?;
            // Those under a lease are left out there, and needed here for their end.
            let others = |lease: &&Lease| !running.contains(&lease.instance);
            let mut next = reader.next_due(now)?;
            for lease in leases.values().filter(others) {
                match lease.operation {
                    Some(operation) => operations.push(reader.operation(operation)?),
                    None => next = earliest(next, Some(lease.expires_at)),
                }
            }
            (operations, next)
        }
        Scope::Instances(instances) => of_instances(reader, instances, now)?,
    };
    let mut seen = BTreeSet::new();
    let operations = operations
        .into_iter()
        .filter(|operation| {
            matches!(
                operation.state,
                OperationState::Queued | OperationState::Running
            ) && seen.insert(operation.instance)
        })
        .collect();
    Ok(Due {
        operations,
        leases,
        next,
    })
}

fn of_instances(
    reader: &Reader<'_>,
    instances: &BTreeSet<InstanceId>,
    now: Timestamp,
) -> Result<(Vec<Operation>, Option<Timestamp>), Fault> {
    let mut operations = Vec::new();
    let mut next = None;
    let one_by_one = instances.len() < MANY;
    let asked: Vec<_> = if one_by_one {
        instances.iter().copied().map(Some).collect()
    } else {
        vec![None]
    };
    for instance in asked {
        let filter = OperationFilter {
            states: vec![OperationState::Queued, OperationState::Running],
            instance,
            ..Default::default()
        };
        let most = if one_by_one { PAGE } else { u32::MAX };
        let mut open = reader.operations(&filter, most)?;
        open.reverse();
        open.retain(|operation| instances.contains(&operation.instance));
        for operation in open {
            match operation.not_before.filter(|time| *time > now) {
                Some(time) => next = earliest(next, Some(time)),
                None => operations.push(operation),
            }
        }
    }
    Ok((operations, next))
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
