//! What an intent will do, told before anything is sent.

use super::PlatformId;
use super::platform::words;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// The kinds of line in a plan.
    PlanItemKind {
        /// Done straight away.
        Now = "now",
        /// Made, and left inactive.
        Record = "record",
        /// Remembered from now on; nothing is sent.
        Remember = "remember",
        /// Waits for a key.
        NeedsKey = "needs-key",
        /// Waits for a person.
        NeedsHuman = "needs-human",
        /// Switched off, kept.
        Deactivate = "deactivate",
        /// Forgotten or hidden.
        RemoveSoft = "remove-soft",
        /// Destroyed.
        RemoveHard = "remove-hard",
        /// Takes a slot of an account.
        Slot = "slot",
        /// A connection that will be made.
        Connection = "connection",
        /// Accepted by going on: licence and warnings of what is installed on this host for the first time.
        Accept = "accept",
        /// Something the person should know first.
        Warning = "warning",
        /// Listed, but its adapter is not there yet.
        NotYet = "not-yet",
    }
}

/// One line of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItem {
    /// What kind of line.
    pub kind: PlanItemKind,
    /// About which platform, if one.
    pub platform: Option<PlatformId>,
    /// What will happen and why, in one sentence or less.
    pub text: String,
}

/// What an intent will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it is called: "Create Rosewood Co-op".
    pub title: String,
    /// Its lines, in the order in which they matter.
    pub items: Vec<PlanItem>,
    /// Estimated memory that will be in use afterwards in addition, MiB.
    pub memory_mib: u64,
    /// Memory that is free on this host, MiB; 0 when it cannot be read.
    pub memory_free_mib: u64,
    /// Estimated disk in addition, MiB.
    pub disk_mib: u64,
    /// What must be typed before it is done: the slug, for what cannot be undone.
    pub typed_confirmation: Option<String>,
    /// The state it was made from; when that has changed since, the plan is made anew.
    pub basis: String,
}
