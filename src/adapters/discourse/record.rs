//! What the adapter remembers of an instance, and the names by which its own things are recognised.

use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PLACES: &str = "places";
const HOOKS: &str = "hooks";

/// Who may do what in a category, by group: 1 everything, 2 reply and see, 3 see (sheet: discourse 4).
pub(super) type Permissions = BTreeMap<String, u8>;

/// Everything that was made or taken over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Places {
    pub group: Option<Group>,
    pub category: Option<Category>,
    /// The topic with the notice.
    pub notice: Option<u64>,
    pub invite: Option<Invite>,
    /// The webhook to the address in the settings.
    pub webhook: Option<u64>,
    pub runtime: Option<Runtime>,
    /// Whether the category was taken over and not made here.
    #[serde(default)]
    pub adopted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    pub id: u64,
    pub name: String,
}

/// A category as recorded; differences from it are drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Category {
    pub id: u64,
    pub name: String,
    pub slug: String,
    pub color: String,
    pub text_color: String,
    pub parent: Option<u64>,
    pub permissions: Permissions,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Invite {
    pub id: u64,
    pub link: String,
    pub expires_at: String,
}

/// The key that looks, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Runtime {
    pub key: u64,
    /// The first four digits, as the forum shows them.
    pub first: String,
    pub user: String,
    /// Whether it was revoked when the instance was switched off.
    #[serde(default)]
    pub revoked: bool,
}

/// What a connection made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Hook {
    /// A signed webhook of the forum itself.
    Webhook { peer: i64, id: Option<u64> },
    /// A channel of the forum's chat integration, and the rule that feeds it while the instance is active.
    Channel {
        peer: i64,
        provider: String,
        channel: u64,
        rule: Option<u64>,
    },
    /// The other end reads the forum by itself.
    Reader { peer: i64 },
}

impl Hook {
    pub fn peer(&self) -> i64 {
        match self {
            Self::Webhook { peer, .. } | Self::Channel { peer, .. } | Self::Reader { peer } => {
                *peer
            }
        }
    }
}

impl Places {
    pub fn of(op: &Op) -> Result<Self, Halt> {
        Ok(op.fact(PLACES)?.unwrap_or_default())
    }

    pub fn at(site: &Site) -> Result<Self, Fault> {
        Ok(site.fact(PLACES)?.unwrap_or_default())
    }

    /// Those of the instance in whose place this one was put.
    pub fn of_former(op: &Op) -> Result<Option<Self>, Halt> {
        op.former_fact(PLACES)
    }

    pub async fn save(&self, op: &Op) -> Result<(), Halt> {
        op.remember(PLACES, self).await
    }

    pub async fn forget(op: &Op) -> Result<(), Halt> {
        op.forget(PLACES).await?;
        op.forget(HOOKS).await
    }

    /// The category, which must be there.
    pub fn category(&self) -> Result<&Category, Fault> {
        self.category.as_ref().ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                "No category of the forum is recorded for this instance yet.",
            )
            .hint("Let the instance be made, or adopt a category, first.")
        })
    }
}

pub(super) fn hooks(op: &Op) -> Result<Vec<Hook>, Halt> {
    Ok(op.fact(HOOKS)?.unwrap_or_default())
}

/// Those of the instance in whose place this one was put.
pub(super) fn hooks_of_former(op: &Op) -> Result<Vec<Hook>, Halt> {
    Ok(op.former_fact(HOOKS)?.unwrap_or_default())
}

pub(super) fn hooks_at(site: &Site) -> Result<Vec<Hook>, Fault> {
    Ok(site.fact(HOOKS)?.unwrap_or_default())
}

pub(super) async fn save_hooks(op: &Op, hooks: &[Hook]) -> Result<(), Halt> {
    op.remember(HOOKS, &hooks).await
}

/// The name of group and category: `gh-` and twelve characters of the marker, since a group's name holds twenty at most
/// (sheet: discourse 1). The end of the marker, which is random in every version of identifiers we make.
pub(super) fn mark(site: &Site) -> String {
    let letters: Vec<char> = site.marker.chars().collect();
    let tail = &letters[letters.len().saturating_sub(12)..];
    format!("gh-{}", tail.iter().collect::<String>())
}

/// What begins the name of everything that a Guildhall made.
pub(super) const PREFIX: &str = "gh-";

/// The external id of the notice.
pub(super) fn notice_mark(site: &Site) -> String {
    format!("{}-notice", mark(site))
}

/// What the run-time key is called in the forum's list.
pub(super) fn key_description(site: &Site) -> String {
    format!("Guildhall {}", mark(site))
}
