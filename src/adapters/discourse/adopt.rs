//! Taking over a category that exists. Nothing is written.

use super::{
    category::{self, EVERYONE, STAFF, Seen},
    client::{Client, host},
    configure::gone,
    group,
    provision::{check_key, presence},
    record::{self, PREFIX, Places},
};
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind, clean_line};

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let Some(client) = Client::making(site)? else {
        site.secret(super::API_KEY)?;
        site.settings.require("api_username")?;
        return Ok(Vec::new());
    };
    let all = category::list(&client).await?;
    let mut found = categories(site, &all);
    for name in group::names(&client).await? {
        let mut may_use = all
            .iter()
            .filter(|seen| seen.category.permissions.contains_key(&name))
            .map(|seen| clean_line(&seen.category.name));
        let with = match may_use.next() {
            Some(category) => format!("adopt the category {category}, which it may use"),
            None => "adopt a category that it may use".to_owned(),
        };
        found.push(Discovered {
            reference: format!("group:{name}"),
            name: clean_line(&name),
            what: "group".into(),
            obstacle: Some(format!(
                "A group alone cannot be switched on and off: {with}."
            )),
        });
    }
    Ok(found)
}

fn categories(site: &Site, all: &[Seen]) -> Vec<Discovered> {
    all.iter()
        .map(|seen| Discovered {
            reference: seen.category.id.to_string(),
            name: clean_line(&seen.category.name),
            what: if seen.category.parent.is_some() {
                "sub-category".into()
            } else {
                "category".into()
            },
            obstacle: obstacle(site, seen),
        })
        .collect()
}

fn obstacle(site: &Site, seen: &Seen) -> Option<String> {
    let slug = &seen.category.slug;
    if *slug == record::mark(site) {
        return Some("It is this instance's already.".into());
    }
    if slug.starts_with(PREFIX) {
        return Some("A Guildhall made it for another community.".into());
    }
    (slug == "uncategorized").then(|| "The forum keeps it for topics without a category.".into())
}

/// The number of a category, or its slug.
pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let client = Client::of(op)?;
    check_key(&client).await?;
    let reference = reference.trim().trim_start_matches("category:");
    let id = match reference.parse::<u64>() {
        Ok(id) => Some(id),
        Err(_) => category::list(&client)
            .await?
            .into_iter()
            .find(|seen| seen.category.slug == reference)
            .map(|seen| seen.category.id),
    };
    let seen = match id {
        Some(id) => category::show(&client, id).await?,
        None => None,
    };
    let Some(seen) = seen else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "There is no category {reference:?} on {}.",
                host(client.base())
            ),
        )
        .hint("Name it by the number at the end of its address; discover lists them.")
        .into());
    };
    if let Some(obstacle) =
        obstacle(site, &seen).filter(|_| seen.category.slug != record::mark(site))
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} cannot be taken over. {obstacle}", seen.category.name),
        )
        .hint("Adopt another category, or remove it from the other community first.")
        .into());
    }
    let mut places = Places {
        // Our own slug is what an earlier installation of this very instance made.
        adopted: seen.category.slug != record::mark(site),
        ..Places::default()
    };
    let own_group = seen
        .category
        .permissions
        .keys()
        .find(|name| !matches!(name.as_str(), STAFF | EVERYONE));
    if let Some(name) = own_group {
        places.group = group::find(&client, name).await?;
    }
    places.category = Some(seen.category.clone());
    places.save(op).await?;
    let mut presence = presence(site, &places)?;
    presence.made_by_us = false;
    if seen.can_edit {
        presence.note = format!("{} topics", seen.topics);
    } else {
        presence.kind = InstanceKind::Link;
        presence.note = "only watched: the key's user may not change it".into();
    }
    if presence.external_id.is_empty() {
        return Err(gone().into());
    }
    Ok(presence)
}
