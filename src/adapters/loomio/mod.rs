//! Loomio: a group in which a bot user of the community is an administrator.
//!
//! Hosted Loomio is adopted: a person makes the group, Guildhall proves that the bot administers it and wires it. On the
//! operator's own server one script, run in the container, makes both. Facts and traps are those of the sheet (loomio);
//! its field notes are of version 3.8.1. Knows no screen and no table.

mod chat;
mod client;
mod configure;
mod connect;
mod errors;
mod group;
mod link;
mod model;
mod observe;
mod ownership;
mod pause;
mod provision;
mod record;
mod rekey;
mod remove;
mod script;
mod tasks;
mod verify;
mod welcome;

use super::contract::{
    Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use crate::domain::{Fault, Identity, InstanceKind, PlatformId, RemoveMode};
use async_trait::async_trait;
use secrecy::SecretString;

/// The credential of the community's bot.
const API_KEY: &str = "api_key";

/// The adapter.
#[derive(Debug, Default)]
pub struct Loomio {
    versions: client::Versions,
}

#[async_trait]
impl Adapter for Loomio {
    fn platform(&self) -> PlatformId {
        PlatformId::new("loomio")
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        verify::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        if op.site().kind == InstanceKind::Link {
            return link::point_at(op, None).await;
        }
        provision::provision(op).await
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        configure::configure(op, changed).await
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        link::refuse(op.site(), "be switched on")?;
        pause::resume(op).await
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        link::refuse(op.site(), "be switched off")?;
        pause::pause(op).await
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        if site.kind == InstanceKind::Link {
            return link::observe(site).await;
        }
        observe::observe(site, &self.versions).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        group::discover(site).await
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        match reference.strip_prefix(link::PREFIX) {
            Some(handle) => link::point_at(op, Some(handle)).await,
            None => provision::adopt(op, reference).await,
        }
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        remove::remove(op, mode).await
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        link::refuse(site, "say who administers it")?;
        ownership::ownership(site).await
    }

    fn mints(&self, op: &Op, field: &str) -> bool {
        field == API_KEY && rekey::is_possible(op.site())
    }

    async fn mint_key(
        &self,
        op: &Op,
        _field: &str,
    ) -> Result<(SecretString, Option<Identity>), Halt> {
        rekey::mint(op).await
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        link::refuse(op.site(), "connect")?;
        connect::connect(op, peer).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        connect::disconnect(op, peer).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        connect::probe(op, peer).await
    }
}
