//! Another account than the one that is in use: how it is made, and how a community is moved to it.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    table::Page,
    work,
};
use crate::domain::{Capability, Fault, FaultKind, Intent, Verb};
use serde_json::json;

/// Moves an instance of a community to another account.
///
/// # Errors
/// What the engine returns.
pub async fn move_to(
    context: &Context,
    hall: &Hall,
    which: &Which,
    name: String,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    context.confirm(&format!(
        "Move {platform} of {} to the account {name}?",
        community.name
    ))?;
    let intent = Intent::MoveAccount {
        community: community.id,
        platform,
        name,
    };
    work::carry_out(context, hall, intent, None).await
}

/// Tells what a person does to make another account, where the platform does not let a program.
///
/// # Errors
/// `NotFound` for a platform that is not in the catalog.
pub fn tell(context: &Context, hall: &Hall, platform: &str) -> Result<Exit, Fault> {
    let platform = hall.platform(platform)?;
    let manifest = hall.engine.catalog().get(&platform).ok_or_else(|| {
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
            "Then enter its key: guildhall account add {platform} NAME, or for one community: guildhall key set COMMUNITY {platform}"
        ));
        return Ok(Exit::Waiting);
    }
    Ok(Exit::Done)
}
