//! The forum's chat integration, a plugin that ships with it: the only way from a forum into a chat, since a chat does not
//! understand the forum's own webhooks. Paths and fields are those of the plugin's controller (discourse/discourse,
//! plugins/discourse-chat-integration); never run against a real forum.

use super::{
    client::{Client, bad_answer, page},
    errors,
    record::{self, Hook},
};
use crate::adapters::{
    contract::{Peer, Site},
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind, HumanTask};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const PLUGIN: &str = "/admin/plugins/chat-integration";
/// The one chat whose channels each have an address of their own there. Slack and Matrix have one for the whole forum, so
/// they cannot be given to one community.
pub(super) const DISCORD: &str = "discord";

fn providers_path() -> String {
    format!("{PLUGIN}/providers.json")
}

/// The name of our channel there: one word.
fn name(site: &Site, peer: &Peer) -> String {
    format!("{}-{}", record::mark(site), peer.instance)
}

/// Whether the plugin is there and the chat switched on in it.
async fn is_on(client: &Client) -> Result<Option<()>, Fault> {
    let answer = client.look(&providers_path()).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let shown: Value = client
        .accept(answer, "list the chats of the chat integration")
        .await?
        .json()?;
    // Older versions list only those that are on, under another name.
    let listed = shown["enabled_providers"]
        .as_array()
        .or_else(|| shown["providers"].as_array());
    let on = listed
        .into_iter()
        .flatten()
        .any(|provider| provider["id"] == DISCORD || provider["name"] == DISCORD);
    Ok(on.then_some(()))
}

fn switch_on(client: &Client) -> HumanTask {
    HumanTask {
        step: "chat integration".into(),
        title: "switch on the forum's chat integration for Discord".into(),
        why: "It is a setting of the whole forum, so an administrator decides it.".into(),
        who: "an administrator of the forum".into(),
        url: Some(page(
            client.base(),
            "/admin/site_settings/category/all_results?filter=chat_integration",
        )),
        instructions: vec![
            "Switch on chat_integration_enabled; a forum without it needs the plugin Chat Integration.".into(),
            "Switch on chat_integration_discord_enabled.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// Makes the channel and, while the instance is active, the rule that feeds it.
pub(super) async fn connect(
    op: &Op,
    client: &Client,
    category: u64,
    peer: &Peer,
    address: &SecretString,
) -> Result<Hook, Halt> {
    op.human(switch_on(client), || is_on(client)).await?;
    let name = name(op.site(), peer);
    let name = &name;
    let channel: u64 = op
        .ensure(
            &format!("channel {}", peer.instance),
            |_| async move { Ok(find(client, name).await?.map(|(id, _)| id)) },
            |_| async move { create(client, name, address).await },
        )
        .await?;
    let rule = if op.site().active {
        Some(add_rule(op, client, channel, category, peer.instance.0).await?)
    } else {
        None
    };
    Ok(Hook::Channel {
        peer: peer.instance.0,
        provider: DISCORD.to_owned(),
        channel,
        rule,
    })
}

/// The channel with our name, and its rules' numbers.
async fn find(client: &Client, name: &str) -> Result<Option<(u64, Vec<u64>)>, Fault> {
    let shown = channels(client).await?;
    Ok(shown
        .into_iter()
        .find(|(_, known, _)| known == name)
        .map(|(id, _, rules)| (id, rules)))
}

async fn channels(client: &Client) -> Result<Vec<(u64, String, Vec<u64>)>, Fault> {
    let path = format!("{PLUGIN}/channels.json?provider={DISCORD}");
    let shown = client.get(&path, "list the channels").await?;
    let listed = client.entries(&shown["channels"], "the channels")?;
    Ok(listed
        .iter()
        .filter_map(|channel| {
            let rules = channel["rules"].as_array();
            let rules = rules
                .into_iter()
                .flatten()
                .filter_map(|rule| rule["id"].as_u64())
                .collect();
            let name = channel["data"]["name"].as_str().unwrap_or_default();
            Some((channel["id"].as_u64()?, name.to_owned(), rules))
        })
        .collect())
}

async fn create(client: &Client, name: &str, address: &SecretString) -> Result<u64, Fault> {
    let body = json!({"channel": {
        "provider": DISCORD,
        "data": {"name": name, "webhook_url": address.expose_secret()},
    }});
    let call = client
        .call(Method::POST, &format!("{PLUGIN}/channels.json"))
        .redact(address)
        .json(&body);
    let answer = call.send().await.map_err(errors::slowed)?;
    if answer.status == 422 && errors::is_json(&answer) {
        return Err(Fault::new(
            FaultKind::Conflict,
            "The forum's chat integration does not take the channel: another channel of it has that address, or it is no webhook of Discord.",
        )
        .hint("Look at the channels of the chat integration on the forum.")
        .detail(answer.excerpt()));
    }
    let made: Value = client.accept(answer, "make the channel").await?.json()?;
    made["channel"]["id"]
        .as_u64()
        .ok_or_else(|| bad_answer(client.base(), "the channel"))
}

/// What is written in the category is told in the channel from now on. One rule, also after an interruption.
pub(super) async fn add_rule(
    op: &Op,
    client: &Client,
    channel: u64,
    category: u64,
    peer: i64,
) -> Result<u64, Halt> {
    op.ensure(
        &format!("rule {peer}"),
        |_| async move {
            let shown = channels(client).await?;
            let ours = shown.into_iter().find(|(id, ..)| *id == channel);
            Ok(ours.and_then(|(_, _, rules)| rules.first().copied()))
        },
        |_| async move {
            let body = json!({"rule": {
                "channel_id": channel, "type": "normal", "filter": "watch", "category_id": category,
            }});
            let path = format!("{PLUGIN}/rules.json");
            let made = client
                .send(
                    Method::POST,
                    &path,
                    &body,
                    "tell the channel of the category",
                )
                .await?;
            made["rule"]["id"]
                .as_u64()
                .ok_or_else(|| bad_answer(client.base(), "the rule"))
        },
    )
    .await
}

pub(super) async fn drop_rule(client: &Client, rule: u64) -> Result<(), Fault> {
    gone(
        client,
        &format!("{PLUGIN}/rules/{rule}.json"),
        "take the rule away",
    )
    .await
}

pub(super) async fn drop_channel(client: &Client, channel: u64) -> Result<(), Fault> {
    gone(
        client,
        &format!("{PLUGIN}/channels/{channel}.json"),
        "take the channel away",
    )
    .await
}

/// The plugin refuses to delete what is not there, with 400.
async fn gone(client: &Client, path: &str, doing: &str) -> Result<(), Fault> {
    let answer = client.try_send(Method::DELETE, path, &Value::Null).await?;
    if matches!(answer.status, 400 | 404) && errors::is_json(&answer) {
        return Ok(());
    }
    client.accept(answer, doing).await.map(|_| ())
}

pub(super) async fn stands(client: &Client, channel: u64) -> Result<bool, Fault> {
    Ok(channels(client)
        .await?
        .iter()
        .any(|(id, ..)| *id == channel))
}

/// Has the forum show the notice in the channel.
pub(super) async fn test(client: &Client, channel: u64, topic: u64) -> Result<(), Fault> {
    let path = format!("{PLUGIN}/test.json");
    let body = json!({"channel_id": channel, "topic_id": topic});
    client
        .send(
            Method::POST,
            &path,
            &body,
            "send the notice into the channel",
        )
        .await
        .map(|_| ())
}
