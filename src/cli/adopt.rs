//! `guildhall instance discover`, `adopt` and `manage`: what exists on a platform already is looked at first, and managed
//! when that is asked for.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    plan,
    report::Watched,
    table::Table,
    work,
};
use crate::domain::{Fault, Intent};
use serde_json::json;

/// Lists what could be adopted.
///
/// # Errors
/// `Unsupported`, and what the platform answers.
pub async fn discover(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let found = hall
        .engine
        .discover(&hall.actor, &community.slug, &platform)
        .await?;
    context.out.data(&json!({ "found": found }), |out| {
        let mut table = Table::new(&["reference", "what", "name", "cannot be adopted because"]);
        for object in &found {
            table.row([
                object.reference.clone(),
                object.what.clone(),
                object.name.clone(),
                object.obstacle.clone().unwrap_or_default(),
            ]);
        }
        table.render(out)
    })?;
    let advice = if found.is_empty() {
        "Nothing was found there that could be taken over.".to_owned()
    } else {
        format!(
            "To look at one from now on: guildhall instance adopt {} {platform} REFERENCE",
            community.slug
        )
    };
    context.out.advise(&advice);
    Ok(Exit::Done)
}

/// Adopts: it is only looked at.
///
/// # Errors
/// What the engine refuses.
pub async fn adopt(
    context: &Context,
    hall: &Hall,
    which: &Which,
    reference: String,
    binding: plan::Binding,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let intent = Intent::Adopt {
        community: community.id,
        platform: platform.clone(),
        reference,
        observe_only: true,
    };
    if binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    let watched = Watched::instance(&community, &platform);
    let exit = work::carry_out_planned(context, hall, intent, binding.basis, Some(watched)).await?;
    if exit == Exit::Done {
        context.out.advise(&format!(
            "It is only looked at. To manage it from here: guildhall instance manage {} {platform}",
            community.slug
        ));
    }
    Ok(exit)
}

/// Manages from here what is only looked at.
///
/// # Errors
/// `Conflict` for what is managed already.
pub async fn manage(
    context: &Context,
    hall: &Hall,
    which: &Which,
    binding: plan::Binding,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let watched = Watched::instance(&community, &platform);
    let intent = Intent::Manage {
        community: community.id,
        platform,
    };
    if binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    context.confirm("Manage from here what was only looked at so far?")?;
    work::carry_out_planned(context, hall, intent, binding.basis, Some(watched)).await
}
