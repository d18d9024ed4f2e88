//! `guildhall task ...`: steps that wait for a person.

use super::{
    another_account,
    exit::Exit,
    hall::{Context, Hall},
    operation,
    table::{Page, Table},
    words, work,
};
use crate::{
    domain::{Fault, FaultKind, Intent, OperationId, PlatformId, Slug, WantedAccountId},
    engine::views::{EngineEvent, TaskRow, TaskSubject},
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::{fmt, str::FromStr};

/// Steps for a person.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// List every step that waits for a person.
    List,
    /// Show what to do.
    Show {
        /// As it is listed: the number of the operation that waits, COMMUNITY/PLATFORM, or account-NUMBER.
        #[arg(value_name = "ID")]
        which: Which,
    },
    /// Look whether it was done, and go on.
    Done {
        /// As it is listed: the number of the operation that waits, COMMUNITY/PLATFORM, or account-NUMBER.
        #[arg(value_name = "ID")]
        which: Which,
    },
    /// Want an account no longer that was asked for.
    Drop {
        /// As it is listed: account-NUMBER.
        #[arg(value_name = "ID")]
        which: Which,
    },
}

/// Before the number of an account that is wanted.
const ACCOUNT: &str = "account-";

/// How a step is named: by its operation, its instance, or the account that is wanted.
#[derive(Debug, Clone)]
pub enum Which {
    /// The operation that waits.
    Operation(OperationId),
    /// "rosewood/forum".
    Instance(Slug, PlatformId),
    /// The account that is wanted.
    Account(WantedAccountId),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Operation(OperationId(number)));
        }
        if let Some(Ok(number)) = text.strip_prefix(ACCOUNT).map(str::parse) {
            return Ok(Self::Account(WantedAccountId(number)));
        }
        let known = text.split_once('/').and_then(|(slug, platform)| {
            let slug = slug.parse().ok()?;
            Some(Self::Instance(slug, PlatformId::new(platform)))
        });
        known.ok_or_else(|| {
            "write the number of an operation, COMMUNITY/PLATFORM or account-NUMBER, as in: guildhall task list"
                .to_owned()
        })
    }
}

impl Which {
    fn names(&self, row: &TaskRow) -> bool {
        match self {
            Self::Operation(id) => row.operation == Some(*id),
            Self::Instance(slug, platform) => {
                row.subject.slug() == Some(slug) && row.platform == *platform
            }
            Self::Account(id) => {
                matches!(&row.subject, TaskSubject::Account(wanted) if wanted.id == *id)
            }
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(id) => write!(formatter, "operation {id}"),
            Self::Instance(slug, platform) => write!(formatter, "{slug}/{platform}"),
            Self::Account(id) => write!(formatter, "{ACCOUNT}{id}"),
        }
    }
}

/// What names a step on the command line.
pub fn which(row: &TaskRow) -> String {
    match row.operation {
        Some(operation) => operation.to_string(),
        None => about(row),
    }
}

fn about(row: &TaskRow) -> String {
    match &row.subject {
        TaskSubject::Instance { slug, .. } => format!("{slug}/{}", row.platform),
        TaskSubject::Account(wanted) => format!("{ACCOUNT}{}", wanted.id),
    }
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Task) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Task::List => list(context, &hall).await,
        Task::Show { which } => show(context, &hall, &which).await,
        Task::Done { which } => done(context, &hall, &which).await,
        Task::Drop { which } => drop_wanted(context, &hall, &which).await,
    };
    hall.close().await;
    exit
}

fn object(row: &TaskRow) -> Value {
    json!({
        "id": which(row),
        "operation": row.operation,
        "community": row.subject.slug(),
        "account": match &row.subject {
            TaskSubject::Account(wanted) => Some(&wanted.name),
            TaskSubject::Instance { .. } => None,
        },
        "platform": row.platform,
        "since": row.since,
        "key": row.key.is_some(),
        "task": row.task,
    })
}

async fn list(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let rows = hall.engine.tasks(&hall.actor).await?;
    let objects: Vec<Value> = rows.iter().map(object).collect();
    context.out.data(&json!({ "tasks": objects }), |out| {
        let mut table = Table::new(&["id", "community", "platform", "what to do", "who", "since"]);
        for row in &rows {
            table.row([
                which(row),
                row.subject
                    .slug()
                    .map_or_else(|| "-".to_owned(), Slug::to_string),
                row.platform.to_string(),
                row.task.title.clone(),
                row.task.who.clone(),
                words::age(row.since),
            ]);
        }
        table.render(out)
    })?;
    if !rows.is_empty() {
        context.out.advise(
            "How to do one: guildhall task show ID. When it is done: guildhall task done ID",
        );
    }
    Ok(Exit::Done)
}

async fn find(hall: &Hall, wanted: &Which) -> Result<TaskRow, Fault> {
    let rows = hall.engine.tasks(&hall.actor).await?;
    rows.into_iter()
        .find(|row| wanted.names(row))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!("No step of {wanted} waits for a person."),
            )
            .hint("List those that wait with: guildhall task list")
        })
}

async fn show(context: &Context, hall: &Hall, wanted: &Which) -> Result<Exit, Fault> {
    let row = find(hall, wanted).await?;
    context.out.data(&object(&row), |out| {
        let mut page = Page::default();
        let task = &row.task;
        page.heading(&format!(
            "{}, {}: {}",
            row.platform_name,
            row.subject.whose(),
            task.title
        ));
        page.field(out, "why", &task.why);
        page.field(out, "who", &task.who);
        page.field(out, "open", task.url.as_deref().unwrap_or_default());
        page.field(out, "asks for", &task.asks_for.join(", "));
        for (number, step) in task.instructions.iter().enumerate() {
            page.item(out, &(number + 1).to_string(), step);
        }
        page.render()
    })?;
    context.out.advise(&next(&row));
    Ok(Exit::Done)
}

/// What follows what is told of a step.
fn next(row: &TaskRow) -> String {
    match (&row.key, &row.subject) {
        (Some(key), TaskSubject::Instance { slug, .. }) => {
            let which = key.field.as_ref();
            let which = which.map_or_else(String::new, |field| format!(" --field {field}"));
            format!("Then: guildhall key set {slug} {}{which}", row.platform)
        }
        (_, TaskSubject::Account(wanted)) => another_account::how_to_add(wanted),
        (None, TaskSubject::Instance { .. }) => {
            format!("When it is done: guildhall task done {}", which(row))
        }
    }
}

async fn done(context: &Context, hall: &Hall, wanted: &Which) -> Result<Exit, Fault> {
    let row = find(hall, wanted).await?;
    if let TaskSubject::Account(wanted) = &row.subject {
        return another_account::check(context, hall, wanted).await;
    }
    if row.key.is_some() {
        let missing = format!(
            "{}: {} first; it goes on then by itself.",
            about(&row),
            row.task.title
        );
        return Err(Fault::new(FaultKind::NeedsKey, missing).hint(next(&row)));
    }
    match row.operation {
        Some(operation) => operation::resume(context, hall, operation).await,
        None => look(context, hall, &row).await,
    }
}

async fn drop_wanted(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let row = find(hall, which).await?;
    let TaskSubject::Account(wanted) = &row.subject else {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{which} is no account that was asked for."),
        )
        .hint("An operation is stopped with: guildhall operation cancel ID"));
    };
    context.confirm(&format!(
        "Want the account {} on {} no longer?",
        wanted.name, row.platform_name
    ))?;
    let intent = Intent::DropWantedAccount { wanted: wanted.id };
    work::carry_out(context, hall, intent, None).await
}

/// Looks whether a step is done that no operation waits for.
async fn look(context: &Context, hall: &Hall, row: &TaskRow) -> Result<Exit, Fault> {
    let mut events = hall.engine.events(&hall.actor);
    hall.engine.submit(&hall.actor, row.check()).await?;
    if let Some(stopped) = work::wait(context, hall, &[]).await {
        return Ok(stopped);
    }
    for event in events.so_far().await {
        match event {
            EngineEvent::Looked {
                instance,
                fault: Some(fault),
                ..
            } if Some(instance) == row.subject.instance() => return Err(fault),
            _ => {}
        }
    }
    let rows = hall.engine.tasks(&hall.actor).await?;
    let still = rows
        .iter()
        .find(|other| other.operation.is_none() && other.subject == row.subject);
    let (status, message) = match still {
        Some(now) => (
            Exit::Waiting,
            format!("{}: not there yet: {}.", about(row), now.task.title),
        ),
        None => (
            Exit::Done,
            format!("{}: done: {}.", about(row), row.task.title),
        ),
    };
    let object = json!({
        "status": status.word(),
        "message": message,
        "task": still.map(object),
    });
    context.out.data(&object, |_| message.clone())?;
    if let Some(now) = still {
        context
            .out
            .advise(&format!("How to do it: guildhall task show {}", which(now)));
    }
    Ok(status)
}
