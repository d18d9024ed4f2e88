//! Discourse: a group and a category of the community on a forum, with a notice, an invite link, a webhook and a key of
//! its own that only looks.
//!
//! Facts and traps are those of the sheet (discourse); nothing of it was run against a real forum. The powerful key is
//! used in a run and forgotten; what is left looks with the run-time key. Knows no screen and no table.

mod adopt;
mod attach;
mod category;
mod chat;
mod client;
mod configure;
mod errors;
mod former;
mod group;
mod hooks;
mod invite;
mod link;
mod notice;
mod observe;
mod ownership;
mod pause;
mod person;
mod provision;
mod record;
mod remove;
mod rotate;
mod runtime;
mod verify;

use super::contract::{
    Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target, VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use super::replacing;
use crate::domain::{Fault, Identity, InstanceKind, PlatformId, RemoveMode};
use async_trait::async_trait;
use secrecy::SecretString;

/// The credential that makes things: global, of a bot that is an administrator or a moderator.
const API_KEY: &str = "api_key";
/// The credential that Guildhall mints to look with.
const RUNTIME_KEY: &str = "runtime_key";
/// What the deliveries of the webhook in the settings are signed with.
const WEBHOOK_SECRET: &str = "webhook_secret";

/// The adapter.
pub struct Discourse;

#[async_trait]
impl Adapter for Discourse {
    fn platform(&self) -> PlatformId {
        PlatformId::new("discourse")
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        verify::verify(request).await
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        provision::provision(op).await
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        link::refuse(op.site(), "be configured")?;
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
        observe::observe(site).await
    }

    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault> {
        adopt::discover(site).await
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        match reference.trim().strip_prefix(link::PREFIX) {
            Some(slug) => link::point_at(op, slug).await,
            None => adopt::adopt(op, reference).await,
        }
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        remove::remove(op, mode).await
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        link::refuse(site, "say who owns it")?;
        ownership::ownership(site).await
    }

    fn names_owner_by(&self, _site: &Site) -> Option<&'static str> {
        Some("the name they sign in with there")
    }

    async fn hand_to(&self, site: &Site, person: &str) -> Result<String, Fault> {
        link::refuse(site, "be handed over")?;
        ownership::hand_to(site, person).await
    }

    fn mints_with(&self, site: &Site, field: &str) -> Option<&'static str> {
        rotate::mints_with(site, field)
    }

    async fn mint_key(
        &self,
        op: &Op,
        field: &str,
    ) -> Result<(SecretString, Option<Identity>), Halt> {
        if field == WEBHOOK_SECRET {
            return Ok((hooks::fresh_secret(), None));
        }
        rotate::mint(op).await
    }

    async fn move_key(&self, op: &Op, field: &str) -> Result<String, Halt> {
        if field == WEBHOOK_SECRET {
            return rotate::sign_anew(op).await;
        }
        rotate::take_over(op).await?;
        replacing::move_by_looking(self, op).await
    }

    fn revokes(&self, op: &Op, field: &str) -> bool {
        matches!(field, RUNTIME_KEY | API_KEY) && op.has_secret(API_KEY)
    }

    async fn revoke_key(&self, op: &Op, field: &str, old: &SecretString) -> Result<bool, Halt> {
        rotate::revoke(op, field, old).await
    }

    async fn key_lives(&self, site: &Site, field: &str, old: &SecretString) -> Result<bool, Fault> {
        rotate::lives(site, field, old).await
    }

    fn proof_of_end(&self, field: &str) -> &'static str {
        match field {
            WEBHOOK_SECRET => "the webhook has one secret, and that is another one now",
            _ => "the platform was asked with it and refused it",
        }
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        Ok(Target::Site {
            address: client::base(op.site())?,
        })
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        attach::connect(op, peer).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        attach::disconnect(op, peer).await
    }

    async fn probe_connection(&self, op: &Op, peer: &Peer) -> Result<Probe, Halt> {
        attach::probe(op, peer).await
    }
}
