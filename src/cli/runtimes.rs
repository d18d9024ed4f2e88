//! `guildhall service runtimes` and `clear-runtimes`: what is shared by the services on this host, and what of it nobody needs.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    table::Table,
    words,
};
use crate::{
    domain::{Fault, mebibytes},
    engine::RuntimeRow,
};
use clap::Args;
use serde_json::json;

/// How runtimes are cleared.
#[derive(Debug, Args)]
pub struct Clear {
    /// Only show what would go.
    #[arg(long)]
    plan: bool,
}

/// Lists them.
///
/// # Errors
/// What the engine returns.
pub async fn list(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let rows = hall.engine.runtimes(&hall.actor).await?;
    context
        .out
        .data(&json!({ "runtimes": rows }), |out| table(&rows).render(out))?;
    if rows.is_empty() {
        context
            .out
            .advise("Nothing was installed on this host yet.");
    }
    Ok(Exit::Done)
}

/// Clears those that nobody needs, once that was agreed to.
///
/// # Errors
/// As [`Context::confirm`]; what the engine returns.
pub async fn clear(context: &Context, hall: &Hall, asked: &Clear) -> Result<Exit, Fault> {
    let mut spare = hall.engine.runtimes(&hall.actor).await?;
    spare.retain(RuntimeRow::is_spare);
    let size = mebibytes(spare.iter().map(|row| row.disk_mib).sum());
    if asked.plan || spare.is_empty() {
        context.out.data(
            &json!({ "status": Exit::Done.word(), "would_go": spare }),
            |out| {
                if spare.is_empty() {
                    "Every runtime on this host is needed.".to_owned()
                } else {
                    table(&spare).render(out)
                }
            },
        )?;
        if !spare.is_empty() {
            context
                .out
                .advise(&format!("Nothing has gone yet; it would free {size}."));
        }
        return Ok(Exit::Done);
    }
    context.confirm(&format!(
        "Take away {} that nobody needs, {size}? What is needed again later is installed anew.",
        words::counted(spare.len(), "runtime", "runtimes")
    ))?;
    let folders = spare.iter().map(|row| row.folder.clone()).collect();
    let gone = hall.engine.clear_runtimes(&hall.actor, &folders).await?;
    let freed: u64 = gone.iter().map(|row| row.disk_mib).sum();
    context.out.data(
        &json!({ "status": Exit::Done.word(), "gone": gone, "freed_mib": freed }),
        |_| {
            format!(
                "{} taken away, {} free again.",
                words::counted(gone.len(), "runtime", "runtimes"),
                mebibytes(freed)
            )
        },
    )?;
    Ok(Exit::Done)
}

fn table(rows: &[RuntimeRow]) -> Table {
    let mut table = Table::new(&["RUNTIME", "DISK", "NEEDED BY"]);
    for row in rows {
        let needed = match (row.finished, row.needed_by.as_slice()) {
            (false, _) => "nobody; its installation was never finished".to_owned(),
            (true, []) => "nobody".to_owned(),
            (true, [one]) => one.clone(),
            (true, [first, others @ ..]) => format!("{first} and {} more", others.len()),
        };
        table.row([row.name.clone(), mebibytes(row.disk_mib), needed]);
    }
    table
}
