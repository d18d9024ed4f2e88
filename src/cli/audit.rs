//! `guildhall audit ...`

use super::{
    exit::Exit,
    hall::{Context, Hall},
    table::Table,
    words,
};
use crate::{
    domain::{AuditEntry, Fault, FaultKind},
    engine::Page,
};
use clap::Subcommand;
use serde_json::json;
use std::{
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

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
    /// Look whether an entry was changed, taken out or put in, and whether the stored keys are those it tells of.
    Verify {
        /// A head that was noted elsewhere: it must still be part of the chain.
        #[arg(long, value_name = "HEAD")]
        noted: Option<String>,
    },
    /// Write all entries to a new file, the oldest first, one JSON object on a line.
    Export {
        /// The new file.
        file: PathBuf,
    },
    /// Say what the audit proves, and what it cannot.
    About,
}

/// What the audit proves and what it cannot.
const ABOUT: &str = "\
Every intent, permitted or refused, and the end of every operation is an entry, written in the transaction of what it
tells. Each entry's digest covers the one before it; while the vault is open it is countersigned with a key that only the
vault has. Whenever a stored key changes, an entry holds a digest of all stored keys.

It proves, as far as the vault's key is safe:
- that no entry before the head was changed, taken out or put in;
- that the stored keys are those of the last change: an older row that was put back shows.

It cannot prove:
- that the end was not cut off, or that the whole database is not last week's: note the head elsewhere, and give it to
  `guildhall audit verify --noted HEAD`;
- that entries written while the vault was locked are not forged, until they are countersigned at the next unlock;
- anything against somebody who has the vault's key: who is removed from the vault gets no new one;
- what was done on a platform without Guildhall.";

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Audit) -> Result<Exit, Fault> {
    match command {
        Audit::List { limit } => list(context, limit).await,
        Audit::Verify { noted } => verify(context, noted.as_deref()).await,
        Audit::Export { file } => export(context, &file).await,
        Audit::About => {
            context
                .out
                .data(&json!({ "about": ABOUT }), |_| ABOUT.to_owned())?;
            Ok(Exit::Done)
        }
    }
}

async fn list(context: &Context, limit: usize) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let entries = entries(&hall, limit).await?;
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

/// Every entry, the newest first.
async fn entries(hall: &Hall, limit: usize) -> Result<Vec<AuditEntry>, Fault> {
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
    Ok(entries)
}

async fn export(context: &Context, file: &Path) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let mut entries = entries(&hall, usize::MAX).await?;
    hall.close().await;
    entries.reverse();
    let refused = |error: std::io::Error| {
        Fault::new(
            FaultKind::Storage,
            format!("The audit could not be written to {}.", file.display()),
        )
        .hint("Name a new file in a folder you may write to.")
        .detail(error)
    };
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(refused)?;
    let mut lines = BufWriter::new(open);
    for entry in &entries {
        serde_json::to_writer(&mut lines, entry)
            .map_err(std::io::Error::from)
            .and_then(|()| lines.write_all(b"\n"))
            .map_err(refused)?;
    }
    lines
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .and_then(|open| open.sync_all())
        .map_err(refused)?;
    let head = entries.last().map(|entry| entry.digest.clone());
    context.out.data(
        &json!({ "file": file, "entries": entries.len(), "head": head }),
        |_| {
            format!(
                "{} written to {}. The head is {}",
                words::counted(entries.len(), "entry", "entries"),
                file.display(),
                head.as_deref().unwrap_or("none")
            )
        },
    )?;
    Ok(Exit::Done)
}

async fn verify(context: &Context, noted: Option<&str>) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let report = hall.engine.audit_verify(&hall.actor).await?;
    let bears = match noted {
        Some(head) => hall.engine.audit_bears(&hall.actor, head).await?,
        None => true,
    };
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
    if let Some(entry) = report.keys_differed {
        context.out.advise(&format!(
            "! Entry {entry} tells of stored keys that somebody else than Guildhall changed. List them with guildhall key list, and have each verified: guildhall key verify COMMUNITY PLATFORM"
        ));
    }
    if !bears {
        context.out.advise(
            "The head you noted is not in this audit: the database was put back to an older state, or the audit was written anew.",
        );
        return Ok(Exit::Failed);
    }
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
