//! What an operator is told without looking: at the next login, by `guildhall check`, and through one outlet, each thing
//! once and with what to do.

use super::{
    Engine, Operations,
    rules::Rules,
    submit::label,
    views::{AccountRow, OperationRow, TaskRow},
};
use crate::{
    adapters::{
        http::Method,
        process::{Input, ProcessCall},
    },
    domain::{
        Actor, AuditResult, CredentialMeta, CredentialState, Fault, FaultKind, IntentKind,
        OperationState, SlotUse, counted,
    },
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

const OUTLET: &str = "notices.outlet";
const TOLD: &str = "notices.told";
/// How long the outlet may take.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Where notices go besides the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlet {
    /// A program with its arguments; it reads the notices from its standard input.
    Command(Vec<String>),
    /// A file of mode 0600 that holds the address of an incoming webhook.
    WebhookIn(PathBuf),
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
            ..Operations::default()
        };
        let operations = self.operations(actor, open).await?;
        let rotations = self.rotations(actor, true).await?;
        let mut notices: Vec<Notice> = tasks.iter().map(of_task).collect();
        notices.extend(operations.iter().filter_map(of_operation));
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
                hint: format!("guildhall key report {}", report.rotation.id),
            });
        }
        notices.sort_by_key(|notice| !notice.urgent);
        Ok(notices)
    }

    /// Says where notices go besides the screen; none to send them nowhere.
    ///
    /// # Errors
    /// `NotAllowed`, `BadInput` for an outlet that cannot work, `Storage`.
    pub async fn set_outlet(&self, actor: &Actor, outlet: Option<Outlet>) -> Result<(), Fault> {
        self.core.require_writable()?;
        match &outlet {
            Some(Outlet::WebhookIn(file)) => {
                address(file)?;
            }
            Some(Outlet::Command(words)) if words.is_empty() => {
                return Err(Fault::new(FaultKind::BadInput, "The command is empty.")
                    .hint("Give the program and its arguments."));
            }
            _ => {}
        }
        let asking = actor.clone();
        self.core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::Settings, None)?;
                writer.set_setting(OUTLET, &outlet)?;
                let detail = match &outlet {
                    Some(Outlet::Command(words)) => format!("a command: {}", words[0]),
                    Some(Outlet::WebhookIn(file)) => format!("a webhook, in {}", file.display()),
                    None => "nowhere".to_owned(),
                };
                rules.audit(
                    writer,
                    &label(&actor),
                    IntentKind::Settings.word(),
                    "notices",
                    None,
                    AuditResult::Permitted,
                    &detail,
                )
            })
            .await
    }

    /// Where notices go besides the screen.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn outlet(&self, actor: &Actor) -> Result<Option<Outlet>, Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                Ok(reader.setting::<Option<Outlet>>(OUTLET)?.flatten())
            })
            .await
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
            self.send(&outlet, &new).await?;
        }
        let current: BTreeSet<String> = notices.iter().map(|notice| notice.id.clone()).collect();
        let sent = new.len();
        self.core
            .change(move |writer, _| writer.set_setting(TOLD, &current))
            .await?;
        Ok(sent)
    }

    async fn send(&self, outlet: &Outlet, notices: &[&Notice]) -> Result<(), Fault> {
        let name = &self.core.installation.name;
        let lines: Vec<String> = notices
            .iter()
            .map(|notice| format!("{} {}", notice.what, notice.hint))
            .collect();
        let text = format!("Guildhall {name}:\n{}\n", lines.join("\n"));
        match outlet {
            Outlet::Command(words) => {
                let Some((program, arguments)) = words.split_first() else {
                    return Ok(());
                };
                let call = ProcessCall::new(program)
                    .args(arguments.to_vec())
                    .input(Input::Bytes(text.into_bytes()))
                    .timeout(PATIENCE);
                self.core.runner.run(call).await?.success().map(drop)
            }
            Outlet::WebhookIn(file) => {
                let call = self
                    .core
                    .http
                    .secret_address(Method::POST, &address(file)?)
                    .timeout(PATIENCE)
                    .json(&json!({ "text": text, "content": text }));
                call.send().await?.success().map(drop)
            }
        }
    }
}

/// The address in a file that nobody else may read.
fn address(file: &Path) -> Result<SecretString, Fault> {
    let refused = |what: String, hint: &str| Fault::new(FaultKind::BadInput, what).hint(hint);
    let shown = file.display();
    let about = fs::metadata(file).map_err(|error| {
        refused(
            format!("{shown} cannot be read."),
            "Write the webhook's address into a file of your own.",
        )
        .detail(error)
    })?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(refused(
            format!("{shown} can be read by others, and whoever has the address can post there."),
            "Close it with: chmod 600",
        ));
    }
    let text = fs::read_to_string(file).map_err(|error| {
        refused(format!("{shown} cannot be read."), "Look at its owner.").detail(error)
    })?;
    let address = text.trim();
    if !address.starts_with("https://") && !address.starts_with("http://127.0.0.1") {
        return Err(refused(
            format!("{shown} holds no address that begins with https://."),
            "Copy the webhook's address into it, and nothing else.",
        ));
    }
    Ok(SecretString::from(address))
}

fn of_task(row: &TaskRow) -> Notice {
    Notice {
        id: format!("task:{}:{}", row.instance, row.task.step),
        urgent: false,
        what: format!(
            "{} of {} waits for a person: {}. Who: {}.",
            row.platform_name,
            row.community,
            row.task.title,
            row.task.who.trim_end_matches('.')
        ),
        hint: "guildhall task list".to_owned(),
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
                "guildhall key {verb} {slug} {platform} --field {}",
                key.field
            ),
            None => format!(
                "Replace it on the screen, among the accounts: {whose} on {}.",
                row.platform_name
            ),
        },
    })
}
