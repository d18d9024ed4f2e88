//! Instances: one platform for one community, on two axes (desired, observed), with health and drift.

use super::platform::words;
use super::{CommunityId, HumanTask, InstanceId, InstanceKind, PlatformId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

words! {
    /// What the operator or the community wants.
    Desired {
        /// Switched on.
        Active = "active",
        /// Made, kept, switched off.
        Inactive = "inactive",
        /// Taken away.
        Removed = "removed",
    }
}

words! {
    /// What is known to be so.
    Observed {
        /// Nothing was made yet.
        Absent = "absent",
        /// A key is missing or no longer accepted.
        NeedsKey = "needs-key",
        /// A person has something to do on the platform.
        NeedsHuman = "needs-human",
        /// Somebody else has to decide, and nobody here can do anything about it.
        NeedsOthers = "needs-others",
        /// An operation is under way.
        Working = "working",
        /// Made, and as desired.
        Ready = "ready",
        /// The last operation failed.
        Failed = "failed",
        /// It was there and is not any more.
        Gone = "gone",
    }
}

impl Observed {
    /// Whether it waits for a key, a person here, or somebody else's decision.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(self, Self::NeedsKey | Self::NeedsHuman | Self::NeedsOthers)
    }

    /// As what an instance with this step is shown.
    #[must_use]
    pub fn of_task(task: &HumanTask) -> Self {
        if task.others_decide {
            Self::NeedsOthers
        } else {
            Self::NeedsHuman
        }
    }
}

words! {
    /// How well it does.
    Health {
        /// Works.
        Ok = "ok",
        /// Works in part.
        Degraded = "degraded",
        /// Does not work.
        Down = "down",
        /// Not looked at yet.
        Unknown = "unknown",
    }
}

words! {
    /// How what is there differs from what was recorded.
    DriftKind {
        /// A part is missing.
        Missing = "missing",
        /// A part was changed by somebody else.
        Changed = "changed",
        /// The key is not accepted any more.
        CredentialDead = "credential-dead",
        /// The key may do less than before.
        ScopeShrank = "scope-shrank",
        /// A limit of the account is exceeded.
        OverQuota = "over-quota",
        /// It was archived or frozen by somebody else.
        Archived = "archived",
    }
}

words! {
    /// What was decided about a difference that stays.
    DriftVerdict {
        /// What is there is right; it is no difference any more.
        TakenOver = "taken-over",
        /// It is not shown until a time.
        Ignored = "ignored",
    }
}

/// What is to be done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftAnswer {
    /// Take what is there for right from now on.
    TakeOver,
    /// Make it as it was.
    PutBack,
    /// Do not show it until this time.
    IgnoreUntil(Timestamp),
}

/// A difference that somebody has decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredDrift {
    /// The difference, as the look told it.
    #[serde(flatten)]
    pub drift: Drift,
    /// What was decided.
    pub verdict: DriftVerdict,
    /// Until when, where that was said.
    pub until: Option<Timestamp>,
    /// When it was decided.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

impl AnsweredDrift {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

words! {
    /// The one mark that stands before a row. Shape and word both say the state (`screens.md`).
    Mark {
        /// Active, as wanted.
        Active = "active",
        /// Inactive, off or archived.
        Inactive = "inactive",
        /// Waits for a key or a person.
        Waiting = "waiting",
        /// An operation is under way.
        Working = "working",
        /// Failed or gone.
        Failed = "failed",
        /// Differs from the record.
        Drift = "drift",
    }
}

/// One difference between the record and what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Which kind of difference.
    pub kind: DriftKind,
    /// What differs, in one sentence naming the part.
    pub what: String,
    /// What it is about, where the sentence tells numbers that change by themselves; else the sentence says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

impl Drift {
    /// A difference whose sentence stays the same for as long as nothing else happens.
    #[must_use]
    pub fn new(kind: DriftKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            about: None,
        }
    }

    /// One whose sentence tells numbers: it is the same difference for as long as it is about the same.
    #[must_use]
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.about = Some(about.into());
        self
    }

    /// Whether a later look tells the same difference, so that what was decided about it holds.
    #[must_use]
    pub fn is_same(&self, later: &Self) -> bool {
        self.kind == later.kind
            && match (&self.about, &later.about) {
                (Some(one), Some(other)) => one == other,
                (None, None) => self.what == later.what,
                _ => false,
            }
    }
}

/// One platform for one community.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its row.
    pub id: InstanceId,
    /// Whose it is.
    pub community: CommunityId,
    /// Of which platform.
    pub platform: PlatformId,
    /// Which kind; the manifest's first until provisioning settles it.
    pub kind: InstanceKind,
    /// What is wanted.
    pub desired: Desired,
    /// What is known.
    pub observed: Observed,
    /// One short phrase beside the state: what it waits for, why it failed. May be empty.
    pub note: String,
    /// How well it does.
    pub health: Health,
    /// When health and drift were last looked at.
    pub checked_at: Option<Timestamp>,
    /// Differences found then.
    pub drift: Vec<Drift>,
    /// Whether it may only be looked at (adopted, not yet managed).
    pub observe_only: bool,
    /// Whether Guildhall made the object there; what it did not make it deletes only on a typed confirmation.
    pub made_by_us: bool,
    /// The name of the object on the platform, once there is one.
    pub external_id: Option<String>,
    /// Where a person finds it, or where it listens.
    pub url: Option<String>,
    /// Settings as entered, by field of the manifest. Never secrets.
    pub settings: BTreeMap<String, String>,
    /// When the record was made.
    pub created_at: Timestamp,
}

impl Instance {
    /// The mark that stands before its row.
    #[must_use]
    pub fn mark(&self) -> Mark {
        InstanceSummary::mark_of(self.desired, self.observed, !self.drift.is_empty())
    }
}

/// As much of an instance as a list shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceSummary {
    /// Its row.
    pub id: InstanceId,
    /// Of which platform.
    pub platform: PlatformId,
    /// Which kind it is.
    pub kind: InstanceKind,
    /// What is wanted.
    pub desired: Desired,
    /// What is known.
    pub observed: Observed,
    /// How well it does.
    pub health: Health,
    /// When that was last looked at.
    pub checked_at: Option<Timestamp>,
    /// Whether the last look found a difference.
    pub drifted: bool,
    /// One short phrase beside the state.
    pub note: String,
    /// Where it is.
    pub url: Option<String>,
}

impl InstanceSummary {
    /// The mark for a pair of axes: trouble before work, work before drift, drift before rest.
    #[must_use]
    pub fn mark_of(desired: Desired, observed: Observed, drifted: bool) -> Mark {
        match (observed, desired) {
            (Observed::Failed | Observed::Gone, _) => Mark::Failed,
            (Observed::NeedsKey | Observed::NeedsHuman | Observed::NeedsOthers, _) => Mark::Waiting,
            (Observed::Working, _) => Mark::Working,
            (Observed::Ready, _) if drifted => Mark::Drift,
            (Observed::Ready, Desired::Active) => Mark::Active,
            (Observed::Absent | Observed::Ready, _) => Mark::Inactive,
        }
    }

    /// The mark that stands before its row.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Self::mark_of(self.desired, self.observed, self.drifted)
    }

    /// What has to happen before the work goes on; none when it waits for nobody.
    #[must_use]
    pub fn waits_for(&self) -> Option<&str> {
        self.observed.waits().then_some(self.note.as_str())
    }

    /// The state in the words of a row: what it waits for, else what is wanted.
    #[must_use]
    pub fn state_words(&self) -> &'static str {
        match self.observed {
            Observed::NeedsKey => "needs key",
            Observed::NeedsHuman => "needs you",
            Observed::NeedsOthers => "waits for others",
            Observed::Working => "working",
            Observed::Failed => "failed",
            Observed::Gone => "gone",
            Observed::Absent if self.desired == Desired::Active => "not made yet",
            Observed::Absent | Observed::Ready => self.desired.word(),
        }
    }
}

impl From<&Instance> for InstanceSummary {
    fn from(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            platform: instance.platform.clone(),
            kind: instance.kind,
            desired: instance.desired,
            observed: instance.observed,
            health: instance.health,
            checked_at: instance.checked_at,
            drifted: !instance.drift.is_empty(),
            note: instance.note.clone(),
            url: instance.url.clone(),
        }
    }
}
