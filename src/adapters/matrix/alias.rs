//! The address by which people find a room: its alias in the server's directory, and the one that the room itself shows.

use super::client::Client;
use super::errors;
use super::record::Place;
use crate::adapters::http::{Method, segment};
use crate::domain::{Drift, DriftKind, Fault};
use serde_json::{Value, json};

/// The state event in which a room shows its address.
const SHOWN: &str = "m.room.canonical_alias";

/// The address that a room shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    /// Nobody said what it shows.
    Unknown,
    /// It shows none.
    Nothing,
    /// This one.
    Alias(&'a str),
}

/// How the address differs from the record. Only rooms of ours have an address that is looked after.
pub(super) async fn changed(
    client: &Client,
    place: &Place,
    shown: Shown<'_>,
) -> Result<Option<Drift>, Fault> {
    let Some(alias) = place.alias.as_deref().filter(|_| place.key().is_some()) else {
        return Ok(None);
    };
    let name = &place.name;
    let what = match client.resolve(alias).await? {
        None => format!("The address {alias} of {name} was taken away."),
        Some(room) if room != place.id => {
            format!("The address {alias} leads to another room than {name} now.")
        }
        Some(_) => match shown {
            Shown::Unknown => return Ok(None),
            Shown::Alias(shown) if shown == alias => return Ok(None),
            Shown::Alias(shown) => format!("{name} shows the address {shown} instead of {alias}."),
            Shown::Nothing => format!("{name} does not show its address {alias} any more."),
        },
    };
    Ok(Some(Drift::new(DriftKind::Changed, what)))
}

/// Lets the address lead to the room again, and the room show it. Other addresses stay.
pub(super) async fn put_back(client: &Client, place: &Place) -> Result<(), Fault> {
    let Some(alias) = place.alias.as_deref().filter(|_| place.key().is_some()) else {
        return Ok(());
    };
    let leads_to = client.resolve(alias).await?;
    if leads_to.as_deref() != Some(place.id.as_str()) {
        // It bears our operation key, so that nobody else has a use for it.
        if leads_to.is_some() {
            client.delete_alias(alias).await?;
        }
        lead(client, alias, &place.id).await?;
    }
    let now = client.state(&place.id, SHOWN, "").await?;
    let mut content = now.unwrap_or_else(|| json!({}));
    if content["alias"] != alias {
        content["alias"] = Value::from(alias);
        let doing = format!("put back the address of {}", place.name);
        client
            .put_state(&place.id, SHOWN, "", &content, &doing)
            .await?;
    }
    Ok(())
}

/// Lets an alias lead to a room.
async fn lead(client: &Client, alias: &str, room: &str) -> Result<(), Fault> {
    let path = format!("/_matrix/client/v3/directory/room/{}", segment(alias));
    let body = json!({"room_id": room});
    let answer = client.call(Method::PUT, &path).json(&body).send().await?;
    errors::accept(answer, &format!("set the alias {alias}")).map(|_| ())
}
