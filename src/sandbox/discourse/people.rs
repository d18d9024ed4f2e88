//! Users.

use super::{
    access::Caller,
    model::Forum,
    reply::{Outcome, fine, no_access, not_found},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Forum {
    pub fn current(caller: &Caller) -> Outcome<Reply> {
        let Some(user) = &caller.user else {
            return not_found();
        };
        fine(json!({"current_user": {
            "id": user.id, "username": user.username, "name": user.name, "admin": user.admin,
            "moderator": user.moderator, "trust_level": 1,
        }}))
    }

    pub fn show_user(&self, name: &str) -> Outcome<Reply> {
        let name = name.strip_suffix(".json").unwrap_or(name);
        let Some(user) = self.user(name) else {
            return not_found();
        };
        fine(json!({"user": {
            "id": user.id, "username": user.username, "name": user.name, "admin": user.admin,
            "moderator": user.moderator,
        }}))
    }

    /// An administrator's key makes an active user; a refusal comes with HTTP 200.
    pub fn create_user(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        if !caller.is_admin() {
            return no_access();
        }
        let body = incoming.json().unwrap_or(Value::Null);
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let name = text("username");
        let refused = |words: &str| fine(json!({"success": false, "message": words}));
        if !(3..=20).contains(&name.chars().count()) {
            return refused("Username must be between 3 and 20 characters");
        }
        if self.user(&name).is_some() || self.group_named(&name).is_some() {
            return refused("Username must be unique");
        }
        if text("password").chars().count() < 10 || !text("email").contains('@') {
            return refused("Password is too short (minimum is 10 characters)");
        }
        let id = self.add_user(&name, false, false);
        fine(json!({
            "success": true, "active": true, "user_id": id,
            "message": "Your account is activated and ready to use.",
        }))
    }
}
