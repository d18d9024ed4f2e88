//! The objects of `--json` that several commands share. Their field names are a promise; `guildhall man` lists them.

use super::output::fault_json;
use crate::{
    domain::{self, HumanTask},
    engine::views::{ConnectionRow, InstanceDetail, OperationRow, PlatformRow},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// One platform of one community. `desired` and what follows it are null where the platform is off.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceLine {
    pub community: String,
    pub platform: String,
    pub name: String,
    pub group: String,
    /// Whether this version of Guildhall can work on it; else it is only recorded.
    pub adapter: bool,
    pub kind: Option<&'static str>,
    pub desired: Option<&'static str>,
    pub observed: Option<&'static str>,
    /// The state in the words of the screen: "active", "needs key", "off".
    pub state: &'static str,
    pub mark: &'static str,
    /// What must be done before the work goes on: which key to enter, which step a person has.
    pub waits_for: Option<String>,
    pub health: Option<&'static str>,
    pub checked_at: Option<Timestamp>,
    pub drifted: bool,
    pub note: String,
    pub url: Option<String>,
}

impl InstanceLine {
    /// A row of a community's list.
    pub fn of_row(slug: &str, row: &PlatformRow) -> Self {
        let instance = row.instance.as_ref();
        Self {
            community: slug.to_owned(),
            platform: row.platform.to_string(),
            name: row.name.clone(),
            group: row.group.clone(),
            adapter: row.adapter,
            kind: instance.map(|known| known.kind.word()),
            desired: instance.map(|known| known.desired.word()),
            observed: instance.map(|known| known.observed.word()),
            state: instance.map_or("off", domain::InstanceSummary::state_words),
            mark: instance
                .map_or(domain::Mark::Inactive, domain::InstanceSummary::mark)
                .word(),
            waits_for: instance.and_then(|known| known.waits_for().map(str::to_owned)),
            health: instance.map(|known| known.health.word()),
            checked_at: instance.and_then(|known| known.checked_at),
            drifted: instance.is_some_and(|known| known.drifted),
            note: instance.map_or_else(String::new, |known| known.note.clone()),
            url: instance.and_then(|known| known.url.clone()),
        }
    }

    /// The row of an instance shown in full.
    pub fn of_detail(detail: &InstanceDetail, group: String) -> Self {
        let row = PlatformRow {
            platform: detail.platform.clone(),
            name: detail.platform_name.clone(),
            group,
            adapter: detail.adapter,
            instance: detail.instance.as_ref().map(Into::into),
        };
        Self::of_row(detail.slug.as_str(), &row)
    }
}

/// One operation.
#[derive(Debug, Clone, Serialize)]
pub struct OperationLine {
    pub id: i64,
    pub community: String,
    pub platform: String,
    pub verb: &'static str,
    pub state: &'static str,
    pub actor: String,
    /// "rooms 2 of 4: general", while it runs in this process.
    pub progress: Option<String>,
    pub fault: Option<Value>,
    pub task: Option<HumanTask>,
    pub attempts: i64,
    pub not_before: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl OperationLine {
    /// A row of the list.
    pub fn of(row: &OperationRow) -> Self {
        let operation = &row.operation;
        Self {
            id: operation.id.0,
            community: row.slug.to_string(),
            platform: operation.platform.to_string(),
            verb: operation.verb.word(),
            state: row.state_words(),
            actor: operation.actor.clone(),
            progress: row.progress.as_ref().map(progress_words),
            fault: operation.fault.as_ref().map(fault_json),
            task: operation.task.clone(),
            attempts: operation.attempts,
            not_before: operation.not_before,
            created_at: operation.created_at,
            updated_at: operation.updated_at,
        }
    }
}

/// How far an operation is, in words.
pub fn progress_words(progress: &domain::Progress) -> String {
    let mut text = progress.phase.clone();
    if progress.of > 0 {
        text = format!("{text} {} of {}", progress.done, progress.of);
    }
    if !progress.item.is_empty() {
        text = format!("{text}: {}", progress.item);
    }
    text.trim().to_owned()
}

/// One connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionLine {
    pub id: i64,
    pub from: String,
    pub verb: String,
    pub to: String,
    pub state: &'static str,
    pub note: String,
    pub tested_at: Option<Timestamp>,
}

impl ConnectionLine {
    /// A row of the list.
    pub fn of(row: &ConnectionRow) -> Self {
        Self {
            id: row.connection.id.0,
            from: row.from.clone(),
            verb: row.connection.verb.clone(),
            to: row.to.clone(),
            state: row.connection.state.word(),
            note: row.connection.note.clone(),
            tested_at: row.connection.tested_at,
        }
    }
}
