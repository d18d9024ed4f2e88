//! `guildhall community hand-over`: what remains to be done until a community that leaves has everything.

use super::{
    exit::Exit,
    hall::{self, Context, Hall},
    table::Page,
    work,
};
use crate::{
    domain::{Fault, Intent, OperationId, OperationState, PlatformId, Slug},
    engine::HandOverProgress,
};
use clap::Args;
use serde_json::json;

/// Which community, and whether its keys are ended.
#[derive(Debug, Args)]
pub struct HandOver {
    /// Its short name.
    community: String,
    /// Have people become the owners of what it has there; once for each platform. Where Guildhall can do that, WHO is made
    /// one, by the name that the platform has for them; else, and without WHO, it is a step for a person. Over when the
    /// platform itself says so.
    #[arg(long, value_name = "PLATFORM[=WHO]")]
    owner: Vec<String>,
    /// End every key of the community's own, and look then. Each is over only when its platform has refused it; where only a
    /// person can end one, that is a step in the list of steps.
    #[arg(long)]
    end_keys: bool,
    /// The community's short name, because nothing of it can be looked after from here without its keys.
    #[arg(
        long,
        value_name = "SLUG",
        default_value = "",
        requires = "end_keys",
        hide_default_value = true
    )]
    confirm: String,
    /// End the key of this platform although it says that what is there is still ours: nobody can give it away from here then.
    #[arg(long, value_name = "PLATFORM", requires = "end_keys")]
    although: Vec<String>,
}

/// Shows the list, after ending the keys where that was asked for.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, hall: &Hall, asked: &HandOver) -> Result<Exit, Fault> {
    let slug = hall::slug(&asked.community)?;
    let mut exit = Exit::Done;
    if !asked.owner.is_empty() {
        let community = hall
            .engine
            .community(&hall.actor, &slug)
            .await?
            .community
            .id;
        let mut operations = Vec::new();
        for named in &asked.owner {
            let (platform, to) = named.split_once('=').unwrap_or((named, ""));
            let intent = Intent::HandOver {
                community,
                platform: PlatformId::new(platform),
                to: to.to_owned(),
            };
            match hall.engine.submit(&hall.actor, intent).await {
                Ok(receipt) => operations.extend(receipt.operations),
                Err(fault) => {
                    context
                        .out
                        .advise(&format!("{platform}: {} {}", fault.what, fault.hint));
                    exit = exit.or_worse(Exit::of(&fault));
                }
            }
        }
        if !context.globals.no_wait
            && let Some(stopped) = work::wait(context, hall, &operations).await
        {
            return Ok(stopped);
        }
        for operation in operations {
            exit = exit.or_worse(tell(context, hall, operation).await?);
        }
    }
    if asked.end_keys {
        let although: Vec<_> = asked.although.iter().map(PlatformId::new).collect();
        let ended = hall
            .engine
            .end_keys(&hall.actor, &slug, &asked.confirm, &although)
            .await?;
        for (name, fault) in &ended.refused {
            context
                .out
                .advise(&format!("{name}: {} {}", fault.what, fault.hint));
            exit = Exit::Failed;
        }
        if !context.globals.no_wait
            && let Some(stopped) = work::wait(context, hall, &ended.operations).await
        {
            return Ok(stopped);
        }
    }
    Ok(exit.or_worse(list(context, hall, &slug).await?))
}

/// Says what became of passing on one ownership, where it is not done.
async fn tell(context: &Context, hall: &Hall, id: OperationId) -> Result<Exit, Fault> {
    let detail = hall.engine.operation(&hall.actor, id).await?;
    let (row, operation) = (&detail.row, &detail.row.operation);
    let advise = |text: String| {
        context
            .out
            .advise(&format!("{}: {text}", row.platform_name));
    };
    if let Some(task) = &operation.task {
        advise(format!("{}.", task.title));
        context
            .out
            .advise(&format!("How to do it: guildhall task show {id}"));
        context
            .out
            .advise(&format!("When it is done: guildhall task done {id}"));
        return Ok(Exit::Waiting);
    }
    let Some(fault) = &operation.fault else {
        return Ok(Exit::Done);
    };
    advise(format!("{} {}", fault.what, fault.hint));
    Ok(if operation.state == OperationState::Failed {
        Exit::Failed
    } else {
        Exit::Waiting
    })
}

async fn list(context: &Context, hall: &Hall, slug: &Slug) -> Result<Exit, Fault> {
    let list = hall.engine.hand_over(&hall.actor, slug).await?;
    let object =
        json!({ "done": list.is_done(), "community": list.community, "lines": list.lines });
    context.out.data(&object, |out| {
        let mut page = Page::default();
        page.heading(&format!("Handing over {}", list.community));
        for line in &list.lines {
            let sign = match line.progress {
                HandOverProgress::Done => "ok",
                HandOverProgress::Open => "! ",
                HandOverProgress::Unproven => "? ",
            };
            page.field(out, &line.what, &format!("{sign}  {}", line.found));
            page.field(out, "", &line.to_do);
        }
        page.render()
    })?;
    Ok(if list.is_done() {
        Exit::Done
    } else {
        Exit::Waiting
    })
}
