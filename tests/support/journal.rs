//! A journal in memory that survives a "crash" of the operation, and can order one at any write or after any call.

use async_trait::async_trait;
use guildhall::adapters::{Attempt, Before, Journal};
use guildhall::domain::{Fault, FaultKind, Identity, OperationKey};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// When the operation dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Right before the n-th write of the journal, counted from 1.
    BeforeWrite(usize),
    /// Right after it.
    AfterWrite(usize),
    /// When the n-th HTTP exchange is complete and before anything is done with its answer.
    AfterCall(usize),
}

/// What is written, and the plan for the crash.
#[derive(Default)]
pub struct MemoryJournal {
    kept: Mutex<Kept>,
    death: Mutex<Option<Death>>,
    writes: AtomicUsize,
    calls: AtomicUsize,
    dead: AtomicBool,
    died: Notify,
    /// How much later it is than the clock says: whoever adds to this lets time pass.
    pub later: Mutex<Duration>,
}

#[derive(Default)]
struct Kept {
    /// Key, time of the last intent, result recorded by the running operation.
    steps: BTreeMap<String, (OperationKey, Timestamp, Option<Value>)>,
    facts: BTreeMap<String, Value>,
    secrets: BTreeMap<String, SecretString>,
    /// What people entered, and what of that was dropped since.
    entered: BTreeMap<String, SecretString>,
    dropped: BTreeMap<String, SecretString>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// The facts as they stand.
    pub fn facts(&self) -> BTreeMap<String, Value> {
        self.kept().facts.clone()
    }

    /// The secrets that were entered and minted, without what was dropped since.
    pub fn secrets_besides(
        &self,
        entered: &BTreeMap<String, SecretString>,
    ) -> BTreeMap<String, SecretString> {
        let mut kept = self.kept();
        let mut all = entered.clone();
        all.retain(|field, secret| {
            let dropped = kept.dropped.get(field);
            dropped.is_none_or(|dropped| dropped.expose_secret() != secret.expose_secret())
        });
        kept.entered.clone_from(&all);
        all.extend(kept.secrets.clone());
        all
    }

    /// The secrets that were minted.
    pub fn secrets(&self) -> BTreeMap<String, SecretString> {
        self.kept().secrets.clone()
    }

    /// Another operation begins: what the last one recorded is only known to have been intended.
    pub fn next_operation(&self) {
        for (_, _, recorded) in self.kept().steps.values_mut() {
            *recorded = None;
        }
    }

    fn later(&self) -> Duration {
        *self.later.lock().unwrap()
    }

    /// Comes back to life, and dies again as planned. Counting begins anew.
    pub fn revive(&self, death: Option<Death>) {
        *self.death.lock().unwrap() = death;
        self.writes.store(0, Ordering::SeqCst);
        self.calls.store(0, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    /// How many writes there were since the last revival.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    /// How many calls there were since the last revival.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Returns when the operation dies.
    pub async fn death(&self) {
        loop {
            let died = self.died.notified();
            if self.dead.load(Ordering::SeqCst) {
                return;
            }
            died.await;
        }
    }

    /// To be told of every complete exchange.
    pub fn saw_call(&self) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if *self.death.lock().unwrap() == Some(Death::AfterCall(call)) {
            self.die();
        }
    }

    fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_waiters();
    }

    fn write(&self, work: impl FnOnce(&mut Kept)) -> Result<(), Fault> {
        let crashed = || Fault::new(FaultKind::Internal, "The test's crash.");
        if self.dead.load(Ordering::SeqCst) {
            return Err(crashed());
        }
        let count = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let death = *self.death.lock().unwrap();
        if death == Some(Death::BeforeWrite(count)) {
            self.die();
            return Err(crashed());
        }
        work(&mut self.kept());
        if death == Some(Death::AfterWrite(count)) {
            self.die();
            return Err(crashed());
        }
        Ok(())
    }
}

/// Everything that was written but the secrets.
impl fmt::Display for MemoryJournal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        write!(formatter, "{:?} {:?}", kept.steps, kept.facts)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn intend(&self, step: &str) -> Result<Attempt, Fault> {
        let known = self.kept().steps.get(step).cloned();
        if let Some((key, since, recorded)) = known {
            let before = recorded.map_or(Before::Intended(since - self.later()), Before::Recorded);
            return Ok(Attempt { key, before });
        }
        let key = OperationKey::fresh();
        let now = Timestamp::now() + self.later();
        self.write(|kept| {
            let entry = (key.clone(), now, None);
            kept.steps.insert(step.to_owned(), entry);
        })?;
        Ok(Attempt {
            key,
            before: Before::Never,
        })
    }

    async fn intend_again(&self, step: &str) -> Result<(), Fault> {
        let now = Timestamp::now() + self.later();
        self.write(|kept| {
            if let Some(entry) = kept.steps.get_mut(step) {
                entry.1 = now;
            }
        })
    }

    async fn record(&self, step: &str, result: Value) -> Result<(), Fault> {
        self.write(|kept| {
            if let Some(entry) = kept.steps.get_mut(step) {
                entry.2 = Some(result);
            }
        })
    }

    async fn remember(&self, name: &str, value: Value) -> Result<(), Fault> {
        self.write(|kept| {
            kept.facts.insert(name.to_owned(), value);
        })
    }

    async fn forget(&self, name: &str) -> Result<(), Fault> {
        self.write(|kept| {
            kept.facts.remove(name);
        })
    }

    async fn keep_secret(
        &self,
        field: &str,
        secret: &SecretString,
        _identity: Option<Identity>,
    ) -> Result<(), Fault> {
        self.write(|kept| {
            kept.secrets.insert(field.to_owned(), secret.clone());
        })
    }

    async fn drop_secret(&self, field: &str) -> Result<(), Fault> {
        self.write(|kept| {
            kept.secrets.remove(field);
            if let Some(entered) = kept.entered.remove(field) {
                kept.dropped.insert(field.to_owned(), entered);
            }
        })
    }
}
