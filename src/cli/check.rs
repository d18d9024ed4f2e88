//! `guildhall check`: looking at instances now, their health and drift.

use super::{
    account,
    exit::Exit,
    hall::{Context, Hall},
    instance_list,
    report::{self, Next},
    shapes::InstanceLine,
    work,
};
use crate::domain::{Fault, FaultKind, Intent, Mark, PlatformId};
use clap::Args;
use serde_json::json;

/// What to look at.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Only this community, by its short name.
    community: Option<String>,
    /// Only this platform.
    platform: Option<String>,
}

/// Runs `guildhall check`.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, arguments: CheckArguments) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let mut exit = look(context, &hall, &arguments).await;
    // Of one community or platform that was asked; of everything also what nobody asked about.
    if let (Ok(looked), None, None) = (&exit, &arguments.community, &arguments.platform) {
        let looked = *looked;
        exit = super::notices::after_look(context, &hall)
            .await
            .map(|told| looked.or_worse(told));
    }
    hall.close().await;
    exit
}

/// Looks, waits for the answers and tells what was seen.
///
/// # Errors
/// What the engine returns.
pub async fn look(
    context: &Context,
    hall: &Hall,
    arguments: &CheckArguments,
) -> Result<Exit, Fault> {
    let platform = arguments
        .platform
        .as_deref()
        .map(|name| hall.platform(name))
        .transpose()?;
    let community = match &arguments.community {
        Some(slug) => Some(hall.community(slug).await?),
        None => None,
    };
    let intent = Intent::Check {
        community: community.as_ref().map(|community| community.id),
        platform: platform.clone(),
    };
    let receipt = hall.engine.submit(&hall.actor, intent).await?;
    if let Some(stopped) = work::wait(context, hall, &receipt.operations).await {
        return Ok(stopped);
    }
    match hall.engine.accounts(&hall.actor).await {
        Ok(accounts) => account::warn(context, &accounts),
        // A community's administrator sees no accounts, and need not.
        Err(fault) if fault.kind == FaultKind::NotAllowed => {}
        Err(fault) => return Err(fault),
    }
    let Some(community) = community else {
        return instance_list::list(context, hall, None).await;
    };
    let detail = hall.engine.community(&hall.actor, &community.slug).await?;
    let lines: Vec<_> = detail
        .platforms
        .iter()
        .filter(|row| row.instance.is_some())
        .filter(|row| platform.as_ref().is_none_or(|only| *only == row.platform))
        .map(|row| InstanceLine::of_row(community.slug.as_str(), row))
        .collect();
    context.out.data(&json!({ "instances": lines }), |out| {
        instance_list::table(&lines).render(out)
    })?;
    let mut exit = Exit::Done;
    let mut next = Vec::new();
    for line in &lines {
        let platform = PlatformId::new(line.platform.clone());
        let detail = hall
            .engine
            .instance(&hall.actor, &community.slug, &platform)
            .await?;
        let Some(instance) = &detail.instance else {
            continue;
        };
        if instance.drift.is_empty() && line.mark != Mark::Failed.word() {
            continue;
        }
        exit = exit.or_worse(Exit::Failed);
        next.push(Next {
            subject: format!("{}/{platform}", community.slug),
            state: line.state,
            advice: detail.advice,
        });
    }
    report::advise(context, &next);
    Ok(exit)
}
