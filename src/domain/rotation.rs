//! Replacing a key: why, what has to move, how far that is.

use super::platform::words;
use super::{InstanceId, PlatformId, RotationId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// Why a key is replaced.
    RotationReason {
        /// Somebody wants it so.
        Choice = "choice",
        /// It is older than the policy of its platform allows.
        Age = "age",
        /// It stops working soon.
        Expiry = "expiry",
        /// Somebody else may have it.
        Leaked = "leaked",
        /// Somebody who could read it may not any more.
        OperatorLeft = "operator-left",
        /// Its community leaves, and nothing here needs a key of it any more: there is no new one.
        Leaving = "leaving",
    }
}

impl RotationReason {
    /// Whether somebody who must not have the key may have used it.
    #[must_use]
    pub fn was_exposed(self) -> bool {
        matches!(self, Self::Leaked | Self::OperatorLeft)
    }

    /// Whether what depends on the key needs another one.
    #[must_use]
    pub fn needs_successor(self) -> bool {
        self != Self::Leaving
    }
}

words! {
    /// How far an instance is that depends on a key on its way out.
    PartState {
        /// It works with the old key still.
        Open = "open",
        /// It works with a new key.
        Moved = "moved",
        /// It was removed meanwhile, so nothing has to move.
        Gone = "gone",
    }
}

/// A key on its way out. It is over when everything that depended on the key works with a new one and the old one was
/// seen to be dead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    /// Its row.
    pub id: RotationId,
    /// Whose platform's key.
    pub platform: PlatformId,
    /// Which field of the manifest.
    pub field: String,
    /// The last four characters of the old key, empty for short ones.
    pub last_four: String,
    /// Why.
    pub reason: RotationReason,
    /// Particulars of the reason. May be empty.
    pub why: String,
    /// Who asked for it, by name.
    pub actor: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How it is known that the old key is dead, or that nobody knows; empty while it is not over.
    pub proof: String,
}

/// An instance that depends, or depended, on the old key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RotationPart {
    /// Which.
    pub instance: InstanceId,
    /// As which field of its platform it held the key.
    pub field: String,
    /// How far it is.
    pub state: PartState,
    /// What is now so; may be empty.
    pub note: String,
    /// Since when.
    pub at: Timestamp,
}
