//! Matrix: a space with its rooms on a homeserver, owned by a bot user made for this community.
//!
//! Facts and traps are those of the sheet (matrix), tried on Synapse 1.163.2. Paths below `/_synapse` exist on Synapse
//! only; where they are missing, what needs an administrator says so and the rest works. Knows no screen and no table.

mod address;
mod adopt;
mod alias;
mod another;
mod attach;
mod bot;
mod client;
mod configure;
mod entry;
mod errors;
mod former;
mod gone;
mod hierarchy;
mod levels;
mod moving;
mod moving_back;
mod observe;
mod ownership;
mod pause;
mod provision;
mod record;
mod remove;
mod resume;
mod rooms;
mod rotate;
mod token;
mod verify;

use super::contract::{
    Adapter, Discovered, MadeAccount, Observation, Peer, Presence, Probe, Removed, Site, Target,
    VerifyRequest,
};
use super::durable::{Halt, Op};
use super::ownership::Ownership;
use crate::domain::{Fault, Identity, PlatformId, RemoveMode};
use async_trait::async_trait;
use jiff::Timestamp;
use record::Places;
use secrecy::SecretString;

/// How messages name the server.
const SERVER: &str = "the homeserver";
/// The credential of the community's bot.
const ACCESS_TOKEN: &str = "access_token";
/// The credential of an administrator of the homeserver.
const ADMIN_TOKEN: &str = "admin_token";

/// The adapter.
pub struct Matrix;

#[async_trait]
impl Adapter for Matrix {
    fn platform(&self) -> PlatformId {
        PlatformId::new("matrix")
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

    fn names_owner_by(&self, _site: &Site) -> Option<&'static str> {
        Some("@name:server")
    }

    async fn hand_to(&self, site: &Site, person: &str) -> Result<String, Fault> {
        ownership::hand_to(site, person).await
    }

    fn mints_with(&self, site: &Site, field: &str) -> Option<&'static str> {
        rotate::mints_with(site, field)
    }

    async fn mint_key(
        &self,
        op: &Op,
        _field: &str,
    ) -> Result<(SecretString, Option<Identity>), Halt> {
        rotate::mint(op).await
    }

    async fn move_account(
        &self,
        op: &Op,
        field: &str,
        former: Option<&SecretString>,
    ) -> Result<String, Halt> {
        if field == ACCESS_TOKEN && Places::of(op)?.space.is_some() {
            return moving::carry(op, former).await;
        }
        self.move_key(op, field).await
    }

    async fn take_back_move(
        &self,
        op: &Op,
        _field: &str,
        other: Option<&SecretString>,
    ) -> Result<Vec<String>, Halt> {
        moving_back::take_back(op, other).await
    }

    fn revokes(&self, _op: &Op, field: &str) -> bool {
        matches!(field, ACCESS_TOKEN | ADMIN_TOKEN)
    }

    async fn revoke_key(&self, op: &Op, field: &str, old: &SecretString) -> Result<bool, Halt> {
        rotate::revoke(op, field, old).await
    }

    async fn key_lives(
        &self,
        site: &Site,
        _field: &str,
        old: &SecretString,
    ) -> Result<bool, Fault> {
        rotate::lives(site, old).await
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        attach::offer(op).await
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        attach::connect(op, peer).await
    }

    async fn disconnect(&self, op: &Op, peer: &Peer) -> Result<(), Halt> {
        attach::disconnect(op, peer).await
    }

    async fn probe_connection(&self, op: &Op, _peer: &Peer) -> Result<Probe, Halt> {
        attach::probe(op).await
    }

    fn makes_account_with(&self) -> Option<&'static str> {
        Some(ADMIN_TOKEN)
    }

    async fn make_account(&self, site: &Site) -> Result<MadeAccount, Fault> {
        another::make(site).await
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
