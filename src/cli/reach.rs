//! `guildhall key reach` and `guildhall key verify`: what stored keys reach, as the platform says and as is recorded here.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    instance_page::{key_json, key_words},
    output::Output,
    table::Page,
    words,
};
use crate::{
    domain::{Fault, FaultKind, Reach, Slug, counted},
    engine::{KeyReach, Verified},
};
use serde_json::{Value, json};

/// Asks the platform about stored keys again.
///
/// # Errors
/// What the engine returns.
pub async fn verify(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let verified = hall
        .engine
        .verify_keys(&hall.actor, &community.slug, &platform)
        .await?;
    let missing = !verified.identity.scopes_missing.is_empty();
    context
        .out
        .data(&verified, |out| verified_text(out, &verified))?;
    if missing {
        context.out.advise(&format!(
            "It lacks what is needed. Make one with everything and enter it: guildhall key set {} {platform}",
            community.slug
        ));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

fn verified_text(out: &Output, verified: &Verified) -> String {
    let identity = &verified.identity;
    let mut page = Page::default();
    page.heading("verified now");
    page.field(out, "who", &identity.who);
    page.field(out, "may", &identity.scopes_held.join(", "));
    page.field(out, "lacks", &identity.scopes_missing.join(", "));
    page.field(out, "reach", &measured(&identity.reach));
    page.field(out, "your communities", &slugs(&verified.our_communities));
    for slots in &identity.slots {
        let number = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
        let text = format!("{} of {}", number(slots.used), number(slots.max));
        page.field(out, &slots.unit, &text);
    }
    if let Some(at) = identity.expires_at {
        page.field(out, "expires", &words::when(at));
    }
    for word in &verified.power {
        page.item(out, "!", word);
    }
    page.render()
}

/// Shows the blast radius of the keys of an instance.
///
/// # Errors
/// `NotFound` where no key is stored; what the engine returns.
pub async fn show(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let found = hall
        .engine
        .keys_reach(&hall.actor, &community.slug, &platform)
        .await?;
    if found.is_empty() {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("No key of {platform} is stored for {}.", community.slug),
        )
        .hint("What no key reaches cannot be stolen with one."));
    }
    let objects: Vec<Value> = found.iter().map(object).collect();
    context.out.data(&json!({ "keys": objects }), |out| {
        let pages: Vec<String> = found.iter().map(|reach| page(out, reach)).collect();
        pages.join("\n")
    })?;
    let mut said: Vec<&str> = found
        .iter()
        .filter_map(|reach| reach.copies.incomplete.as_deref())
        .collect();
    said.dedup();
    for why in said {
        context.out.advise(why);
    }
    Ok(Exit::Done)
}

/// One key with everything it reaches, for programs.
pub fn object(reach: &KeyReach) -> Value {
    json!({
        "platform": reach.account.platform,
        "account": reach.account.name,
        "community": reach.slug,
        "key": key_json(&reach.key),
        "created_at": reach.key.created_at,
        "used_at": reach.key.used_at,
        "reaches_communities": reach.communities.len(),
        "communities": reach.communities,
        "instances": reach.instances,
        "connections": reach.connections,
        "measured": reach.measured,
        "runs_beside": reach.runs_beside,
        "also_stored": reach.also_stored,
        "copies": reach.copies.found,
        "unread": reach.copies.unread,
        "incomplete": reach.copies.incomplete,
        "power": reach.power,
        "narrowest": reach.narrowest,
    })
}

fn page(out: &Output, reach: &KeyReach) -> String {
    let mut page = Page::default();
    page.heading(&format!(
        "{} of {}, {}",
        reach.label,
        reach.platform_name,
        reach.slug.as_ref().map_or("installation", Slug::as_str)
    ));
    page.field(out, "key", &key_words(&reach.key));
    page.field(out, "stored", &words::ago(reach.key.created_at));
    let used = reach.key.used_at.map_or("never".to_owned(), words::ago);
    page.field(out, "last used", &used);
    for word in &reach.power {
        page.item(out, "!", word);
    }
    page.heading("Whoever has it reaches");
    let count = counted(reach.communities.len(), "community", "communities");
    let text = format!("{count}: {}", slugs(&reach.communities));
    page.field(out, "communities", text.trim_end_matches(": "));
    for instance in &reach.instances {
        let there = instance.external_id.as_deref().unwrap_or("not made yet");
        let text = format!("{} of {}  {there}", instance.platform_name, instance.slug);
        page.field(out, "instance", &text);
    }
    for connection in &reach.connections {
        let text = format!(
            "{} {} {}, {}",
            connection.from, connection.verb, connection.to, connection.slug
        );
        page.field(out, "connection", &text);
    }
    match &reach.measured {
        Some(found) => {
            page.field(out, "there", &measured(found));
            for object in &found.objects {
                let ours = if object.community.is_some() {
                    "yours"
                } else {
                    "not yours"
                };
                let text = format!("{} ({}), {ours}", object.name, object.role);
                page.field(out, &found.unit, &text);
            }
        }
        None => page.field(
            out,
            "there",
            "never measured; have it verified: guildhall key verify COMMUNITY PLATFORM",
        ),
    }
    for place in &reach.also_stored {
        page.field(out, "also stored", place);
    }
    for copy in &reach.copies.found {
        page.field(out, "in the clear", &copy.display().to_string());
    }
    for file in &reach.copies.unread {
        page.field(out, "cannot be read", &file.display().to_string());
    }
    page.field(out, "narrowest", &reach.narrowest);
    page.render()
}

fn slugs(slugs: &[Slug]) -> String {
    let names: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
    names.join(", ")
}

fn measured(reach: &Reach) -> String {
    if let Some(everything) = &reach.everything {
        return everything.clone();
    }
    let total = reach.total.unwrap_or(reach.objects.len() as u64);
    counted(total, &reach.unit, &format!("{}s", reach.unit))
}
