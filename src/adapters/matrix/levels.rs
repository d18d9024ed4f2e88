//! One user's level in a room, also where the room is switched off and its levels are to come back as they were.

use super::client::Client;
use super::pause::{self, LEVELS, Paused, number};
use super::record::Place;
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use serde_json::{Map, Value, json};

/// The largest whole number that every homeserver takes (sheet: matrix 4).
const LARGEST: i64 = 9_007_199_254_740_991;

/// The power levels of a room; none where the client's user does not see it.
pub(super) async fn of(client: &Client, place: &Place) -> Result<Option<Value>, Fault> {
    match client.state(&place.id, LEVELS, "").await {
        Ok(levels) => Ok(Some(levels.unwrap_or_else(|| json!({})))),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// One more than any level that the room names for anybody but `user`: what comes nearest to a creator, whose power nobody
/// can be given.
pub(super) fn above_all(levels: &Value, user: &str) -> i64 {
    let of_others = levels["users"].as_object().into_iter().flatten();
    let of_others = of_others.filter(|(name, _)| *name != user);
    let of_events = levels["events"]
        .as_object()
        .into_iter()
        .flat_map(Map::values);
    let plain = levels.as_object().into_iter().flat_map(Map::values);
    let highest = of_others
        .map(|(_, level)| level)
        .chain(of_events)
        .chain(plain)
        .filter_map(number)
        .fold(100, i64::max);
    highest.saturating_add(1).min(LARGEST)
}

/// Gives a user a level of their own in a room, or none. Where the room is switched off, that holds for what is put back too.
pub(super) async fn set(
    op: &Op,
    client: &Client,
    place: &Place,
    levels: &Value,
    user: &str,
    level: Option<i64>,
) -> Result<(), Halt> {
    note(op, place, user, level).await?;
    let mut levels = levels.clone();
    put(&mut levels, user, level);
    let doing = format!("change the level of {user} in {}", place.name);
    client
        .put_state(&place.id, LEVELS, "", &levels, &doing)
        .await?;
    Ok(())
}

/// Where the room is switched off: a user's level as it is to be found there, and to be put back.
pub(super) async fn note(
    op: &Op,
    place: &Place,
    user: &str,
    level: Option<i64>,
) -> Result<(), Halt> {
    let mut known: Vec<Paused> = op.fact(pause::FACT)?.unwrap_or_default();
    let before = known.clone();
    for room in known.iter_mut().filter(|room| room.place.id == place.id) {
        put(&mut room.saved, user, level);
        put(&mut room.ours, user, level);
    }
    if known != before {
        op.remember(pause::FACT, &known).await?;
    }
    Ok(())
}

fn put(levels: &mut Value, user: &str, level: Option<i64>) {
    match level {
        Some(level) => levels["users"][user] = json!(level),
        None => {
            if let Some(users) = levels.get_mut("users").and_then(Value::as_object_mut) {
                users.shift_remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_over_from_a_creator_stands_above_everybody_but_their_own_former_level() {
        let levels = json!({
            "users": {"@amina:x": 110, "@bot:x": 500}, "events": {"m.room.name": 120}, "invite": 50,
        });
        assert_eq!(above_all(&levels, "@bot:x"), 121);
        assert_eq!(above_all(&json!({}), "@bot:x"), 101);
    }

    #[test]
    fn a_level_is_given_and_taken_without_touching_the_others() {
        let mut levels = json!({"users": {"@amina:x": 50}});
        put(&mut levels, "@bot:x", Some(100));
        assert_eq!(levels, json!({"users": {"@amina:x": 50, "@bot:x": 100}}));
        put(&mut levels, "@bot:x", None);
        assert_eq!(levels, json!({"users": {"@amina:x": 50}}));
    }
}
