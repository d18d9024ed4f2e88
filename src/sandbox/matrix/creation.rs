//! Making rooms, with the traps that were seen live: the alias is claimed first, and what is found wrong late leaves a
//! half-made room behind (sheet: matrix 4).

use super::access::Caller;
use super::model::{Alias, Homeserver, Room, SERVER, fresh_id};
use super::reply::{Outcome, fine, refuse};
use super::{Incoming, Reply};
use serde_json::{Map, Value, json};

/// The largest event, bytes (sheet: matrix 3).
const LARGEST_EVENT: usize = 65_536;

impl Homeserver {
    pub fn create_room(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        self.may_write(&caller.user)?;
        let Some(wanted) = incoming.json().filter(Value::is_object) else {
            return refuse(400, "M_NOT_JSON", "Content not JSON.");
        };
        let version = check_early(&wanted, &self.room_version)?;
        self.spend("rc_room_creation", &caller.user, incoming)?;
        let has_creators = version.parse::<u32>().is_ok_and(|version| version >= 12);
        let room_id = if has_creators {
            fresh_id('!')
        } else {
            format!("{}:{SERVER}", &fresh_id('!')[..19])
        };
        if let Some(name) = wanted["room_alias_name"]
            .as_str()
            .filter(|name| !name.is_empty())
        {
            let alias = format!("#{name}:{SERVER}");
            if self.aliases.contains_key(&alias) {
                return refuse(400, "M_ROOM_IN_USE", "Room alias already taken");
            }
            let creator = caller.user.clone();
            let room = room_id.clone();
            self.aliases.insert(alias, Alias { room, creator });
        }
        if self.empty_creations > 0 {
            self.empty_creations -= 1;
            return refuse(500, "M_UNKNOWN", "Internal server error");
        }
        let mut room = Room {
            version: version.clone(),
            creator: caller.user.clone(),
            ..Room::default()
        };
        let mut creation = wanted["creation_content"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        creation.insert("room_version".into(), json!(version));
        room.set(&caller.user, "m.room.create", "", Value::Object(creation));
        room.set_membership(&caller.user, &caller.user, "join");
        // From here on the room exists, whatever goes wrong.
        self.rooms.insert(room_id.clone(), room.clone());
        if self.half_creations > 0 {
            self.half_creations -= 1;
            return refuse(500, "M_UNKNOWN", "Internal server error");
        }
        fill(&mut room, &caller.user, &wanted)?;
        self.rooms.insert(room_id.clone(), room);
        fine(json!({"room_id": room_id}))
    }
}

/// What is refused before anything is made; returns the room's version.
fn check_early(wanted: &Value, default_version: &str) -> Outcome<String> {
    if let Some(preset) = wanted.get("preset")
        && !["private_chat", "public_chat", "trusted_private_chat"]
            .iter()
            .any(|known| preset == known)
    {
        return refuse(400, "M_BAD_JSON", "'preset' is not a valid preset");
    }
    if let Some(alias) = wanted["room_alias_name"].as_str() {
        if alias.len() + SERVER.len() + 2 > 255 {
            return refuse(400, "M_INVALID_PARAM", "Room alias is too long");
        }
        if alias.contains([':', ' ', '#']) {
            return refuse(400, "M_INVALID_PARAM", "Invalid characters in room alias");
        }
    }
    let version = wanted["room_version"].as_str().unwrap_or(default_version);
    if !version
        .parse::<u32>()
        .is_ok_and(|number| (1..=12).contains(&number))
    {
        return refuse(
            400,
            "M_UNSUPPORTED_ROOM_VERSION",
            "Your homeserver does not support this room version",
        );
    }
    Ok(version.to_owned())
}

/// Everything after the first two events. What is refused here leaves the half-made room behind.
fn fill(room: &mut Room, creator: &str, wanted: &Value) -> Outcome<()> {
    if let Some(others) = room
        .content("m.room.create", "")
        .and_then(|content| content.get("additional_creators"))
    {
        let well_formed = others.as_array().is_some_and(|others| {
            others.iter().all(|other| {
                other
                    .as_str()
                    .is_some_and(|id| id.starts_with('@') && id.contains(':'))
            })
        });
        if !well_formed {
            return refuse(400, "M_INVALID_PARAM", "Invalid additional_creators");
        }
    }
    let mut levels = default_levels(room, creator);
    if let Some(wanted) = wanted["power_level_content_override"].as_object() {
        levels.extend(wanted.clone());
    }
    let levels = Value::Object(levels);
    room.check_levels(creator, &levels)?;
    room.set(creator, "m.room.power_levels", "", levels);
    let public = wanted["preset"] == "public_chat";
    let join_rule = if public { "public" } else { "invite" };
    room.set(
        creator,
        "m.room.join_rules",
        "",
        json!({"join_rule": join_rule}),
    );
    room.set(
        creator,
        "m.room.history_visibility",
        "",
        json!({"history_visibility": "shared"}),
    );
    room.set(
        creator,
        "m.room.guest_access",
        "",
        json!({"guest_access": "can_join"}),
    );
    if let Some(alias) = wanted["room_alias_name"]
        .as_str()
        .filter(|name| !name.is_empty())
    {
        let alias = format!("#{alias}:{SERVER}");
        room.set(
            creator,
            "m.room.canonical_alias",
            "",
            json!({"alias": alias}),
        );
    }
    for event in wanted["initial_state"].as_array().unwrap_or(&Vec::new()) {
        let kind = event["type"].as_str().unwrap_or_default();
        let key = event["state_key"].as_str().unwrap_or_default();
        set_small(room, creator, kind, key, event["content"].clone())?;
    }
    for (kind, field) in [("m.room.name", "name"), ("m.room.topic", "topic")] {
        if let Some(text) = wanted[field].as_str() {
            set_small(room, creator, kind, "", json!({field: text}))?;
        }
    }
    Ok(())
}

/// Writes state that fits into an event.
pub fn set_small(
    room: &mut Room,
    sender: &str,
    kind: &str,
    key: &str,
    content: Value,
) -> Outcome<String> {
    if content.to_string().len() > LARGEST_EVENT {
        return refuse(413, "M_TOO_LARGE", "event too large");
    }
    Ok(room.set(sender, kind, key, content))
}

fn default_levels(room: &Room, creator: &str) -> Map<String, Value> {
    let mut levels = json!({
        "users": {}, "users_default": 0, "events_default": 0, "state_default": 50,
        "ban": 50, "kick": 50, "redact": 50, "invite": 0, "historical": 100,
        "events": {
            "m.room.name": 50, "m.room.power_levels": 100, "m.room.history_visibility": 100,
            "m.room.canonical_alias": 50, "m.room.avatar": 50, "m.room.tombstone": 100,
            "m.room.server_acl": 100, "m.room.encryption": 100,
        },
    });
    if room.has_creators() {
        levels["events"]["m.room.tombstone"] = json!(150);
    } else {
        levels["users"][creator] = json!(100);
    }
    levels.as_object().cloned().unwrap_or_default()
}
