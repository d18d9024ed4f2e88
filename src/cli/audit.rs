//! `guildhall audit ...`

use super::{exit::Exit, hall::Context, table::Table, words};
use crate::{
    domain::{AuditEntry, Fault},
    engine::Page,
};
use clap::Subcommand;
use serde_json::json;

/// Entries read at a time.
const PAGE: u32 = 500;

/// The audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List who did what, the newest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Look whether an entry was changed, taken out or put in.
    Verify,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Audit) -> Result<Exit, Fault> {
    match command {
        Audit::List { limit } => list(context, limit).await,
        Audit::Verify => verify(context).await,
    }
}

async fn list(context: &Context, limit: usize) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let mut entries: Vec<AuditEntry> = Vec::new();
    while entries.len() < limit {
        let page = Page {
            after: entries.last().map(|entry| entry.sequence),
            limit: PAGE,
        };
        let more = hall.engine.audit(&hall.actor, page).await?;
        let is_last = more.len() < PAGE as usize;
        entries.extend(more);
        if is_last {
            break;
        }
    }
    entries.truncate(limit);
    context.out.data(&json!({ "entries": entries }), |out| {
        let mut table = Table::new(&["#", "when", "who", "what", "on", "result", ""]);
        for entry in &entries {
            table.row([
                entry.sequence.to_string(),
                words::when(entry.at),
                entry.actor.clone(),
                entry.action.clone(),
                entry.subject.clone(),
                entry.result.to_string(),
                entry.detail.clone(),
            ]);
        }
        table.render(out)
    })?;
    hall.close().await;
    Ok(Exit::Done)
}

async fn verify(context: &Context) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let report = hall.engine.audit_verify(&hall.actor).await?;
    context.out.data(&report, |_| match &report.broken {
        Some((sequence, what)) => format!("The audit does not hold from entry {sequence}: {what}"),
        None => format!(
            "The audit holds: {}, {} sealed. Its head is {}",
            words::counted(
                usize::try_from(report.entries).unwrap_or(usize::MAX),
                "entry",
                "entries"
            ),
            report.sealed,
            report.head
        ),
    })?;
    hall.close().await;
    if report.broken.is_some() {
        context.out.advise(
            "Somebody changed the database behind Guildhall's back. Compare it with the last backup.",
        );
        return Ok(Exit::Failed);
    }
    if !report.seals_checked {
        context.out.advise(
            "The vault is locked, so the seals were not checked. Unlock it to check them too.",
        );
    }
    Ok(Exit::Done)
}
