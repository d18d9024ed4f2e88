//! Synapse's administration paths.

use super::model::{Homeserver, User, local_part};
use super::reply::{Outcome, fine, refuse, unrecognized};
use super::{Incoming, Reply};
use serde_json::{Value, json};

impl Homeserver {
    pub fn admin_call(
        &mut self,
        method: &str,
        segments: &[&str],
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        if !self.is_synapse {
            return unrecognized();
        }
        let caller = self.admin(incoming)?;
        match (method, segments) {
            ("GET", ["v1", "server_version"]) => fine(json!({"server_version": "1.163.2"})),
            ("GET", ["v1", "users", user, "admin"]) => fine(json!({"admin": self.is_admin(user)})),
            ("GET", ["v2", "users", user]) => match self.users.get(*user) {
                Some(known) => fine(user_json(user, known)),
                None => refuse(404, "M_NOT_FOUND", "User not found"),
            },
            ("PUT", ["v2", "users", user]) => self.put_user(user, incoming),
            ("POST", ["v1", "users", user, "login"]) => {
                if !self.users.contains_key(*user) {
                    return refuse(404, "M_NOT_FOUND", "User not found");
                }
                let token = self.issue(user, None, Some(caller.user));
                let until = incoming
                    .json()
                    .and_then(|body| body["valid_until_ms"].as_i64());
                if let Some(token) = self.tokens.get_mut(&token) {
                    token.expires_ms = until;
                }
                fine(json!({"access_token": token}))
            }
            ("DELETE", ["v2", "users", user, "devices", device]) => {
                if !self.users.contains_key(*user) {
                    return refuse(404, "M_NOT_FOUND", "Unknown user");
                }
                self.tokens.retain(|_, token| {
                    token.user != *user || token.device.as_deref() != Some(*device)
                });
                fine(json!({}))
            }
            ("POST", ["v1", "users", user, "override_ratelimit"]) => {
                match self.users.get_mut(*user) {
                    Some(known) => known.unlimited = true,
                    None => return refuse(404, "M_NOT_FOUND", "User not found"),
                }
                fine(json!({"messages_per_second": 0, "burst_count": 0}))
            }
            ("POST", ["v1", "deactivate", user]) => self.deactivate(user),
            ("PUT", ["v1", "suspend", user]) => {
                let on = incoming.json().is_some_and(|body| body["suspend"] == true);
                if let Some(known) = self.users.get_mut(*user) {
                    known.suspended = on;
                }
                fine(json!({}))
            }
            ("GET", ["v1", "rooms"]) => {
                let rooms: Vec<Value> = self
                    .rooms
                    .keys()
                    .filter_map(|id| self.room_json(id))
                    .collect();
                fine(json!({"total_rooms": rooms.len(), "rooms": rooms}))
            }
            ("GET", ["v1", "rooms", id]) => match self.room_json(id) {
                Some(room) => fine(room),
                None => refuse(404, "M_NOT_FOUND", "Room not found"),
            },
            ("PUT", ["v1", "rooms", id, "block"]) => {
                let on = incoming.json().is_some_and(|body| body["block"] == true);
                if let Some(room) = self.rooms.get_mut(*id) {
                    room.blocked = on;
                }
                fine(json!({"block": on}))
            }
            ("DELETE", ["v2", "rooms", id]) => self.begin_purge(id),
            ("GET", ["v2", "rooms", "delete_status", job]) => self.purge_of_job(job),
            ("GET", ["v2", "rooms", id, "delete_status"]) => self.purges_of_room(id),
            _ => unrecognized(),
        }
    }

    /// 201 for a new user; an existing one is changed, and a new password ends its devices unless that is declined.
    fn put_user(&mut self, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let Some(body) = incoming.json().filter(Value::is_object) else {
            return refuse(400, "M_NOT_JSON", "Content not JSON.");
        };
        let allowed = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._=-/+".contains(letter)
        };
        if !local_part(id).chars().all(allowed) {
            return refuse(
                400,
                "M_INVALID_USERNAME",
                "User ID can only contain characters a-z, 0-9, or '_-./=+'",
            );
        }
        let is_new = !self.users.contains_key(id);
        if body["password"].is_string() && !is_new && body["logout_devices"] != false {
            self.end_devices(id);
        }
        let user = self.users.entry(id.to_owned()).or_insert_with(|| User {
            display_name: local_part(id).to_owned(),
            ..User::default()
        });
        if let Some(password) = body["password"].as_str() {
            user.password = Some(password.to_owned());
        }
        if let Some(name) = body["displayname"].as_str() {
            name.clone_into(&mut user.display_name);
        }
        if let Some(kind) = body["user_type"].as_str() {
            user.purpose = Some(kind.to_owned());
        }
        for (field, value) in [
            ("admin", &mut user.admin),
            ("locked", &mut user.locked),
            ("deactivated", &mut user.deactivated),
        ] {
            if let Some(on) = body[field].as_bool() {
                *value = on;
            }
        }
        let answer = user_json(id, user);
        Ok(Reply::json(if is_new { 201 } else { 200 }, answer))
    }

    /// Takes the user out of all rooms. Tokens that an administrator minted live on (sheet: matrix 2).
    pub fn deactivate(&mut self, id: &str) -> Outcome<Reply> {
        let Some(user) = self.users.get_mut(id) else {
            return refuse(404, "M_NOT_FOUND", "User not found");
        };
        user.deactivated = true;
        user.password = None;
        self.end_devices(id);
        for room in self.rooms.values_mut().filter(|room| room.is_in(id)) {
            room.set_membership(id, id, "leave");
        }
        fine(json!({"id_server_unbind_result": "success"}))
    }

    fn room_json(&self, id: &str) -> Option<Value> {
        let room = self.rooms.get(id)?;
        Some(json!({
            "room_id": id,
            "name": room.text("m.room.name", "name"),
            "creator": room.creator,
            "joined_members": room.members("join").len(),
            "version": room.version,
            "room_type": room.is_space().then_some("m.space"),
        }))
    }
}

fn user_json(id: &str, user: &User) -> Value {
    json!({
        "name": id, "displayname": user.display_name, "admin": user.admin,
        "deactivated": user.deactivated, "locked": user.locked, "suspended": user.suspended,
        "user_type": user.purpose,
    })
}
