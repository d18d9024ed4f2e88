//! The words and rules of Guildhall. Pure: no I/O, no runtime, no SQL, no terminal.
//!
//! Every other room speaks in these types; none of them may be known here.

mod account;
mod action;
mod actor;
mod audit;
mod authority;
mod community;
mod connection;
mod delegation;
mod fault;
mod ids;
mod instance;
mod intent;
mod login_key;
mod operation;
mod plan;
mod platform;
mod rotation;
mod slug;
mod task;
mod text;

pub use account::{
    Account, AccountPolicy, CredentialMeta, CredentialState, Identity, Reach, ReachedObject,
    SlotUse, Slots, WantedAccount,
};
pub use action::{ACTIONS, Action, ActionId, Danger, Scope};
pub use actor::{Actor, Role};
pub use audit::{AuditEntry, AuditResult};
pub use authority::{Grant, Line, Subject, line_of, permits};
pub use community::{Community, NewCommunity};
pub use connection::{Connection, ConnectionState};
pub use delegation::{Admin, AdminKey, Allowance, Delegation, Request, RequestState, Wish};
pub use fault::{Fault, FaultKind};
pub use ids::{
    AccountId, ActorId, AuditSequence, CommunityId, ConnectionId, CredentialId, ExaminationId,
    InstanceId, OperationId, OperationKey, RequestId, RotationId, WantedAccountId,
};
pub use instance::{
    AnsweredDrift, Desired, Drift, DriftAnswer, DriftKind, DriftVerdict, Health, Instance,
    InstanceSummary, Mark, Observed,
};
pub use intent::{Intent, IntentKind, KeyEntry, RemoveMode};
pub use login_key::LoginKey;
pub use operation::{Operation, OperationState, OperationVerb, Progress, StepRecord, StepState};
pub use plan::{Plan, PlanItem, PlanItemKind};
pub(crate) use platform::words;
pub use platform::{Capability, Choice, InstanceKind, PlatformId, Verb};
pub use rotation::{PartState, Rotation, RotationPart, RotationReason};
pub use slug::{Slug, SlugError};
pub use task::HumanTask;
pub use text::{clean, clean_line, counted, last_four, mebibytes, shorten, thousands};
