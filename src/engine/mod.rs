//! Authority, plan, journal, run, observe: every change goes through here, whoever asks for it.
//!
//! | file | reason to be |
//! |---|---|
//! | `options`, `init`, `login`, `unlocking`, `idle` | an installation is made, opened, unlocked, and locks itself |
//! | `events`, `elsewhere` | what happens is told, cut to what one may know; what other processes change is told here |
//! | `submit` | the one door for changes; `communities`, `instances`, `adopting`, `drift`, `keys`, `removal`, `connections`, `operations` are the intents behind it |
//! | `rules`, `reconcile`, `advance` | what is decided inside a transaction: may they, what is next |
//! | `scheduler`, `desk`, `lease`, `runner`, `journal`, `ending`, `outcome` | an operation is begun, held, run, written down |
//! | `scene`, `facts`, `keyring`, `held`, `examine` | what an adapter is told; the engine's memory; keys |
//! | `observe`, `joining`, `trial`, `budget` | looking at instances; connections; the rate budget all processes share |
//! | `delegating`, `allowances`, `requests`, `doorkeeper` | who comes in over SSH, how much they may, what they ask for |
//! | `rotation` | a key is replaced everywhere, and the old one ended |
//! | `notices` | what an operator is told without looking |
//! | `recipients` | who may open the vault; what who leaves could read |
//! | `services` | what runs on this host: up, down, logs |
//! | `homes` | servers on which a community lives already |
//! | `slots`, `choosing`, `moving`, `wanting` | how full accounts are; with which of them an instance works; another one |
//! | `key_policy`, `reach`, `clear_copies`, `verifying` | one key for one community; what a key reaches; asking the platform again |
//! | `planner`, `plans` | what an intent will do, before anything is sent |
//! | `leaving`, `handing_over` | what a community takes along, and what remains to be done until it is gone |
//! | `reading`, `views`, `titles`, `doctor`, `keeping`, `auditing` | what may be seen; backup and audit |

mod accepting;
mod adopting;
mod advance;
mod allowances;
mod another_vault_key;
mod auditing;
mod budget;
mod choosing;
mod clear_copies;
mod communities;
mod connection_work;
mod connections;
mod copies;
mod core;
mod delegating;
mod desk;
mod doctor;
mod doorkeeper;
mod drift;
mod elsewhere;
mod ending;
mod ending_keys;
mod events;
mod examine;
mod exposing;
mod facts;
mod handing_over;
mod held;
mod holding;
mod homes;
mod idle;
mod init;
mod instances;
mod joining;
mod journal;
mod keeping;
mod key_age;
mod key_policy;
mod keyring;
mod keys;
mod lease;
mod leaving;
mod login;
mod moving;
mod moving_back;
mod notices;
mod observe;
mod operations;
mod options;
mod outcome;
mod outlet;
mod parting;
mod performing;
mod planner;
mod plans;
mod reach;
mod reading;
mod recipients;
mod reconcile;
mod removal;
mod requests;
mod revealing;
mod rotation;
mod rules;
mod runner;
mod runtimes;
mod scene;
mod scheduler;
mod service_logs;
mod services;
mod sharing;
mod slots;
mod submit;
mod tenants;
mod titles;
mod trial;
mod unlocking;
mod verifying;
pub mod views;
mod wanting;

pub use crate::vault::{NewRecipient, Unlocker, create_identity_file};
pub use clear_copies::Copies;
pub use doctor::Check;
pub use doorkeeper::Entrance;
pub use ending_keys::EndedKeys;
pub use events::Events;
pub use examine::KeyOwner;
pub use handing_over::{HandOver, HandOverLine, Progress as HandOverProgress};
pub use homes::FoundHome;
pub use keeping::{AuditReport, KeysTried, Restored};
pub use leaving::{Existing, Export, Held};
pub use login::{home as home_of_login, name as login_name};
pub use notices::Notice;
pub use options::{Clock, EngineOptions, Limits, NewInstallation, Protection};
pub use outlet::Outlet;
pub use planner::free_memory_mib;
pub use reach::{KeyReach, ReachedConnection, ReachedInstance};
pub use reading::{Communities, Operations, Page};
pub use recipients::{Exposed, RecipientRow, Removal};
pub use revealing::Revealed;
pub use rotation::{PartLine, RotationReport};
pub use runtimes::RuntimeRow;
pub use services::Up;
pub use verifying::Verified;

use self::{core::Core, desk::Stop};
use crate::domain::{Actor, Fault, OperationId, Progress};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// The open installation. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Engine {
    core: Arc<Core>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("home", &self.core.options.home)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Begins to see what other processes change and to lock a vault that nobody uses. Takes up everything that is unfinished: keys from the inbox, what waited for the vault, operations whose process is
    /// gone, and from then on whatever becomes due. Without it only what is asked for here is worked on.
    pub async fn start(&self) {
        elsewhere::attend(&self.core);
        idle::attend(&self.core);
        if self.core.options.read_only {
            return;
        }
        if self.core.custody.is_unlocked()
            && let Err(fault) = unlocking::after_unlock(&self.core).await
        {
            // The next unlock or start does it; whatever needs no key goes on meanwhile.
            tracing::warn!(%fault, detail = ?fault.detail, "what waited for the vault could not be woken");
        }
        self.core.desk.widen_to_all();
        scheduler::ensure_started(&self.core);
    }

    /// Waits until nothing runs here and nothing becomes due within the next moments.
    pub async fn settle(&self) {
        let core = &self.core;
        let patience = core.options.limits.patience;
        core.desk
            .at_rest(|| core.now().checked_add(patience).unwrap_or(core.now()))
            .await;
    }

    /// Takes nothing new, and puts away what is in flight: each operation goes on at the next start, at the step where it
    /// was. To let it finish instead, wait for [`Engine::settle`] first.
    pub async fn shutdown(&self) {
        let core = &self.core;
        core.desk.close();
        core.desk.stop_all(Stop::Park);
        let limit = core.options.limits.shutdown_grace + Duration::from_secs(1);
        let rest = core.desk.at_rest(|| core.now());
        if tokio::time::timeout(limit, rest).await.is_err() {
            tracing::warn!("some work could not be put away in time; its leases run out");
        }
    }

    /// Listens to what happens where the actor may look.
    #[must_use]
    pub fn events(&self, actor: &Actor) -> Events {
        Events::new(self.core.events(), self.core.store.clone(), actor.clone())
    }

    /// How far an operation is; none when it does not run in this process.
    #[must_use]
    pub fn progress(&self, operation: OperationId) -> Option<watch::Receiver<Progress>> {
        self.core.progress(operation)
    }

    /// A number that differs from the last answer when another process has changed something in between.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn changed_elsewhere(&self) -> Result<i64, Fault> {
        self.core.store.data_version().await
    }
}
