//! Coming into rooms and going out of them.

use super::access::Caller;
use super::model::Homeserver;
use super::reply::{Outcome, fine, not_in_room, refuse};
use super::{Incoming, Reply};
use serde_json::{Value, json};

fn user_in(incoming: &Incoming) -> Outcome<String> {
    let user = incoming
        .json()
        .and_then(|body| body["user_id"].as_str().map(str::to_owned));
    match user {
        Some(user) if user.starts_with('@') && user.contains(':') => Ok(user),
        _ => refuse(400, "M_INVALID_PARAM", "Invalid user_id"),
    }
}

/// How Synapse refuses to join a room that none of its users is in, whether it was ever there or not.
fn no_servers<T>() -> Outcome<T> {
    refuse(
        404,
        "M_UNKNOWN",
        "Can't join remote room because no servers that are in the room have been provided.",
    )
}

impl Homeserver {
    pub fn members(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let room = self.room_for(caller, id)?;
        let wanted = incoming.query_value("membership");
        let chunk: Vec<Value> = room
            .of_kind("m.room.member")
            .filter(|event| wanted.is_none_or(|wanted| event.content["membership"] == wanted))
            .map(|event| {
                json!({
                    "type": "m.room.member", "state_key": event.state_key,
                    "sender": event.sender, "content": event.content,
                })
            })
            .collect();
        fine(json!({"chunk": chunk}))
    }

    pub fn joined_members(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let members = self.room_for(caller, id)?.members("join");
        let joined: serde_json::Map<String, Value> = members
            .into_iter()
            .map(|member| (member, json!({})))
            .collect();
        fine(json!({"joined": joined}))
    }

    /// A name that does not exist is accepted too, as on the real server.
    pub fn invite(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let user = user_in(incoming)?;
        let lifted = self
            .users
            .get(&caller.user)
            .is_some_and(|user| user.unlimited);
        if !user.ends_with(&format!(":{}", super::model::SERVER)) {
            let host = user.split_once(':').map_or("", |(_, host)| host).to_owned();
            return refuse(
                403,
                "M_FORBIDDEN",
                format!("Federation denied with {host}."),
            );
        }
        self.room_for(caller, id)?.may(&caller.user, "invite")?;
        if !lifted {
            self.spend("rc_invites", &caller.user, incoming)?;
        }
        self.spend("rc_invites.per_user", &user, incoming)?;
        let room = self.room_for(caller, id)?;
        match room.membership(&user) {
            "join" => refuse(
                403,
                "M_FORBIDDEN",
                format!("{user} is already in the room."),
            ),
            "ban" => refuse(
                403,
                "M_FORBIDDEN",
                format!("{user} is banned from the room"),
            ),
            _ => {
                room.set_membership(&caller.user, &user, "invite");
                fine(json!({}))
            }
        }
    }

    pub fn kick(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let user = user_in(incoming)?;
        let room = self.room_for(caller, id)?;
        if !matches!(room.membership(&user), "join" | "invite") {
            return refuse(403, "M_FORBIDDEN", "The target user is not in the room");
        }
        room.may(&caller.user, "kick")?;
        if room.power(&user) >= room.power(&caller.user) {
            return refuse(403, "M_FORBIDDEN", format!("You cannot kick user {user}."));
        }
        room.set_membership(&caller.user, &user, "leave");
        fine(json!({}))
    }

    /// The alias or id in the path of a join.
    pub fn join_by(
        &mut self,
        caller: &Caller,
        reference: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        if !reference.starts_with('#') {
            return self.join(caller, reference, incoming);
        }
        let Some(alias) = self.aliases.get(reference) else {
            return refuse(404, "M_NOT_FOUND", "Room alias not found");
        };
        let room = alias.room.clone();
        self.join(caller, &room, incoming)
    }

    pub fn join(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        self.may_write(&caller.user)?;
        let Some(room) = self.rooms.get(id) else {
            return no_servers();
        };
        if room.is_in(&caller.user) {
            return fine(json!({"room_id": id}));
        }
        if room.blocked {
            return refuse(
                403,
                "M_UNKNOWN",
                "This room has been blocked on this server",
            );
        }
        if room.membership(&caller.user) == "ban" {
            return refuse(403, "M_FORBIDDEN", "You are banned from this room");
        }
        if room.members("join").is_empty() {
            return no_servers();
        }
        let rule = room.content("m.room.join_rules", "");
        let restricted = rule.is_some_and(|rule| {
            rule["join_rule"] == "restricted"
                && rule["allow"].as_array().is_some_and(|allowed| {
                    allowed.iter().any(|entry| {
                        entry["room_id"]
                            .as_str()
                            .and_then(|id| self.rooms.get(id))
                            .is_some_and(|room| room.is_in(&caller.user))
                    })
                })
        });
        let open = rule.is_some_and(|rule| rule["join_rule"] == "public");
        if room.membership(&caller.user) != "invite" && !restricted && !open {
            return refuse(403, "M_FORBIDDEN", "You are not invited to this room.");
        }
        self.spend("rc_joins", &caller.user, incoming)?;
        if let Some(room) = self.rooms.get_mut(id) {
            room.set_membership(&caller.user, &caller.user, "join");
        }
        fine(json!({"room_id": id}))
    }

    pub fn leave(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        self.may_write(&caller.user)?;
        match self.rooms.get_mut(id) {
            Some(room) if matches!(room.membership(&caller.user), "join" | "invite") => {
                room.set_membership(&caller.user, &caller.user, "leave");
                fine(json!({}))
            }
            _ => not_in_room(&caller.user, id),
        }
    }

    pub fn forget(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        match self.rooms.get_mut(id) {
            Some(room) if room.is_in(&caller.user) => refuse(
                400,
                "M_UNKNOWN",
                format!("User {} is in room {id}", caller.user),
            ),
            Some(room) => {
                room.forgotten.insert(caller.user.clone());
                fine(json!({}))
            }
            None => fine(json!({})),
        }
    }
}
