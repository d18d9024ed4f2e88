//! The way back into rooms that the bot was taken out of, and the power it needs in them.

use super::client::{Client, Door};
use super::pause::number;
use super::record::{MARKER, Place, Places, link};
use crate::adapters::durable::{Halt, Op};
use crate::domain::HumanTask;
use serde_json::Value;

/// The state that the bot writes in every room of its own.
const WRITTEN: [&str; 5] = [
    "m.room.power_levels",
    "m.room.name",
    "m.room.topic",
    "m.room.canonical_alias",
    MARKER,
];
/// And in a space.
const WRITTEN_IN_SPACES: &str = "m.space.child";

/// Comes back into the space, then into its rooms: by itself where the room lets in whoever is in the space, else when
/// somebody invites the bot.
pub(super) async fn come_back(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    let joined = client.joined_rooms().await?;
    for place in places.all().filter(|place| !joined.contains(&place.id)) {
        come_into(op, client, place, &places.bot).await?;
    }
    Ok(())
}

/// Comes into one room; one the bot is in is fine.
pub(super) async fn come_into(
    op: &Op,
    client: &Client,
    place: &Place,
    bot: &str,
) -> Result<(), Halt> {
    op.human(invitation(place, bot), || async {
        Ok((client.join(&place.id).await? == Door::In).then_some(()))
    })
    .await
}

fn invitation(place: &Place, bot: &str) -> HumanTask {
    let name = &place.name;
    HumanTask {
        step: format!("come back {}", place.id),
        title: format!("invite the bot to {name} again"),
        why: "The bot was taken out, and the room lets in only who is invited.".into(),
        who: format!("somebody in {name} who may invite"),
        url: Some(link(place)),
        instructions: vec![
            format!("Open {name}."),
            format!("Invite {bot}."),
            if_deleted(place).into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// What to do where the room is not there any more; those that were taken over have no name in the settings.
fn if_deleted(place: &Place) -> &'static str {
    if place.key().is_some() {
        "If the room was deleted, take its name out of the setting rooms instead."
    } else {
        "If the room was deleted, take it out of its space instead."
    }
}

/// The level that the bot needs for what it writes in a room. What the room does not say has the default of the
/// specification.
pub(super) fn needed(levels: &Value, is_space: bool) -> i64 {
    let default = number(&levels["state_default"]).unwrap_or(50);
    let of = |kind: &str| number(&levels["events"][kind]).unwrap_or(default);
    let more = is_space.then_some(WRITTEN_IN_SPACES);
    let all = WRITTEN.into_iter().chain(more).map(of);
    all.fold(0, i64::max)
}

/// A person's step where the bot's level fell below what it needs: nobody raises their own.
pub(super) fn raise(place: &Place, bot: &str, own: i64, needed: i64) -> HumanTask {
    let name = &place.name;
    HumanTask {
        step: format!("raise {}", place.id),
        title: format!("raise the bot's level in {name} to {needed}"),
        why: format!(
            "Somebody lowered it to {own}, and nobody in a room can give themselves more."
        ),
        who: format!("an administrator of {name}"),
        url: Some(link(place)),
        instructions: vec![
            format!("Open the settings of {name}, then Roles & Permissions."),
            format!("Give {bot} the level {needed}."),
        ],
        asks_for: vec![format!("the level {needed} in {name}")],
        others_decide: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_of_what_is_written_counts_and_the_default_for_what_is_not_named() {
        let levels = json!({"events": {"m.room.power_levels": 100, "m.space.child": 150}});
        assert_eq!(needed(&levels, false), 100);
        assert_eq!(needed(&levels, true), 150);
        assert_eq!(needed(&json!({"state_default": "75"}), false), 75);
        assert_eq!(needed(&Value::Null, false), 50);
    }
}
