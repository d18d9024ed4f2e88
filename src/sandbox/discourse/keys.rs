//! Making and ending keys (sheet: discourse 2).

use super::{
    model::{Forum, Key},
    reply::{Outcome, bad_parameter, fine, not_found, success},
    routes::number,
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Forum {
    fn shown_key(&self, key: &Key) -> Value {
        let first: String = key.secret.chars().take(4).collect();
        let user = key.user.as_ref().and_then(|name| self.user(name));
        json!({
            "id": key.id, "truncated_key": first, "description": key.description,
            "last_used_at": key.used_ms, "created_at": key.created_ms,
            "revoked_at": key.revoked.then_some("2026-11-22T00:00:00.000Z"),
            "user": user.map(|user| json!({"id": user.id, "username": user.username})),
            "scope_mode": key.mode,
        })
    }

    pub fn list_keys(&self, incoming: &Incoming) -> Outcome<Reply> {
        let read = |field: &str, default| {
            let text = incoming.query_value(field);
            text.and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let (limit, offset): (usize, usize) = (read("limit", 50), read("offset", 0));
        let keys: Vec<Value> = self
            .keys
            .values()
            .skip(offset)
            .take(limit)
            .map(|key| self.shown_key(key))
            .collect();
        fine(json!({"keys": keys, "offset": offset, "limit": limit}))
    }

    fn held_key(&self, id: &str) -> Outcome<&Key> {
        match self.keys.get(&number(id)?) {
            Some(key) => Ok(key),
            None => not_found(),
        }
    }

    pub fn show_key(&self, id: &str) -> Outcome<Reply> {
        let key = self.held_key(id)?;
        fine(json!({"key": self.shown_key(key)}))
    }

    pub fn create_key(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let body = incoming.json().unwrap_or(Value::Null);
        let asked = &body["key"];
        if !asked.is_object() {
            return bad_parameter("key");
        }
        let user = asked["username"].as_str().map(str::to_owned);
        if let Some(name) = &user
            && self.user(name).is_none()
        {
            return not_found();
        }
        let scopes = self.read_scopes(&asked["scopes"])?;
        // Without scopes it is a global key, whatever was meant.
        let mode = match asked["scope_mode"].as_str() {
            Some(mode) if !self.settings.is_old => mode,
            _ if scopes.is_empty() => "global",
            _ => "granular",
        };
        let now = incoming.now.as_millisecond();
        let key = self.add_key(Key {
            user,
            description: asked["description"].as_str().unwrap_or_default().to_owned(),
            mode: mode.to_owned(),
            scopes,
            created_ms: now,
            used_ms: now,
            ..Key::default()
        });
        let mut shown = self.shown_key(&key);
        // Shown only here.
        shown["key"] = json!(key.secret);
        fine(json!({"key": shown}))
    }

    pub fn revoke_key(&mut self, id: &str, revoked: bool) -> Outcome<Reply> {
        let id = number(id)?;
        let Some(key) = self.keys.get_mut(&id) else {
            return not_found();
        };
        key.revoked = revoked;
        success()
    }

    pub fn delete_key(&mut self, id: &str) -> Outcome<Reply> {
        let id = self.held_key(id)?.id;
        self.keys.remove(&id);
        success()
    }
}
