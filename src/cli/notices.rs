//! `guildhall notices ...`: what an operator is told without looking, and where it goes.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    table::Page,
};
use crate::{
    domain::{Fault, FaultKind},
    engine::{Notice, Outlet},
};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

/// Notices.
#[derive(Debug, Subcommand)]
pub enum Notices {
    /// List what an operator should know now.
    List,
    /// Send what was not told yet through the outlet, each thing once; `guildhall check` does it too.
    Send,
    /// Say where notices go besides the screen; without an option, show it.
    Outlet {
        /// A file of mode 0600 with the address of an incoming webhook.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["command", "none"])]
        webhook_in: Option<PathBuf>,
        /// A program with its arguments, which reads the notices from its standard input.
        #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true, conflicts_with = "none")]
        command: Vec<String>,
        /// The first room of a community's instance, where whoever is in it reads them.
        #[arg(long, value_names = ["COMMUNITY", "PLATFORM"], num_args = 2, conflicts_with_all = ["webhook_in", "command", "none"])]
        room: Vec<String>,
        /// Nowhere.
        #[arg(long)]
        none: bool,
    },
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Notices) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Notices::List => list(context, &hall).await,
        Notices::Send => send(context, &hall).await,
        Notices::Outlet {
            webhook_in,
            command,
            room,
            none,
        } => match chosen(&hall, webhook_in, command, &room).await {
            Ok(chosen) => outlet(context, &hall, chosen, none).await,
            Err(fault) => Err(fault),
        },
    };
    hall.close().await;
    exit
}

/// How bad what is told is, as an exit status for cron and monitoring.
fn verdict(notices: &[Notice]) -> Exit {
    if notices.iter().any(|notice| notice.urgent) {
        Exit::Failed
    } else if notices.is_empty() {
        Exit::Done
    } else {
        Exit::Waiting
    }
}

async fn list(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let notices = hall.engine.notices(&hall.actor).await?;
    context.out.data(&json!({ "notices": notices }), |out| {
        let mut page = Page::default();
        for notice in &notices {
            let sign = if notice.urgent { "x" } else { "!" };
            page.item(out, sign, &notice.what);
            page.item(out, "", &context.out.here(&notice.hint));
        }
        page.render()
    })?;
    Ok(verdict(&notices))
}

async fn send(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let notices = hall.engine.notices(&hall.actor).await?;
    let sent = hall.engine.tell_notices(&hall.actor, &notices).await?;
    context
        .out
        .data(&json!({ "notices": notices, "sent": sent }), |_| {
            match notices.len() - sent.min(notices.len()) {
                0 => format!("{sent} sent."),
                before => format!("{sent} sent; {before} were told before, or have nowhere to go."),
            }
        })?;
    Ok(verdict(&notices))
}

/// After a look at everything: tells what is new through the outlet, and answers how bad things are. Who may not see
/// accounts is told nothing.
///
/// # Errors
/// `Storage`. An outlet that fails is told, and is no reason to fail the look.
pub async fn after_look(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let notices = match hall.engine.notices(&hall.actor).await {
        Ok(notices) => notices,
        Err(fault) if fault.kind == FaultKind::NotAllowed => return Ok(Exit::Done),
        Err(fault) => return Err(fault),
    };
    for notice in &notices {
        context
            .out
            .advise(&format!("! {} {}", notice.what, notice.hint));
    }
    if !context.globals.read_only
        && let Err(fault) = hall.engine.tell_notices(&hall.actor, &notices).await
    {
        context
            .out
            .advise(&format!("! The notices could not be sent: {fault}"));
        return Ok(Exit::Failed);
    }
    Ok(verdict(&notices))
}

async fn chosen(
    hall: &Hall,
    webhook_in: Option<PathBuf>,
    command: Vec<String>,
    room: &[String],
) -> Result<Option<Outlet>, Fault> {
    Ok(match (webhook_in, room) {
        (Some(file), _) => Some(Outlet::WebhookIn(
            std::path::absolute(&file).unwrap_or(file),
        )),
        (None, [community, platform]) => Some(Outlet::Room {
            community: hall.community(community).await?.slug,
            platform: hall.platform(platform)?,
        }),
        _ if !command.is_empty() => Some(Outlet::Command(command)),
        _ => None,
    })
}

async fn outlet(
    context: &Context,
    hall: &Hall,
    chosen: Option<Outlet>,
    none: bool,
) -> Result<Exit, Fault> {
    if none || chosen.is_some() {
        hall.engine.set_outlet(&hall.actor, chosen).await?;
    }
    let now = hall.engine.outlet(&hall.actor).await?;
    context
        .out
        .data(&json!({ "outlet": now }), |_| match &now {
            Some(Outlet::Command(words)) => {
                format!("Notices go to the command {}.", words.join(" "))
            }
            Some(Outlet::WebhookIn(file)) => {
                format!("Notices go to the webhook in {}.", file.display())
            }
            Some(Outlet::Room {
                community,
                platform,
            }) => {
                format!("Notices go to the first room of {platform} of {community}; whoever is in it reads them.")
            }
            None => "Notices are shown on the screen and by guildhall check only.".to_owned(),
        })?;
    Ok(Exit::Done)
}
