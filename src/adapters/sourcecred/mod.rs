//! SourceCred: a folder on this host with a community's configuration and ledger, runs by the clock, and a static site.
//!
//! There is no server to speak to: the tool works in the folder and ends. So the verbs write files, run the tool
//! under the folder's lock, and start or stop the service. All instances share one runtime (sheet: sourcecred 1, 3).
//!
//! | file | reason to be |
//! |---|---|
//! | `folder` | what lies where, and the marker by which our folder is known |
//! | `config` | settings to files, and what differs from them |
//! | `external` | the graph that anybody may write |
//! | `ledger` | the only thing that cannot be made again: checked, never replaced |
//! | `tool` | runs the tool with its runtime, environment and tokens |
//! | `classify` | what the tool's messages mean (sheet: sourcecred 5) |
//! | `source` | whether a source can be read, asked before the tool is let loose on it |
//! | `cache` | the mirror of the sources, saved before a load and put back after a failed one |
//! | `refresh` | one run: probe, save the cache, load, score, analyse |
//! | `keeping` | what runs while it is active: timer and site |
//! | `life` | provision, configure, activate, deactivate |
//! | `observe`, `connect`, `existing`, `remove`, `verify` | the other verbs |

mod cache;
mod classify;
mod config;
mod connect;
mod existing;
mod external;
mod folder;
mod keeping;
mod ledger;
mod life;
mod observe;
mod refresh;
mod remove;
mod source;
mod tool;
mod verify;

use super::ownership::Ownership;
use super::{
    contract::{
        Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target,
        VerifyRequest, puts_back,
    },
    durable::{Halt, Op},
    replacing,
};
use crate::{
    domain::{Fault, FaultKind, Identity, PlatformId, RemoveMode},
    services::{runtime::NpmRecipe, supervisor::Supervisor},
};
use async_trait::async_trait;
use folder::Folder;
use serde_json::Value;
use std::collections::BTreeMap;

pub use refresh::job;

/// The platform's id.
pub const ID: &str = "sourcecred";

/// How the runtime is installed (sheet: sourcecred 3).
pub const RECIPE: NpmRecipe = NpmRecipe {
    name: "sourcecred-0.11.2",
    version: "0.11.2",
    package: include_str!("../../../assets/runtimes/sourcecred/package.json"),
    lock: include_str!("../../../assets/runtimes/sourcecred/package-lock.json"),
    native: "better-sqlite3",
    script: "node_modules/sourcecred/bin/sourcecred.js",
    site: "node_modules/sourcecred/bin/site-template",
    trial: "new (require('better-sqlite3'))(':memory:')",
    says: "sourcecred v0.11.2",
};

/// The adapter.
#[derive(Debug, Clone, Default)]
pub struct SourceCred {
    supervisor: Supervisor,
}

impl SourceCred {
    /// An adapter whose timers and sites are kept by this supervisor.
    #[must_use]
    pub fn kept_by(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }
}

#[async_trait]
impl Adapter for SourceCred {
    fn platform(&self) -> PlatformId {
        PlatformId::new(ID)
    }

    fn runtime(&self) -> Option<&'static str> {
        Some(RECIPE.name)
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        verify::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        life::provision(op).await
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        if puts_back(changed) {
            life::put_back(op).await?;
        }
        life::configure(op, &self.supervisor).await
    }

    async fn move_key(&self, op: &Op, field: &str) -> Result<String, Halt> {
        // What runs was given its keys when it was started.
        if op.site().external_id.is_some() && op.site().active {
            self.deactivate(op).await?;
            self.activate(op).await?;
            return Ok("It was started anew with the new key.".to_owned());
        }
        replacing::tell_new_key(self, op, field).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        life::activate(op, &self.supervisor).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        life::deactivate(op, &self.supervisor).await
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        observe::observe(site, &self.supervisor).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        existing::discover(site).await
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        existing::adopt(op, reference).await
    }

    async fn belongings(&self, site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
        let folder = Folder::of(site)?;
        if !folder.is_ours(site)? {
            return Ok(BTreeMap::new());
        }
        let ledger = ledger::events(&folder)?;
        Ok(BTreeMap::from([("ledger".to_owned(), ledger.into())]))
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        remove::remove(op, mode, &self.supervisor).await
    }

    async fn ownership(&self, _site: &Site) -> Result<Ownership, Fault> {
        Err(Fault::new(
            FaultKind::Unsupported,
            "A ledger of SourceCred knows no owners: whoever has its folder has it.",
        )
        .hint("Give a copy of the folder to the community."))
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        connect::offer(op)
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        connect::connect(op, peer, &self.supervisor).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        connect::disconnect(op, peer, &self.supervisor).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        connect::probe(op, peer).await
    }
}
