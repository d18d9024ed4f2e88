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
        Scope::Instances(instances) if instances.len() < MANY => {
            one_by_one(reader, instances, now)?
        }
        scope => at_once(reader, scope, (&leases, running), now)?,
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

/// What is due on a few instances.
fn one_by_one(
    reader: &Reader<'_>,
    instances: &BTreeSet<InstanceId>,
    now: Timestamp,
) -> Result<(Vec<Operation>, Option<Timestamp>), Fault> {
    let mut operations = Vec::new();
    let mut next = None;
    for instance in instances {
        let filter = OperationFilter {
            states: vec![OperationState::Queued, OperationState::Running],
            instance: Some(*instance),
            ..Default::default()
        };
        let mut open = reader.operations(&filter, PAGE)?;
        open.reverse();
        for operation in open {
            match operation.not_before.filter(|time| *time > now) {
                Some(time) => next = earliest(next, Some(time)),
                None => operations.push(operation),
            }
        }
    }
    Ok((operations, next))
}

/// What is due on many instances. What runs is not read: of a thousand operations each one that ends has this looked up anew.
fn at_once(
    reader: &Reader<'_>,
    scope: &Scope,
    (leases, running): (&BTreeMap<InstanceId, Lease>, &BTreeSet<InstanceId>),
    now: Timestamp,
) -> Result<(Vec<Operation>, Option<Timestamp>), Fault> {
    let is_ours = |instance: &InstanceId| match scope {
        Scope::All => true,
        Scope::Instances(instances) => instances.contains(instance),
    };
    let page = match scope {
        Scope::All => PAGE,
        Scope::Instances(_) => u32::MAX,
    };
    let mut operations = reader.due_operations(now, page)?;
    operations.retain(|operation| is_ours(&operation.instance));
    // Those under a lease are left out there, and needed here for their end.
    let others = |lease: &&Lease| !running.contains(&lease.instance) && is_ours(&lease.instance);
    let later = reader.due_later(now)?.into_iter();
    let mut next = later
        .filter(|(instance, _)| is_ours(instance))
        .map(|(_, time)| time)
        .min();
    for lease in leases.values().filter(others) {
        match lease.operation {
            Some(operation) => operations.push(reader.operation(operation)?),
            None => next = earliest(next, Some(lease.expires_at)),
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
