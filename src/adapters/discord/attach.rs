//! What others connect to: a webhook of their own into the first channel, or the channel for a tool with a bot of its own.

use super::client::{Client, base};
use super::record::{Place, Places};
use super::{BOT_TOKEN, WEBHOOK, server, tasks};
use crate::adapters::{
    contract::{Peer, Probe, Site, Target},
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind, OperationKey, PlatformId, last_four};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Tools that act or read with a bot of their own (sheet: discord 4).
const ACTING: [&str; 3] = ["policykit", "metagov", "sourcecred"];

fn first(places: &Places) -> Result<&Place, Fault> {
    places.channels.first().ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "There is no channel to connect to yet.",
        )
        .hint("Activate the instance first, so that its channels are made.")
    })
}

/// Where the address of a platform's webhook is kept.
fn field(platform: &PlatformId) -> String {
    format!("webhook_for_{platform}")
}

pub(super) async fn offer(op: &Op, for_platform: &PlatformId) -> Result<Target, Halt> {
    let webhook = |address| Target::Webhook {
        flavour: "discord".into(),
        address,
    };
    let field = field(for_platform);
    if op.has_secret(&field) {
        return Ok(webhook(op.secret(&field)?));
    }
    if !op.has_secret(BOT_TOKEN) && op.has_secret(WEBHOOK) {
        return Ok(webhook(op.secret(WEBHOOK)?));
    }
    let mut places = Places::of(op)?;
    if ACTING.contains(&for_platform.as_str()) {
        return Ok(Target::Room {
            server: base()?,
            room: first(&places)?.id.clone(),
            token: op.secret(BOT_TOKEN)?,
        });
    }
    let client = Client::of(op)?;
    server::enter(op, &client, &mut places).await?;
    let (id, address) = make(op, &client, &places, for_platform).await?;
    places.webhooks.insert(for_platform.to_string(), id);
    places.save(op).await?;
    op.keep_secret(&field, address.clone(), None).await?;
    Ok(webhook(address))
}

/// Deletes the webhook that was made for a platform, also one whose making was interrupted, and forgets its address.
pub(super) async fn withdraw(op: &Op, for_platform: &PlatformId) -> Result<Option<String>, Halt> {
    if !op.has_secret(BOT_TOKEN) && op.has_secret(WEBHOOK) {
        return Ok(Some(format!(
            "the webhook that a person made stays, and {for_platform} was told its address: delete it in the channel's settings if nothing else posts with it"
        )));
    }
    let mut places = Places::of(op)?;
    let recorded = places.webhooks.get(for_platform.as_str()).cloned();
    let may_be_unrecorded = !places.channels.is_empty() && !ACTING.contains(&for_platform.as_str());
    if recorded.is_some() || may_be_unrecorded {
        let client = Client::of(op)?;
        let id = match recorded {
            Some(id) => Some(id),
            None => named(&client, &places, &name_of(op, for_platform)).await?,
        };
        if let Some(id) = id {
            let doing = format!("delete the webhook of {for_platform}");
            client.delete(&format!("/webhooks/{id}"), &doing).await?;
        }
        places.webhooks.remove(for_platform.as_str());
        places.save(op).await?;
    }
    op.drop_secret(&field(for_platform)).await?;
    Ok(None)
}

/// What the webhook of a platform is called. "discord" and "clyde" are refused in names; ids of platforms hold neither.
fn name_of(op: &Op, platform: &PlatformId) -> String {
    format!("Guildhall {} {platform}", last_four(&op.site().marker))
}

/// The webhooks of the first channel.
async fn webhooks(client: &Client, places: &Places) -> Result<Vec<Value>, Fault> {
    let path = format!("/channels/{}/webhooks", first(places)?.id);
    client.list(&path, "the webhooks").await
}

/// The id of the webhook of this name.
async fn named(client: &Client, places: &Places, name: &str) -> Result<Option<String>, Fault> {
    let all = webhooks(client, places).await?;
    let found = all.iter().find(|one| one["name"] == name);
    Ok(found.and_then(|one| one["id"].as_str().map(str::to_owned)))
}

/// The webhook of one platform. Its address is a secret and is never journaled: it is read anew by the webhook's id.
async fn make(
    op: &Op,
    client: &Client,
    places: &Places,
    platform: &PlatformId,
) -> Result<(String, SecretString), Halt> {
    #[derive(Serialize, Deserialize)]
    struct Made(String);
    let path = format!("/channels/{}/webhooks", first(places)?.id);
    let name = name_of(op, platform);
    let (path, name) = (&path, &name);
    let made: Made = op
        .ensure(
            &format!("webhook {platform}"),
            |_| async move { Ok(named(client, places, name).await?.map(Made)) },
            |_| async move {
                let body = json!({"name": name});
                let made = client.make(path, &body, "make the webhook").await?;
                super::client::id_of(&made).map(Made)
            },
        )
        .await?;
    let all = webhooks(client, places).await?;
    let found = all.iter().find(|one| one["id"] == made.0.as_str());
    let address = found.and_then(|one| {
        let token = one["token"].as_str()?;
        Some(SecretString::from(format!(
            "https://discord.com/api/webhooks/{}/{token}",
            made.0
        )))
    });
    let address = address.ok_or_else(|| {
        Fault::new(
            FaultKind::BadAnswer,
            "Discord does not show the address of the webhook it made.",
        )
        .hint("Connect again; the webhook that is there is taken up.")
    })?;
    Ok((made.0, address))
}

/// The role of a tool's own bot, by which it is seen to be in the server.
fn bots(roles: &[Value]) -> Vec<String> {
    let all = roles
        .iter()
        .filter_map(|role| role["tags"]["bot_id"].as_str());
    all.map(str::to_owned).collect()
}

/// Waits for the other tool's own bot to come into the server.
pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    let server = server::enter(op, &client, &mut places).await?;
    let here = bots(&server.roles);
    let before = format!("bots before {}", peer.instance);
    let known: Option<Vec<String>> = op.fact(&before)?;
    if known.is_none() {
        op.remember(&before, &here).await?;
    }
    let known = known.unwrap_or_else(|| here.clone());
    let newcomer = here.into_iter().find(|bot| !known.contains(bot));
    let task = tasks::invite_tool(&peer.platform, &server.name);
    let bot: String = op.human(task, || async { Ok(newcomer) }).await?;
    op.remember(&format!("guest {}", peer.instance), &bot)
        .await?;
    op.forget(&before).await?;
    Ok(format!(
        "The bot of {} is in {}.",
        peer.platform, server.name
    ))
}

/// Waits for the other tool's bot to be taken out again: ours has no right to.
pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    op.forget(&format!("bots before {}", peer.instance)).await?;
    let guest = format!("guest {}", peer.instance);
    let Some(bot) = op.fact::<String>(&guest)? else {
        return Ok(());
    };
    let places = Places::of(op)?;
    let client = Client::of(op)?;
    let server = server::look(&client, &places.guild, &places.bot).await?;
    let is_there = server.is_some_and(|server| bots(&server.roles).contains(&bot));
    let task = tasks::remove_tool(&peer.platform, &places.guild_name);
    op.human(task, || async { Ok((!is_there).then_some(())) })
        .await?;
    op.forget(&guest).await
}

pub(super) async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let places = Places::of(op)?;
    let client = Client::of(op)?;
    let text = format!("Test of a connection ({})", OperationKey::fresh());
    let place = first(&places)?;
    client
        .say(&place.id, &text, OperationKey::fresh().as_str())
        .await?;
    Ok(Probe {
        arrived: false,
        sent: true,
        look_for: None,
        what: format!(
            "A message was posted in {}; what {} makes of it cannot be seen here.",
            place.name, peer.platform
        ),
    })
}

/// Whether a message with this text is to be read in the first channel. Without the intent for it a bot reads nothing of
/// what others write; then a message of one of our own webhooks counts, for each has one sender only.
pub(super) async fn announce(site: &Site, text: &str, key: &str) -> Result<(), Fault> {
    let places = Places::at(site)?;
    let client = Client::at(site)?;
    client.say(&first(&places)?.id, text, key).await.map(drop)
}

pub(super) async fn saw(site: &Site, text: &str, since: Timestamp) -> Result<bool, Fault> {
    let places = Places::at(site)?;
    if places.channels.is_empty() {
        return Err(crate::adapters::contract::unsupported(
            site,
            "read messages",
        ));
    }
    let client = Client::at(site)?;
    let path = format!("/channels/{}/messages?limit=50", first(&places)?.id);
    let all = client.get(&path, "read messages").await?;
    let messages = entries(&all, "Discord", "the messages")?;
    Ok(messages
        .iter()
        .filter(|message| {
            let at = message["timestamp"].as_str().unwrap_or_default();
            at.parse::<Timestamp>().is_ok_and(|at| at >= since)
        })
        .any(|message| {
            let said = message["content"].as_str().unwrap_or_default();
            let hook = message["webhook_id"].as_str().unwrap_or_default();
            let is_ours = places.webhooks.values().any(|id| id == hook);
            said.contains(text) || (said.is_empty() && is_ours)
        }))
}
