//! `guildhall task ...`: steps that wait for a person.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    operation,
    table::{Page, Table},
    words,
};
use crate::{
    domain::{Fault, FaultKind, OperationId},
    engine::views::TaskRow,
};
use clap::Subcommand;
use serde_json::{Value, json};

/// Steps for a person.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// List every step that waits for a person.
    List,
    /// Show what to do.
    Show {
        /// The number of the operation that waits.
        id: i64,
    },
    /// Look whether it was done, and go on.
    Done {
        /// The number of the operation that waits.
        id: i64,
    },
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Task) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Task::List => list(context, &hall).await,
        Task::Show { id } => show(context, &hall, OperationId(id)).await,
        Task::Done { id } => done(context, &hall, OperationId(id)).await,
    };
    hall.close().await;
    exit
}

fn object(row: &TaskRow) -> Value {
    json!({
        "id": row.operation,
        "community": row.slug,
        "platform": row.platform,
        "since": row.since,
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
                row.operation.to_string(),
                row.slug.to_string(),
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

async fn find(hall: &Hall, id: OperationId) -> Result<TaskRow, Fault> {
    let rows = hall.engine.tasks(&hall.actor).await?;
    rows.into_iter()
        .find(|row| row.operation == id)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!("No step of operation {id} waits for a person."),
            )
            .hint("List those that wait with: guildhall task list")
        })
}

async fn show(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    let row = find(hall, id).await?;
    context.out.data(&object(&row), |out| {
        let mut page = Page::default();
        let task = &row.task;
        page.heading(&format!(
            "{}, {}: {}",
            row.platform_name, row.community, task.title
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
    context
        .out
        .advise(&format!("When it is done: guildhall task done {id}"));
    Ok(Exit::Done)
}

async fn done(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    find(hall, id).await?;
    operation::resume(context, hall, id).await
}
