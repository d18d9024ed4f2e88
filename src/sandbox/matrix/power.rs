//! Power levels: who may do what in a room, and which changes of them are allowed.

use super::model::Room;
use super::reply::{Outcome, refuse};
use serde_json::{Map, Value};

/// The power of those who stand above everybody.
const INFINITE: i64 = i64::MAX;
/// The largest whole number that JSON holds everywhere.
const LARGEST: i64 = 9_007_199_254_740_991;

impl Room {
    /// Whether creators have infinite power here: from version 12 on.
    pub fn has_creators(&self) -> bool {
        self.version
            .parse::<u32>()
            .is_ok_and(|version| version >= 12)
    }

    pub fn is_creator(&self, user: &str) -> bool {
        self.has_creators()
            && (self.creator == user
                || self
                    .content("m.room.create", "")
                    .and_then(|content| content["additional_creators"].as_array())
                    .is_some_and(|others| others.iter().any(|other| other == user)))
    }

    pub fn power(&self, user: &str) -> i64 {
        if self.is_creator(user) {
            return INFINITE;
        }
        let Some(levels) = self.content("m.room.power_levels", "") else {
            return if self.creator == user { 100 } else { 0 };
        };
        levels["users"][user]
            .as_i64()
            .or(levels["users_default"].as_i64())
            .unwrap_or(0)
    }

    fn setting(&self, name: &str, default: i64) -> i64 {
        self.power_levels()
            .get(name)
            .and_then(Value::as_i64)
            .unwrap_or(default)
    }

    fn of_event(&self, kind: &str) -> Option<i64> {
        self.power_levels().get("events")?.get(kind)?.as_i64()
    }

    /// Refuses whoever is not in the room or has too little power to send this.
    pub fn may_send(&self, user: &str, kind: &str, is_state: bool) -> Outcome<()> {
        let needed = self.of_event(kind).unwrap_or_else(|| {
            if is_state {
                self.setting("state_default", 50)
            } else {
                self.setting("events_default", 0)
            }
        });
        let has = self.power(user);
        if has >= needed {
            return Ok(());
        }
        refuse(
            403,
            "M_FORBIDDEN",
            format!(
                "You don't have permission to post that to the room. user_level ({has}) < send_level ({needed})"
            ),
        )
    }

    /// Refuses whoever has too little power to invite, kick or ban.
    pub fn may(&self, user: &str, what: &str) -> Outcome<()> {
        let needed = self.setting(what, if what == "invite" { 0 } else { 50 });
        if self.power(user) >= needed {
            return Ok(());
        }
        refuse(
            403,
            "M_FORBIDDEN",
            format!("You don't have permission to {what} users"),
        )
    }

    /// Refuses new power levels that are malformed or give more than the sender has.
    pub fn check_levels(&self, user: &str, new: &Value) -> Outcome<()> {
        let Some(new) = new.as_object() else {
            return refuse(400, "M_BAD_JSON", "Not an object");
        };
        for number in numbers(new) {
            match number.as_i64() {
                Some(level) if level.abs() <= LARGEST => {}
                Some(_) => return refuse(400, "M_BAD_JSON", "JSON integer out of range"),
                None => return refuse(400, "M_BAD_JSON", "power levels must be integers"),
            }
        }
        if let Some(users) = new.get("users").and_then(Value::as_object)
            && let Some(creator) = users.keys().find(|user| self.is_creator(user))
        {
            return refuse(
                400,
                "M_UNKNOWN",
                format!("Creator user {creator} must not appear in content.users"),
            );
        }
        let own = self.power(user);
        let old = self.power_levels();
        for change in changes(&old, new) {
            // Whoever stands as high can be lowered by themselves only.
            if change.of_user.as_deref().is_some_and(|of| of != user) && change.old == Some(own) {
                return refuse(
                    403,
                    "M_FORBIDDEN",
                    "You don't have permission to remove ops level equal to your own",
                );
            }
            if [change.old, change.new]
                .into_iter()
                .flatten()
                .any(|level| level > own)
            {
                return refuse(
                    403,
                    "M_FORBIDDEN",
                    "You don't have permission to add ops level greater than your own",
                );
            }
        }
        Ok(())
    }
}

fn numbers(levels: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    levels.values().flat_map(|value| match value {
        Value::Object(inner) => inner.values().collect::<Vec<_>>(),
        other => vec![other],
    })
}

/// A level that differs.
struct Change {
    /// Whose it is, where it is somebody's own.
    of_user: Option<String>,
    old: Option<i64>,
    new: Option<i64>,
}

fn changes(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Change> {
    let flat = |levels: &Map<String, Value>| -> Map<String, Value> {
        let mut flat = Map::new();
        for (name, value) in levels {
            if let Value::Object(inner) = value {
                for (key, value) in inner {
                    flat.insert(format!("{name}\n{key}"), value.clone());
                }
            } else {
                flat.insert(name.clone(), value.clone());
            }
        }
        flat
    };
    let (old, new) = (flat(old), flat(new));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .map(|name| Change {
            of_user: name.strip_prefix("users\n").map(str::to_owned),
            old: old.get(name).and_then(Value::as_i64),
            new: new.get(name).and_then(Value::as_i64),
        })
        .filter(|change| change.old != change.new)
        .collect()
}
