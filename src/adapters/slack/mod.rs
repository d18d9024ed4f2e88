//! Slack: channels in a workspace, made and marked by the bot of an app of this community.
//!
//! Facts and traps are those of the sheet (slack); nothing was run against slack.com. Every refusal comes as HTTP 200 with
//! a word; only 429 and 5xx speak by their status. A bot may archive and cannot undo it. Knows no screen and no table.

mod adopt;
mod app;
mod attach;
mod channel;
mod client;
mod configuration;
mod configure;
mod errors;
mod hook;
mod make_app;
mod observe;
mod ownership;
mod pause;
mod provision;
mod record;
mod remove;
mod resume;
mod revoke;
mod session;
mod tasks;
mod verify;

use super::contract::{
    Adapter, Discovered, Observation, Peer, Presence, Probe, Removed, Site, Target, VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use super::replacing;
use crate::domain::{Fault, Identity, PlatformId, RemoveMode};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

/// The token of the app's bot.
const BOT_TOKEN: &str = "bot_token";
/// The token of a person who archives and unarchives.
const USER_TOKEN: &str = "user_token";
/// The address of an incoming webhook.
const WEBHOOK: &str = "webhook_url";
/// The token with which the operator lets apps be made; used for one run.
const CONFIG_TOKEN: &str = "config_token";
/// What gives another one of those, once.
const CONFIG_REFRESH: &str = "config_refresh";
/// The app's number and secret, for uninstalling it.
const CLIENT_ID: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";

/// The adapter.
pub struct Slack;

#[async_trait]
impl Adapter for Slack {
    fn platform(&self) -> PlatformId {
        PlatformId::new("slack")
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

    fn revokes(&self, _op: &Op, field: &str) -> bool {
        matches!(field, BOT_TOKEN | USER_TOKEN)
    }

    async fn revoke_key(&self, op: &Op, _field: &str, old: &SecretString) -> Result<bool, Halt> {
        revoke::revoke(op, old).await
    }

    async fn key_lives(&self, site: &Site, field: &str, old: &SecretString) -> Result<bool, Fault> {
        match field {
            BOT_TOKEN | USER_TOKEN => revoke::lives(site, old).await,
            _ => replacing::lives_if_verified(self, site, field, old).await,
        }
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
        attach::withdraw(op, for_platform)
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

    async fn announce(&self, site: &Site, text: &str, _key: &str) -> Result<(), Fault> {
        attach::announce(site, text).await
    }

    async fn saw_message(&self, site: &Site, text: &str, since: Timestamp) -> Result<bool, Fault> {
        attach::saw(site, text, since).await
    }
}
