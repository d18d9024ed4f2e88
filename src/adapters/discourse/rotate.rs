//! Another run-time key in the place of one, and the end of old keys, both with the key that makes things (sheet:
//! discourse 2). That one itself is made by a person.

use super::{
    API_KEY, RUNTIME_KEY, WEBHOOK_SECRET,
    client::Client,
    hooks,
    record::{self, Places, Runtime},
    runtime,
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind, HumanTask, Identity};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The run-time key that was made and is not in use yet.
const MINTED: &str = "minted-key";
/// The step of whoever receives the webhook.
const RECEIVER: &str = "webhook-receiver";

/// With which key another one is made.
pub(super) fn mints_with(site: &Site, field: &str) -> Option<&'static str> {
    let made = Places::at(site).is_ok_and(|places| match field {
        RUNTIME_KEY => places.runtime.is_some(),
        WEBHOOK_SECRET => places.webhook.is_some(),
        _ => false,
    });
    made.then_some(API_KEY)
}

/// Has the webhook signed with the new secret, and sees whether its receiver takes that: a webhook has one secret, so that
/// whoever receives it has to be told. Repeating is harmless.
pub(super) async fn sign_anew(op: &Op) -> Result<String, Halt> {
    let client = Client::of(op)?;
    let Some(id) = Places::of(op)?.webhook else {
        return Ok(
            "There is no webhook; one that is made is signed with the new secret.".to_owned(),
        );
    };
    if !hooks::set_secret(&client, id, &op.secret(WEBHOOK_SECRET)?).await? {
        return Err(Fault::new(
            FaultKind::NotFound,
            "The webhook is gone from the forum, so nothing is signed there.",
        )
        .hint("Check the instance and have it put back; that one is signed with the new secret.")
        .into());
    }
    if !op.site().active {
        return Ok("The webhook is signed with the new secret once it is switched on; its receiver has to be told.".to_owned());
    }
    match hooks::ping(op, &client, id).await? {
        Some(status @ 200..=299) => Ok(format!(
            "The webhook is signed with the new secret, and its receiver answered {status}."
        )),
        answered => Err(Halt::Human(Box::new(tell_receiver(op.site(), answered)))),
    }
}

fn tell_receiver(site: &Site, answered: Option<u64>) -> HumanTask {
    let said = answered.map_or_else(
        || "has not answered to a delivery".to_owned(),
        |status| format!("answers {status} to deliveries"),
    );
    HumanTask {
        step: RECEIVER.to_owned(),
        title: "give the webhook's receiver the new secret".to_owned(),
        why: format!(
            "The forum signs with the new secret since now, and the receiver {said} that are signed with it."
        ),
        who: "who looks after the receiver".to_owned(),
        url: None,
        instructions: vec![
            format!(
                "Read the new secret, on the screen or with: guildhall key reveal {} {} --field {WEBHOOK_SECRET} --why REASON",
                site.slug, site.platform
            ),
            "Enter it where the deliveries are received.".to_owned(),
            "Then let Guildhall look: it has the forum send a delivery, which must be accepted."
                .to_owned(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// Makes another run-time key beside the one in use. What an interrupted run made and nobody knows is deleted.
pub(super) async fn mint(op: &Op) -> Result<(SecretString, Option<Identity>), Halt> {
    let client = Client::of(op)?;
    let places = Places::of(op)?;
    let (Some(former), Some(notice)) = (&places.runtime, places.notice) else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "No run-time key of this instance is recorded, so none can be made in its place.",
        )
        .hint("Let the instance be made first; that makes one.")
        .into());
    };
    let scopes = runtime::scopes(&client, places.category()?.id, notice).await?;
    if scopes.is_empty() {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "The forum offers no scope that is narrow enough for a run-time key, so none was made.",
        )
        .hint("Update the forum; the old key is in use until then.")
        .into());
    }
    let held = first(&op.secret(RUNTIME_KEY)?);
    for stray in ours(op.site(), &client).await? {
        if stray.first != held {
            runtime::delete(&client, stray.id).await?;
        }
    }
    let (mut made, key) = loop {
        let (made, key) = runtime::make(op, &client, &former.user, &scopes).await?;
        if made.first != held {
            break (made, key);
        }
        // The forum shows four digits of a key: two that begin alike could not be told apart when one is to be ended.
        runtime::delete(&client, made.key).await?;
    };
    if former.revoked {
        // Switched off, so no key of it works; switching it on takes that back.
        runtime::set_revoked(&client, made.key, true).await?;
        made.revoked = true;
    }
    op.remember(MINTED, &made).await?;
    Ok((key, Some(runtime::identity(op.site(), &made, &scopes))))
}

/// Remembers the new run-time key in the place of the former, once it is the one in use. Repeating is harmless.
pub(super) async fn take_over(op: &Op) -> Result<(), Halt> {
    let Some(minted) = op.fact::<Runtime>(MINTED)? else {
        return Ok(());
    };
    if first(&op.secret(RUNTIME_KEY)?) != minted.first {
        return Ok(());
    }
    let mut places = Places::of(op)?;
    let former = places.runtime.replace(minted.clone());
    if let Some(former) = former.filter(|former| former.revoked && former.key != minted.key) {
        // It refuses already, so nobody would end it later, and its revocation can be taken back.
        runtime::delete(&Client::of(op)?, former.key).await?;
    }
    places.save(op).await?;
    op.forget(MINTED).await
}

/// Ends an old key. False where the forum shows none, or more than one, that begins like it.
pub(super) async fn revoke(op: &Op, field: &str, old: &SecretString) -> Result<bool, Halt> {
    let client = Client::of(op)?;
    let old = first(old);
    if field == RUNTIME_KEY {
        let mut keys = ours(op.site(), &client).await?;
        keys.retain(|key| key.first == old);
        for key in &keys {
            runtime::delete(&client, key.id).await?;
        }
        return Ok(!keys.is_empty());
    }
    let user = client.user().to_lowercase();
    let mut keys = all(&client).await?;
    keys.retain(|key| key.first == old && !key.revoked && key.user.to_lowercase() == user);
    // The new one may begin with the same four digits, and is not to be ended.
    let [only] = keys.as_slice() else {
        return Ok(false);
    };
    if first(&op.secret(API_KEY)?) == old {
        return Ok(false);
    }
    let path = format!("/admin/api/keys/{}/revoke.json", only.id);
    client
        .send(Method::POST, &path, &Value::Null, "revoke the old key")
        .await?;
    Ok(true)
}

/// Whether the forum accepts a key still. A webhook's secret is in use as long as no other was put in its place.
pub(super) async fn lives(site: &Site, field: &str, key: &SecretString) -> Result<bool, Fault> {
    if field == WEBHOOK_SECRET {
        let used = site.secrets.get(WEBHOOK_SECRET);
        return Ok(used.is_some_and(|used| used.expose_secret() == key.expose_secret()));
    }
    let user = match Places::at(site)?.runtime {
        Some(runtime) if field == RUNTIME_KEY => runtime.user,
        _ => site.settings.require("api_username")?.to_owned(),
    };
    Client::new(site, key.clone(), &user, &CancellationToken::new())?
        .is_alive()
        .await
}

/// A key as the forum lists it.
struct Listed {
    id: u64,
    /// Its first four digits: more of a key nobody is shown.
    first: String,
    user: String,
    description: String,
    revoked: bool,
}

async fn all(client: &Client) -> Result<Vec<Listed>, Fault> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(runtime::list(client)
        .await?
        .iter()
        .filter_map(|key| {
            Some(Listed {
                id: key["id"].as_u64()?,
                first: text(&key["truncated_key"]),
                user: text(&key["user"]["username"]),
                description: text(&key["description"]),
                revoked: !key["revoked_at"].is_null(),
            })
        })
        .collect())
}

/// The run-time keys that were made for this instance.
async fn ours(site: &Site, client: &Client) -> Result<Vec<Listed>, Fault> {
    let description = record::key_description(site);
    let mut keys = all(client).await?;
    keys.retain(|key| key.description == description);
    Ok(keys)
}

fn first(key: &SecretString) -> String {
    key.expose_secret().chars().take(4).collect()
}
