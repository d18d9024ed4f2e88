//! PolicyKit: a Django service on this host for each community (sheet: policykit).
//!
//! Upstream makes communities in browsers only; here they are made through its own models ([`super::django`]). The
//! Metagov code inside it holds the plugins; every plugin has a row of PolicyKit's own beside it, and both are made and
//! removed in one transaction.
//!
//! | file | reason to be |
//! |---|---|
//! | `recipe` | how the runtime is installed |
//! | `life` | provision, configure, activate, deactivate |
//! | `joins` | plugins: what each needs, from which peer and which key |
//! | `observe`, `existing` | the other verbs |

mod existing;
mod joins;
mod life;
mod observe;
mod ownership;
mod recipe;

use super::ownership::Ownership;
use super::{
    chat_keys,
    contract::{
        Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target,
        VerifyRequest, unsupported,
    },
    django::{self, shared},
    durable::{Halt, Op},
    replacing,
};
use crate::{
    domain::{Fault, Identity, InstanceKind, PlatformId, RemoveMode},
    services::supervisor::Supervisor,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub use recipe::SERVICE;

/// The platform's id.
pub const ID: &str = "policykit";

/// The adapter.
#[derive(Debug, Clone, Default)]
pub struct PolicyKit {
    supervisor: Supervisor,
}

impl PolicyKit {
    /// An adapter whose processes this supervisor keeps.
    #[must_use]
    pub fn kept_by(supervisor: Supervisor) -> Self {
        Self { supervisor }
    }
}

/// The order that saves policies and documents.
fn export(site: &Site) -> Value {
    json!({ "do": "policies", "slug": site.slug.as_str() })
}

/// The order that saves every row of the community.
fn whole(site: &Site) -> Value {
    json!({ "do": "rows", "slug": site.slug.as_str() })
}

#[async_trait]
impl Adapter for PolicyKit {
    fn platform(&self) -> PlatformId {
        PlatformId::new(ID)
    }

    fn runtime(&self) -> Option<&'static str> {
        Some(SERVICE.recipe.name)
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        chat_keys::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        let _turn = shared::turn(op).await?;
        life::provision(op, &self.supervisor).await
    }

    async fn configure(&self, op: &Op, _changed: &[String]) -> Result<Presence, Halt> {
        let _turn = shared::turn(op).await?;
        life::configure(op, &self.supervisor).await
    }

    async fn move_key(&self, op: &Op, field: &str) -> Result<String, Halt> {
        if let Some(_turn) = shared::turn(op).await?
            && let Some(name) = life::name_of(field)
        {
            shared::let_go(op.site(), name, &op.secret(field)?)?;
        }
        replacing::tell_new_key(self, op, field).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        let _turn = shared::turn(op).await?;
        life::activate(op, &self.supervisor).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        let _turn = shared::turn(op).await?;
        life::deactivate(op, &self.supervisor).await
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        observe::observe(site, &self.supervisor).await
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        ownership::ownership(site).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        existing::discover(site).await
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        existing::adopt(op, reference).await
    }

    async fn belongings(&self, site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
        django::belongings(site, &SERVICE, "policies", export(site)).await
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        let site = op.site();
        let _turn = shared::turn(op).await?;
        if site.kind == InstanceKind::Tenant {
            let export = django::Export {
                keep: match mode {
                    RemoveMode::Soft => (whole(site), "rows.json"),
                    RemoveMode::Hard => (export(site), "policies.json"),
                },
                take_out: json!({ "do": "remove", "slug": site.slug.as_str() }),
            };
            let removed = django::remove_shared(op, &self.supervisor, &SERVICE, mode, export);
            let mut removed = removed.await?;
            removed.left.extend(joins::left_behind(op));
            return Ok(removed);
        }
        django::remove(op, &self.supervisor, mode, |folder| async move {
            let to = folder.join("policies.json");
            django::save(site, &SERVICE, export(site), to, op.cancel()).await
        })
        .await
        .map(|mut removed| {
            removed.left.extend(joins::left_behind(op));
            removed
        })
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        match django::url(op.site())? {
            Some(address) => Ok(Target::Site { address }),
            None => Err(unsupported(op.site(), "be connected to before it was activated").into()),
        }
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        let _turn = shared::turn(op).await?;
        joins::connect(op, peer, &self.supervisor).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        let _turn = shared::turn(op).await?;
        joins::disconnect(op, peer, &self.supervisor).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        joins::probe(op, peer).await
    }
}
