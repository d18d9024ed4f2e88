//! Announcements by outgoing webhook: one for each user, collective and activity type (sheet: opencollective 4.5).
//!
//! Other people's webhooks are in the same list; only those that an operation of ours recorded are ever touched.

use super::client::{Client, Counter};
use super::record::{Addresses, Collective, Hook, hooks, save_hooks};
use super::{PLATFORM, documents, pause, settings};
use crate::adapters::{
    contract::{Peer, Target},
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

/// A row of the platform's list that has an address.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: String,
    pub activity: String,
    address: String,
}

impl Row {
    /// Whether it leads there; the server adds `/slack` to addresses of Discord.
    fn leads_to(&self, address: &str) -> bool {
        let bare = |text: &str| {
            let text = text.trim_end_matches('/');
            text.strip_suffix("/slack").unwrap_or(text).to_owned()
        };
        bare(&self.address) == bare(address)
    }
}

/// Every webhook of a collective. Rows without an address are notifications of people, not webhooks.
pub(super) async fn list(client: &Client, id: &str) -> Result<Vec<Row>, Fault> {
    let mut rows = Vec::new();
    let mut offset = 0;
    loop {
        let doing = "list the webhooks";
        let variables = json!({"id": id, "offset": offset});
        let data = client.ask(documents::HOOKS, variables, doing).await?;
        let page = &data["account"]["webhooks"];
        let nodes = entries(&page["nodes"], PLATFORM, "the webhooks")?;
        offset += nodes.len();
        let last = nodes.is_empty()
            || page["totalCount"]
                .as_u64()
                .is_none_or(|total| offset as u64 >= total);
        rows.extend(nodes.iter().filter_map(|node| {
            Some(Row {
                id: node["id"].as_str()?.to_owned(),
                activity: node["activityType"].as_str()?.to_owned(),
                address: node["webhookUrl"].as_str()?.to_owned(),
            })
        }));
        if last {
            return Ok(rows);
        }
    }
}

/// Makes the webhooks for a peer.
pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let address = address_of(peer)?;
    let host = Url::parse(address.expose_secret())
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .ok_or_else(|| no_address(peer))?;
    let client = Client::of(op)?;
    let collective = writable(op, &client).await?;
    let mut kept = hooks(op)?;
    let mut addresses = Addresses::of(op)?;
    let paused = pause::is_paused(op)?;
    for activity in settings::announced(&op.site().settings) {
        let mut hook = Hook {
            peer: peer.instance.0,
            activity,
            id: None,
            host: host.clone(),
        };
        if let Some(other) = kept
            .iter()
            .find(|known| known.activity == hook.activity && known.peer != hook.peer)
        {
            return Err(one_each(&hook.activity, &other.host).into());
        }
        replace_old(&client, &kept, &addresses, &hook, &address).await?;
        // The address first: a webhook without it could not be made again.
        addresses.put(op, &hook, &address).await?;
        if !paused {
            hook.id = Some(make(op, &client, &collective.id, &hook, &address).await?);
        }
        kept.retain(|known| known.key() != hook.key());
        kept.push(hook);
        save_hooks(op, &kept).await?;
    }
    let what = if paused {
        "will be announced once the instance is active"
    } else {
        "is announced from now on"
    };
    Ok(format!(
        "What happens in {} {what} at {host}; deliveries carry no signature and are never repeated.",
        collective.slug
    ))
}

/// Takes our webhook to the peer's former address away, which would stand in the way of the new one.
async fn replace_old(
    client: &Client,
    kept: &[Hook],
    addresses: &Addresses,
    hook: &Hook,
    address: &SecretString,
) -> Result<(), Fault> {
    let Some(id) = kept
        .iter()
        .find(|known| known.key() == hook.key())
        .and_then(|known| known.id.as_deref())
    else {
        return Ok(());
    };
    let same = addresses
        .get(hook)
        .is_some_and(|old| old.expose_secret() == address.expose_secret());
    if same {
        return Ok(());
    }
    delete(client, id).await
}

/// Makes one webhook, or finds the one that an interrupted run made.
pub(super) async fn make(
    op: &Op,
    client: &Client,
    collective: &str,
    hook: &Hook,
    address: &SecretString,
) -> Result<String, Halt> {
    let step = format!("webhook {}", hook.key());
    op.ensure(
        &step,
        |_key| async { standing(client, collective, hook, address).await },
        |_key| async { create(client, collective, hook, address).await },
    )
    .await
}

async fn standing(
    client: &Client,
    collective: &str,
    hook: &Hook,
    address: &SecretString,
) -> Result<Option<String>, Fault> {
    let rows = list(client, collective).await?;
    Ok(rows
        .into_iter()
        .find(|row| row.activity == hook.activity && row.leads_to(address.expose_secret()))
        .map(|row| row.id))
}

async fn create(
    client: &Client,
    collective: &str,
    hook: &Hook,
    address: &SecretString,
) -> Result<String, Fault> {
    // A second one of the same kind is refused without a reason, and an interrupted one may stand.
    if let Some(id) = standing(client, collective, hook, address).await? {
        return Ok(id);
    }
    let variables = json!({"w": {
        "account": {"id": collective},
        "activityType": hook.activity,
        "webhookUrl": address.expose_secret(),
    }});
    let counter = if is_known_chat(&hook.host) {
        Counter::Requests
    } else {
        Counter::LookedUpHooks
    };
    let reply = client
        .send_counted(documents::HOOK, variables, counter)
        .await?;
    if let Some(refusal) = reply.refusals.first()
        && refusal.message == "Validation error"
    {
        return Err(one_each(&hook.activity, "another address"));
    }
    let data = client.accept(reply, "make the webhook").await?;
    let id = data["createWebhook"]["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| {
        Fault::new(
            FaultKind::OutcomeUnknown,
            "The platform did not name the webhook; whether it was made is not known.",
        )
        .hint("Resume the operation: what stands is found.")
    })
}

/// Deletes one webhook. One that is not there any more is deleted.
pub(super) async fn delete(client: &Client, id: &str) -> Result<(), Fault> {
    let reply = client
        .send(documents::UNHOOK, json!({"w": {"id": id}}))
        .await?;
    // The server deletes and then stumbles over the row that is gone.
    let done = reply.refusals.first().is_some_and(|refusal| {
        refusal.code == "NotFound"
            || refusal.says("Cannot return null for non-nullable field Webhook")
    });
    if done {
        return Ok(());
    }
    client.accept(reply, "delete the webhook").await.map(|_| ())
}

/// Deletes the webhooks of a peer.
pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let mut kept = hooks(op)?;
    let mut addresses = Addresses::of(op)?;
    let ours: Vec<Hook> = kept
        .iter()
        .filter(|hook| hook.peer == peer.instance.0)
        .cloned()
        .collect();
    for hook in ours {
        if let Some(id) = &hook.id {
            delete(&Client::of(op)?, id).await?;
        }
        kept.retain(|known| known.key() != hook.key());
        save_hooks(op, &kept).await?;
        addresses.take(op, &hook).await?;
    }
    Ok(())
}

/// The collective, if it may be written to.
pub(super) async fn writable(op: &Op, client: &Client) -> Result<Collective, Halt> {
    let Some(collective) = Collective::of(op)? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "There is no collective yet; nothing was sent.",
        )
        .hint("Activate the instance first, so that it is made.")
        .into());
    };
    let account = client.account(&collective.id).await?;
    collective.check(op.site(), account)?;
    Ok(collective)
}

fn address_of(peer: &Peer) -> Result<SecretString, Fault> {
    match &peer.target {
        Some(Target::Webhook { flavour, address })
            if matches!(flavour.as_str(), "slack" | "discord" | "json") =>
        {
            Ok(address.clone())
        }
        Some(Target::Webhook { flavour, .. }) => Err(Fault::new(
            FaultKind::Unsupported,
            format!(
                "Open Collective does not write in the shape {flavour} that {} expects.",
                peer.platform
            ),
        )
        .hint("Put a receiver between them that reshapes the messages.")),
        _ => Err(no_address(peer)),
    }
}

fn no_address(peer: &Peer) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        format!("{} offers no webhook to announce to.", peer.platform),
    )
    .hint("Only an incoming webhook can be announced to, or a receiver that reshapes the messages.")
}

/// Slack and Discord are not looked up at creation (sheet: opencollective 4.5).
fn is_known_chat(host: &str) -> bool {
    matches!(host, "hooks.slack.com" | "discord.com")
}

fn one_each(activity: &str, elsewhere: &str) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        format!("{activity} is announced at {elsewhere} already, and the platform keeps one webhook of a kind for each user."),
    )
    .hint("Announce another kind (announce in the settings), use another user, or a receiver that passes it on to several.")
}
