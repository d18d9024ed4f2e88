//! Another account than the one that is in use: how it is made, and how a community is moved to it.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    plan,
    report::Watched,
    table::Page,
    work,
};
use crate::{
    domain::{Capability, Fault, FaultKind, Intent, PlatformId, Verb, WantedAccount},
    engine::views::TaskSubject,
};
use clap::Args;
use serde_json::json;

/// An account that somebody wants.
#[derive(Debug, Args)]
pub struct Another {
    /// The platform.
    platform: String,
    /// What to call it; without a name it is only told how another one is made.
    name: Option<String>,
    /// Who can be asked about it.
    #[arg(long, value_name = "WHO", default_value = "")]
    contact: String,
    #[command(flatten)]
    binding: plan::Binding,
}

/// Has another account made, or records it as a step for a person.
///
/// # Errors
/// What the engine refuses it with.
pub async fn another(context: &Context, hall: &Hall, wish: Another) -> Result<Exit, Fault> {
    let platform = hall.platform(&wish.platform)?;
    let Some(name) = wish.name else {
        return tell(context, hall, &platform);
    };
    let intent = Intent::WantAccount {
        platform: platform.clone(),
        name: name.clone(),
        contact: wish.contact,
    };
    if wish.binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    let basis = match wish.binding.basis {
        Some(basis) => Some(basis),
        None if context.globals.yes => None,
        None => {
            let basis = plan::tell(context, hall, &intent).await?;
            context.confirm(&format!("Ask for the account {name}?"))?;
            Some(basis)
        }
    };
    let exit = work::carry_out_planned(context, hall, intent, basis, None).await?;
    let waits = wanted(hall, &platform, &name).await?;
    Ok(waiting(context, waits, exit))
}

/// Looks whether an account is there that was asked for.
///
/// # Errors
/// `NeedsKey` while its key is missing; what the engine refuses it with.
pub async fn check(context: &Context, hall: &Hall, known: &WantedAccount) -> Result<Exit, Fault> {
    let intent = Intent::CheckWantedAccount { wanted: known.id };
    let exit = work::carry_out(context, hall, intent, None).await?;
    let waits = wanted(hall, &known.platform, &known.name).await?;
    Ok(waiting(context, waits, exit))
}

/// The account of this name, while it is still wanted.
async fn wanted(
    hall: &Hall,
    platform: &PlatformId,
    name: &str,
) -> Result<Option<WantedAccount>, Fault> {
    let name = crate::domain::clean_line(name);
    let rows = hall.engine.tasks(&hall.actor).await?;
    Ok(rows.into_iter().find_map(|row| match row.subject {
        TaskSubject::Account(wanted) if wanted.platform == *platform && wanted.name == name => {
            Some(wanted)
        }
        _ => None,
    }))
}

fn waiting(context: &Context, waits: Option<WantedAccount>, exit: Exit) -> Exit {
    let Some(wanted) = waits else {
        return exit;
    };
    if !wanted.note.is_empty() {
        context.out.advise(&format!("! {}.", wanted.note));
    }
    context.out.advise(&format!(
        "How to do it: guildhall task show account-{}",
        wanted.id
    ));
    context.out.advise(&how_to_add(&wanted));
    exit.or_worse(Exit::Waiting)
}

/// The command with which the key of an account is entered that was asked for.
pub fn how_to_add(wanted: &WantedAccount) -> String {
    format!(
        "Then: guildhall account add {} '{}'",
        wanted.platform, wanted.name
    )
}

/// Moves an instance of a community to another account.
///
/// # Errors
/// What the engine returns.
pub async fn move_to(
    context: &Context,
    hall: &Hall,
    which: &Which,
    name: String,
    binding: plan::Binding,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let intent = Intent::MoveAccount {
        community: community.id,
        platform: platform.clone(),
        name: name.clone(),
    };
    if binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    let basis = match binding.basis {
        Some(basis) => Some(basis),
        None if context.globals.yes => None,
        None => {
            let basis = plan::tell(context, hall, &intent).await?;
            context.confirm(&format!(
                "Move {platform} of {} to the account {name}?",
                community.name
            ))?;
            Some(basis)
        }
    };
    let watched = Watched::instance(&community, &platform);
    work::carry_out_planned(context, hall, intent, basis, Some(watched)).await
}

/// Tells what a person does to make another account, where the platform does not let a program.
fn tell(context: &Context, hall: &Hall, platform: &PlatformId) -> Result<Exit, Fault> {
    let manifest = hall.engine.catalog().get(platform).ok_or_else(|| {
        Fault::new(FaultKind::NotFound, "That platform is gone.").hint("Look at the catalog.")
    })?;
    let how = manifest.capability(Verb::MakeAccount);
    let note = manifest
        .capabilities
        .get(&Verb::MakeAccount)
        .map_or("", |known| known.note.as_str());
    let keys: Vec<_> = manifest
        .entered_credentials()
        .filter(|known| known.secret)
        .collect();
    let object = json!({
        "platform": platform,
        "how": how,
        "note": note,
        "keys": keys.iter().map(|known| json!({
            "field": known.field,
            "whose": known.whose,
            "where_to_get": known.where_to_get,
            "scopes": known.scopes,
        })).collect::<Vec<_>>(),
    });
    context.out.data(&object, |out| {
        let mut page = Page::default();
        page.heading(&format!("Another account on {}", manifest.name));
        page.field(out, "how", &how.to_string());
        page.field(out, "", note);
        if how == Capability::Human {
            for known in &keys {
                page.heading(&known.label);
                page.field(out, "whose", &known.whose);
                for step in &known.where_to_get {
                    page.item(out, "-", step);
                }
                page.field(out, "scopes", &known.scopes.join(", "));
            }
        }
        page.render()
    })?;
    if how == Capability::Human {
        context.out.advise(&format!(
            "To have it among the tasks: guildhall account another {platform} NAME. For one community alone: guildhall key set COMMUNITY {platform}"
        ));
        return Ok(Exit::Waiting);
    }
    Ok(Exit::Done)
}
