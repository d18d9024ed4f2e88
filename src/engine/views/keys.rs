//! Keys, and the accounts that they belong to.

use crate::domain::{
    Account, AccountPolicy, CredentialMeta, ExaminationId, Fault, Identity, PlatformId, Slots, Slug,
};
use crate::engine::key_age::Due;
use crate::engine::slots;
use jiff::Timestamp;
use serde::Serialize;

/// Whether one key of a platform may serve several communities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySharing {
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub platform_name: String,
    /// What holds.
    pub policy: AccountPolicy,
    /// How many communities one key may reach.
    pub most: u64,
    /// How many communities have an instance there: those that one stolen key could open.
    pub communities: u64,
}

/// One row of the accounts view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// The platform's name for people.
    pub platform_name: String,
    /// The community it works for, by short name.
    pub slug: Option<Slug>,
    /// Its keys.
    pub keys: Vec<CredentialMeta>,
    /// Those of them that should be replaced.
    pub due: Vec<Due>,
    /// Its limits, with what is used, from the manifest and from what the platform told last.
    pub slots: Vec<SlotRow>,
    /// How many communities of this installation use it.
    pub reaches_communities: u64,
}

impl AccountRow {
    /// The limit that is at four fifths or beyond and nearest to its end, where there is one.
    #[must_use]
    pub fn pressing(&self) -> Option<&SlotRow> {
        slots::pressing(&self.slots)
    }
}

/// A limit of an account, with where its numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotRow {
    /// Unit, maximum, use, source.
    #[serde(flatten)]
    pub slots: Slots,
    /// By what it is counted there: "bot", "user"; may be empty.
    pub per: String,
    /// How many of it a new instance takes.
    pub takes: u64,
    /// What happens at the limit; may be empty.
    pub note: String,
    /// When the platform told it; none where the maximum is the manifest's and the use was counted here.
    pub measured_at: Option<Timestamp>,
}

impl SlotRow {
    /// "83 of 100 servers joined"; a question mark for what is not known.
    #[must_use]
    pub fn words(&self) -> String {
        let number = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
        let Slots {
            unit, max, used, ..
        } = &self.slots;
        match max {
            Some(_) => format!("{} of {} {unit}", number(*used), number(*max)),
            None => format!("{} {unit}", number(*used)),
        }
    }
}

/// What was found out about a key that was entered and is not stored yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examination {
    /// Names it in [`crate::domain::Intent::StoreKey`]. Forgotten after ten minutes.
    pub id: ExaminationId,
    /// Who it is and how far it reaches; none when it could not be asked.
    pub identity: Option<Identity>,
    /// Why it could not be asked. Such a key may be kept as unverified when the fault is passing.
    pub fault: Option<Fault>,
    /// Communities of ours it reaches, by short name.
    pub our_communities: Vec<Slug>,
    /// Where the same key is stored already: "the forum of rosewood".
    pub same_as: Vec<String>,
    /// What should be known before it is stored.
    pub warnings: Vec<String>,
}
