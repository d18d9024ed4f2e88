//! What every part of the engine shares: the open installation, and the means to change it and to tell of it.

use super::{
    desk::Desk,
    held::{Examined, HeldKeys},
    options::EngineOptions,
    rules::Rules,
    views::EngineEvent,
};
use crate::{
    adapters::{http::Http, process::Runner},
    domain::{CommunityId, Fault, FaultKind, Intent, OperationId, Progress},
    store::{Installation, Store, Writer},
    vault::Custody,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::{broadcast, watch};

/// Events that a slow listener may lag behind before it has to read everything again.
const EVENTS: usize = 1024;

/// How often a busy database is asked to take what would be lost. It makes each of them wait for five seconds before it says
/// no.
pub(super) const TRIES: u32 = 6;

/// The open installation.
pub(super) struct Core {
    /// How it was opened.
    pub options: EngineOptions,
    /// Its state.
    pub store: Store,
    /// Its keys.
    pub custody: Custody,
    /// The one HTTP client.
    pub http: Http,
    /// The one process runner.
    pub runner: Runner,
    /// What it is called.
    pub installation: Installation,
    /// The name under which this process takes leases.
    pub holder: String,
    /// Keys that lie in memory and nowhere else.
    pub held: Arc<HeldKeys>,
    /// What is being worked on.
    pub desk: Arc<Desk>,
    events: broadcast::Sender<EngineEvent>,
}

impl Core {
    /// Puts the parts together.
    pub fn new(
        options: EngineOptions,
        store: Store,
        custody: Custody,
        http: Http,
        installation: Installation,
    ) -> Self {
        Self {
            desk: Arc::new(Desk::new(&options.limits)),
            holder: super::lease::holder_name(),
            held: Arc::default(),
            runner: options.runner.clone(),
            events: broadcast::Sender::new(EVENTS),
            options,
            store,
            custody,
            http,
            installation,
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// What a decision needs besides the store, as of now.
    pub fn rules(&self) -> Rules {
        Rules {
            accepts: false,
            sandbox: self.options.sandbox,
            catalog: self.options.catalog.clone(),
            registry: self.options.registry.clone(),
            custody: self.custody.clone(),
            installation: self.installation.uuid.clone(),
            now: self.now(),
            limits: self.options.limits,
            lent: self.held.lent_fields(),
        }
    }

    /// Changes the store in one transaction, with the rules at hand.
    pub async fn change<T, F>(&self, change: F) -> Result<T, Fault>
    where
        F: FnOnce(&Writer<'_>, &Rules) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let rules = self.rules();
        self.store
            .write(move |writer| {
                let done = change(writer, &rules)?;
                super::auditing::witness(writer, &rules.custody, rules.now)?;
                Ok(done)
            })
            .await
    }

    /// The same for what would be lost if it were not written down: a database that another program holds is asked [`TRIES`]
    /// times.
    pub async fn change_patiently<T, F>(&self, change: F) -> Result<T, Fault>
    where
        F: Fn(&Writer<'_>, &Rules) -> Result<T, Fault> + Send + Sync + 'static,
        T: Send + 'static,
    {
        let change = Arc::new(change);
        let mut left = TRIES;
        loop {
            let again = change.clone();
            let answer = self.change(move |writer, rules| again(writer, rules)).await;
            left -= 1;
            match answer {
                Err(fault) if fault.kind == FaultKind::InUse && left > 0 => {}
                answer => return answer,
            }
        }
    }

    /// The examined key that an intent is about, while it is in memory.
    pub fn examined_for(&self, intent: &Intent) -> Option<Examined> {
        match intent {
            Intent::StoreKey { examination, .. } | Intent::AddAccount { examination, .. } => {
                self.held.examined(*examination, self.now())
            }
            _ => None,
        }
    }

    /// Tells whoever listens. Nobody listening is no trouble.
    pub fn emit(&self, event: EngineEvent) {
        let _ = self.events.send(event);
    }

    /// Tells that a community changed.
    pub fn emit_changed(&self, community: Option<CommunityId>) {
        self.emit(EngineEvent::Changed { community });
    }

    /// Listens.
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }

    /// How far an operation is that runs in this process.
    pub fn progress(&self, operation: OperationId) -> Option<watch::Receiver<Progress>> {
        self.desk.progress(operation)
    }

    /// Refuses where nothing may be changed.
    pub fn require_writable(&self) -> Result<(), Fault> {
        if self.options.read_only {
            return Err(Fault::new(
                FaultKind::NotAllowed,
                "Guildhall was started to look only; nothing was changed.",
            )
            .hint("Start it without --read-only to make changes."));
        }
        Ok(())
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.desk.close();
    }
}
