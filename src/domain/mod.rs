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
mod fault;
mod ids;
mod instance;
mod intent;
mod operation;
mod plan;
mod platform;
mod slug;
mod task;
mod text;

pub use account::{
    Account, AccountPolicy, CredentialMeta, CredentialState, Identity, Reach, ReachedObject,
    SlotUse, Slots,
};
pub use action::{ACTIONS, Action, ActionId, Danger, Scope};
pub use actor::{Actor, Role};
pub use audit::{AuditEntry, AuditResult};
pub use authority::{Subject, permits};
pub use community::{Community, NewCommunity};
pub use connection::{Connection, ConnectionState};
pub use fault::{Fault, FaultKind};
pub use ids::{
    AccountId, ActorId, AuditSequence, CommunityId, ConnectionId, CredentialId, ExaminationId,
    InstanceId, OperationId, OperationKey,
};
pub use instance::{
    AnsweredDrift, Desired, Drift, DriftAnswer, DriftKind, DriftVerdict, Health, Instance,
    InstanceSummary, Mark, Observed,
};
pub use intent::{Intent, IntentKind, KeyEntry, RemoveMode};
pub use operation::{Operation, OperationState, OperationVerb, Progress, StepRecord, StepState};
pub use plan::{Plan, PlanItem, PlanItemKind};
pub(crate) use platform::words;
pub use platform::{Capability, Choice, InstanceKind, PlatformId, Verb};
pub use slug::{Slug, SlugError};
pub use task::HumanTask;
pub use text::{clean, clean_line, counted, last_four, mebibytes, shorten, thousands};
