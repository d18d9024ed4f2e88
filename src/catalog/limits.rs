//! How many of something an account may hold, and how fast a platform may be asked.

use super::manifest::whole_seconds;
use crate::domain::words;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

words! {
    /// What a rate limit is counted by.
    RateScope {
        /// Every credential has its own.
        Credential = "credential",
        /// All accounts of one user or bot together.
        Account = "account",
        /// Everything from this host's address.
        Address = "address",
        /// Everything sent to that server, whoever sends it.
        Server = "server",
        /// One object there: a channel, a room.
        Object = "object",
        /// One method or route per credential.
        Method = "method",
    }
}

/// How many of a unit an account may hold.
#[derive(Debug, Clone, Serialize)]
pub struct SlotLimit {
    /// What is counted: "servers joined".
    pub unit: String,
    /// By what it is counted: "bot", "forum".
    pub per: String,
    /// The most; none where no limit is known.
    pub max: Option<u64>,
    /// How many of them a new instance takes; 0 where it takes none or that cannot be said.
    pub takes: u64,
    /// How the use is measured.
    pub measure: String,
    /// What happens at the limit, and what else there is to know.
    pub note: String,
    /// Where this comes from.
    pub source: String,
}

/// How often something may be asked.
#[derive(Debug, Clone, Serialize)]
pub struct RateLimit {
    /// What is counted: "every request", "rooms created".
    pub what: String,
    /// What it is counted by.
    pub scope: RateScope,
    /// How many are allowed in a window.
    pub amount: u32,
    /// The window, in seconds.
    #[serde(rename = "window_seconds", serialize_with = "whole_seconds")]
    pub window: Duration,
    /// How many may come at once, where that differs from `amount`.
    pub burst: Option<u32>,
    /// How many of them Guildhall plans to use in a window; the rest is left to others.
    pub planned: u32,
    /// Whether it counts every request, so that a shared budget keeps to it; at most one does.
    pub budget: bool,
    /// How the platform shows that it is reached.
    pub shows: String,
    /// Where this comes from.
    pub source: String,
}
