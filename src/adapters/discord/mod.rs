//! Discord: a category with its channels, a role and an invite link in a server our bot was invited to.
//!
//! Facts and traps are those of the sheet (discord); nothing was run against discord.com. A bot's token has no scopes: its
//! power is the permissions of its roles, and an overwrite may only hold bits the bot itself has. Knows no screen, no table.

mod adopt;
mod attach;
mod client;
mod configure;
mod errors;
mod observe;
mod ownership;
mod parts;
mod pause;
mod permissions;
mod provision;
mod record;
mod remove;
mod resume;
mod server;
mod tasks;
mod verify;
mod webhook;

use super::contract::{
    Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target, VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use crate::domain::{Fault, Identity, PlatformId, RemoveMode};
use async_trait::async_trait;
use jiff::Timestamp;

/// The bot's token.
const BOT_TOKEN: &str = "bot_token";
/// The address of a webhook, where there is no bot.
const WEBHOOK: &str = "webhook_url";

/// The adapter.
pub struct Discord;

#[async_trait]
impl Adapter for Discord {
    fn platform(&self) -> PlatformId {
        PlatformId::new("discord")
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
        resume::resume(op).await
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

    async fn offer_target(&self, op: &Op, for_platform: &PlatformId) -> Result<Target, Halt> {
        attach::offer(op, for_platform).await
    }

    async fn withdraw_target(
        &self,
        op: &Op,
        for_platform: &PlatformId,
    ) -> Result<Option<String>, Halt> {
        attach::withdraw(op, for_platform).await
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

    fn announces(&self) -> bool {
        true
    }

    async fn announce(&self, site: &Site, text: &str, key: &str) -> Result<(), Fault> {
        attach::announce(site, text, key).await
    }

    async fn saw_message(&self, site: &Site, text: &str, since: Timestamp) -> Result<bool, Fault> {
        attach::saw(site, text, since).await
    }
}
