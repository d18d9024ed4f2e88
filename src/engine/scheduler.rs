//! Which operations are begun when: those that are due, within the scope of this process, as many as there is room for. One
//! timer, for the earliest that waits; none when nothing waits.

use super::{
    core::Core,
    desk::{Desk, Scope},
    lease, runner,
};
use crate::{
    domain::{Fault, InstanceId, Operation, OperationState},
    store::{Lease, OperationFilter, Reader},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
    time::Duration,
};

/// Operations looked at in one pass; the next ring looks further.
const PAGE: u32 = 256;
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
    let due = core
        .store
        .read(move |reader| look(reader, &scope, now))
        .await?;
    let mut next = due.next;
    for operation in due.operations {
        let here = core.desk.instances().contains(&operation.instance);
        match due.leases.get(&operation.instance) {
            _ if here => {}
            Some(lease) if !lease::is_abandoned(&lease.holder) => {
                next = earliest(next, Some(lease.expires_at));
            }
            _ => {
                if !core.desk.has_room() {
                    // Whoever finishes rings.
                    break;
                }
                if let Some(place) = core.desk.place(operation.id, operation.instance) {
                    tokio::spawn(runner::run(core.clone(), operation, place));
                }
            }
        }
    }
    Ok(next)
}

struct Due {
    operations: Vec<Operation>,
    /// Leases that have not expired.
    leases: BTreeMap<InstanceId, Lease>,
    next: Option<Timestamp>,
}

fn look(reader: &Reader<'_>, scope: &Scope, now: Timestamp) -> Result<Due, Fault> {
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
            for lease in leases.values() {
                operations.push(reader.operation(lease.operation)?);
            }
            (operations, reader.next_due(now)?)
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

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
