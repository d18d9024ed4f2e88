//! Rooms that are not there any more.

use super::client::{Client, Door};
use super::record::{Place, Places};
use super::{ADMIN_TOKEN, errors, hierarchy};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::Fault;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What became of a room the bot is not in any more. "Gone", "purged" and "the bot was taken out" look the same to the
/// bot (sheet: matrix 4): an administrator can tell, and so can the alias, which vanishes with a purge.
pub(super) async fn exists(
    site: &Site,
    base: &Url,
    client: Option<&Client>,
    place: &Place,
) -> Result<Option<bool>, Fault> {
    if let Some(token) = site.secrets.get(ADMIN_TOKEN) {
        let admin = Client::new(site, base, token.clone(), &CancellationToken::new());
        let path = format!("/_synapse/admin/v1/rooms/{}", segment(&place.id));
        let answer = admin.call(Method::GET, &path).send().await?;
        if answer.is_success() {
            return Ok(Some(true));
        }
        if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
            return Ok(Some(false));
        }
    }
    let (Some(client), Some(alias)) = (client, &place.alias) else {
        return Ok(None);
    };
    let found = client.resolve(alias).await?;
    Ok(Some(found.as_deref() == Some(place.id.as_str())))
}

/// Whether a room that the bot is not in was deleted. Its alias may have been taken away by hand; then the door tells: it is
/// shut where the room is there, and the bot is in again where it was open.
pub(super) async fn is_gone(
    site: &Site,
    base: &Url,
    client: &Client,
    place: &Place,
) -> Result<bool, Fault> {
    if exists(site, base, Some(client), place).await? != Some(false) {
        return Ok(false);
    }
    Ok(client.join(&place.id).await? == Door::Nowhere)
}

/// Forgets rooms that were deleted, so that they are made again, and those of a space that was taken over and shows them no
/// more. One that the bot was only taken out of is kept: people are in it.
pub(super) async fn forget_rooms(
    op: &Op,
    base: &Url,
    client: &Client,
    places: &mut Places,
) -> Result<(), Halt> {
    let Some(space) = places.space.clone() else {
        return Ok(());
    };
    let joined = client.joined_rooms().await?;
    let is_absent = |room: &&Place| !joined.contains(&room.id);
    let absent: Vec<Place> = places.rooms.iter().filter(is_absent).cloned().collect();
    let is_in = joined.contains(&space.id);
    let shown = if places.adopted && is_in && !absent.is_empty() {
        Some(hierarchy::shown(client, &space.id).await?.children)
    } else {
        None
    };
    for room in absent {
        let is_shown = shown.as_ref().is_none_or(|shown| shown.contains(&room.id));
        if is_shown && !is_gone(op.site(), base, client, &room).await? {
            continue;
        }
        if is_in && is_shown && !places.adopted {
            let doing = format!("take the room {} out of the space", room.name);
            client
                .put_state(&space.id, "m.space.child", &room.id, &json!({}), &doing)
                .await?;
        }
        places.rooms.retain(|known| known.id != room.id);
        places.save(op).await?;
    }
    Ok(())
}

/// Forgets the space where it was deleted, so that it is made again.
pub(super) async fn forget_space(
    op: &Op,
    base: &Url,
    client: &Client,
    places: &mut Places,
) -> Result<(), Halt> {
    let Some(space) = places.space.clone() else {
        return Ok(());
    };
    let is_in = client.joined_rooms().await?.contains(&space.id);
    if !is_in && is_gone(op.site(), base, client, &space).await? {
        places.space = None;
        places.save(op).await?;
    }
    Ok(())
}
