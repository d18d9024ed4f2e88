//! The title bar, and what the engine answers and tells.

use crate::domain::{
    CommunityId, Fault, HumanTask, InstanceId, OperationId, OperationState, Request,
};
use serde::{Deserialize, Serialize};

/// Whether secrets can be used at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VaultState {
    /// Secrets can be used.
    Unlocked,
    /// Everything but secrets works.
    Locked,
}

/// The title bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overview {
    /// The name of the installation.
    pub installation: String,
    /// The name of this host.
    pub host: String,
    /// Whether the platforms are simulated.
    pub sandbox: bool,
    /// Whether nothing may be changed from here.
    pub read_only: bool,
    /// Whether secrets can be used.
    pub vault: VaultState,
    /// The actor's name.
    pub actor: String,
    /// The actor's role.
    pub role: String,
    /// Communities the actor sees, archived ones included.
    pub communities: u64,
    /// Instances that wait for a key or a person, and accounts that are wanted.
    pub need_you: u64,
    /// Operations under way or queued.
    pub working: u64,
    /// Instances whose last operation failed.
    pub failed: u64,
    /// Accounts with four fifths of a limit in use, or more; 0 for who may not see accounts.
    pub nearly_full: u64,
    /// Requests that nobody has answered.
    pub requests: u64,
    /// What the actor asked for, was answered, and has not looked at since; the newest first, a few at most.
    pub answers: Vec<Request>,
    /// Keys that their platform refused or that do not open any more; 0 for who may not see accounts.
    pub keys_refused: u64,
    /// Keys that are older than they may be, or stop working soon; 0 for who may not see accounts.
    pub keys_due: u64,
}

/// What became of an intent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Receipt {
    /// What is now so, in one sentence.
    pub message: String,
    /// The community it made or changed.
    pub community: Option<CommunityId>,
    /// The operations it began.
    pub operations: Vec<OperationId>,
}

/// What the engine tells while it works.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineEvent {
    /// Something of this community changed; without one, of the installation. Read it again.
    Changed {
        /// Which community.
        community: Option<CommunityId>,
    },
    /// An operation began or came to a stop.
    Operation {
        /// Which.
        operation: OperationId,
        /// Whose.
        community: CommunityId,
        /// "Forum of Rosewood Co-op".
        title: String,
        /// Where it stands now.
        state: OperationState,
        /// Why, when it failed or waits.
        fault: Option<Fault>,
        /// What is now so, when it is done.
        said: Option<String>,
    },
    /// An instance was looked at.
    Looked {
        /// Which.
        instance: InstanceId,
        /// Whose.
        community: CommunityId,
        /// The step for a person that is needed now.
        task: Option<HumanTask>,
        /// Why nothing could be seen.
        fault: Option<Fault>,
    },
    /// The vault was locked or unlocked.
    Vault(VaultState),
    /// The vault locked itself, since nobody used it for long enough.
    LockedItself,
    /// The actor may not look at anything here any more: removed, or every community of theirs is archived. Nothing
    /// follows.
    AccessEnded,
}
