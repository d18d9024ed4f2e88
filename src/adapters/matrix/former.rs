//! Rooms of a space that is gone, where another one is made in its place: they did not go with it, people are in them, and
//! so they become rooms of the new space.

use super::client::Client;
use super::pause::{self, Paused};
use super::record::{MARKER, Place, Places, marker};
use crate::adapters::{
    contract::FORMER,
    durable::{Halt, Op},
};
use serde_json::{Value, json};

/// The types of the events by which a room belongs to its space.
const PARENT: &str = "m.space.parent";
const JOIN_RULES: &str = "m.room.join_rules";

/// Brings the rooms over in which the bot is still and that bear our marker.
pub(super) async fn take_in(
    op: &Op,
    client: &Client,
    places: &mut Places,
    space: &Place,
    names: &[String],
) -> Result<(), Halt> {
    let Some(former) = Places::of_former(op)? else {
        return Ok(());
    };
    if former.bot == places.bot && !former.adopted {
        // The same user looks after what is made now, and goes with it.
        places.bot_made |= former.bot_made;
        let joined = client.joined_rooms().await?;
        for room in former.rooms.iter().chain(&former.unlinked) {
            let known = places.rooms.iter().chain(&places.unlinked);
            let is_taken = known
                .into_iter()
                .any(|one| one.id == room.id || one.name == room.name);
            if is_taken || !joined.contains(&room.id) {
                continue;
            }
            let Some(key) = key_of(op, client, room).await? else {
                continue;
            };
            belong(op, client, places, former.space.as_ref(), room, space, &key).await?;
            keep_pause(op, room).await?;
            if names.contains(&room.name) {
                places.add_room(room.clone());
            } else {
                places.unlinked.push(room.clone());
            }
            places.save(op).await?;
        }
        places.save(op).await?;
    }
    op.forget(FORMER).await
}

/// Brings the instance's own rooms along where its space was deleted and made again.
pub(super) async fn follow(
    op: &Op,
    client: &Client,
    places: &Places,
    former: Option<&Place>,
    space: &Place,
) -> Result<(), Halt> {
    if former.is_none_or(|former| former.id == space.id) {
        return Ok(());
    }
    for room in &places.rooms {
        if let Some(key) = room.key() {
            belong(op, client, places, former, room, space, key).await?;
        }
    }
    Ok(())
}

/// The operation key in a room's marker, where that is of this community; none where it is not, or was taken away.
async fn key_of(op: &Op, client: &Client, room: &Place) -> Result<Option<String>, Halt> {
    let mark = client
        .state(&room.id, MARKER, "")
        .await?
        .unwrap_or(Value::Null);
    let site = op.site();
    let is_ours = mark["installation"] == site.installation.as_str()
        && mark["community"] == site.slug.as_str()
        && mark["part"] == room.name.as_str();
    Ok(mark["key"].as_str().filter(|_| is_ours).map(str::to_owned))
}

/// Lets whoever is in the new space come into a room, and says so in the room. Repeating is harmless.
async fn belong(
    op: &Op,
    client: &Client,
    places: &Places,
    former: Option<&Place>,
    room: &Place,
    space: &Place,
    key: &str,
) -> Result<(), Halt> {
    let doing = format!("take the room {} into the new space", room.name);
    let via = json!({"via": [places.server], "canonical": true});
    let rule = json!({
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": space.id}],
    });
    let mark = marker(op.site(), key, &room.name);
    let gone = former.map(|space| (PARENT, space.id.as_str(), json!({})));
    let written = [
        (PARENT, space.id.as_str(), via),
        (JOIN_RULES, "", rule),
        (MARKER, "", mark),
    ];
    for (kind, state_key, content) in written.into_iter().chain(gone) {
        client
            .put_state(&room.id, kind, state_key, &content, &doing)
            .await?;
    }
    Ok(())
}

/// A room that was switched off is opened again with the new instance as it was before.
async fn keep_pause(op: &Op, room: &Place) -> Result<(), Halt> {
    let former: Vec<Paused> = op.former_fact(pause::FACT)?.unwrap_or_default();
    let mut known: Vec<Paused> = op.fact(pause::FACT)?.unwrap_or_default();
    let Some(held) = former.into_iter().find(|held| held.place.id == room.id) else {
        return Ok(());
    };
    if known.iter().any(|one| one.place.id == room.id) {
        return Ok(());
    }
    known.push(held);
    op.remember(pause::FACT, &known).await
}
