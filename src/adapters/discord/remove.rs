//! Taking the instance away. Soft: closed, with our webhooks and the invite link gone. Hard: everything deleted, children
//! before their category, which would leave them behind (sheet: discord 4). What people made is never touched.

use super::client::Client;
use super::record::{Place, Places, marked};
use super::{BOT_TOKEN, parts, pause, server};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, RemoveMode, clean_line};

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let mut places = Places::of(op)?;
    let mut left = Vec::new();
    let made_nothing = places.guild.is_empty();
    if !made_nothing && (op.has_secret(BOT_TOKEN) || op.site().locked) {
        let is_ours = !places.adopted && (op.site().made_by_us || op.site().external_id.is_none());
        match work(op, &mut places, mode, is_ours, &mut left).await {
            Err(Halt::Stopped(fault))
                if mode == RemoveMode::Soft && fault.kind == FaultKind::KeyRejected =>
            {
                left.push(format!(
                    "Everything stays as it is at {}, because the token is not accepted any more.",
                    places.link()
                ));
            }
            other => other?,
        }
    } else if !made_nothing {
        op.secret(BOT_TOKEN)?;
    }
    for platform in places.webhooks.keys() {
        op.drop_secret(&format!("webhook_for_{platform}")).await?;
    }
    op.forget(pause::FACT).await?;
    Places::forget(op).await?;
    Ok(Removed { left })
}

async fn work(
    op: &Op,
    places: &mut Places,
    mode: RemoveMode,
    is_ours: bool,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    let client = Client::of(op)?;
    let Some(_) = server::look(&client, &places.guild, &places.bot).await? else {
        left.push(format!(
            "The bot is not in {} any more, so nothing was taken away there.",
            places.guild_name
        ));
        return Ok(());
    };
    for id in places.webhooks.values() {
        let path = format!("/webhooks/{id}");
        client.delete(&path, "delete a webhook").await?;
    }
    if !is_ours {
        left.push(format!(
            "The channels were not made by Guildhall and stay as they are at {}.",
            places.link()
        ));
        return Ok(());
    }
    add_unrecorded(op, &client, places).await?;
    if let Some(code) = &places.invite {
        let path = format!("/invites/{code}");
        client.delete(&path, "delete the invite link").await?;
    }
    match mode {
        RemoveMode::Soft => {
            pause::pause_places(op, &client, places).await?;
            left.push(format!(
                "The channels stay closed and can be read at {}; the bot stays in {}.",
                places.link(),
                places.guild_name
            ));
        }
        RemoveMode::Hard => {
            destroy(op, &client, places, left).await?;
            left.push(format!(
                "The bot stays in {}; take it out in the server's settings.",
                places.guild_name
            ));
        }
    }
    Ok(())
}

/// Adds what an interrupted run made and did not record.
async fn add_unrecorded(op: &Op, client: &Client, places: &mut Places) -> Result<(), Fault> {
    let site = op.site();
    let all = server::channels(client, &places.guild).await?;
    let prefix = format!("{}-", site.marker);
    for one in &all {
        let id = one["id"].as_str().unwrap_or_default();
        let is_known = places
            .channels
            .iter()
            .chain(&places.unused)
            .any(|place| place.id == id);
        if !is_known && marked(one).is_some_and(|marker| marker.starts_with(&prefix)) {
            places.unused.push(Place {
                name: clean_line(one["name"].as_str().unwrap_or_default()),
                id: id.to_owned(),
            });
        }
    }
    let name = parts::title(site);
    if places.category.is_none() {
        let found = parts::find_category(site, &all, &name, places.began_ms);
        places.category = found.map(|id| Place {
            name: name.clone(),
            id,
        });
    }
    if places.role.is_none() {
        let path = format!("/guilds/{}/roles", places.guild);
        let roles = client.list(&path, "the roles").await?;
        places.role = parts::find_role(&roles, &name, places.began_ms);
    }
    Ok(())
}

async fn destroy(
    op: &Op,
    client: &Client,
    places: &Places,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    let channels = places.channels.iter().chain(&places.unused);
    let all: Vec<&Place> = channels.chain(&places.category).collect();
    for (at, place) in all.iter().enumerate() {
        op.progress("channels", at, all.len(), &place.name);
        let doing = format!("delete {}", place.name);
        match client
            .delete(&format!("/channels/{}", place.id), &doing)
            .await
        {
            Err(fault) if fault.kind == FaultKind::Refused => {
                left.push(format!("{} stays. {}", place.name, fault.what));
            }
            other => other?,
        }
    }
    if let Some(role) = &places.role {
        let path = format!("/guilds/{}/roles/{role}", places.guild);
        client.delete(&path, "delete the role").await?;
    }
    Ok(())
}
