//! Operations, and what waits for a person.

use crate::domain::{
    CommunityId, HumanTask, InstanceId, Intent, Operation, OperationId, PlatformId, Progress, Slug,
    StepRecord, WantedAccount,
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// Its field of the manifest, where one operation misses it and not the instance itself.
    pub field: Option<String>,
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
