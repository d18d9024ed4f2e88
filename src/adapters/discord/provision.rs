//! Makes role, category, channels and invite link once the bot is in the server, and says hello.

use super::client::{Client, id_of};
use super::record::{Place, Places};
use super::{BOT_TOKEN, WEBHOOK, parts, pause, server, webhook};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind, counted};
use serde_json::Value;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if !op.has_secret(BOT_TOKEN) && op.has_secret(WEBHOOK) {
        return Ok(webhook::presence(site).await?);
    }
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    let names = parts::names(site);
    let of = names.len() + 3;
    op.progress("server", 0, of, "");
    let server = server::enter(op, &client, &mut places).await?;
    op.progress("role", 1, of, &site.community_name);
    parts::forget_gone(op, &client, &mut places, &server).await?;
    parts::take_in_role(op, &mut places, &server).await?;
    parts::role(op, &client, &mut places).await?;
    let category = parts::category(op, &client, &mut places).await?;
    for (at, name) in names.iter().enumerate() {
        op.progress("channels", at + 2, of, name);
        parts::channel(op, &client, &mut places, &category, name).await?;
    }
    places.order(&names);
    places.save(op).await?;
    if let Some(first) = places.channels.first().cloned() {
        parts::invite(op, &client, &mut places, &first).await?;
        let text = format!(
            "These channels belong to {}. Guildhall made them and looks after them.",
            site.community_name
        );
        notice(op, &client, &places.bot, &first, &text).await?;
    }
    if !site.active {
        pause::pause_places(op, &client, &places).await?;
    }
    presence(site, &places)
}

/// Says hello once. A nonce holds for some minutes only, so an interrupted one is looked for too.
async fn notice(
    op: &Op,
    client: &Client,
    bot: &str,
    channel: &Place,
    text: &str,
) -> Result<(), Halt> {
    let path = format!("/channels/{}/messages?limit=100", channel.id);
    let nonce = format!("n{}", op.site().marker);
    let (path, nonce) = (&path, &nonce);
    let _: String = op
        .ensure(
            "notice",
            |_| async move {
                let all = client.list(path, "the messages").await?;
                let ours =
                    |message: &&Value| message["author"]["id"] == bot && message["content"] == text;
                let found = all.iter().find(ours);
                Ok(found.and_then(|message| message["id"].as_str().map(str::to_owned)))
            },
            |_| async move { id_of(&client.say(&channel.id, text, nonce).await?) },
        )
        .await?;
    Ok(())
}

/// What is known of the instance once its parts are there.
pub(super) fn presence(site: &Site, places: &Places) -> Result<Presence, Halt> {
    let first = places
        .category
        .as_ref()
        .or(places.channels.first())
        .ok_or_else(|| {
            Fault::new(FaultKind::NotFound, "There is no category yet.")
                .hint("Activate the instance first, so that its channels are made.")
        })?;
    let invite = places.invite.as_ref().map_or_else(String::new, |code| {
        format!("; people join at https://discord.gg/{code}")
    });
    Ok(Presence {
        external_id: first.id.clone(),
        url: Some(places.link()),
        kind: match site.kind {
            InstanceKind::Dedicated => InstanceKind::Dedicated,
            _ => InstanceKind::Tenant,
        },
        made_by_us: !places.adopted,
        note: format!(
            "{} in {}{invite}",
            counted(places.channels.len(), "channel", "channels"),
            places.guild_name
        ),
    })
}
