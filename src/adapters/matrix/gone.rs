//! Rooms that are not there any more.

use super::client::Client;
use super::record::{Place, Places};
use super::{ADMIN_TOKEN, errors};
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

/// Forgets rooms that were deleted, so that they are made again. One that the bot was only taken out of is kept: people are
/// in it.
pub(super) async fn forget(
    op: &Op,
    base: &Url,
    client: &Client,
    places: &mut Places,
) -> Result<(), Halt> {
    let Some(space) = places.space.clone().filter(|_| !places.rooms.is_empty()) else {
        return Ok(());
    };
    let joined = client.joined_rooms().await?;
    let absent = |room: &&Place| !joined.contains(&room.id);
    let absent: Vec<Place> = places.rooms.iter().filter(absent).cloned().collect();
    for room in absent {
        if exists(op.site(), base, Some(client), &room).await? != Some(false) {
            continue;
        }
        if joined.contains(&space.id) {
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
