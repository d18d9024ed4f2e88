//! The Metagov Gateway: a Django service on this host for each community that has another governing program than
//! PolicyKit (sheet: metagov).
//!
//! Only Gateways of a community's own are made: in a shared one switching off loses state and pending votes, and every
//! community's program could read every other one's keys, because its interface has no authentication. Plugins are enabled
//! through its own models in one transaction, so that no half-made one is left behind.

mod joins;
mod life;
mod observe;
mod recipe;

use super::ownership::Ownership;
use super::{
    contract::{
        Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target,
        VerifyRequest, puts_back, unsupported,
    },
    django,
    durable::{Halt, Op},
    replacing,
};
use crate::{
    domain::{Fault, FaultKind, Identity, PlatformId, RemoveMode},
    services::supervisor::Supervisor,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use recipe::SERVICE;

/// The platform's id.
pub const ID: &str = "metagov";

/// The adapter.
#[derive(Debug, Clone, Default)]
pub struct Gateway {
    supervisor: Supervisor,
}

impl Gateway {
    /// An adapter whose processes this supervisor keeps.
    #[must_use]
    pub fn kept_by(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }
}

/// The order that saves what its plugins work on.
fn export(site: &Site) -> Value {
    json!({ "do": "save", "slug": site.slug.as_str() })
}

#[async_trait]
impl Adapter for Gateway {
    fn platform(&self) -> PlatformId {
        PlatformId::new(ID)
    }

    fn runtime(&self) -> Option<&'static str> {
        Some(SERVICE.recipe.name)
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        super::chat_keys::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        life::provision(op).await
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        let presence = life::configure(op, &self.supervisor).await?;
        if puts_back(changed) {
            joins::put_back(op).await?;
        }
        Ok(presence)
    }

    async fn move_key(&self, op: &Op, field: &str) -> Result<String, Halt> {
        replacing::tell_new_key(self, op, field).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        life::activate(op, &self.supervisor).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        django::stop(op, &self.supervisor).await?;
        Ok("Web and worker are off; every plugin, vote and row stays. Platforms that send events get no answer.".to_owned())
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        observe::observe(site, &self.supervisor).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        observe::discover(site).await
    }

    async fn adopt(&self, op: &Op, _reference: &str) -> Result<Presence, Halt> {
        Err(unsupported(op.site(), "take over a community of another Gateway yet").into())
    }

    async fn belongings(&self, site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
        django::belongings(site, &SERVICE, "community", export(site)).await
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        let site = op.site();
        django::remove(op, &self.supervisor, mode, |folder| async move {
            let to = folder.join("community.json");
            django::save(site, &SERVICE, export(site), to, op.cancel()).await
        })
        .await
    }

    async fn ownership(&self, _site: &Site) -> Result<Ownership, Fault> {
        Err(Fault::new(
            FaultKind::Unsupported,
            "A Gateway knows no owners: whoever has its data folder has it.",
        )
        .hint("Give a copy of the folder to the community."))
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        match django::url(op.site())? {
            Some(address) => Ok(Target::Site { address }),
            None => Err(unsupported(op.site(), "be connected to before it was activated").into()),
        }
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        joins::connect(op, peer).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        joins::disconnect(op, peer).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        joins::probe(op, peer).await
    }
}
