//! Mastodon: one account that speaks for one community, with its profile, a marker and a pinned notice.
//!
//! Facts and traps are those of the sheet (mastodon); they were run against an imitation only. What is posted is public
//! and cannot be recalled. Knows no screen and no table.

mod admin;
mod adopt;
mod client;
mod configure;
mod errors;
mod link;
mod notice;
mod observe;
mod pause;
mod profile;
mod provision;
mod record;
mod remove;
mod revoke;
mod sign_in;
mod tasks;
mod verify;

use super::contract::{Adapter, Discovered, Observation, Presence, Removed, Site, VerifyRequest};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use crate::domain::{Fault, FaultKind, Identity, InstanceKind, PlatformId, RemoveMode};
use async_trait::async_trait;
use secrecy::SecretString;

/// The credential of the community's account.
const ACCESS_TOKEN: &str = "access_token";
/// The application that the token was made for.
const CLIENT_ID: &str = "client_id";
/// With it the token can be revoked.
const CLIENT_SECRET: &str = "client_secret";
/// The credential of an administrator of the server.
const ADMIN_TOKEN: &str = "admin_token";
/// What the browser shows when a person let us in; works once.
const CODE: &str = "authorization_code";

/// The scopes that are needed (sheet: mastodon 2).
const SCOPES: [&str; 4] = [
    "read:accounts",
    "read:statuses",
    "write:accounts",
    "write:statuses",
];

/// The adapter.
pub struct Mastodon;

#[async_trait]
impl Adapter for Mastodon {
    fn platform(&self) -> PlatformId {
        PlatformId::new("mastodon")
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
            Some(name) => link::point_at(op, name).await,
            None => adopt::adopt(op, reference).await,
        }
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        remove::remove(op, mode).await
    }

    async fn ownership(&self, _site: &Site) -> Result<Ownership, Fault> {
        Err(Fault::new(
            FaultKind::Unsupported,
            "Mastodon tells no program who has the password of an account and its address of mail, and that is who owns it.",
        )
        .hint("Give both to somebody of the community, who changes the password at once."))
    }

    fn revokes(&self, op: &Op, field: &str) -> bool {
        field == ACCESS_TOKEN && revoke::can(op)
    }

    async fn revoke_key(&self, op: &Op, _field: &str, old: &SecretString) -> Result<bool, Halt> {
        revoke::revoke(op, old).await
    }

    async fn key_lives(
        &self,
        site: &Site,
        _field: &str,
        old: &SecretString,
    ) -> Result<bool, Fault> {
        revoke::lives(site, old).await
    }
}
