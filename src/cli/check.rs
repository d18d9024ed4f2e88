//! `guildhall check`: looking at instances now, their health and drift.

use super::{
    account,
    exit::Exit,
    hall::{self, Context, Hall},
    instance_list,
    report::{self, Next},
    shapes::InstanceLine,
    work,
};
use crate::domain::{Fault, FaultKind, Health, Intent, Mark, PlatformId, counted};
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
    let lines: Vec<_> = if let Some(community) = &community {
        let detail = hall.engine.community(&hall.actor, &community.slug).await?;
        let rows = detail.platforms.iter();
        rows.filter(|row| row.instance.is_some())
            .map(|row| InstanceLine::of_row(community.slug.as_str(), row))
            .collect()
    } else {
        let rows = hall.engine.instances(&hall.actor).await?;
        rows.iter()
            .map(|(slug, row)| InstanceLine::of_row(slug.as_str(), row))
            .collect()
    };
    let is_asked = |line: &InstanceLine| {
        platform
            .as_ref()
            .is_none_or(|only| only.as_str() == line.platform)
    };
    let lines: Vec<_> = lines.into_iter().filter(is_asked).collect();
    context.out.data(&json!({ "instances": lines }), |out| {
        instance_list::table(&lines).render(out)
    })?;
    let wrong: Vec<_> = lines.iter().filter(|line| is_wrong(line)).collect();
    let mut next = Vec::new();
    for line in wrong.iter().take(ADVISED) {
        next.push(advice(hall, line).await?);
    }
    report::advise(context, &next);
    if let Some(left) = wrong.len().checked_sub(ADVISED).filter(|left| *left > 0) {
        context.out.advise(&format!(
            "{} not as they should be.",
            counted(left, "more is", "more are")
        ));
    }
    Ok(if wrong.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// For so many instances it is told what to do; for the others that there are more.
const ADVISED: usize = 20;

/// Whether an instance is not as it should be: what waits for somebody is in the list of what waits.
fn is_wrong(line: &InstanceLine) -> bool {
    let is_down = line.mark == Mark::Active.word() && line.health == Some(Health::Down.word());
    is_down || line.drifted || line.mark == Mark::Failed.word()
}

async fn advice(hall: &Hall, line: &InstanceLine) -> Result<Next, Fault> {
    let community = hall::slug(&line.community)?;
    let platform = PlatformId::new(line.platform.clone());
    let detail = hall
        .engine
        .instance(&hall.actor, &community, &platform)
        .await?;
    Ok(Next {
        subject: format!("{community}/{platform}"),
        state: line.state,
        advice: detail.advice,
    })
}
