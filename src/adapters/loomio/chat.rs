//! Chat integrations of a group (sheet: loomio 4.5). The address of a webhook is another platform's secret: nothing here
//! puts it, or an answer that lists it, into a message.

use super::{
    client::Client,
    record::{self, Integration},
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt};

/// A chat integration as the server lists it.
#[derive(Clone, Deserialize)]
pub(super) struct Chatbot {
    pub id: u64,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub kind: String,
    pub webhook_kind: Option<String>,
    pub server: Option<String>,
    #[serde(default)]
    pub event_kinds: Vec<String>,
    #[serde(default)]
    pub notification_only: bool,
}

impl fmt::Debug for Chatbot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Chatbot {}", self.id)
    }
}

impl Chatbot {
    /// Whether it announces the same, in the same shape, as recorded. The order of events means nothing.
    pub fn is_like(&self, wanted: &Integration) -> bool {
        let set = |kinds: &[String]| kinds.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.event_kinds) == set(&wanted.event_kinds)
            && self.kind == wanted.kind
            && (wanted.kind != "webhook" || self.webhook_kind == wanted.webhook_kind)
            && self.notification_only == wanted.notification_only
    }

    /// Whether it sends to the same address; a server that does not tell the address is believed.
    pub fn sends_to(&self, wanted: &Integration, secret: &SecretString) -> bool {
        let address = address(wanted, secret);
        self.server
            .as_deref()
            .is_none_or(|server| server.trim_end_matches('/') == address.trim_end_matches('/'))
    }
}

#[derive(Deserialize)]
struct Chatbots {
    chatbots: Vec<Chatbot>,
}

/// Every chat integration of a group, ours or not.
///
/// # Errors
/// [`FaultKind::ScopeMissing`] when the bot is no administrator, which Loomio answers with 404.
pub(super) async fn list(client: &Client, group: u64) -> Result<Vec<Chatbot>, Fault> {
    let path = format!("/api/b2/chatbots?group_id={group}");
    let call = client.call(Method::GET, &path);
    let doing = "list the group's chat integrations";
    let answer = client.send(call, doing).await.map_err(not_admin)?;
    let all: Chatbots = answer.json().map_err(unquoted)?;
    Ok(all.chatbots)
}

/// Ours among them.
pub(super) async fn ours(client: &Client, site: &Site, group: u64) -> Result<Vec<Chatbot>, Fault> {
    let prefix = record::prefix(site);
    let mut all = list(client, group).await?;
    all.retain(|chatbot| chatbot.name.starts_with(&prefix));
    all.sort_by_key(|chatbot| chatbot.id);
    Ok(all)
}

/// Makes sure that exactly one integration of this name exists, as recorded.
pub(super) async fn put(
    op: &Op,
    client: &Client,
    group: u64,
    wanted: &Integration,
) -> Result<(), Halt> {
    let secret = op.secret(&wanted.secret_field)?;
    let site = op.site();
    let named = |all: Vec<Chatbot>| {
        all.into_iter()
            .filter(|chatbot| chatbot.name == wanted.name)
            .collect::<Vec<_>>()
    };
    let find = |_| async {
        let found = named(ours(client, site, group).await?);
        Ok(found.first().map(|chatbot| chatbot.id))
    };
    let make = |_| create(client, group, wanted, &secret);
    op.ensure(&format!("integration:{}", wanted.name), find, make)
        .await?;
    // The server allows several of one name, and somebody may have changed the one that is there.
    let found = named(ours(client, site, group).await?);
    for surplus in found.iter().skip(1) {
        delete(client, surplus.id).await?;
    }
    if let Some(first) = found
        .first()
        .filter(|first| !first.is_like(wanted) || !first.sends_to(wanted, &secret))
    {
        change(client, first.id, wanted, &secret).await?;
    }
    Ok(())
}

async fn create(
    client: &Client,
    group: u64,
    wanted: &Integration,
    secret: &SecretString,
) -> Result<u64, Fault> {
    let mut body = fields(wanted, secret);
    body["group_id"] = json!(group);
    let call = client
        .call(Method::POST, "/api/b2/chatbots")
        .json(&body)
        .redact(secret);
    let answer = client
        .send(call, "make the chat integration")
        .await
        .map_err(not_admin)?;
    let made: Chatbots = answer.json().map_err(unquoted)?;
    let id = made.chatbots.first().map(|chatbot| chatbot.id);
    id.ok_or_else(|| {
        Fault::new(
            FaultKind::OutcomeUnknown,
            "Loomio accepted the chat integration and shows none.",
        )
        .hint("Resume the operation: it looks before it makes another one.")
    })
}

/// Sends the wanted settings of an integration that is there.
pub(super) async fn change(
    client: &Client,
    id: u64,
    wanted: &Integration,
    secret: &SecretString,
) -> Result<(), Fault> {
    let call = client
        .call(Method::PATCH, &format!("/api/b2/chatbots/{id}"))
        .json(&fields(wanted, secret))
        .redact(secret)
        .keyed();
    let doing = "change the chat integration";
    client.send(call, doing).await.map_err(not_admin)?;
    Ok(())
}

/// Deletes an integration; one that is gone already is done.
pub(super) async fn delete(client: &Client, id: u64) -> Result<(), Fault> {
    let call = client.call(Method::DELETE, &format!("/api/b2/chatbots/{id}"));
    match client.send(call, "delete the chat integration").await {
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// What is sent of an integration: flat, unlike threads (sheet: loomio 4.5).
pub(super) fn fields(wanted: &Integration, secret: &SecretString) -> Value {
    let mut fields = json!({
        "name": wanted.name,
        "kind": wanted.kind,
        "server": address(wanted, secret),
        "event_kinds": wanted.event_kinds,
        "notification_only": wanted.notification_only,
    });
    if let Some(kind) = &wanted.webhook_kind {
        fields["webhook_kind"] = json!(kind);
    }
    if let Some((_, room)) = &wanted.room {
        fields["channel"] = json!(room);
        fields["access_token"] = json!(secret.expose_secret());
    }
    fields
}

/// Where it sends to: a room's server, or the webhook's secret address.
pub(super) fn address<'data>(
    wanted: &'data Integration,
    secret: &'data SecretString,
) -> &'data str {
    match &wanted.room {
        Some((server, _)) => server,
        None => secret.expose_secret(),
    }
}

/// The 404 by which Loomio says that the bot is no administrator (sheet: loomio 4.5).
fn not_admin(fault: Fault) -> Fault {
    if fault.kind != FaultKind::NotFound {
        return fault;
    }
    Fault {
        kind: FaultKind::ScopeMissing,
        what: "Loomio does not show the group's chat integrations to the bot: it is no administrator there, or the group is gone.".to_owned(),
        hint: "Check the instance, and make the bot an administrator of the group.".to_owned(),
        ..fault
    }
}

/// The fault without the piece of the answer it quotes, in which an address may stand.
fn unquoted(fault: Fault) -> Fault {
    Fault {
        detail: None,
        ..fault
    }
}
