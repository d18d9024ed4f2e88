//! Calls inside a room: state, messages, the hierarchy of a space; and the directory of aliases.

use super::access::Caller;
use super::creation::set_small;
use super::model::{Alias, Homeserver, Message, Room, StateEvent, fresh_id};
use super::reply::{Outcome, fine, not_in_room, refuse, unrecognized};
use super::{Incoming, Reply};
use serde_json::{Value, json};

fn event_json(event: &StateEvent) -> Value {
    json!({
        "type": event.kind, "state_key": event.state_key, "sender": event.sender,
        "event_id": event.event_id, "content": event.content,
    })
}

impl Homeserver {
    /// The room, for somebody who is in it.
    fn room_of(&mut self, caller: &Caller, id: &str) -> Outcome<&mut Room> {
        match self.rooms.get_mut(id) {
            Some(room) if room.is_in(&caller.user) => Ok(room),
            _ => not_in_room(&caller.user, id),
        }
    }

    pub fn joined_rooms(&self, caller: &Caller) -> Outcome<Reply> {
        let rooms: Vec<&String> = self
            .rooms
            .iter()
            .filter(|(_, room)| room.is_in(&caller.user))
            .map(|(id, _)| id)
            .collect();
        fine(json!({"joined_rooms": rooms}))
    }

    pub fn read_state(
        &mut self,
        caller: &Caller,
        id: &str,
        kind: &str,
        key: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        let room = self.room_of(caller, id)?;
        match room.event(kind, key) {
            Some(event) if incoming.query_value("format") == Some("event") => {
                fine(event_json(event))
            }
            Some(event) => fine(event.content.clone()),
            None => refuse(404, "M_NOT_FOUND", "Event not found."),
        }
    }

    pub fn read_all_state(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let room = self.room_of(caller, id)?;
        let events: Vec<Value> = room.state.values().map(event_json).collect();
        fine(Value::Array(events))
    }

    pub fn write_state(
        &mut self,
        caller: &Caller,
        id: &str,
        kind: &str,
        key: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        self.may_write(&caller.user)?;
        self.spend_message(caller, incoming)?;
        let room = self.room_of(caller, id)?;
        let Some(content) = incoming.json().filter(Value::is_object) else {
            return refuse(400, "M_NOT_JSON", "Content not JSON.");
        };
        room.may_send(&caller.user, kind, true)?;
        if kind == "m.room.power_levels" {
            room.check_levels(&caller.user, &content)?;
        }
        let event_id = set_small(room, &caller.user, kind, key, content)?;
        fine(json!({"event_id": event_id}))
    }

    pub fn send(
        &mut self,
        caller: &Caller,
        id: &str,
        kind: &str,
        transaction: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        self.may_write(&caller.user)?;
        let once = format!("{} {transaction}", caller.token);
        let room = self.room_of(caller, id)?;
        if let Some(event_id) = room.transactions.get(&once) {
            return fine(json!({"event_id": event_id}));
        }
        let Some(content) = incoming.json().filter(Value::is_object) else {
            return refuse(400, "M_NOT_JSON", "Content not JSON.");
        };
        room.may_send(&caller.user, kind, false)?;
        self.spend_message(caller, incoming)?;
        let room = self.room_of(caller, id)?;
        let event_id = fresh_id('$');
        room.messages.push(Message {
            event_id: event_id.clone(),
            sender: caller.user.clone(),
            kind: kind.to_owned(),
            content,
            sent_at: incoming.now.as_millisecond(),
        });
        room.transactions.insert(once, event_id.clone());
        fine(json!({"event_id": event_id}))
    }

    fn spend_message(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<()> {
        if self
            .users
            .get(&caller.user)
            .is_some_and(|user| user.unlimited)
        {
            return Ok(());
        }
        self.spend("rc_message", &caller.user, incoming)
    }

    /// The newest messages first; state is left out.
    pub fn messages(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let room = self.room_of(caller, id)?;
        let most = incoming
            .query_value("limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(10_usize);
        let chunk: Vec<Value> = room
            .messages
            .iter()
            .rev()
            .take(most)
            .map(|message| {
                json!({
                    "type": message.kind, "sender": message.sender,
                    "event_id": message.event_id, "content": message.content,
                    "origin_server_ts": message.sent_at,
                })
            })
            .collect();
        fine(json!({"chunk": chunk, "start": "s0"}))
    }

    /// The space and what is in it, and in the spaces in it, as deep as is asked for. A purged child stays in
    /// `children_state`.
    pub fn hierarchy(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        self.room_of(caller, id)?;
        let number = |name: &str| {
            incoming
                .query_value(name)
                .and_then(|text| text.parse().ok())
        };
        let depth: usize = number("max_depth").unwrap_or(usize::MAX);
        let most: usize = number("limit").unwrap_or(50);
        let mut shown = vec![(id.to_owned(), 0)];
        let mut at = 0;
        while let Some((room, level)) = shown.get(at).cloned() {
            at += 1;
            if level == depth {
                continue;
            }
            for child in self.children(&room) {
                if !shown.iter().any(|(known, _)| *known == child) {
                    shown.push((child, level + 1));
                }
            }
        }
        let entries = shown.iter().filter_map(|(room, _)| self.summary(room));
        let rooms: Vec<Value> = entries.take(most).collect();
        fine(json!({"rooms": rooms}))
    }

    fn children(&self, id: &str) -> Vec<String> {
        let Some(space) = self.rooms.get(id) else {
            return Vec::new();
        };
        let shown = space
            .of_kind("m.space.child")
            .filter(|event| event.content.get("via").is_some());
        shown.map(|event| event.state_key.clone()).collect()
    }

    fn summary(&self, id: &str) -> Option<Value> {
        let room = self.rooms.get(id)?;
        let children: Vec<Value> = room
            .of_kind("m.space.child")
            .filter(|event| event.content.get("via").is_some())
            .map(event_json)
            .collect();
        let mut entry = json!({
            "room_id": id,
            "num_joined_members": room.members("join").len(),
            "children_state": children,
        });
        if room.is_space() {
            entry["room_type"] = json!("m.space");
        }
        if let Some(name) = room.text("m.room.name", "name") {
            entry["name"] = json!(name);
        }
        if let Some(alias) = room.text("m.room.canonical_alias", "alias") {
            entry["canonical_alias"] = json!(alias);
        }
        Some(entry)
    }

    pub fn find_alias(&self, alias: &str) -> Outcome<Reply> {
        match self.aliases.get(alias) {
            Some(found) => fine(json!({"room_id": found.room, "servers": [super::model::SERVER]})),
            None => refuse(404, "M_NOT_FOUND", format!("Room alias {alias} not found")),
        }
    }

    pub fn add_alias(
        &mut self,
        caller: &Caller,
        alias: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        if self.aliases.contains_key(alias) {
            return refuse(409, "M_UNKNOWN", "Room alias already exists");
        }
        let Some(room) = incoming
            .json()
            .and_then(|body| body["room_id"].as_str().map(str::to_owned))
        else {
            return refuse(400, "M_MISSING_PARAM", "Missing room_id");
        };
        let creator = caller.user.clone();
        self.aliases
            .insert(alias.to_owned(), Alias { room, creator });
        fine(json!({}))
    }

    /// Allowed to whoever made the alias, in the room or not, and to those with power there.
    pub fn remove_alias(&mut self, caller: &Caller, alias: &str) -> Outcome<Reply> {
        let Some(found) = self.aliases.get(alias) else {
            return refuse(404, "M_NOT_FOUND", "Unknown room alias");
        };
        let powerful = self.rooms.get(&found.room).is_some_and(|room| {
            room.is_in(&caller.user)
                && room
                    .may_send(&caller.user, "m.room.canonical_alias", true)
                    .is_ok()
        });
        if found.creator != caller.user && !powerful && !self.is_admin(&caller.user) {
            return refuse(
                403,
                "M_FORBIDDEN",
                "You don't have permission to delete the alias.",
            );
        }
        self.aliases.remove(alias);
        fine(json!({}))
    }

    /// Calls below `/rooms/{id}`.
    pub fn room_call(
        &mut self,
        method: &str,
        id: &str,
        rest: &[&str],
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        let caller = self.caller(incoming)?;
        match (method, rest) {
            ("GET", ["state"]) => self.read_all_state(&caller, id),
            ("GET", ["state", kind]) => self.read_state(&caller, id, kind, "", incoming),
            ("GET", ["state", kind, key]) => self.read_state(&caller, id, kind, key, incoming),
            ("PUT", ["state", kind]) => self.write_state(&caller, id, kind, "", incoming),
            ("PUT", ["state", kind, key]) => self.write_state(&caller, id, kind, key, incoming),
            ("DELETE", ["state", ..]) => refuse(405, "M_UNRECOGNIZED", "Unrecognized request"),
            ("PUT", ["send", kind, transaction]) => {
                self.send(&caller, id, kind, transaction, incoming)
            }
            ("GET", ["messages"]) => self.messages(&caller, id, incoming),
            ("GET", ["members"]) => self.members(&caller, id, incoming),
            ("GET", ["joined_members"]) => self.joined_members(&caller, id),
            ("POST", ["invite"]) => self.invite(&caller, id, incoming),
            ("POST", ["kick"]) => self.kick(&caller, id, incoming),
            ("POST", ["join"]) => self.join(&caller, id, incoming),
            ("POST", ["leave"]) => self.leave(&caller, id),
            ("POST", ["forget"]) => self.forget(&caller, id),
            _ => unrecognized(),
        }
    }

    /// The room for a membership call by somebody in it.
    pub fn room_for(&mut self, caller: &Caller, id: &str) -> Outcome<&mut Room> {
        self.may_write(&caller.user)?;
        self.room_of(caller, id)
    }
}
