//! Kybern: a Django site on this host for each community, with one group in it (sheet: kybern).
//!
//! It has no integrations, so nothing connects. Its pages say 200 to everything, so only its front page with the group's
//! name proves that it works. Its licence is shown and accepted before anything of it is fetched.

mod life;
mod observe;
mod ownership;
mod recipe;

use super::ownership::Ownership;
use super::{
    contract::{
        Adapter, Discovered, Observation, Presence, Removed, Site, VerifyRequest, unsupported,
    },
    django,
    durable::{Halt, Op},
    replacing,
};
use crate::{
    domain::{Fault, Identity, PlatformId, RemoveMode},
    services::supervisor::Supervisor,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use recipe::SERVICE;

/// The platform's id.
pub const ID: &str = "kybern";

/// The adapter.
#[derive(Debug, Clone, Default)]
pub struct Kybern {
    supervisor: Supervisor,
}

impl Kybern {
    /// An adapter whose processes this supervisor keeps.
    #[must_use]
    pub fn kept_by(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }
}

/// The order that saves everything that its members wrote.
fn export(_site: &Site) -> Value {
    json!({ "do": "save" })
}

#[async_trait]
impl Adapter for Kybern {
    fn platform(&self) -> PlatformId {
        PlatformId::new(ID)
    }

    fn runtime(&self) -> Option<&'static str> {
        Some(SERVICE.recipe.name)
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        Err(unsupported(
            request.site,
            "check this key: nobody can be asked about it alone",
        )
        .hint("Keep it unverified; a mail that does not go out is told by the instance's log."))
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        life::provision(op).await
    }

    async fn configure(&self, op: &Op, _changed: &[String]) -> Result<Presence, Halt> {
        life::configure(op, &self.supervisor).await
    }

    async fn move_key(&self, op: &Op, field: &str) -> Result<String, Halt> {
        replacing::tell_new_key(self, op, field).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        life::activate(op, &self.supervisor).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        django::stop(op, &self.supervisor).await?;
        Ok("Site, queue and clock are off; every row and file stays. Votes close at the next start.".to_owned())
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        observe::observe(site, &self.supervisor).await
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        ownership::ownership(site).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        observe::discover(site).await
    }

    async fn adopt(&self, op: &Op, _reference: &str) -> Result<Presence, Halt> {
        Err(unsupported(op.site(), "take over a group of another site yet").into())
    }

    async fn belongings(&self, site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
        django::belongings(site, &SERVICE, "rows", export(site)).await
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        let site = op.site();
        django::remove(op, &self.supervisor, mode, |folder| async move {
            let to = folder.join("rows.json");
            django::save(site, &SERVICE, export(site), to, op.cancel()).await
        })
        .await
    }
}
