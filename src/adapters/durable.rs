//! Durable steps: three helpers around which provisioning is plain code, and crash-safe by construction.
//!
//! An operation may be killed at any instant and is then run again from the top. What is recorded is skipped; what was
//! attempted and not recorded is looked for by its marker before it is made again. The journal itself is behind a
//! trait: this file knows no table.

use super::contract::{FORMER, Site};
use crate::domain::{Fault, FaultKind, HumanTask, Identity, OperationKey, Progress};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Why an operation stops before its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Halt {
    /// A person has something to do first; the operation is parked and resumes at this step.
    Human(Box<HumanTask>),
    /// It failed, was cancelled, or waits for a key, the vault or a rate limit, as the kind of fault says.
    Stopped(Box<Fault>),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Stopped(Box::new(fault))
    }
}

/// What the journal knows of a step when it is begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The marker of this creation: the same for every attempt of this step in this incarnation of the instance.
    pub key: OperationKey,
    /// What happened before.
    pub before: Before,
}

/// What happened to a step before.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Nothing: no operation on this incarnation of the instance ever intended it.
    Never,
    /// It was intended, at this time for the last time; whether the call was made is not known.
    Intended(Timestamp),
    /// This operation recorded its result.
    Recorded(Value),
}

/// Where steps, facts and minted secrets are written. Every method has taken effect on disk when it returns.
///
/// Errors: [`FaultKind::Storage`] when it cannot be written, [`FaultKind::InUse`] when the operation's lease was lost
/// to another Guildhall, [`FaultKind::Locked`] from [`Journal::keep_secret`] only if it can neither be sealed nor be
/// put into the inbox.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes that a step is about to be tried, and says what happened to it before.
    async fn intend(&self, step: &str) -> Result<Attempt, Fault>;
    /// Writes that an intended step is tried once more, now: what the former attempts made has had its time to show, what
    /// this one makes has not.
    async fn intend_again(&self, step: &str) -> Result<(), Fault>;
    /// Writes the result of a step.
    async fn record(&self, step: &str, result: Value) -> Result<(), Fault>;
    /// Writes a fact that outlives the operation.
    async fn remember(&self, name: &str, value: Value) -> Result<(), Fault>;
    /// Deletes a fact.
    async fn forget(&self, name: &str) -> Result<(), Fault>;
    /// Stores a secret that the adapter minted, for a field of the manifest held by the community.
    async fn keep_secret(
        &self,
        field: &str,
        secret: &SecretString,
        identity: Option<Identity>,
    ) -> Result<(), Fault>;
    /// Deletes the stored secret of a field.
    async fn drop_secret(&self, field: &str) -> Result<(), Fault>;
}

/// A running operation, as an adapter sees it.
pub struct Op {
    site: Site,
    journal: Arc<dyn Journal>,
    progress: watch::Sender<Progress>,
    cancel: CancellationToken,
    facts: Mutex<BTreeMap<String, Value>>,
    minted: Mutex<BTreeMap<String, Option<SecretString>>>,
}

/// How often a creation whose outcome is unknown is tried in one run of an operation.
const MOST_CREATIONS: u32 = 3;

impl Op {
    /// An operation on `site`, journaled in `journal`.
    #[must_use]
    pub fn new(
        site: Site,
        journal: Arc<dyn Journal>,
        progress: watch::Sender<Progress>,
        cancel: CancellationToken,
    ) -> Self {
        let facts = Mutex::new(site.facts.clone());
        Self {
            site,
            journal,
            progress,
            cancel,
            facts,
            minted: Mutex::new(BTreeMap::new()),
        }
    }

    /// The instance it works on. Its `facts` and `secrets` are those of the beginning: use [`Op::fact`] and
    /// [`Op::secret`] for what this operation added.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Cancelled when the operation is to stop; pass it to long calls.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Says how far it is. Newest wins; calling it often costs nothing.
    pub fn progress(&self, phase: &str, done: usize, of: usize, item: &str) {
        self.progress.send_replace(Progress {
            phase: phase.to_owned(),
            done: u32::try_from(done).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
            item: item.to_owned(),
        });
    }

    /// What [`Op::progress`] writes to, for those who tell progress from outside the operation's own code.
    #[must_use]
    pub fn progress_sender(&self) -> watch::Sender<Progress> {
        self.progress.clone()
    }

    /// Makes something on the platform exactly once.
    ///
    /// Recorded before: returns the record. Attempted and not recorded: `find` is repeated with back-off for the
    /// platform's settling time, then `create` is tried. `create` gets the marker, which it must send along, and by
    /// which `find` must recognise what it made. A creation whose outcome is unknown is looked for before it is tried
    /// again, three times at most.
    ///
    /// # Errors
    /// What `find` and `create` return; [`FaultKind::Cancelled`]; [`FaultKind::OutcomeUnknown`] when after all tries
    /// nothing is to be seen.
    pub async fn ensure<T, F, FF, C, CF>(&self, step: &str, find: F, create: C) -> Result<T, Halt>
    where
        T: Serialize + DeserializeOwned + Send,
        F: Fn(OperationKey) -> FF + Send + Sync,
        FF: Future<Output = Result<Option<T>, Fault>> + Send,
        C: Fn(OperationKey) -> CF + Send + Sync,
        CF: Future<Output = Result<T, Fault>> + Send,
    {
        self.check_cancelled()?;
        let attempt = self.journal.intend(step).await?;
        let mut is_first = attempt.before == Before::Never;
        let mut found = match attempt.before {
            Before::Recorded(value) => return read_back(step, value),
            Before::Never => None,
            Before::Intended(since) => self.look(&attempt.key, Some(since), &find).await?,
        };
        let mut creations = 0;
        while found.is_none() {
            self.check_cancelled()?;
            creations += 1;
            if !std::mem::take(&mut is_first) {
                self.journal.intend_again(step).await?;
            }
            match create(attempt.key.clone()).await {
                Ok(made) => found = Some(made),
                Err(fault) if fault.kind == FaultKind::OutcomeUnknown => {
                    found = self.look(&attempt.key, None, &find).await?;
                    if found.is_none() && creations == MOST_CREATIONS {
                        return Err(fault.into());
                    }
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        match found {
            Some(made) => self.write_down(step, made).await,
            None => Err(Fault::new(
                FaultKind::Internal,
                format!("The step {step} made nothing."),
            )
            .hint("Resume the operation.")
            .into()),
        }
    }

    /// Looks for something by its marker: at once, then with growing pauses until the settling time has passed since
    /// the attempt.
    async fn look<T, F, FF>(
        &self,
        key: &OperationKey,
        since: Option<Timestamp>,
        find: &F,
    ) -> Result<Option<T>, Halt>
    where
        F: Fn(OperationKey) -> FF + Send + Sync,
        FF: Future<Output = Result<Option<T>, Fault>> + Send,
    {
        let passed = since.map_or(Duration::ZERO, |since| {
            Duration::try_from(Timestamp::now().duration_since(since)).unwrap_or(Duration::ZERO)
        });
        let mut left = self.site.settling.saturating_sub(passed);
        let mut pause = Duration::from_millis(250);
        loop {
            self.check_cancelled()?;
            if let Some(found) = find(key.clone()).await? {
                return Ok(Some(found));
            }
            if left.is_zero() {
                return Ok(None);
            }
            let next = pause.min(left);
            self.pause(next).await?;
            left -= next;
            pause *= 2;
        }
    }

    /// Makes a call that may be repeated, and skips it once its result is recorded.
    ///
    /// # Errors
    /// What `call` returns; [`FaultKind::Cancelled`].
    pub async fn step<T, C, CF>(&self, step: &str, call: C) -> Result<T, Halt>
    where
        T: Serialize + DeserializeOwned + Send,
        C: FnOnce() -> CF + Send,
        CF: Future<Output = Result<T, Fault>> + Send,
    {
        self.check_cancelled()?;
        if let Before::Recorded(value) = self.journal.intend(step).await?.before {
            return read_back(step, value);
        }
        let result = call().await?;
        self.write_down(step, result).await
    }

    /// A person's step: passes once `check` finds it done, and parks the operation until then.
    ///
    /// # Errors
    /// [`Halt::Human`] while it is not done; what `check` returns; [`FaultKind::Cancelled`].
    pub async fn human<T, C, CF>(&self, task: HumanTask, check: C) -> Result<T, Halt>
    where
        T: Serialize + DeserializeOwned + Send,
        C: FnOnce() -> CF + Send,
        CF: Future<Output = Result<Option<T>, Fault>> + Send,
    {
        self.check_cancelled()?;
        let step = task.step.clone();
        if let Before::Recorded(value) = self.journal.intend(&step).await?.before {
            return read_back(&step, value);
        }
        match check().await? {
            Some(done) => self.write_down(&step, done).await,
            None => Err(Halt::Human(Box::new(task))),
        }
    }

    /// Writes a fact that outlives the operation: it is in [`Site::facts`] from now on.
    ///
    /// # Errors
    /// As [`Journal::remember`].
    pub async fn remember(&self, name: &str, value: &(impl Serialize + Sync)) -> Result<(), Halt> {
        let value = to_value(name, value)?;
        self.journal.remember(name, value.clone()).await?;
        lock(&self.facts).insert(name.to_owned(), value);
        Ok(())
    }

    /// A fact, as of now.
    ///
    /// # Errors
    /// [`FaultKind::Internal`] when it is there and of another shape.
    pub fn fact<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Halt> {
        let value = lock(&self.facts).get(name).cloned();
        value.map(|value| read_back(name, value)).transpose()
    }

    /// A fact of the instance in whose place this one was put, as [`FORMER`] says.
    ///
    /// # Errors
    /// [`FaultKind::Internal`] when it is there and of another shape.
    pub fn former_fact<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Halt> {
        let former: Option<BTreeMap<String, Value>> = self.fact(FORMER)?;
        let value = former.and_then(|mut facts| facts.remove(name));
        value.map(|value| read_back(name, value)).transpose()
    }

    /// Deletes a fact.
    ///
    /// # Errors
    /// As [`Journal::forget`].
    pub async fn forget(&self, name: &str) -> Result<(), Halt> {
        self.journal.forget(name).await?;
        lock(&self.facts).remove(name);
        Ok(())
    }

    /// Stores a secret that the adapter minted; [`Op::secret`] returns it from now on.
    ///
    /// # Errors
    /// As [`Journal::keep_secret`].
    pub async fn keep_secret(
        &self,
        field: &str,
        secret: SecretString,
        identity: Option<Identity>,
    ) -> Result<(), Halt> {
        self.journal.keep_secret(field, &secret, identity).await?;
        lock(&self.minted).insert(field.to_owned(), Some(secret));
        Ok(())
    }

    /// Deletes the stored secret of a field.
    ///
    /// # Errors
    /// As [`Journal::drop_secret`].
    pub async fn drop_secret(&self, field: &str) -> Result<(), Halt> {
        self.journal.drop_secret(field).await?;
        lock(&self.minted).insert(field.to_owned(), None);
        Ok(())
    }

    /// A secret that must be there, minted or entered.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] or [`FaultKind::NeedsKey`], as [`Site::secret`].
    pub fn secret(&self, field: &str) -> Result<SecretString, Fault> {
        match lock(&self.minted).get(field) {
            Some(Some(secret)) => Ok(secret.clone()),
            Some(None) => {
                let nothing = Site {
                    secrets: super::contract::Secrets::default(),
                    ..self.site.clone()
                };
                nothing.secret(field).cloned()
            }
            None => self.site.secret(field).cloned(),
        }
    }

    /// Whether a secret is at hand, minted or entered.
    #[must_use]
    pub fn has_secret(&self, field: &str) -> bool {
        self.secret(field).is_ok()
    }

    /// Waits, and stops waiting when the operation is cancelled.
    ///
    /// # Errors
    /// [`FaultKind::Cancelled`].
    pub async fn pause(&self, duration: Duration) -> Result<(), Halt> {
        tokio::select! {
            () = self.cancel.cancelled() => self.check_cancelled(),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }

    fn check_cancelled(&self) -> Result<(), Halt> {
        if self.cancel.is_cancelled() {
            return Err(
                Fault::new(FaultKind::Cancelled, "The operation was stopped.")
                    .hint("What it had done stays done; resume it to go on.")
                    .into(),
            );
        }
        Ok(())
    }

    async fn write_down<T: Serialize + Send>(&self, step: &str, result: T) -> Result<T, Halt> {
        let value = to_value(step, &result)?;
        self.journal.record(step, value).await?;
        Ok(result)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_back<T: DeserializeOwned>(step: &str, value: Value) -> Result<T, Halt> {
    serde_json::from_value(value).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            format!("The journal's record of {step} cannot be read."),
        )
        .hint("Cancel the operation and start it again; what exists is found by its marker.")
        .detail(error)
        .into()
    })
}

fn to_value(name: &str, value: &impl Serialize) -> Result<Value, Halt> {
    serde_json::to_value(value).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            format!("{name} cannot be written to the journal."),
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .detail(error)
        .into()
    })
}
