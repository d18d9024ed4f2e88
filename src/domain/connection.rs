//! Connections between instances of one community.

use super::platform::words;
use super::{ConnectionId, InstanceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// Where a connection stands.
    ConnectionState {
        /// Wanted; one of its ends is not ready.
        Waiting = "waiting",
        /// Configured, not tested.
        Made = "made",
        /// Its last test arrived.
        Ok = "ok",
        /// Its last test did not arrive, or it could not be made.
        Failed = "failed",
    }
}

/// A configured link between two instances of one community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its row.
    pub id: ConnectionId,
    /// The instance that acts or reads.
    pub from: InstanceId,
    /// The instance that is acted on or read.
    pub to: InstanceId,
    /// What it does, in the manifest's words: "reads", "announces in".
    pub verb: String,
    /// Where it stands.
    pub state: ConnectionState,
    /// One short phrase: why it waits or failed.
    pub note: String,
    /// When it was last tested.
    pub tested_at: Option<Timestamp>,
}
