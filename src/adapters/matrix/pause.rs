//! Switching off by power levels: members stay and read, nobody below the bot writes. What stood there before is
//! remembered before anything is changed, and put back as it was (sheet: matrix 4, pause algorithm).

use super::client::Client;
use super::provision::has_creators;
use super::record::{Place, Places};
use super::resume::restore;
use super::{address, bot, levels};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The name of the fact.
pub(super) const FACT: &str = "pause";
/// The type of the event that holds the power levels.
pub(super) const LEVELS: &str = "m.room.power_levels";
/// The three levels that are raised; `kick`, `ban` and `redact` are left so that moderators can clean up.
pub(super) const RAISED: [&str; 3] = ["events_default", "invite", "state_default"];

/// One paused room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub place: Place,
    /// The power levels as they were.
    pub saved: Value,
    /// The power levels as we set them.
    pub ours: Value,
    /// Whether they were set.
    pub sent: bool,
    /// The level that is needed to write now.
    pub level: i64,
}

/// Pauses the space and its rooms.
pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let outcome = pause_places(op, &client, &places).await?;
    Ok(outcome.sentence(op))
}

/// How it went.
pub(super) struct Outcome {
    paused: Vec<Paused>,
    /// Not seen by the bot.
    missing: Vec<Place>,
}

impl Outcome {
    fn sentence(&self, op: &Op) -> String {
        let closed: Vec<&Paused> = self.paused.iter().filter(|room| room.sent).collect();
        let lowest = closed.iter().map(|room| room.level).min();
        let mut text = match lowest {
            None => "There is no room to close".to_owned(),
            Some(level) => format!(
                "Members stay and can read; writing needs level {level} in {} rooms",
                closed.len()
            ),
        };
        if lowest.is_some_and(|level| level <= 100) {
            text.push_str(", and people at that level can undo it");
        } else if let Some(owner) = op.site().settings.get("owner") {
            text.push_str(", which only the bot and ");
            text.push_str(owner);
            text.push_str(" have");
        }
        if !self.missing.is_empty() {
            text.push_str("; not seen by the bot: ");
            text.push_str(&names(&self.missing));
        }
        text.push('.');
        text
    }
}

pub(super) fn names(places: &[Place]) -> String {
    let names: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
    names.join(", ")
}

/// Pauses these places; those paused already are left as they are.
pub(super) async fn pause_places(
    op: &Op,
    client: &Client,
    places: &Places,
) -> Result<Outcome, Halt> {
    let mut known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    let mut missing = Vec::new();
    for place in places.all() {
        let Some(current) = levels::of(client, place).await? else {
            missing.push(place.clone());
            continue;
        };
        let at = known.iter().position(|room| room.place.id == place.id);
        match at.map(|at| &known[at]) {
            Some(room) if room.ours == current => {}
            // Edited since it was set: what others changed comes back with what was saved first.
            Some(room) => {
                let saved = restore(&current, room);
                let next = raised(client, place, &places.bot, &current, saved).await?;
                if let Some(at) = at {
                    known[at] = next;
                }
            }
            None => {
                let next = raised(client, place, &places.bot, &current, current.clone()).await?;
                known.push(next);
            }
        }
    }
    // Saved for all rooms before the first is touched.
    op.remember(FACT, &known).await?;
    let of = known.len();
    for at in 0..of {
        let room = &mut known[at];
        if room.sent || missing.iter().any(|place| place.id == room.place.id) {
            continue;
        }
        op.progress("rooms closed", at, of, &room.place.name);
        set_levels(client, &room.place, &room.ours).await?;
        room.sent = true;
        op.remember(FACT, &known).await?;
    }
    Ok(Outcome {
        paused: known,
        missing,
    })
}

pub(super) async fn set_levels(
    client: &Client,
    place: &Place,
    levels: &Value,
) -> Result<(), Fault> {
    let doing = format!("change who may write in {}", place.name);
    client
        .put_state(&place.id, LEVELS, "", levels, &doing)
        .await
}

/// The levels with which nobody below the bot writes.
async fn raised(
    client: &Client,
    place: &Place,
    bot: &str,
    current: &Value,
    saved: Value,
) -> Result<Paused, Fault> {
    let creation = client.state_event(&place.id, "m.room.create").await?;
    let creation = creation.unwrap_or_else(|| json!({}));
    let own = own_level(&creation, current, bot);
    let needed = number(&current["events"][LEVELS])
        .or_else(|| number(&current["state_default"]))
        .unwrap_or(50);
    if own.is_some_and(|own| own < needed) {
        return Err(Fault::new(
            FaultKind::ScopeMissing,
            format!(
                "The bot's level in {} is {}, and changing who may write needs {needed}.",
                place.name,
                own.unwrap_or_default()
            ),
        )
        .hint("Ask an administrator of the room to raise the bot's level."));
    }
    let highest = current["users"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
        .chain([&current["users_default"]])
        .filter_map(number)
        .fold(100, i64::max);
    // More than its own level a bot that is no creator cannot set.
    let level = own.map_or(highest + 1, |own| own.min(highest + 1));
    Ok(Paused {
        place: place.clone(),
        saved,
        ours: raise(current, level),
        sent: false,
        level,
    })
}

/// The bot's level; `None` for a creator, whose power is infinite.
pub(super) fn own_level(creation: &Value, levels: &Value, bot: &str) -> Option<i64> {
    let content = &creation["content"];
    let is_creator = creation["sender"] == bot
        || content["additional_creators"]
            .as_array()
            .is_some_and(|others| others.iter().any(|other| other == bot));
    if is_creator && has_creators(content["room_version"].as_str().unwrap_or("1")) {
        return None;
    }
    let level = number(&levels["users"][bot]).or_else(|| number(&levels["users_default"]));
    Some(level.unwrap_or(0))
}

/// Older rooms may hold levels as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

/// Raises the defaults and every single kind of event: an entry of its own beats the default.
pub(super) fn raise(levels: &Value, level: i64) -> Value {
    let mut raised = levels.clone();
    for field in RAISED {
        raised[field] = json!(level);
    }
    if let Some(events) = raised.get_mut("events").and_then(Value::as_object_mut) {
        for value in events.values_mut() {
            if number(value).is_none_or(|old| old < level) {
                *value = json!(level);
            }
        }
    }
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_for_messages_is_raised_too() {
        let ours = raise(
            &json!({"events": {"m.room.message": 0, "m.room.tombstone": 150}}),
            101,
        );
        assert_eq!(
            ours,
            json!({
                "events": {"m.room.message": 101, "m.room.tombstone": 150},
                "events_default": 101, "invite": 101, "state_default": 101,
            })
        );
    }

    #[test]
    fn creators_of_new_rooms_have_no_number_and_others_theirs() {
        let levels = json!({"users": {"@bot:x": 100}, "users_default": 1});
        let creation =
            |version: &str| json!({"sender": "@bot:x", "content": {"room_version": version}});
        assert_eq!(own_level(&creation("12"), &levels, "@bot:x"), None);
        assert_eq!(own_level(&creation("11"), &levels, "@bot:x"), Some(100));
        assert_eq!(own_level(&creation("12"), &levels, "@other:x"), Some(1));
    }
}
