//! What the engine shows: read models for the screen and the command line, cut to what the actor may see.

pub use super::account_views::{AccountMoves, AccountOffer, MoveTarget, MovingCommunity};
pub use super::key_age::Due;
pub use crate::adapters::Discovered;
use crate::domain::{
    Account, AccountPolicy, AnsweredDrift, Capability, Community, CommunityId, Connection,
    CredentialMeta, Desired, ExaminationId, Fault, Health, HumanTask, Identity, Instance,
    InstanceId, InstanceSummary, Intent, Mark, Operation, OperationId, OperationState, PlatformId,
    Progress, Slots, Slug, StepRecord, WantedAccount,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Keys that their platform refused or that do not open any more; 0 for who may not see accounts.
    pub keys_refused: u64,
    /// Keys that are older than they may be, or stop working soon; 0 for who may not see accounts.
    pub keys_due: u64,
}

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

/// One row of the list of communities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommunityRow {
    /// Its row in the store.
    pub id: CommunityId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// Instances wanted active.
    pub active: u32,
    /// Instances recorded.
    pub total: u32,
    /// The worst mark among its instances.
    pub mark: Mark,
    /// Whether it is archived.
    pub archived: bool,
}

/// One community with every platform of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommunityDetail {
    /// The community.
    pub community: Community,
    /// One row for every platform, in the order of the catalog; rows keep their place whatever their state.
    pub platforms: Vec<PlatformRow>,
    /// What is joined to what.
    pub connections: Vec<ConnectionRow>,
}

/// One platform of a community.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlatformRow {
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub name: String,
    /// The heading it stands under.
    pub group: String,
    /// Whether this build has its adapter.
    pub adapter: bool,
    /// The instance; none where the platform is off.
    pub instance: Option<InstanceSummary>,
}

/// One connection, with the names of its ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionRow {
    /// The connection.
    pub connection: Connection,
    /// The acting or reading platform's name for people.
    pub from: String,
    /// The other platform's name for people.
    pub to: String,
}

/// Everything about one platform of one community.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceDetail {
    /// The community's short name.
    pub slug: Slug,
    /// The community's name.
    pub community: String,
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub platform_name: String,
    /// What an instance is there (manifest).
    pub meaning: String,
    /// Whether this build has its adapter.
    pub adapter: bool,
    /// The instance; none where the platform is off.
    pub instance: Option<Instance>,
    /// When a look last found it well.
    pub healthy_at: Option<Timestamp>,
    /// What to do next, one sentence each, before anything else.
    pub advice: Vec<String>,
    /// The step that waits for a person.
    pub task: Option<TaskRow>,
    /// Differences that somebody has decided about, and what.
    pub answered: Vec<AnsweredDrift>,
    /// What is known of its keys.
    pub keys: Vec<CredentialMeta>,
    /// Those of them that should be replaced; none for who may not replace them.
    pub due: Vec<Due>,
    /// How many communities the keys reach; more than one is a decision somebody took.
    pub keys_reach: u64,
    /// Its connections.
    pub connections: Vec<ConnectionRow>,
    /// Its latest operations, newest first.
    pub operations: Vec<Operation>,
    /// What the manifest says should be known before it is switched on.
    pub warnings: Vec<String>,
    /// How the platform does each verb, for the help of this row.
    pub capabilities: Vec<(String, Capability, String)>,
}

/// One row of the operations view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationRow {
    /// The operation.
    pub operation: Operation,
    /// The community's name.
    pub community: String,
    /// The community's short name.
    pub slug: Slug,
    /// The platform's name for people.
    pub platform_name: String,
    /// How far it is, when it runs in this process.
    pub progress: Option<Progress>,
    /// Whether the process that ran it is gone. It goes on in the next one that works.
    pub interrupted: bool,
}

impl OperationRow {
    /// Its state in a word for people.
    #[must_use]
    pub fn state_words(&self) -> &'static str {
        if self.interrupted {
            "interrupted"
        } else {
            self.operation.state.word()
        }
    }
}

/// One operation with its journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperationDetail {
    /// The row.
    pub row: OperationRow,
    /// Its steps, in order.
    pub steps: Vec<StepRecord>,
}

/// A key that is entered in Guildhall, as a thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyWanted {
    /// The settings of its instance, on which the place to get the key depends.
    pub settings: BTreeMap<String, String>,
    /// Whether the instance exists on its platform.
    pub made: bool,
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskRow {
    /// What it is about.
    pub subject: TaskSubject,
    /// The operation that stands at it and goes on once it is done; none where a look found it.
    pub operation: Option<OperationId>,
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub platform_name: String,
    /// What to do.
    pub task: HumanTask,
    /// The key that is to be entered here; none where the step is one on the platform.
    pub key: Option<KeyWanted>,
    /// Since when.
    pub since: Timestamp,
}

/// What waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum TaskSubject {
    /// An instance.
    Instance {
        /// Which.
        instance: InstanceId,
        /// Of which community.
        community: CommunityId,
        /// The community's short name.
        slug: Slug,
        /// The community's name.
        name: String,
    },
    /// An account of the installation that is wanted.
    Account(WantedAccount),
}

impl TaskSubject {
    /// The instance, where it is one.
    #[must_use]
    pub fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Instance { instance, .. } => Some(*instance),
            Self::Account(_) => None,
        }
    }

    /// The community's short name, where it is about one.
    #[must_use]
    pub fn slug(&self) -> Option<&Slug> {
        match self {
            Self::Instance { slug, .. } => Some(slug),
            Self::Account(_) => None,
        }
    }

    /// The community's name, else that it is about the installation.
    #[must_use]
    pub fn whose(&self) -> &str {
        match self {
            Self::Instance { name, .. } => name,
            Self::Account(_) => "the installation",
        }
    }
}

impl TaskRow {
    /// The account that is wanted, where it is about one.
    #[must_use]
    pub fn wanted(&self) -> Option<&WantedAccount> {
        match &self.subject {
            TaskSubject::Account(wanted) => Some(wanted),
            TaskSubject::Instance { .. } => None,
        }
    }

    /// What finds out whether it is done: the operation goes on, or what it is about is looked at.
    #[must_use]
    pub fn check(&self) -> Intent {
        match (self.operation, &self.subject) {
            (Some(operation), _) => Intent::ResumeOperation { operation },
            (None, TaskSubject::Instance { community, .. }) => Intent::Check {
                community: Some(*community),
                platform: Some(self.platform.clone()),
            },
            (None, TaskSubject::Account(wanted)) => {
                Intent::CheckWantedAccount { wanted: wanted.id }
            }
        }
    }
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
        super::slots::pressing(&self.slots)
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

/// The service of an instance on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceRow {
    /// Whose.
    pub slug: Slug,
    /// Whether that community is archived.
    pub archived: bool,
    /// Of which platform.
    pub platform: PlatformId,
    /// The instance.
    #[serde(skip)]
    pub instance: InstanceId,
    /// What is wanted.
    pub desired: Desired,
    /// Where it is shown.
    pub url: Option<String>,
    /// The memory it takes while active, estimated, in MiB.
    pub memory_mib: u64,
    /// How the platform did at the last look.
    pub health: Health,
    /// When that was.
    pub checked_at: Option<Timestamp>,
    /// Where the supervisor keeps it.
    pub folder: std::path::PathBuf,
    /// What runs of it.
    pub state: crate::services::supervisor::ServiceState,
}

/// A line of a service's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceLine {
    /// Which of its processes wrote it.
    pub process: String,
    /// What, cleaned, without keys.
    pub text: String,
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
