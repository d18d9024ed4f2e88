//! Taking over a category or channel that exists. Nothing is written: it is only watched at first.

use super::client::Client;
use super::parts::{CATEGORY, TEXT};
use super::record::{Place, Places, marked};
use super::{provision, server};
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::Value;

fn place(one: &Value) -> Place {
    Place {
        name: clean_line(one["name"].as_str().unwrap_or_default()),
        id: one["id"].as_str().unwrap_or_default().to_owned(),
    }
}

fn children<'a>(all: &'a [Value], of: &Value) -> Vec<&'a Value> {
    all.iter()
        .filter(|one| one["type"] == TEXT && one["parent_id"] == of["id"])
        .collect()
}

/// Why it cannot be taken over.
fn obstacle(site: &Site, all: &[Value], one: &Value) -> Option<String> {
    let mut marks = children(all, one).into_iter().chain([one]);
    let marker = marks.find_map(marked)?;
    Some(if marker.starts_with(&site.marker) {
        "It is this instance's already.".into()
    } else {
        "Guildhall made it for another instance and looks after it there.".into()
    })
}

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let client = Client::at(site)?;
    let guild = server::guild_of(site, &Places::at(site)?)?;
    let all = server::channels(&client, &guild).await?;
    let adoptable = |one: &&Value| {
        one["type"] == CATEGORY || (one["type"] == TEXT && one["parent_id"].is_null())
    };
    let found = all.iter().filter(adoptable).map(|one| Discovered {
        reference: place(one).id,
        name: place(one).name,
        what: if one["type"] == CATEGORY {
            "category".into()
        } else {
            "channel".into()
        },
        obstacle: obstacle(site, &all, one),
    });
    Ok(found.collect())
}

pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    server::enter(op, &client, &mut places).await?;
    let all = server::channels(&client, &places.guild).await?;
    let reference = reference.trim();
    let Some(one) = all.iter().find(|one| one["id"] == reference) else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "{} has no channel or category {reference}.",
                places.guild_name
            ),
        )
        .hint("Copy its id from the list of what was found.")
        .into());
    };
    let is_ours_already = places.all().any(|known| known.id == reference);
    if let Some(obstacle) = obstacle(site, &all, one).filter(|_| !is_ours_already) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} cannot be taken over. {obstacle}", place(one).name),
        )
        .hint("Choose another one, or remove the other instance first.")
        .into());
    }
    places.adopted = true;
    if one["type"] == CATEGORY {
        places.category = Some(place(one));
        places.channels = children(&all, one).into_iter().map(place).collect();
    } else {
        places.category = None;
        places.channels = vec![place(one)];
    }
    places.save(op).await?;
    provision::presence(site, &places)
}
