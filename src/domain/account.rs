//! Accounts, their slots, and what is known of their keys. Never the keys themselves.

use super::platform::words;
use super::{AccountId, CommunityId, CredentialId, PlatformId, WantedAccountId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An identity of ours on a platform: a bot, an app, a user with a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its row.
    pub id: AccountId,
    /// On which platform.
    pub platform: PlatformId,
    /// What the operator calls it.
    pub name: String,
    /// The community it works for; none for an account of the installation (a homeserver's administrator).
    pub community: Option<CommunityId>,
    /// What it is called on the platform, as the last verification said.
    pub external_id: Option<String>,
    /// Who can be asked about it: a name, an address. May be empty.
    pub contact: String,
    /// When the record was made.
    pub created_at: Timestamp,
}

/// An account of the installation that somebody wants and that is not there yet: a person makes it, or its platform does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedAccount {
    /// Its row.
    pub id: WantedAccountId,
    /// On which platform.
    pub platform: PlatformId,
    /// What it is to be called here.
    pub name: String,
    /// Who can be asked about it. May be empty.
    pub contact: String,
    /// Who wants it.
    pub actor: String,
    /// Random and stable: names it on the platform before it exists. May be shown publicly.
    pub marker: String,
    /// Why it is not there yet, after it was tried. May be empty.
    pub note: String,
    /// Since when.
    pub asked_at: Timestamp,
}

words! {
    /// The life of a stored key.
    CredentialState {
        /// Verified and in use.
        Active = "active",
        /// Kept although it could not be verified when it was entered.
        Unverified = "unverified",
        /// Sealed to the inbox while the vault was locked; moves into its row at the next unlock.
        Inbox = "inbox",
        /// The platform did not accept it the last time it was used.
        Rejected = "rejected",
        /// Its row does not open any more.
        NeedsReentry = "needs-reentry",
        /// Replaced, and kept until what depends on it has moved.
        Retiring = "retiring",
        /// No longer valid on the platform.
        Revoked = "revoked",
    }
}

words! {
    /// Which accounts an instance may use for keys that belong to its community.
    AccountPolicy {
        /// Its community's own only: one credential for each installation, community and platform.
        Own = "own",
        /// Also those of the installation, which then reach several communities.
        Shared = "shared",
    }
}

/// Everything about a stored secret but the secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CredentialMeta {
    /// Its row.
    pub id: CredentialId,
    /// Whose secret it is.
    pub account: AccountId,
    /// Which field of the manifest.
    pub field: String,
    /// Counts up with every replacement; part of what the seal is bound to.
    pub version: i64,
    /// Where it stands in its life.
    pub state: CredentialState,
    /// How many characters it has.
    pub length: i64,
    /// Its last four characters, empty for short ones.
    pub last_four: String,
    /// A keyed hash, the same for the same secret; empty while it waits in the inbox.
    pub fingerprint: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When the platform last accepted it.
    pub verified_at: Option<Timestamp>,
    /// When an operation or a look last worked with it.
    pub used_at: Option<Timestamp>,
    /// When it stops working, where that is known.
    pub expires_at: Option<Timestamp>,
    /// What the last verification found.
    pub identity: Option<Identity>,
}

/// What a verification found out about a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Stable id of the user or bot on the platform.
    pub external_id: String,
    /// Who it is, in words: a name and what kind of account.
    pub who: String,
    /// What it may do, in words or in the platform's scope names.
    pub scopes_held: Vec<String>,
    /// What is needed and missing.
    pub scopes_missing: Vec<String>,
    /// What it may do beyond what is needed.
    pub scopes_excess: Vec<String>,
    /// Plain-language warnings: an administrator of the whole server, a person's own account.
    pub warnings: Vec<String>,
    /// How far it reaches.
    pub reach: Reach,
    /// The limits of the account, with what is used.
    pub slots: Vec<Slots>,
    /// When the key stops working, where the platform tells.
    pub expires_at: Option<Timestamp>,
}

/// The external objects a key can touch, as measured by asking the platform.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// What the objects are called there, in the singular: "group", "room", "collective".
    pub unit: String,
    /// The objects, as far as they were listed.
    pub objects: Vec<ReachedObject>,
    /// How many there are, when more than were listed.
    pub total: Option<u64>,
    /// Set when the key reaches everything of its kind there ("the whole homeserver").
    pub everything: Option<String>,
}

/// One thing a key can touch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReachedObject {
    /// Stable id on the platform.
    pub external_id: String,
    /// Its name there. Foreign text, cleaned.
    pub name: String,
    /// What the key is there: "admin", "member".
    pub role: String,
    /// The community of ours it belongs to, as far as known.
    pub community: Option<CommunityId>,
}

/// A limit of an account: how many of a unit it may hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slots {
    /// What is counted: "servers joined", "tokens", "webhooks".
    pub unit: String,
    /// The most it may hold; none where no limit is known.
    pub max: Option<u64>,
    /// How many it holds; none where it cannot be counted.
    pub used: Option<u64>,
    /// Where the maximum comes from: the manifest's source, or "measured".
    pub source: String,
}

/// How full an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotUse {
    /// No limit is known, or it cannot be counted.
    Unknown,
    /// Below 80 %.
    Free,
    /// From 80 %: the operator is warned.
    Near,
    /// None is left.
    Full,
}

impl Slots {
    /// How full it is. Warning begins at 80 % (`design.md` 5).
    #[must_use]
    pub fn level(&self) -> SlotUse {
        match (self.used, self.max) {
            (Some(used), Some(max)) if used >= max => SlotUse::Full,
            (Some(used), Some(max)) if used.saturating_mul(5) >= max.saturating_mul(4) => {
                SlotUse::Near
            }
            (Some(_), Some(_)) => SlotUse::Free,
            _ => SlotUse::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_begins_at_eighty_percent() {
        let level = |used| {
            Slots {
                unit: "servers".into(),
                max: Some(100),
                used: Some(used),
                source: String::new(),
            }
            .level()
        };
        assert_eq!(
            (level(79), level(80), level(99), level(100)),
            (SlotUse::Free, SlotUse::Near, SlotUse::Near, SlotUse::Full)
        );
    }
}
