//! What actors ask for. Every change, from the screen, the command line or a community administrator, is one of these.

use super::platform::words;
use super::{
    AccountId, CommunityId, ConnectionId, CredentialId, Desired, ExaminationId, NewCommunity,
    OperationId, PlatformId,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

words! {
    /// How an instance is removed.
    RemoveMode {
        /// Forget it here, hide it there; what is there can be found again.
        Soft = "soft",
        /// Destroy it there.
        Hard = "hard",
    }
}

/// One field of a key form.
#[derive(Debug, Clone)]
pub struct KeyEntry {
    /// Which field of the manifest.
    pub field: String,
    /// What was entered.
    pub secret: SecretString,
}

/// A change that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Create a community with one instance for every platform of its template.
    CreateCommunity(NewCommunity),
    /// Keep a community and let it do nothing.
    ArchiveCommunity {
        /// Which.
        community: CommunityId,
    },
    /// Switch a platform of a community on or off. Makes the instance record where there is none.
    SetDesired {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// On or off; `Removed` is [`Intent::Remove`].
        desired: Desired,
    },
    /// Change settings of an instance.
    Configure {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// The fields that change.
        settings: BTreeMap<String, String>,
        /// The community's short name as confirmation, where a change can cost it something on the platform; else empty.
        typed: String,
    },
    /// Store a key that was examined before.
    StoreKey {
        /// The examination that holds it.
        examination: ExaminationId,
        /// Store it although it could not be verified.
        keep_unverified: bool,
        /// Store a key that the manifest says is used once and forgotten (`keep = on-request`). Without this it stays
        /// in memory for the operation it enables; if the process ends first, that operation waits for the key again.
        keep_powerful: bool,
    },
    /// Forget the stored keys of a platform of a community, or one field of them.
    ForgetKey {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// Only this field.
        field: Option<String>,
    },
    /// Replace a key: everything that depends on it moves to a new one, and then the old one is ended. Takes up again
    /// what is under way.
    RotateKey {
        /// Which; the same secret in other places goes along.
        key: CredentialId,
        /// Why.
        reason: super::RotationReason,
        /// Particulars of the reason. May be empty.
        why: String,
    },
    /// Move an instance from the account it works with to another one of its platform.
    MoveAccount {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// The account's name: one of the community, else one of the installation.
        name: String,
    },
    /// Say that a rotation is over although nobody saw the old key to be dead.
    CloseRotation {
        /// Which.
        rotation: super::RotationId,
        /// How a person knows, for the report.
        why: String,
    },
    /// Take over what exists on the platform.
    Adopt {
        /// For whom.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// The object there, as `discover` listed it or as the platform names it.
        reference: String,
        /// Only look at it.
        observe_only: bool,
    },
    /// Manage from here what was adopted and only looked at so far.
    Manage {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
    },
    /// Decide about differences between the record and what is there.
    AnswerDrift {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// Only differences of this kind.
        only: Option<super::DriftKind>,
        /// What is to be done.
        answer: super::DriftAnswer,
    },
    /// Look at instances and record health and drift.
    Check {
        /// Only this community.
        community: Option<CommunityId>,
        /// Only this platform.
        platform: Option<PlatformId>,
    },
    /// Remove an instance.
    Remove {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// How.
        mode: RemoveMode,
        /// The community's slug, typed by a person as confirmation.
        typed: String,
    },
    /// Have people become the owners of an instance where it is; over when the platform says that they are.
    HandOver {
        /// Whose.
        community: CommunityId,
        /// Which platform.
        platform: PlatformId,
        /// Who, as the platform names people. Empty: a person makes somebody the owner there.
        to: String,
    },
    /// Join two instances of a community.
    Connect {
        /// Whose.
        community: CommunityId,
        /// The platform that acts or reads.
        from: PlatformId,
        /// The platform that is acted on or read.
        to: PlatformId,
    },
    /// Undo a connection.
    Disconnect {
        /// Which.
        connection: ConnectionId,
    },
    /// Send something through a connection and see it arrive.
    TestConnection {
        /// Which.
        connection: ConnectionId,
    },
    /// Begin an operation again at the line where it stopped; also "check now" of a person's step.
    ResumeOperation {
        /// Which.
        operation: OperationId,
    },
    /// Stop an operation. What it has done stays done.
    CancelOperation {
        /// Which.
        operation: OperationId,
    },
    /// Say which platforms a new community gets and which of them start active.
    SetTemplate {
        /// The choices that change.
        choices: BTreeMap<PlatformId, super::Choice>,
    },
    /// Offer servers on which communities live already to new communities.
    TakeHomes {
        /// The address of each.
        homes: BTreeMap<PlatformId, String>,
    },
    /// Add an account of the installation, with a key that was examined before.
    AddAccount {
        /// Which platform.
        platform: PlatformId,
        /// What to call it.
        name: String,
        /// Who can be asked about it. Empty keeps what is known.
        contact: String,
        /// The examination that holds its key.
        examination: ExaminationId,
    },
    /// Have another account made: by its platform, where it does that and the key for it is at hand, else by a person, whose
    /// step it becomes.
    WantAccount {
        /// Which platform.
        platform: PlatformId,
        /// What to call it.
        name: String,
        /// Who can be asked about it. May be empty.
        contact: String,
    },
    /// Look whether an account that is wanted is there; where its platform makes it, try that again.
    CheckWantedAccount {
        /// Which.
        wanted: super::WantedAccountId,
    },
    /// Want an account no longer.
    DropWantedAccount {
        /// Which.
        wanted: super::WantedAccountId,
    },
    /// Say who can be asked about an account.
    SetAccountContact {
        /// Which.
        account: AccountId,
        /// A name, an address. May be empty.
        contact: String,
    },
    /// Say whether communities without a key of their own may use an account of the installation.
    SetAccountPolicy {
        /// On which platform.
        platform: PlatformId,
        /// Own accounts only, or shared ones too.
        policy: super::AccountPolicy,
        /// The platform's id, typed by a person who shares.
        typed: String,
    },
    /// Say who administers a community and how much of it, ask for more, and answer that.
    Delegate(super::Delegation),
}

words! {
    /// The kinds of intent and of reading, for the table of authority and for the audit.
    IntentKind {
        /// See communities, instances, operations, tasks, connections.
        View = "view",
        /// See the audit.
        ViewAudit = "view-audit",
        /// See accounts and what is known of their keys.
        ViewAccounts = "view-accounts",
        /// Create a community.
        CreateCommunity = "community-create",
        /// Archive a community.
        ArchiveCommunity = "community-archive",
        /// Switch on.
        Activate = "instance-activate",
        /// Switch off.
        Deactivate = "instance-deactivate",
        /// Change settings.
        Configure = "instance-configure",
        /// Take over.
        Adopt = "instance-adopt",
        /// Manage what was only looked at.
        Manage = "instance-manage",
        /// Decide about differences.
        AnswerDrift = "instance-drift",
        /// Look and record.
        Check = "instance-check",
        /// Remove.
        Remove = "instance-remove",
        /// Examine and store a key.
        SetKey = "key-set",
        /// Forget a key.
        ForgetKey = "key-forget",
        /// Replace a key.
        RotateKey = "key-rotate",
        /// Join.
        Connect = "connect",
        /// Undo a connection.
        Disconnect = "disconnect",
        /// Test a connection.
        TestConnection = "connection-test",
        /// Begin an operation again, check a person's step.
        ResumeOperation = "operation-resume",
        /// Stop an operation.
        CancelOperation = "operation-cancel",
        /// Change the template.
        SetTemplate = "template-set",
        /// Change a setting of the installation itself.
        Settings = "settings-set",
        /// Add an account of the installation, or have one made.
        AddAccount = "account-add",
        /// Say whether accounts may be shared.
        SetAccountPolicy = "account-policy",
        /// Read a stored key.
        RevealKey = "key-reveal",
        /// Say who may open the vault.
        Recipients = "vault-recipients",
        /// Back up or restore the installation.
        Backup = "backup",
        /// Write out everything about a community.
        Export = "community-export",
        /// Look what remains until a community has everything of its own.
        HandOver = "community-hand-over",
        /// See who administers a community.
        ViewAdmins = "admin-list",
        /// Add and remove administrators and auditors.
        ManageAdmins = "admin-manage",
        /// Say what a community's administrators may switch on.
        SetAllowance = "admin-allow",
        /// Ask an operator for what one may not do.
        MakeRequest = "request-make",
        /// Answer what an administrator asked for.
        AnswerRequest = "request-answer",
    }
}

impl Intent {
    /// Its kind, for authority and audit.
    #[must_use]
    pub fn kind(&self) -> IntentKind {
        match self {
            Self::CreateCommunity(_) => IntentKind::CreateCommunity,
            Self::ArchiveCommunity { .. } => IntentKind::ArchiveCommunity,
            Self::SetDesired {
                desired: Desired::Active,
                ..
            } => IntentKind::Activate,
            Self::SetDesired {
                desired: Desired::Inactive,
                ..
            } => IntentKind::Deactivate,
            Self::SetDesired {
                desired: Desired::Removed,
                ..
            }
            | Self::Remove { .. } => IntentKind::Remove,
            Self::Configure { .. } => IntentKind::Configure,
            Self::StoreKey { .. } => IntentKind::SetKey,
            Self::ForgetKey { .. } => IntentKind::ForgetKey,
            Self::RotateKey { .. } | Self::CloseRotation { .. } | Self::MoveAccount { .. } => {
                IntentKind::RotateKey
            }
            Self::Adopt { .. } => IntentKind::Adopt,
            Self::Manage { .. } => IntentKind::Manage,
            Self::AnswerDrift { .. } => IntentKind::AnswerDrift,
            Self::Check { .. } => IntentKind::Check,
            Self::HandOver { .. } => IntentKind::HandOver,
            Self::Connect { .. } => IntentKind::Connect,
            Self::Disconnect { .. } => IntentKind::Disconnect,
            Self::TestConnection { .. } => IntentKind::TestConnection,
            Self::ResumeOperation { .. } => IntentKind::ResumeOperation,
            Self::CancelOperation { .. } => IntentKind::CancelOperation,
            // Homes are part of what a new community gets.
            Self::SetTemplate { .. } | Self::TakeHomes { .. } => IntentKind::SetTemplate,
            Self::AddAccount { .. }
            | Self::WantAccount { .. }
            | Self::CheckWantedAccount { .. }
            | Self::DropWantedAccount { .. }
            | Self::SetAccountContact { .. } => IntentKind::AddAccount,
            Self::SetAccountPolicy { .. } => IntentKind::SetAccountPolicy,
            Self::Delegate(delegation) => delegation.kind(),
        }
    }
}
