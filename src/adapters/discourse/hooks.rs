//! The forum's own webhooks: signed deliveries to an address that is not on a private network (sheet: discourse 4, P6).

use super::{
    WEBHOOK_SECRET,
    client::{Client, bad_answer, page},
    errors,
    record::Places,
};
use crate::adapters::{
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind};
use rand::Rng as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

const LIST: &str = "/admin/api/web_hooks.json";
/// How often the outcome of a ping is asked for; the forum queues deliveries.
const LOOKS: u32 = 6;

/// A webhook to be.
pub(super) struct Wanted<'a> {
    /// The address, which may be a secret of whoever gave it.
    pub address: &'a SecretString,
    pub secret: &'a SecretString,
    pub category: u64,
    pub group: Option<u64>,
    pub active: bool,
}

/// What the forum shows of a webhook.
pub(super) struct Seen {
    pub id: u64,
    pub active: bool,
    /// 1 inactive, 2 failed, 3 successful, 4 disabled (sheet: discourse 4, health).
    pub last: u64,
    address: String,
    categories: Vec<u64>,
}

fn read(shown: &Value) -> Option<Seen> {
    let ids = |field: &str| -> Vec<u64> {
        let listed = shown[field].as_array();
        listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect()
    };
    let mut categories = ids("category_ids");
    if categories.is_empty() {
        let shown = shown["categories"].as_array();
        categories = shown
            .into_iter()
            .flatten()
            .filter_map(|category| category["id"].as_u64())
            .collect();
    }
    Some(Seen {
        id: shown["id"].as_u64()?,
        active: shown["active"] == true,
        last: shown["last_delivery_status"].as_u64().unwrap_or_default(),
        address: shown["payload_url"].as_str().unwrap_or_default().to_owned(),
        categories,
    })
}

/// A fresh secret: twelve characters are the least (sheet: discourse 2).
pub(super) fn fresh_secret() -> SecretString {
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    letters.take(40).map(char::from).collect::<String>().into()
}

/// Makes, moves or takes away the webhook to the address in the settings.
pub(super) async fn of_settings(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    let site = op.site();
    let Some(address) = site.settings.get("webhook_url") else {
        if let Some(id) = places.webhook {
            delete(client, id).await?;
            places.webhook = None;
            places.save(op).await?;
        }
        return Ok(());
    };
    let address = SecretString::from(address);
    if !op.has_secret(WEBHOOK_SECRET) {
        op.keep_secret(WEBHOOK_SECRET, fresh_secret(), None).await?;
    }
    let secret = op.secret(WEBHOOK_SECRET)?;
    let wanted = Wanted {
        address: &address,
        secret: &secret,
        category: places.category()?.id,
        group: places.group.as_ref().map(|group| group.id),
        active: site.active,
    };
    if let Some(id) = places.webhook {
        if let Some(seen) = show(client, id).await? {
            if seen.address != address.expose_secret() {
                put(client, id, &wanted).await?;
            }
            return Ok(());
        }
        places.webhook = None;
    }
    let id = ensure(op, client, "webhook", &wanted).await?;
    places.webhook = Some(id);
    places.save(op).await
}

/// Makes a webhook once; an interrupted run's is recognised by its address and category.
pub(super) async fn ensure(
    op: &Op,
    client: &Client,
    step: &str,
    wanted: &Wanted<'_>,
) -> Result<u64, Halt> {
    op.ensure(
        step,
        |_| async move { find(client, wanted).await },
        |_| async move { create(client, wanted).await },
    )
    .await
}

async fn find(client: &Client, wanted: &Wanted<'_>) -> Result<Option<u64>, Fault> {
    let mut offset = 0;
    loop {
        let path = format!("{LIST}?offset={offset}&limit=50");
        let page = client.get(&path, "list the webhooks").await?;
        let listed = client.entries(&page["web_hooks"], "the webhooks")?;
        let ours = listed.iter().filter_map(read).find(|seen| {
            seen.address == wanted.address.expose_secret() && seen.categories == [wanted.category]
        });
        if ours.is_some() {
            return Ok(ours.map(|seen| seen.id));
        }
        offset += listed.len();
        let total = client.total(&page["total_rows_web_hooks"], "how many webhooks there are")?;
        if listed.is_empty() || offset as u64 >= total {
            return Ok(None);
        }
    }
}

/// The numbers of what happens to topics and posts. They differ between versions, so the forum is asked.
async fn event_types(client: &Client) -> Result<Vec<u64>, Fault> {
    let page = client.get(LIST, "list what webhooks tell of").await?;
    let known = client.entries(&page["extras"]["event_types"], "the events of webhooks")?;
    let wanted: Vec<u64> = known
        .iter()
        .filter(|kind| {
            let name = kind["name"].as_str().unwrap_or_default();
            matches!(name, "topic" | "post")
                || name.starts_with("topic_")
                || name.starts_with("post_")
        })
        .filter_map(|kind| kind["id"].as_u64())
        .collect();
    if wanted.is_empty() {
        return Err(bad_answer(client.base(), "the events of webhooks"));
    }
    Ok(wanted)
}

async fn body(client: &Client, wanted: &Wanted<'_>) -> Result<Value, Fault> {
    Ok(json!({"web_hook": {
        "payload_url": wanted.address.expose_secret(),
        "content_type": 1,
        "secret": wanted.secret.expose_secret(),
        "wildcard_web_hook": false,
        "active": wanted.active,
        "verify_certificate": true,
        "web_hook_event_type_ids": event_types(client).await?,
        "category_ids": [wanted.category],
        "group_ids": wanted.group.into_iter().collect::<Vec<_>>(),
    }}))
}

async fn send(
    client: &Client,
    method: Method,
    path: &str,
    wanted: &Wanted<'_>,
) -> Result<Value, Fault> {
    let body = body(client, wanted).await?;
    let call = client
        .call(method, path)
        .redact(wanted.secret)
        .redact(wanted.address)
        .json(&body);
    let answer = call.send().await.map_err(errors::slowed)?;
    if answer.status == 404 && errors::is_json(&answer) {
        return Err(only_administrators(client, "make a webhook"));
    }
    if answer.status == 422 && errors::is_json(&answer) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("The forum does not take the webhook's address: {}.", answer.excerpt()),
        )
        .hint("It must be reachable from the forum; an address on a private network or of the forum's own host is refused."));
    }
    client.accept(answer, "make the webhook").await?.json()
}

/// What a moderator is told to be missing is hidden, not gone (sheet: discourse 5).
pub(super) fn only_administrators(client: &Client, doing: &str) -> Fault {
    Fault::new(
        FaultKind::ScopeMissing,
        format!(
            "Only an administrator of the forum may {doing}, and {} is none.",
            client.user()
        ),
    )
    .hint(format!(
        "Use the key of an administrator for this step, or make it by hand at {}.",
        page(client.base(), "/admin/api/web_hooks")
    ))
}

async fn create(client: &Client, wanted: &Wanted<'_>) -> Result<u64, Fault> {
    let made = send(client, Method::POST, LIST, wanted).await?;
    made["web_hook"]["id"]
        .as_u64()
        .ok_or_else(|| bad_answer(client.base(), "the webhook"))
}

async fn put(client: &Client, id: u64, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let path = format!("/admin/api/web_hooks/{id}.json");
    send(client, Method::PUT, &path, wanted).await.map(|_| ())
}

pub(super) async fn show(client: &Client, id: u64) -> Result<Option<Seen>, Fault> {
    let path = format!("/admin/api/web_hooks/{id}.json");
    let found = client.find(&path, "look at the webhook").await?;
    Ok(found.and_then(|found| read(&found["web_hook"])))
}

/// Has a webhook signed with another secret; false when it is gone.
pub(super) async fn set_secret(
    client: &Client,
    id: u64,
    secret: &SecretString,
) -> Result<bool, Fault> {
    let path = format!("/admin/api/web_hooks/{id}.json");
    let body = json!({"web_hook": {"secret": secret.expose_secret()}});
    let call = client.call(Method::PUT, &path).redact(secret).json(&body);
    let answer = call.send().await.map_err(errors::slowed)?;
    if answer.status == 404 && errors::is_json(&answer) {
        return Ok(false);
    }
    client
        .accept(answer, "sign the webhook anew")
        .await
        .map(|_| true)
}

/// Switches a webhook; false when it is gone.
pub(super) async fn set_active(client: &Client, id: u64, active: bool) -> Result<bool, Fault> {
    let path = format!("/admin/api/web_hooks/{id}.json");
    let body = json!({"web_hook": {"active": active}});
    let answer = client.try_send(Method::PUT, &path, &body).await?;
    if answer.status == 404 && errors::is_json(&answer) {
        return Ok(false);
    }
    client
        .accept(answer, "switch the webhook")
        .await
        .map(|_| true)
}

pub(super) async fn delete(client: &Client, id: u64) -> Result<(), Fault> {
    let path = format!("/admin/api/web_hooks/{id}.json");
    client
        .delete(&path, &Value::Null, "delete the webhook")
        .await
}

/// What became of a ping: the status that the receiver answered with; none when there was no answer in time.
pub(super) async fn ping(op: &Op, client: &Client, id: u64) -> Result<Option<u64>, Halt> {
    let known = newest_event(client, id).await?.map(|(event, _)| event);
    let path = format!("/admin/api/web_hooks/{id}/ping.json");
    client
        .send(Method::POST, &path, &Value::Null, "send a ping")
        .await?;
    let mut pause = Duration::from_millis(200);
    for _ in 0..LOOKS {
        if let Some((event, status)) = newest_event(client, id).await?
            && Some(event) != known
            && let Some(status) = status
        {
            return Ok(Some(status));
        }
        op.pause(pause).await?;
        pause *= 2;
    }
    Ok(None)
}

/// The newest delivery and its status; none while it is under way.
async fn newest_event(client: &Client, id: u64) -> Result<Option<(u64, Option<u64>)>, Fault> {
    let path = format!("/admin/api/web_hook_events/{id}.json");
    let page = client.get(&path, "list the deliveries").await?;
    let events = client.entries(&page["web_hook_events"], "the deliveries")?;
    Ok(events
        .iter()
        .filter_map(|event| {
            let status = event["status"].as_u64().filter(|status| *status > 0);
            Some((event["id"].as_u64()?, status))
        })
        .max_by_key(|(id, _)| *id))
}
