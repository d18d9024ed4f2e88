//! Another run-time key in the place of one, and the end of old keys, both with the key that makes things (sheet:
//! discourse 2). That one itself is made by a person.

use super::{
    API_KEY, RUNTIME_KEY,
    client::Client,
    record::{self, Places, Runtime},
    runtime,
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind, Identity};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The run-time key that was made and is not in use yet.
const MINTED: &str = "minted-key";

/// With which key another one is made.
pub(super) fn mints_with(site: &Site, field: &str) -> Option<&'static str> {
    let made = Places::at(site).is_ok_and(|places| places.runtime.is_some());
    (field == RUNTIME_KEY && made).then_some(API_KEY)
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

/// Whether the forum accepts a key still.
pub(super) async fn lives(site: &Site, field: &str, key: &SecretString) -> Result<bool, Fault> {
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
