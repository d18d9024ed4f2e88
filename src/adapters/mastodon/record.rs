//! What the adapter remembers of an instance.

use super::client::Field;
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::Fault;
use serde::{Deserialize, Serialize};

const FACT: &str = "account";
/// The name of the profile field that holds our marker (sheet: mastodon 1). Public.
pub(super) const MARKER: &str = "Guildhall";

/// The account as recorded; differences from it are drift.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the account"
)]
pub(super) struct Known {
    pub id: String,
    pub username: String,
    pub url: Option<String>,
    /// The profile as it is to be while active.
    pub profile: Option<Profile>,
    /// The profile as it was before Guildhall touched it.
    #[serde(default)]
    pub before: Option<Profile>,
    pub notice: Option<String>,
    /// How often the notice was found deleted: each one that is posted anew has a step of its own.
    #[serde(default)]
    pub lost_notices: u32,
    /// The account was taken over, and nothing of it was written.
    #[serde(default)]
    pub adopted: bool,
    /// How often it was paused: each pause posts a notice of its own.
    #[serde(default)]
    pub pauses: u32,
    /// An administrator's token froze it when it was switched off.
    #[serde(default)]
    pub frozen: bool,
    /// It is about to be frozen: whether that came to pass is not known.
    #[serde(default)]
    pub freezing: bool,
    /// The server is about to delete it: whether that came to pass is not known.
    #[serde(default)]
    pub deleting: bool,
}

/// What Guildhall writes of a profile. Pictures are not among it: they cannot be put back by their address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Profile {
    pub display_name: String,
    pub note: String,
    pub locked: bool,
    pub bot: bool,
    pub discoverable: Option<bool>,
    pub fields: Vec<Field>,
}

impl Known {
    pub fn of(op: &Op) -> Result<Self, Halt> {
        Ok(op.fact(FACT)?.unwrap_or_default())
    }

    pub fn at(site: &Site) -> Result<Self, Fault> {
        Ok(site.fact(FACT)?.unwrap_or_default())
    }

    pub async fn save(&self, op: &Op) -> Result<(), Halt> {
        op.remember(FACT, self).await
    }

    pub async fn forget(op: &Op) -> Result<(), Halt> {
        op.forget(FACT).await
    }
}

/// The value of the marker field.
pub(super) fn marker(site: &Site) -> String {
    format!("gh:{}", site.marker)
}
