//! Joining the group to a chat: Loomio announces there (sheet: loomio 4.5).

use super::{
    chat,
    client::Client,
    errors,
    record::{self, Integration},
    tasks,
};
use crate::adapters::{
    contract::{Peer, Probe, Target, unsupported},
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

/// The shapes in which Loomio writes to webhooks (sheet: loomio 4.5).
const SHAPES: [&str; 5] = ["slack", "discord", "markdown", "microsoft", "webex"];

pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let site = op.site();
    let group = record::group_id(site)?;
    let (wanted, secret) = wanted(op, peer)?;
    let client = Client::of(op)?;
    // Before anything is kept: whether the bot may do this at all.
    let present = chat::ours(&client, site, group).await?;
    op.keep_secret(&wanted.secret_field, secret, None).await?;
    let mut all = record::integrations(op)?;
    all.insert(wanted.name.clone(), wanted.clone());
    op.remember(record::INTEGRATIONS, &all).await?;
    if !site.active {
        for chatbot in present.iter().filter(|one| one.name == wanted.name) {
            chat::delete(&client, chatbot.id).await?;
        }
        return Ok(format!(
            "Kept: Loomio announces in {} as soon as this instance is active.",
            peer.platform
        ));
    }
    match chat::put(op, &client, group, &wanted).await {
        Err(Halt::Stopped(fault)) if by_hand(&wanted, &fault) => {
            ask_person(op, &client, group, &wanted).await?;
        }
        other => other?,
    }
    Ok(format!("Loomio announces in {}.", peer.platform))
}

pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let site = op.site();
    let name = record::name(site, peer);
    let group = record::group_id(site)?;
    let client = Client::of(op)?;
    for chatbot in chat::ours(&client, site, group).await? {
        if chatbot.name == name {
            chat::delete(&client, chatbot.id).await?;
        }
    }
    let mut all = record::integrations(op)?;
    if all.remove(&name).is_some() {
        op.remember(record::INTEGRATIONS, &all).await?;
    }
    super::pause::drop_quietly(op, &record::secret_field(peer)).await
}

/// Has Loomio send its test message. Its 200 proves nothing: only the peer's adapter can say that the message arrived
/// (sheet: loomio 4.5).
pub(super) async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let site = op.site();
    let group = record::group_id(site)?;
    let name = record::name(site, peer);
    let all = record::integrations(op)?;
    let wanted = all.get(&name).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("Loomio is not connected to {}.", peer.platform),
        )
        .hint("Connect them first.")
    })?;
    let client = Client::of(op)?;
    let there = chat::ours(&client, site, group).await?;
    if !there.iter().any(|chatbot| chatbot.name == name) {
        return Ok(Probe {
            arrived: false,
            sent: false,
            look_for: None,
            what: if site.active {
                "Nothing was sent: the chat integration is missing on Loomio.".to_owned()
            } else {
                "Nothing was sent: announcements are switched off with the instance.".to_owned()
            },
        });
    }
    let secret = op.secret(&wanted.secret_field)?;
    check(&client, group, wanted, &secret).await?;
    let known: Option<record::Known> = op.fact(record::GROUP)?;
    Ok(Probe {
        arrived: false,
        sent: true,
        look_for: known.map(|known| known.name),
        what: format!(
            "Loomio was told to send its test message into {}.",
            peer.platform
        ),
    })
}

async fn check(
    client: &Client,
    group: u64,
    wanted: &Integration,
    secret: &SecretString,
) -> Result<(), Fault> {
    let mut body = chat::fields(wanted, secret);
    if wanted.room.is_none() {
        body = json!({"server": chat::address(wanted, secret)});
    }
    body["group_id"] = json!(group);
    let answer = client
        .call(Method::POST, "/api/b2/chatbots/check")
        .json(&body)
        .redact(secret)
        .send()
        .await
        .map_err(errors::slowed)?;
    if !errors::is_generic(&answer) {
        return errors::accept(answer, "send a test message").map(|_| ());
    }
    // The refusal of an address that is not public has the words of a dead key: a live key settles it.
    client.groups().await?;
    Err(Fault::new(
        FaultKind::Refused,
        "Loomio does not send to the chat's address, because that is not a public one.",
    )
    .hint("Connect to a chat that can be reached from the internet.")
    .detail(format!(
        "HTTP {} to the test, while the key is good",
        answer.status
    )))
}

/// The integration for a peer, and its secret.
fn wanted(op: &Op, peer: &Peer) -> Result<(Integration, SecretString), Fault> {
    let site = op.site();
    let target = peer.target.as_ref().ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!(
                "{} offers Loomio nothing to announce in yet.",
                peer.platform
            ),
        )
        .hint("Make that instance and activate it first.")
    })?;
    let integration = |kind: &str, webhook_kind, room| Integration {
        name: record::name(site, peer),
        secret_field: record::secret_field(peer),
        kind: kind.to_owned(),
        webhook_kind,
        event_kinds: site.settings.list("event_kinds"),
        notification_only: false,
        room,
    };
    match target {
        Target::Webhook { flavour, address } if SHAPES.contains(&flavour.as_str()) => Ok((
            integration("webhook", Some(flavour.clone()), None),
            address.clone(),
        )),
        Target::Room {
            server,
            room,
            token,
        } => Ok((
            integration("matrix", None, Some((spelled(server), room.clone()))),
            token.clone(),
        )),
        Target::Webhook { .. } | Target::Site { .. } => {
            Err(unsupported(site, &format!("announce in {}", peer.platform)))
        }
    }
}

fn spelled(server: &Url) -> String {
    server.as_str().trim_end_matches('/').to_owned()
}

/// Whether the server refuses a room because it takes none from a program (sheet: loomio 4.5, not verified).
fn by_hand(wanted: &Integration, fault: &Fault) -> bool {
    wanted.room.is_some()
        && fault.kind == FaultKind::Refused
        && fault
            .detail
            .as_deref()
            .is_some_and(|detail| detail.starts_with("HTTP 400"))
}

async fn ask_person(
    op: &Op,
    client: &Client,
    group: u64,
    wanted: &Integration,
) -> Result<(), Halt> {
    let known: Option<record::Known> = op.fact(record::GROUP)?;
    let handle = known.map(|known| known.handle).unwrap_or_default();
    let (server, room) = wanted.room.clone().unwrap_or_default();
    let task = tasks::integrate(client.base(), &handle, &wanted.name, &server, &room);
    op.human(task, || async {
        let all = chat::ours(client, op.site(), group).await?;
        Ok(all
            .iter()
            .any(|chatbot| chatbot.name == wanted.name)
            .then_some(()))
    })
    .await
}
