//! Operations and their steps.

use super::Fault;
use super::platform::words;
use super::{CommunityId, HumanTask, InstanceId, OperationId, OperationKey, PlatformId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// What an operation does to its instance.
    OperationVerb {
        /// Make it there.
        Provision = "provision",
        /// Take over what is there.
        Adopt = "adopt",
        /// Change its settings.
        Configure = "configure",
        /// Switch it on.
        Activate = "activate",
        /// Switch it off.
        Deactivate = "deactivate",
        /// Forget or hide it.
        RemoveSoft = "remove-soft",
        /// Destroy it there.
        RemoveHard = "remove-hard",
        /// Join it to another instance.
        Connect = "connect",
        /// Undo that.
        Disconnect = "disconnect",
        /// Move it to a new key, and end the old one when it was the last.
        Rotate = "rotate",
        /// See people become its owners.
        HandOver = "hand-over",
    }
}

words! {
    /// Where an operation stands.
    OperationState {
        /// Not begun, or to be begun again at `not_before`.
        Queued = "queued",
        /// Under way, under a lease.
        Running = "running",
        /// Waits for a person.
        WaitsHuman = "waits-human",
        /// Waits for a key.
        WaitsKey = "waits-key",
        /// Waits for the vault to be unlocked.
        WaitsUnlock = "waits-unlock",
        /// Done.
        Done = "done",
        /// Failed; can be resumed.
        Failed = "failed",
        /// Stopped on request; what was done before stays done.
        Cancelled = "cancelled",
    }
}

impl OperationState {
    /// Whether nothing more will happen by itself or by a person's step.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

words! {
    /// Where a step of an operation stands.
    StepState {
        /// Its intent is written; the call may or may not have been made.
        Intended = "intended",
        /// Done, its result recorded.
        Recorded = "recorded",
        /// Waits for a person.
        Waiting = "waiting",
    }
}

/// One verb on one instance, journaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its row.
    pub id: OperationId,
    /// On which instance.
    pub instance: InstanceId,
    /// Whose that is.
    pub community: CommunityId,
    /// Of which platform.
    pub platform: PlatformId,
    /// What it does.
    pub verb: OperationVerb,
    /// Where it stands.
    pub state: OperationState,
    /// Who asked for it, by name.
    pub actor: String,
    /// What it needs besides the instance's settings: the reference to adopt, the other end of a connection.
    pub argument: serde_json::Value,
    /// The person's step it waits for.
    pub task: Option<HumanTask>,
    /// Why it failed, or what it waits out.
    pub fault: Option<Fault>,
    /// How often it was begun.
    pub attempts: i64,
    /// Not to be begun again before this time (a rate limit, a back-off).
    pub not_before: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One step of an operation, as the journal has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its name, unique within the operation.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// The marker of its creation.
    pub key: OperationKey,
    /// What it returned.
    pub result: Option<serde_json::Value>,
    /// When it was intended, or tried last.
    pub intended_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
}

/// How far an operation is, for the screen. Newest wins; none is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done: "rooms".
    pub phase: String,
    /// Done so far.
    pub done: u32,
    /// Of how many; 0 when unknown.
    pub of: u32,
    /// The thing in hand: "general". May be empty.
    pub item: String,
}
