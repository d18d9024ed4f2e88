//! `guildhall up`, `guildhall down` and `guildhall service ...`: what runs on this host.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    report,
    table::Table,
    words, work,
};
use crate::{domain::Fault, engine::views::ServiceRow, services::supervisor::Stopped};
use clap::Subcommand;
use serde_json::{Value, json};

/// What runs on this host.
#[derive(Debug, Subcommand)]
pub enum Service {
    /// List what runs on this host, or should.
    List {
        /// Only this community, by its short name.
        community: Option<String>,
    },
    /// Show what an instance's service wrote, keys struck out.
    Logs(super::service_logs::Logs),
    /// Show what an instance takes of this host's memory and disk.
    Estimate(Which),
    /// Write what Caddy or nginx is told to publish of an instance, on standard output.
    Expose(super::expose::Expose),
    /// Save what an instance on this host holds into a new folder, without its secrets.
    Save(super::copies::Save),
    /// List the shared runtimes on this host: what they take of the disk, and who needs them.
    Runtimes,
    /// Take away the runtimes that nobody needs, after showing them.
    ClearRuntimes(super::runtimes::Clear),
    /// Put back what was saved; the instance must be off, and what it holds now is kept in the trash.
    PutBack(super::copies::PutBack),
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Service) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Service::List { community } => list(context, &hall, community.as_deref()).await,
        Service::Logs(asked) => super::service_logs::run(context, &hall, &asked).await,
        Service::Estimate(which) => estimate(context, &hall, &which).await,
        Service::Save(asked) => super::copies::save(context, &hall, &asked).await,
        Service::PutBack(asked) => super::copies::put_back(context, &hall, &asked).await,
        Service::Runtimes => super::runtimes::list(context, &hall).await,
        Service::ClearRuntimes(asked) => super::runtimes::clear(context, &hall, &asked).await,
        Service::Expose(asked) => super::expose::run(context, &hall, &asked).await,
    };
    hall.close().await;
    exit
}

/// Starts what should run, as after a restart of the host.
///
/// # Errors
/// What the engine returns.
pub async fn up(context: &Context) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    hall.engine.start().await;
    let up = hall.engine.up(&hall.actor).await?;
    if context.globals.no_wait {
        hall.engine.shutdown().await;
    } else if let Some(stopped) = work::wait(context, &hall, &up.receipt.operations).await {
        return Ok(stopped);
    }
    let rows = hall.engine.services(&hall.actor, None).await?;
    let mut exit = Exit::Done;
    let mut lines = Vec::new();
    for (slug, platform) in &up.begun {
        let is_up = rows
            .iter()
            .any(|row| row.slug == *slug && row.platform == *platform && row.state.is_up());
        let detail = hall.engine.instance(&hall.actor, slug, platform).await?;
        let verdict = if is_up {
            Exit::Done
        } else {
            report::judge(&detail, true)
        };
        if !is_up {
            context
                .out
                .advise(&format!("{slug}/{platform}: not started"));
            for step in report::next_steps(&detail, verdict) {
                context.out.advise(&format!("  {step}"));
            }
        }
        exit = exit.or_worse(verdict);
        lines.push(json!({ "community": slug, "platform": platform, "up": is_up }));
    }
    for (slug, platform, needed) in &up.no_room {
        context.out.advise(&format!(
            "{slug}/{platform}: not started; it needs about {needed} MiB of memory, which are not free"
        ));
        exit = exit.or_worse(Exit::Failed);
        lines.push(
            json!({ "community": slug, "platform": platform, "up": false, "needs_mib": needed }),
        );
    }
    let started = lines.iter().filter(|line| line["up"] == true).count();
    hall.close().await;
    context.out.data(
        &json!({ "status": exit.word(), "running_before": up.running, "services": lines }),
        |_| {
            format!(
                "{} started, {} ran already.",
                words::counted(started, "service", "services"),
                up.running
            )
        },
    )?;
    Ok(exit)
}

/// Stops everything that runs.
///
/// # Errors
/// What the engine returns.
pub async fn down(context: &Context) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let stopped = hall.engine.down(&hall.actor).await?;
    hall.close().await;
    let lines: Vec<Value> = stopped
        .iter()
        .map(|(slug, platform, how)| {
            json!({ "community": slug, "platform": platform, "killed": *how == Stopped::Killed })
        })
        .collect();
    context.out.data(
        &json!({ "status": Exit::Done.word(), "stopped": lines }),
        |_| {
            format!(
                "{} stopped.",
                words::counted(stopped.len(), "service", "services")
            )
        },
    )?;
    if !stopped.is_empty() {
        context
            .out
            .advise("What is wanted active stays so. To start it again: guildhall up");
    }
    Ok(Exit::Done)
}

async fn list(context: &Context, hall: &Hall, community: Option<&str>) -> Result<Exit, Fault> {
    let slug = community.map(super::hall::slug).transpose()?;
    let rows = hall.engine.services(&hall.actor, slug.as_ref()).await?;
    context.out.data(&json!({ "services": rows }), |out| {
        let mut table = Table::new(&[
            "COMMUNITY",
            "PLATFORM",
            "WANTED",
            "RUNS",
            "SINCE",
            "RESTARTS",
            "HOW",
            "CHECKED",
        ]);
        for row in &rows {
            table.row(cells(row));
        }
        table.render(out)
    })?;
    if rows.is_empty() {
        context.out.advise("Nothing was ever started on this host.");
    }
    Ok(Exit::Done)
}

fn cells(row: &ServiceRow) -> [String; 8] {
    let processes = row.state.processes.values();
    let up = processes.clone().filter(|process| process.is_up()).count();
    let runs = match (row.state.kept, row.state.processes.len()) {
        (false, _) => "no".to_owned(),
        (true, 0) => "timer".to_owned(),
        (true, all) => format!("{up} of {all}"),
    };
    let since = processes.clone().filter_map(|process| process.since).max();
    let restarts: u32 = processes.map(|process| process.restarts).sum();
    [
        row.slug.to_string(),
        row.platform.to_string(),
        row.desired.to_string(),
        runs,
        since.map(words::when).unwrap_or_default(),
        restarts.to_string(),
        row.state.driver.to_string(),
        row.checked_at
            .map(|at| format!("{}, {}", row.health, words::when(at)))
            .unwrap_or_default(),
    ]
}

async fn estimate(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let needed = hall
        .engine
        .catalog()
        .get(&platform)
        .map(|manifest| manifest.resources.clone());
    let free = crate::engine::free_memory_mib();
    let object = json!({
        "community": community.slug,
        "platform": platform,
        "memory_free_mib": free,
        "resources": needed,
    });
    context.out.data(&object, |_| {
        needed.as_ref().map_or_else(String::new, |needed| {
            format!(
                "memory, inactive     {} MiB\nmemory, active       {} MiB\nmemory, at most      {} MiB\n\
                 disk, shared         {} MiB\ndisk, this instance  {} MiB\nmemory now free      {free} MiB\nfrom                 {}",
                needed.memory_inactive_mib,
                needed.memory_active_mib,
                needed.memory_peak_mib,
                needed.disk_runtime_mib,
                needed.disk_instance_mib,
                needed.source
            )
        })
    })?;
    Ok(Exit::Done)
}
