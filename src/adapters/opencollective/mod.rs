//! Open Collective: one collective on the hosted service, administered by a user made for this community.
//!
//! Facts and traps are those of the sheet (opencollective), seen on the real server run from its source at a commit of
//! August 2026. One HTTP request is one unit of the rate limit however many accounts it looks at
//! ([`documents::observe`]). Knows no screen and no table.

mod account;
mod adopt;
mod client;
mod configure;
pub mod documents;
mod errors;
mod find;
mod hooks;
mod host;
mod observe;
mod ownership;
mod pause;
mod probe;
mod provision;
mod record;
mod remove;
mod settings;
mod verify;

use super::contract::{
    Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use crate::domain::{Fault, Identity, PlatformId, RemoveMode};
use async_trait::async_trait;

/// How messages name the platform.
const PLATFORM: &str = "Open Collective";
/// The credential of the community's user.
const TOKEN: &str = "token";
/// The addresses of our webhooks: secrets of the platforms that gave them, kept so that they can be made again.
const WEBHOOK_ADDRESSES: &str = "webhook_addresses";

/// The page of a collective, or of a part of its dashboard.
fn web_page(site: &Site, path: &str) -> Option<String> {
    let web = settings::web(site).ok()?;
    (!path.is_empty()).then(|| format!("{web}/{path}"))
}

/// The adapter.
pub struct OpenCollective;

#[async_trait]
impl Adapter for OpenCollective {
    fn platform(&self) -> PlatformId {
        PlatformId::new("opencollective")
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        verify::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        provision::provision(op).await
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        configure::configure(op, changed).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        pause::resume(op).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        pause::pause(op).await
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        observe::observe(site).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        adopt::discover(site).await
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        adopt::adopt(op, reference).await
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        remove::remove(op, mode).await
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        ownership::ownership(site).await
    }

    fn names_owner_by(&self, _site: &Site) -> Option<&'static str> {
        Some("the last part of the address of their page there")
    }

    async fn hand_to(&self, site: &Site, person: &str) -> Result<String, Fault> {
        ownership::hand_to(site, person).await
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        hooks::connect(op, peer).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        hooks::disconnect(op, peer).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        probe::probe(op, peer).await
    }
}
