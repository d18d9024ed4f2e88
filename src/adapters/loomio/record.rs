//! What the adapter remembers of an instance, and the marker by which its own things are recognised.

use crate::adapters::{
    contract::{Peer, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The fact that holds [`Known`].
pub(super) const GROUP: &str = "group";
/// The fact that holds every [`Integration`], by name.
pub(super) const INTEGRATIONS: &str = "integrations";
/// The fact that holds the version of the server when the group was recorded.
pub(super) const VERSION: &str = "version";
/// The fact that holds the state of the subscription before Guildhall suspended the group.
pub(super) const SUBSCRIPTION: &str = "subscription_state";

/// The group as recorded; differences from it are drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub id: u64,
    pub key: String,
    pub handle: String,
    pub name: String,
}

/// A chat integration of ours, with everything that is needed to make it again but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Integration {
    pub name: String,
    /// The field of the vault with the webhook's address or the room's token.
    pub secret_field: String,
    /// Loomio's `kind`: `webhook` or `matrix`.
    pub kind: String,
    /// In whose shape it writes; none for a room.
    pub webhook_kind: Option<String>,
    pub event_kinds: Vec<String>,
    pub notification_only: bool,
    /// The server and the room, of a room.
    pub room: Option<(String, String)>,
}

impl Known {
    /// Where a person finds the group (sheet: loomio 1).
    pub fn url(&self, base: &url::Url) -> String {
        let base = base.as_str().trim_end_matches('/');
        if self.handle.is_empty() {
            format!("{base}/g/{}", self.key)
        } else {
            format!("{base}/{}", self.handle)
        }
    }
}

impl From<&super::model::Group> for Known {
    fn from(group: &super::model::Group) -> Self {
        Self {
            id: group.id,
            key: group.key.clone(),
            handle: group.handle.clone(),
            name: group.name.clone(),
        }
    }
}

/// The number of the recorded group.
pub(super) fn group_id(site: &Site) -> Result<u64, Fault> {
    site.external_id
        .as_deref()
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                "No group of Loomio is recorded for this instance yet.",
            )
            .hint("Let the instance be made, or adopt a group, first.")
        })
}

/// What begins the names of all our chat integrations of this instance.
pub(super) fn prefix(site: &Site) -> String {
    format!("guildhall:{}:", site.marker)
}

/// The name of the integration with a peer.
pub(super) fn name(site: &Site, peer: &Peer) -> String {
    format!("{}{}-{}", prefix(site), peer.platform, peer.instance)
}

/// The field of the vault for a peer's secret.
pub(super) fn secret_field(peer: &Peer) -> String {
    format!("integration_{}", peer.instance)
}

/// Every integration as remembered.
pub(super) fn integrations(op: &Op) -> Result<BTreeMap<String, Integration>, Halt> {
    Ok(op.fact(INTEGRATIONS)?.unwrap_or_default())
}

/// Whether scripts may be run in the container of this Loomio.
pub(super) fn container(site: &Site) -> Option<&str> {
    site.settings
        .get("runner_container")
        .filter(|_| is_self_hosted(site))
}

pub(super) fn is_self_hosted(site: &Site) -> bool {
    site.settings.get("mode") == Some("self-hosted")
}

/// The bot's address for this incarnation of the instance: the marker by which script and person find it again.
pub(super) fn bot_email(site: &Site) -> Result<String, Fault> {
    let given = site.settings.require("bot_email")?;
    let (local, domain) = given.rsplit_once('@').ok_or_else(|| {
        Fault::new(
            FaultKind::BadInput,
            "The setting bot_email is no mail address.",
        )
        .hint("Set it to an address that you own, such as guildhall@example.org.")
    })?;
    let local = local.split('+').next().unwrap_or(local);
    Ok(format!("{local}+{}@{domain}", site.marker))
}
