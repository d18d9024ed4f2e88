//! What this process is working on, and who wants to know when it is done. Knows no table: what is due is for the scheduler.

use super::options::Limits;
use crate::domain::{InstanceId, OperationId, Progress};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Why an operation is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Somebody asked for it.
    Asked,
    /// Its lease is in other hands: nothing more may be written.
    Lost,
    /// The process ends; it goes on at the next start.
    Park,
}

/// Which operations this process begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Only those on instances that were changed from here: a command does its own work and no other.
    Instances(BTreeSet<InstanceId>),
    /// All of them: a screen, or a service.
    All,
}

/// What an operation mostly uses, by which it is decided how many run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It waits for a platform.
    There,
    /// It uses this host.
    Here,
}

/// What the scheduler last knew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The latest ring of the bell that it has heeded.
    heeded: u64,
    /// When something becomes due by itself.
    next: Option<Timestamp>,
}

/// An operation that runs in this process.
struct Running {
    instance: InstanceId,
    progress: watch::Sender<Progress>,
    stop: watch::Sender<Option<Stop>>,
}

/// What a running operation holds of the desk. Dropping it takes the operation off the desk and rings the bell.
pub(super) struct Place {
    desk: Arc<Desk>,
    operation: OperationId,
    /// How far it is.
    pub progress: watch::Sender<Progress>,
    /// Set when it is to stop.
    pub stop: watch::Receiver<Option<Stop>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.running().remove(&self.operation);
        // Before the ring, or the scheduler would find no room yet.
        self.permit.take();
        self.desk.ring();
    }
}

/// What a look at an instance holds of the desk, so that it is waited for.
pub(super) struct Looking {
    desk: Arc<Desk>,
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.desk.looking.fetch_sub(1, Ordering::AcqRel);
        self.desk.ring();
    }
}

/// The desk.
pub(super) struct Desk {
    running: Mutex<HashMap<OperationId, Running>>,
    scope: Mutex<Scope>,
    there: Arc<Semaphore>,
    here: Arc<Semaphore>,
    looking: AtomicUsize,
    bell: Notify,
    rings: AtomicU64,
    started: AtomicBool,
    status: watch::Sender<Status>,
    closing: CancellationToken,
}

impl Desk {
    /// An empty desk with room for so many operations.
    pub fn new(limits: &Limits) -> Self {
        Self {
            running: Mutex::default(),
            scope: Mutex::new(Scope::Instances(BTreeSet::new())),
            there: Arc::new(Semaphore::new(limits.at_once.max(1))),
            here: Arc::new(Semaphore::new(limits.at_once_here.max(1))),
            looking: AtomicUsize::new(0),
            bell: Notify::new(),
            rings: AtomicU64::new(0),
            started: AtomicBool::new(false),
            status: watch::Sender::new(Status::default()),
            closing: CancellationToken::new(),
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<OperationId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for an operation; none when there is no room, or it or another one on its instance is being worked on.
    pub fn place(
        self: &Arc<Self>,
        operation: OperationId,
        instance: InstanceId,
        work: Work,
    ) -> Option<Place> {
        let permit = self.room_for(work).clone().try_acquire_owned().ok()?;
        let mut running = self.running();
        if self.closing.is_cancelled() || running.values().any(|other| other.instance == instance) {
            return None;
        }
        let progress = watch::Sender::new(Progress::default());
        let stop = watch::Sender::new(None);
        let place = Place {
            desk: self.clone(),
            operation,
            progress: progress.clone(),
            stop: stop.subscribe(),
            permit: Some(permit),
        };
        running.insert(
            operation,
            Running {
                instance,
                progress,
                stop,
            },
        );
        Some(place)
    }

    fn room_for(&self, work: Work) -> &Arc<Semaphore> {
        match work {
            Work::There => &self.there,
            Work::Here => &self.here,
        }
    }

    /// Whether there is room for one more.
    pub fn has_room(&self, work: Work) -> bool {
        self.room_for(work).available_permits() > 0
    }

    /// Notes that an instance is looked at.
    pub fn look(self: &Arc<Self>) -> Looking {
        self.looking.fetch_add(1, Ordering::AcqRel);
        Looking { desk: self.clone() }
    }

    /// Asks an operation to stop. Whether it runs here.
    pub fn stop(&self, operation: OperationId, why: Stop) -> bool {
        let running = self.running();
        let Some(entry) = running.get(&operation) else {
            return false;
        };
        entry.stop.send_replace(Some(why));
        true
    }

    /// Asks all operations to stop.
    pub fn stop_all(&self, why: Stop) {
        for entry in self.running().values() {
            entry.stop.send_replace(Some(why));
        }
    }

    /// How far an operation is.
    pub fn progress(&self, operation: OperationId) -> Option<watch::Receiver<Progress>> {
        self.running()
            .get(&operation)
            .map(|entry| entry.progress.subscribe())
    }

    /// The instances that are worked on from here.
    pub fn instances(&self) -> BTreeSet<InstanceId> {
        self.running()
            .values()
            .map(|entry| entry.instance)
            .collect()
    }

    /// How much is under way.
    pub fn busy(&self) -> usize {
        self.running().len() + self.looking.load(Ordering::Acquire)
    }

    /// Widens the scope to these instances.
    pub fn widen(&self, instances: impl IntoIterator<Item = InstanceId>) {
        let mut scope = self.scope.lock().unwrap_or_else(PoisonError::into_inner);
        if let Scope::Instances(known) = &mut *scope {
            known.extend(instances);
        }
    }

    /// Widens the scope to everything.
    pub fn widen_to_all(&self) {
        *self.scope.lock().unwrap_or_else(PoisonError::into_inner) = Scope::All;
    }

    /// Which operations this process begins.
    pub fn scope(&self) -> Scope {
        self.scope
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Rings for the scheduler: something may have become due.
    pub fn ring(&self) {
        self.rings.fetch_add(1, Ordering::AcqRel);
        self.bell.notify_one();
        // Whoever waits for rest has to look again, also where no scheduler is left to answer the bell.
        self.status.send_modify(|_| ());
    }

    /// The number of the latest ring.
    pub fn rings(&self) -> u64 {
        self.rings.load(Ordering::Acquire)
    }

    /// Waits for a ring since the last one that was waited for.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Says up to which ring the scheduler has looked, and when something becomes due by itself.
    pub fn heed(&self, rings: u64, next: Option<Timestamp>) {
        self.status.send_replace(Status {
            heeded: rings,
            next,
        });
    }

    /// Waits until nothing runs, no ring is unheeded and nothing becomes due before `horizon` says.
    pub async fn at_rest(&self, horizon: impl Fn() -> Timestamp) {
        let mut watched = self.status.subscribe();
        loop {
            let status = *watched.borrow_and_update();
            let stopped = self.closing.is_cancelled() || !self.started.load(Ordering::Acquire);
            let heeded = stopped || status.heeded >= self.rings();
            let later = stopped || status.next.is_none_or(|next| next > horizon());
            if heeded && later && self.busy() == 0 {
                return;
            }
            if watched.changed().await.is_err() {
                return;
            }
        }
    }

    /// Whether the scheduler is to be started by whoever asks; only the first one is told so.
    pub fn claim_scheduler(&self) -> bool {
        !self.started.swap(true, Ordering::AcqRel)
    }

    /// Takes nothing new.
    pub fn close(&self) {
        self.closing.cancel();
        self.ring();
    }

    /// Cancelled when nothing new is taken.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }
}
