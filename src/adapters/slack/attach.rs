//! What others connect to: an incoming webhook into the first channel, or, for a tool that acts in Slack itself, the
//! channel. A webhook is made by a person, and the other tools' apps are installed by one.

use super::client::Client;
use super::record::{Place, Places};
use super::{BOT_TOKEN, WEBHOOK, channel, session, tasks};
use crate::adapters::{
    contract::{Peer, Probe, Site, Target},
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind, OperationKey, PlatformId, clean_line};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// Tools that act in the channel with an app of their own and have no use for a webhook (sheet: slack 4).
const ACTING: [&str; 2] = ["policykit", "metagov"];

fn first(places: &Places) -> Result<&Place, Fault> {
    places.channels.first().ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "There is no channel to connect to yet.",
        )
        .hint("Activate the instance first, so that its channels are made.")
    })
}

pub(super) async fn offer(op: &Op, for_platform: &PlatformId) -> Result<Target, Halt> {
    if ACTING.contains(&for_platform.as_str()) {
        let places = Places::of(op)?;
        let server = Url::parse(&places.team.url).map_err(|error| {
            Fault::new(
                FaultKind::BadAnswer,
                "Slack named no address of the workspace.",
            )
            .hint("Check the instance, then connect again.")
            .detail(error)
        })?;
        return Ok(Target::Room {
            server,
            room: first(&places)?.id.clone(),
            token: op.secret(BOT_TOKEN)?,
        });
    }
    if !op.site().locked || op.has_secret(WEBHOOK) {
        let app: Option<String> = op.fact(session::APP)?;
        let task = tasks::make_webhook(op.site(), app.as_deref(), for_platform);
        let is_there = op.has_secret(WEBHOOK);
        op.human(task, || async move { Ok(is_there.then_some(())) })
            .await?;
    }
    Ok(Target::Webhook {
        flavour: "slack".into(),
        address: op.secret(WEBHOOK)?,
    })
}

/// A person made the webhook, and one address may serve several tools: it is left, and that is said.
pub(super) fn withdraw(op: &Op, for_platform: &PlatformId) -> Result<Option<String>, Halt> {
    if ACTING.contains(&for_platform.as_str()) || !op.has_secret(WEBHOOK) {
        return Ok(None);
    }
    let app: Option<String> = op.fact(session::APP)?;
    let page = tasks::webhooks_page(app.as_deref());
    Ok(Some(format!(
        "the webhook that a person made stays, and {for_platform} was told its address: take it away at {page} if nothing else posts with it"
    )))
}

/// The member id of a tool's bot, by peer.
fn guest(peer: &Peer) -> String {
    format!("guest {}", peer.instance)
}

/// One of the workspace: a person or a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    deleted: bool,
}

/// The bots in a channel but our own. People are none of them: whoever comes in while one waits is not the tool.
async fn bots(client: &Client, places: &Places, place: &Place) -> Result<Vec<Member>, Fault> {
    let members = channel::members(client, &place.id).await?;
    let doing = "list the bots of the workspace";
    let mut all: Vec<Member> = client.all("users.list", &[], "members", doing).await?;
    all.retain(|one| {
        one.is_bot && !one.deleted && one.id != places.bot && members.contains(&one.id)
    });
    Ok(all)
}

/// Which of the bots is that of the tool: the one that is called like it, else the only one that came since.
fn of_tool<'a>(bots: &'a [Member], before: &[String], tool: &PlatformId) -> Option<&'a Member> {
    fn only<'a>(mut some: impl Iterator<Item = &'a Member>) -> Option<&'a Member> {
        some.next().filter(|_| some.next().is_none())
    }
    let is_called = |one: &&Member| one.name.to_lowercase().contains(tool.as_str());
    only(bots.iter().filter(is_called))
        .or_else(|| only(bots.iter().filter(|one| !before.contains(&one.id))))
}

/// Waits for the other tool's own app to come into the channel.
pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    session::begin(op, &client, &mut places).await?;
    let place = first(&places)?;
    let now = bots(&client, &places, place).await?;
    let before: Vec<String> = op
        .step(&format!("bots before {}", peer.instance), || async {
            Ok(now.iter().map(|one| one.id.clone()).collect())
        })
        .await?;
    let found = of_tool(&now, &before, &peer.platform).cloned();
    let mut task = tasks::invite_tool(&places, place, &peer.platform);
    let came: Vec<&str> = now
        .iter()
        .filter(|one| !before.contains(&one.id))
        .map(|one| one.name.as_str())
        .collect();
    if found.is_none() && came.len() > 1 {
        task.instructions.push(format!(
            "Several bots came in since, and none is called like it: {}. Take out those that are not of {}.",
            came.join(", "),
            peer.platform
        ));
    }
    let bot: Member = op.human(task, || async { Ok(found) }).await?;
    op.remember(&guest(peer), &bot.id).await?;
    Ok(format!(
        "{} of {} is in #{}.",
        clean_line(&bot.name),
        peer.platform,
        place.name
    ))
}

/// Takes the other tool's bot out of the channel again.
pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let Some(user) = op.fact::<String>(&guest(peer))? else {
        return Ok(());
    };
    let places = Places::of(op)?;
    let client = Client::of(op)?;
    let place = first(&places)?;
    // What was recorded before bots were told from people may be a person, who stays.
    if bots(&client, &places, place)
        .await?
        .iter()
        .any(|one| one.id == user)
    {
        let body = json!({"channel": place.id, "user": user});
        let reply = client.set("conversations.kick", &body).await?;
        reply.accept(
            &format!("take {user} out of #{}", place.name),
            &["not_in_channel", "user_not_found", "channel_not_found"],
        )?;
    }
    op.forget(&guest(peer)).await
}

/// Posts where the other tool is; what it makes of it cannot be seen from here.
pub(super) async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let places = Places::of(op)?;
    let client = Client::of(op)?;
    let place = first(&places)?;
    let user = op.fact::<String>(&guest(peer))?;
    let members = channel::members(&client, &place.id).await?;
    let Some(user) = user.filter(|user| members.contains(user)) else {
        return Ok(Probe {
            arrived: false,
            sent: false,
            look_for: None,
            what: format!(
                "Nothing was sent: the app of {} is not in #{}.",
                peer.platform, place.name
            ),
        });
    };
    let text = format!("Test of a connection ({})", OperationKey::fresh());
    let body = json!({"channel": place.id, "text": text});
    let reply = client.post(&place.id, &body).await?;
    reply.accept("post a test message", &[])?;
    Ok(Probe {
        arrived: false,
        sent: true,
        look_for: None,
        what: format!(
            "A message was posted in #{}, where {user} of {} is; what it makes of it cannot be seen here.",
            place.name, peer.platform
        ),
    })
}

/// Whether a message with this text is to be read in the first channel. Reading needs a scope that the bot has only where
/// the operator asks for it (setting `read_back`).
pub(super) async fn announce(site: &Site, text: &str) -> Result<(), Fault> {
    let places = Places::at(site)?;
    let client = Client::at(site)?;
    let place = first(&places)?;
    let body = json!({"channel": place.id, "text": text});
    let reply = client.post(&place.id, &body).await?;
    reply.accept("post a message", &[]).map(drop)
}

pub(super) async fn saw(site: &Site, text: &str, since: Timestamp) -> Result<bool, Fault> {
    let places = Places::at(site)?;
    let client = Client::at(site)?;
    let place = first(&places)?;
    let oldest = format!("{}.000000", since.as_second());
    let query = [
        ("channel", place.id.as_str()),
        ("oldest", &oldest),
        ("limit", "50"),
    ];
    let reply = client.read("conversations.history", &query).await?;
    if reply.is(&["missing_scope", "not_in_channel"]) {
        let fault = reply.fault("read messages");
        return Err(Fault {
            kind: FaultKind::Unsupported,
            ..fault
        });
    }
    let body = reply.accept("read messages", &[])?;
    let messages = entries(&body["messages"], "Slack", "the messages")?;
    Ok(messages.iter().any(|message| {
        message["text"]
            .as_str()
            .is_some_and(|said| said.contains(text))
    }))
}
