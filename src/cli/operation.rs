//! `guildhall operation ...`

use super::{
    exit::Exit,
    hall::{Context, Hall},
    output::Output,
    report,
    shapes::OperationLine,
    table::{Page, Table},
    words, work,
};
use crate::{
    domain::{Fault, Intent, OperationId},
    engine::{
        Operations,
        views::{OperationDetail, OperationRow},
    },
};
use clap::Subcommand;
use serde_json::json;

/// Rows read at a time.
const PAGE: u32 = 200;

/// Operations.
#[derive(Debug, Subcommand)]
pub enum Operation {
    /// List what is being done or waits; with --all also what is done.
    List {
        /// Only those of this community, by its short name.
        community: Option<String>,
        /// Also what is done or cancelled.
        #[arg(long)]
        all: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show an operation with its steps.
    Show {
        /// Its number.
        id: i64,
    },
    /// Begin an operation again where it stopped; without a number, take up everything that is unfinished.
    Resume {
        /// Its number.
        id: Option<i64>,
    },
    /// Stop an operation; what it has done stays done.
    Cancel {
        /// Its number.
        id: i64,
    },
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Operation) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Operation::List {
            community,
            all,
            limit,
        } => list(context, &hall, community.as_deref(), all, limit).await,
        Operation::Show { id } => show(context, &hall, OperationId(id)).await,
        Operation::Resume { id: Some(id) } => resume(context, &hall, OperationId(id)).await,
        Operation::Resume { id: None } => resume_all(context, &hall).await,
        Operation::Cancel { id } => cancel(context, &hall, OperationId(id)).await,
    };
    hall.close().await;
    exit
}

async fn rows(
    hall: &Hall,
    mut filter: Operations,
    limit: usize,
) -> Result<Vec<OperationRow>, Fault> {
    let mut rows: Vec<OperationRow> = Vec::new();
    filter.limit = PAGE;
    while rows.len() < limit {
        let page = hall.engine.operations(&hall.actor, filter.clone()).await?;
        let is_last = page.len() < PAGE as usize;
        rows.extend(page);
        filter.before = rows.last().map(|row| row.operation.id);
        if is_last {
            break;
        }
    }
    rows.truncate(limit);
    Ok(rows)
}

async fn list(
    context: &Context,
    hall: &Hall,
    community: Option<&str>,
    all: bool,
    limit: usize,
) -> Result<Exit, Fault> {
    let community = match community {
        Some(slug) => Some(hall.community(slug).await?.id),
        None => None,
    };
    let filter = Operations {
        open: !all,
        community,
        ..Operations::default()
    };
    tell(context, &rows(hall, filter, limit).await?)?;
    Ok(Exit::Done)
}

fn tell(context: &Context, rows: &[OperationRow]) -> Result<(), Fault> {
    let lines: Vec<_> = rows.iter().map(OperationLine::of).collect();
    context.out.data(&json!({ "operations": lines }), |out| {
        let mut table = Table::new(&["id", "community", "platform", "verb", "state", "since", ""]);
        for (row, line) in rows.iter().zip(&lines) {
            table.row([
                line.id.to_string(),
                line.community.clone(),
                line.platform.clone(),
                line.verb.to_owned(),
                line.state.to_owned(),
                words::age(line.updated_at),
                note(row),
            ]);
        }
        table.render(out)
    })
}

fn note(row: &OperationRow) -> String {
    let operation = &row.operation;
    if let Some(task) = &operation.task {
        return task.title.clone();
    }
    let fault = operation.fault.as_ref();
    fault.map_or_else(String::new, |fault| fault.what.clone())
}

async fn show(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    let detail = hall.engine.operation(&hall.actor, id).await?;
    let line = OperationLine::of(&detail.row);
    let steps: Vec<_> = detail
        .steps
        .iter()
        .map(|step| {
            json!({
                "name": step.name,
                "state": step.state,
                "key": step.key,
                "intended_at": step.intended_at,
                "recorded_at": step.recorded_at,
            })
        })
        .collect();
    context
        .out
        .data(&json!({ "operation": line, "steps": steps }), |out| {
            text(out, &detail)
        })?;
    Ok(Exit::Done)
}

fn text(out: &Output, detail: &OperationDetail) -> String {
    let row = &detail.row;
    let operation = &row.operation;
    let mut page = Page::default();
    page.heading(&format!(
        "{} {}, {}",
        operation.verb, row.platform_name, row.community
    ));
    page.field(out, "state", row.state_words());
    page.field(out, "asked by", &operation.actor);
    page.field(out, "asked", &words::when(operation.created_at));
    page.field(out, "changed", &words::when(operation.updated_at));
    page.field(
        out,
        "begun",
        &words::counted(operation.attempts, "time", "times"),
    );
    if let Some(at) = operation.not_before {
        page.field(out, "not before", &words::when(at));
    }
    if let Some(fault) = &operation.fault {
        page.field(out, "why", &fault.what);
        page.field(out, "what to do", &fault.hint);
        page.field(out, "cause", fault.detail.as_deref().unwrap_or_default());
    }
    if let Some(task) = &operation.task {
        page.field(out, "waits for", &task.title);
    }
    page.heading("Steps");
    for step in &detail.steps {
        let when = step.recorded_at.map_or_else(String::new, words::when);
        page.field(out, step.state.word(), &format!("{}  {when}", step.name));
    }
    page.render()
}

/// Begins one operation again and waits for it.
///
/// # Errors
/// What the engine returns.
pub async fn resume(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    let receipt = hall
        .engine
        .submit(&hall.actor, Intent::ResumeOperation { operation: id })
        .await?;
    let detail = hall.engine.operation(&hall.actor, id).await?;
    let community = hall
        .engine
        .community(&hall.actor, &detail.row.slug)
        .await?
        .community;
    let watched = report::Watched::instance(&community, &detail.row.operation.platform);
    work::follow(context, hall, receipt, Some(watched)).await
}

async fn resume_all(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let filter = Operations {
        open: true,
        ..Operations::default()
    };
    let before = rows(hall, filter, usize::MAX).await?;
    let ids: Vec<_> = before.iter().map(|row| row.operation.id).collect();
    hall.engine.start().await;
    if let Some(stopped) = work::wait(context, hall, &ids).await {
        return Ok(stopped);
    }
    let mut exit = Exit::Done;
    let mut after = Vec::new();
    for id in ids {
        let row = hall.engine.operation(&hall.actor, id).await?.row;
        exit = exit.or_worse(report::verdict(row.operation.state));
        after.push(row);
    }
    tell(context, &after)?;
    match exit {
        Exit::Waiting => context.out.advise(
            "Something waits for a key, a person or a later time. Look with: guildhall operation list, guildhall task list",
        ),
        Exit::Locked => context
            .out
            .advise("Something waits for the vault. Unlock it with: guildhall unlock"),
        Exit::Failed => context
            .out
            .advise("Something failed. Look with: guildhall operation show ID"),
        _ => {}
    }
    Ok(exit)
}

async fn cancel(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    let row = hall.engine.operation(&hall.actor, id).await?.row;
    context.confirm(&format!(
        "Stop operation {id} ({} {} of {})? What it has done stays done.",
        row.operation.verb, row.platform_name, row.community
    ))?;
    work::carry_out(
        context,
        hall,
        Intent::CancelOperation { operation: id },
        None,
    )
    .await
}
