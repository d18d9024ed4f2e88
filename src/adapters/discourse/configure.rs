//! Sends changed settings: name, members, who sees the category, the webhook.

use super::{
    category::{self, EVERYONE, READ},
    client::Client,
    group, hooks,
    pause::{self, Paused},
    provision::{check_key, name, presence},
    record::Places,
};
use crate::adapters::{
    contract::{Presence, puts_back},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};

/// Settings that were decided when the category was made.
const FIXED: [&str; 3] = ["base_url", "parent_category", "runtime_username"];

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    let is_changed = |field: &str| changed.iter().any(|name| name == field);
    if let Some(field) = FIXED.iter().find(|field| is_changed(field)) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{field} was decided when the category was made and cannot be changed."),
        )
        .hint("Remove the instance and make it anew to change it.")
        .into());
    }
    let wanted = name(site)?;
    let mut places = Places::of(op)?;
    let id = places.category()?.id;
    let client = Client::of(op)?;
    check_key(&client).await?;
    let Some(seen) = category::show(&client, id).await? else {
        return Err(gone().into());
    };
    if is_changed("category_name") || is_changed("private") {
        let mut permissions = seen.replaceable(&client)?.clone();
        let mut category = seen.category;
        if is_changed("category_name") {
            category.name.clone_from(&wanted);
        }
        if is_changed("private") {
            set_public(&mut permissions, !site.settings.is_on("private"));
        }
        category::put(&client, &category, &permissions).await?;
        update_pause(
            op,
            id,
            !site.settings.is_on("private"),
            is_changed("private"),
        )
        .await?;
        category.permissions = match places.category.take() {
            // While paused, the record keeps what holds when active.
            Some(mut before) => {
                if is_changed("private") {
                    set_public(&mut before.permissions, !site.settings.is_on("private"));
                }
                before.permissions
            }
            None => permissions,
        };
        places.category = Some(category);
        places.save(op).await?;
    }
    if puts_back(changed) && !places.adopted {
        as_it_was(op, &client, &places).await?;
    }
    if is_changed("members")
        && let Some(group) = &places.group
    {
        group::add(&client, group, &site.settings.list("members")).await?;
    }
    if is_changed("webhook_url") {
        hooks::of_settings(op, &client, &mut places).await?;
    }
    Ok(presence(site, &places)?)
}

pub(super) fn gone() -> Fault {
    Fault::new(
        FaultKind::NotFound,
        "The category is not on the forum any more, or the key's user does not see it.",
    )
    .hint("Check the instance; remove it here if the category was deleted.")
}

fn set_public(permissions: &mut super::record::Permissions, public: bool) {
    if public {
        permissions.entry(EVERYONE.to_owned()).or_insert(READ);
    } else {
        permissions.remove(EVERYONE);
    }
}

/// Gives the category the name, the address and the permissions on record again.
async fn as_it_was(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    let known = places.category()?;
    let Some(seen) = category::show(client, known.id).await? else {
        return Err(gone().into());
    };
    let paused: Option<Vec<Paused>> = op.fact(pause::FACT)?;
    let paused = paused.unwrap_or_default();
    let closed = paused.iter().find(|one| one.category.id == known.id);
    let wanted = closed.map_or(&known.permissions, |paused| &paused.ours);
    let now = &seen.category;
    let is_called = now.name == known.name && now.slug == known.slug;
    if !is_called || seen.replaceable(client)? != wanted {
        category::put_back(client, known, wanted).await?;
    }
    Ok(())
}

/// What is to come back after a pause changes along with what stands.
async fn update_pause(op: &Op, id: u64, public: bool, changed: bool) -> Result<(), Halt> {
    let known: Option<Vec<Paused>> = op.fact(pause::FACT)?;
    let Some(mut known) = known.filter(|_| changed) else {
        return Ok(());
    };
    for paused in known.iter_mut().filter(|paused| paused.category.id == id) {
        set_public(&mut paused.saved, public);
        set_public(&mut paused.ours, public);
    }
    op.remember(pause::FACT, &known).await
}
