//! What an operator is told without looking: at the next login, by `guildhall check`, and through one outlet, each thing
//! once and with what to do.

use super::{
    Engine, Operations, outlet,
    views::{AccountRow, OperationRow, PlatformRow, TaskRow, TaskSubject},
};
use crate::domain::{
    Actor, CredentialMeta, CredentialState, Fault, Health, Mark, Observed, OperationState, SlotUse,
    Slug, counted,
};
use serde::Serialize;
use std::collections::BTreeSet;

const TOLD: &str = "notices.told";

/// Something an operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Names it: the same thing has the same name for as long as it lasts.
    pub id: String,
    /// Whether something does not work because of it.
    pub urgent: bool,
    /// What is so.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl Engine {
    /// Everything an operator should know now, what does not work first.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn notices(&self, actor: &Actor) -> Result<Vec<Notice>, Fault> {
        let accounts = self.accounts(actor).await?;
        let tasks = self.tasks(actor).await?;
        let open = Operations {
            open: true,
            limit: u32::MAX,
            ..Operations::default()
        };
        let operations = self.operations(actor, open).await?;
        let rotations = self.rotations(actor, true).await?;
        let mut notices: Vec<Notice> = tasks.iter().map(of_task).collect();
        notices.extend(operations.iter().filter_map(of_operation));
        let instances = self.instances(actor).await?;
        notices.extend(
            instances
                .iter()
                .filter_map(|(slug, row)| of_instance(slug, row)),
        );
        for row in &accounts {
            notices.extend(of_slots(row));
            for key in &row.keys {
                notices.extend(of_key(row, key));
            }
        }
        for report in rotations {
            let moved = report.count(crate::domain::PartState::Moved);
            notices.push(Notice {
                id: format!("rotation:{}", report.rotation.id),
                urgent: false,
                what: format!(
                    "A key of {} is being replaced ({}): {moved} of {} moved.",
                    report.platform_name,
                    report.rotation.reason,
                    counted(report.parts.len(), "instance has", "instances have")
                ),
                hint: format!("How far it is: guildhall key report {}", report.rotation.id),
            });
        }
        notices.sort_by_key(|notice| !notice.urgent);
        Ok(notices)
    }

    /// Sends what was not told yet through the outlet. What could not be sent is tried again the next time; what has
    /// passed and comes again is told again. Answers how many were sent.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`; what stood in the way of the outlet.
    pub async fn tell_notices(&self, actor: &Actor, notices: &[Notice]) -> Result<usize, Fault> {
        let Some(outlet) = self.outlet(actor).await? else {
            return Ok(0);
        };
        self.core.require_writable()?;
        let told: BTreeSet<String> = self
            .core
            .store
            .read(|reader| Ok(reader.setting(TOLD)?.unwrap_or_default()))
            .await?;
        let new: Vec<&Notice> = notices
            .iter()
            .filter(|notice| !told.contains(&notice.id))
            .collect();
        if !new.is_empty() {
            outlet::send(&self.core, &outlet, &new).await?;
        }
        let current: BTreeSet<String> = notices.iter().map(|notice| notice.id.clone()).collect();
        let sent = new.len();
        self.core
            .change(move |writer, _| writer.set_setting(TOLD, &current))
            .await?;
        Ok(sent)
    }
}

fn of_task(row: &TaskRow) -> Notice {
    let about = match &row.subject {
        TaskSubject::Instance { instance, .. } => instance.to_string(),
        TaskSubject::Account(wanted) => format!("account-{}", wanted.id),
    };
    Notice {
        id: format!("task:{about}:{}", row.task.step),
        urgent: false,
        what: format!(
            "{} of {} waits for a person: {}. Who: {}.",
            row.platform_name,
            row.subject.whose(),
            row.task.title,
            row.task.who.trim_end_matches('.')
        ),
        hint: "What to do: guildhall task list".to_owned(),
    }
}

fn of_operation(row: &OperationRow) -> Option<Notice> {
    let operation = &row.operation;
    let fault = operation.fault.as_ref()?;
    (operation.state == OperationState::Failed).then(|| Notice {
        id: format!("operation:{}", operation.id),
        urgent: true,
        what: format!(
            "{} of {}: {} failed. {}",
            row.platform_name, row.community, operation.verb, fault.what
        ),
        hint: fault.hint.clone(),
    })
}

/// What the last look at an instance found. What failed is told of its operation, and what waits is a step.
fn of_instance(slug: &Slug, row: &PlatformRow) -> Option<Notice> {
    let instance = row.instance.as_ref()?;
    let is_down = instance.mark() == Mark::Active && instance.health == Health::Down;
    let (word, urgent, found) = match instance.mark() {
        _ if instance.observed == Observed::Gone => ("gone", true, "is gone on its platform"),
        _ if is_down => ("down", true, "does not answer"),
        Mark::Drift => ("drift", false, "is not as it is recorded"),
        _ => return None,
    };
    let note = match instance.note.trim_end_matches('.') {
        "" => String::new(),
        note => format!(": {note}"),
    };
    Some(Notice {
        id: format!("{word}:{}", instance.id),
        urgent,
        what: format!("{} of {slug} {found}{note}.", row.name),
        hint: format!(
            "What to do: guildhall instance show {slug} {}",
            row.platform
        ),
    })
}

fn of_slots(row: &AccountRow) -> Option<Notice> {
    let pressing = row.pressing()?;
    let full = pressing.slots.level() == SlotUse::Full;
    Some(Notice {
        id: format!("slots:{}:{}:{full}", row.account.id, pressing.slots.unit),
        urgent: full,
        what: format!(
            "The account {} on {} is {}: {}.",
            row.account.name,
            row.platform_name,
            if full { "full" } else { "nearly full" },
            pressing.words()
        ),
        hint: format!("Make another there. {}", pressing.note),
    })
}

fn of_key(row: &AccountRow, key: &CredentialMeta) -> Option<Notice> {
    let whose = row
        .slug
        .as_ref()
        .map_or_else(|| row.account.name.clone(), ToString::to_string);
    let named = format!("{} of {}, {whose}", key.field, row.platform_name);
    let platform = &row.account.platform;
    let (id, urgent, what, verb) = match key.state {
        CredentialState::Rejected => ("rejected", true, "is not accepted any more", "set"),
        CredentialState::NeedsReentry => ("reentry", true, "has to be entered again", "set"),
        _ => {
            let due = row.due.iter().find(|due| due.key == key.id)?;
            (due.reason.word(), due.over, due.words.as_str(), "rotate")
        }
    };
    Some(Notice {
        id: format!("key:{}:{id}:{urgent}", key.id),
        urgent,
        what: format!("The key {named}, {what}."),
        hint: match &row.slug {
            Some(slug) => format!(
                "What to do: guildhall key {verb} {slug} {platform} --field {}",
                key.field
            ),
            None => format!(
                "Replace it on the screen, among the accounts: {whose} on {}.",
                row.platform_name
            ),
        },
    })
}
