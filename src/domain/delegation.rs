//! Who administers a community besides the operators, how much of it, and what they ask for.

use super::platform::words;
use super::{
    ActorId, CommunityId, ConnectionId, Desired, DriftAnswer, Intent, IntentKind, LoginKey,
    OperationId, PlatformId, RemoveMode, RequestId, Role, Slug,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// A change of who may do how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delegation {
    /// Let a person administer a community, coming in with this key.
    AddAdmin {
        /// Which community.
        community: CommunityId,
        /// What the person is called here.
        name: String,
        /// The key.
        key: LoginKey,
    },
    /// Let a person administer a community no longer. Sessions end.
    RemoveAdmin {
        /// Which community.
        community: CommunityId,
        /// Who.
        name: String,
    },
    /// Let a person see everything and change nothing.
    AddAuditor {
        /// What the person is called here.
        name: String,
        /// The key.
        key: LoginKey,
    },
    /// Let a person see nothing any more.
    RemoveAuditor {
        /// Who.
        name: String,
    },
    /// Say how much a community's administrators may switch on.
    SetAllowance {
        /// Which community.
        community: CommunityId,
        /// How much.
        allowance: Allowance,
    },
    /// Ask an operator for what one may not do.
    Ask {
        /// In which community.
        community: CommunityId,
        /// What.
        wish: Wish,
        /// Why, in the asking person's words.
        words: String,
    },
    /// Do what was asked for, or refuse it.
    Answer {
        /// Which request.
        request: RequestId,
        /// Whether it is done.
        approve: bool,
        /// The community's short name, typed by whoever approves what cannot be taken back; else empty.
        typed: String,
        /// What is said to the one who asked.
        words: String,
    },
    /// Ask no longer.
    Withdraw {
        /// Which request.
        request: RequestId,
    },
}

impl Delegation {
    /// Its kind, for authority and audit.
    #[must_use]
    pub const fn kind(&self) -> IntentKind {
        match self {
            Self::AddAdmin { .. }
            | Self::RemoveAdmin { .. }
            | Self::AddAuditor { .. }
            | Self::RemoveAuditor { .. } => IntentKind::ManageAdmins,
            Self::SetAllowance { .. } => IntentKind::SetAllowance,
            Self::Ask { .. } | Self::Withdraw { .. } => IntentKind::MakeRequest,
            Self::Answer { .. } => IntentKind::AnswerRequest,
        }
    }
}

/// How much a community's administrators may switch on. Without one: whatever has an instance already, as long as this host
/// has the memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Only these platforms; none: those of which the community has an instance.
    pub platforms: Option<BTreeSet<PlatformId>>,
    /// At most so many active at the same time.
    pub most: Option<u32>,
    /// At most so much memory of this host for all that are active, estimated, in MiB.
    pub memory_mib: Option<u64>,
}

/// What an administrator can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Wish {
    /// Switch on what is not on the list, or too much.
    Activate {
        /// Which platform.
        platform: PlatformId,
    },
    /// Change settings.
    Configure {
        /// Of which platform.
        platform: PlatformId,
        /// The fields that change.
        settings: BTreeMap<String, String>,
    },
    /// Join two instances.
    Connect {
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
    /// Look after what exists on a platform already. It is only looked at first.
    Adopt {
        /// Which platform.
        platform: PlatformId,
        /// The object there, as the platform names it.
        reference: String,
    },
    /// Take what somebody changed on a platform for right.
    TakeOver {
        /// Which platform.
        platform: PlatformId,
    },
    /// Make what somebody changed on a platform as it was.
    PutBack {
        /// Which platform.
        platform: PlatformId,
    },
    /// Stop an operation.
    Cancel {
        /// Which.
        operation: OperationId,
    },
    /// Remove an instance.
    Remove {
        /// Of which platform.
        platform: PlatformId,
        /// How.
        mode: RemoveMode,
    },
    /// Archive the community.
    Archive,
    /// Something that only words can say; the operator does it by hand.
    Other,
}

impl Wish {
    /// Whether an operator who fulfils it has to type the community's short name.
    #[must_use]
    pub const fn needs_name(&self) -> bool {
        matches!(self, Self::Remove { .. } | Self::Archive)
    }

    /// What an operator does to fulfil it, having typed this as confirmation; none where that is not one thing.
    #[must_use]
    pub fn intent(&self, community: CommunityId, typed: &str) -> Option<Intent> {
        Some(match self.clone() {
            Self::Activate { platform } => Intent::SetDesired {
                community,
                platform,
                desired: Desired::Active,
            },
            Self::Configure { platform, settings } => Intent::Configure {
                community,
                platform,
                settings,
                typed: typed.to_owned(),
            },
            Self::Connect { from, to } => Intent::Connect {
                community,
                from,
                to,
            },
            Self::Disconnect { connection } => Intent::Disconnect { connection },
            Self::Adopt {
                platform,
                reference,
            } => Intent::Adopt {
                community,
                platform,
                reference,
                observe_only: true,
            },
            Self::TakeOver { platform } => Intent::AnswerDrift {
                community,
                platform,
                only: None,
                answer: DriftAnswer::TakeOver,
            },
            Self::PutBack { platform } => Intent::AnswerDrift {
                community,
                platform,
                only: None,
                answer: DriftAnswer::PutBack,
            },
            Self::Cancel { operation } => Intent::CancelOperation { operation },
            Self::Remove { platform, mode } => Intent::Remove {
                community,
                platform,
                mode,
                typed: typed.to_owned(),
            },
            Self::Archive => Intent::ArchiveCommunity { community },
            Self::Other => return None,
        })
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activate { platform } => write!(formatter, "activate {platform}"),
            Self::Configure { platform, settings } => {
                let pairs: Vec<_> = settings
                    .iter()
                    .map(|(field, value)| format!("{field}={value}"))
                    .collect();
                write!(formatter, "configure {platform} {}", pairs.join(" "))
            }
            Self::Connect { from, to } => write!(formatter, "connect {from} to {to}"),
            Self::Disconnect { connection } => write!(formatter, "disconnect {connection}"),
            Self::Adopt {
                platform,
                reference,
            } => write!(formatter, "adopt {reference} of {platform}"),
            Self::TakeOver { platform } => {
                write!(formatter, "take over what changed on {platform}")
            }
            Self::PutBack { platform } => write!(formatter, "put back what changed on {platform}"),
            Self::Cancel { operation } => write!(formatter, "cancel operation {operation}"),
            Self::Remove { platform, mode } => match mode {
                RemoveMode::Soft => write!(formatter, "remove {platform}"),
                RemoveMode::Hard => write!(formatter, "remove {platform} and destroy it there"),
            },
            Self::Archive => formatter.write_str("archive the community"),
            Self::Other => formatter.write_str("something else"),
        }
    }
}

words! {
    /// What became of a request.
    RequestState {
        /// An operator has not answered yet.
        Open = "open",
        /// It was done.
        Approved = "approved",
        /// It was not done.
        Refused = "refused",
        /// The one who asked asks no longer.
        Withdrawn = "withdrawn",
    }
}

/// What somebody asked an operator for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// In which community.
    pub community: CommunityId,
    /// That community's short name.
    pub slug: Slug,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// For what.
    pub wish: Wish,
    /// Why.
    pub words: String,
    /// What became of it.
    pub state: RequestState,
    /// Who answered.
    pub answered_by: Option<String>,
    /// When.
    pub answered_at: Option<Timestamp>,
    /// What was said.
    pub answer: String,
}

/// A key by which somebody comes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminKey {
    /// Its kind.
    pub kind: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// What its owner wrote after it.
    pub comment: String,
    /// When it was added.
    pub added_at: Timestamp,
}

/// Somebody who comes in over SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admin {
    /// The row of the actor.
    pub id: ActorId,
    /// The name.
    pub name: String,
    /// Administrator or auditor.
    pub role: Role,
    /// The communities, by short name; cut to those that whoever looks may know of.
    pub communities: Vec<Slug>,
    /// The keys.
    pub keys: Vec<AdminKey>,
}
