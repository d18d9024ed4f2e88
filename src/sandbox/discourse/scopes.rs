//! The scopes of keys: which there are, and which calls they cover (sheet: discourse 2).

use super::{
    access::Caller,
    model::{Forum, Key, Scope},
    reply::{Outcome, bad_parameter, fine, no_access},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A scope: its id, the parameters that may bind it, and whether older versions have it.
const ALL: [(&str, &[&str], bool); 16] = [
    ("topics:write", &["topic_id"], true),
    ("topics:update", &["topic_id", "category_id"], true),
    ("topics:read", &["topic_id", "external_id"], true),
    ("topics:read_lists", &["category_id"], true),
    ("topics:status", &["topic_id", "category_id"], true),
    ("topics:delete", &["topic_id"], true),
    ("posts:edit", &["id"], true),
    ("posts:delete", &["id"], true),
    ("categories:list", &[], true),
    ("categories:show", &["id"], true),
    ("users:show", &["username", "external_id"], true),
    ("users:list", &[], true),
    ("groups:manage_groups", &["id"], false),
    ("groups:administer_groups", &["id"], false),
    ("invites:create", &[], false),
    ("search:show", &["q"], true),
];

fn known(
    forum: &Forum,
) -> impl Iterator<Item = &'static (&'static str, &'static [&'static str], bool)> {
    let is_old = forum.settings.is_old;
    ALL.iter().filter(move |(_, _, old)| *old || !is_old)
}

impl Forum {
    pub fn list_scopes(&self) -> Outcome<Reply> {
        let mut scopes = serde_json::Map::new();
        for (id, params, _) in known(self) {
            let (resource, action) = id.split_once(':').unwrap_or((id, ""));
            let entry = scopes.entry(resource).or_insert_with(|| json!([]));
            if let Some(entry) = entry.as_array_mut() {
                entry.push(json!({
                    "scope_id": id, "key": action, "name": action, "params": params, "urls": [],
                }));
            }
        }
        fine(json!({"scopes": scopes}))
    }

    /// The scopes that were asked for, with the traps: an unknown parameter is dropped in silence.
    pub fn read_scopes(&self, asked: &Value) -> Outcome<Vec<Scope>> {
        let mut scopes = Vec::new();
        for wanted in asked.as_array().into_iter().flatten() {
            let id = wanted["scope_id"].as_str().unwrap_or_default();
            let Some((_, params, _)) = known(self).find(|(known, ..)| *known == id) else {
                return bad_parameter("scopes");
            };
            let mut allowed = BTreeMap::new();
            for name in *params {
                if let Some(value) = wanted[*name].as_str().filter(|value| !value.is_empty()) {
                    let values = value.split(',').map(str::to_owned).collect();
                    allowed.insert((*name).to_owned(), values);
                }
            }
            if self.settings.widens_scopes {
                allowed.clear();
            }
            scopes.push(Scope {
                id: id.to_owned(),
                allowed,
            });
        }
        Ok(scopes)
    }

    /// What the caller's key may do: every living key may ask.
    pub fn own_scopes(&self, caller: &Caller) -> Outcome<Reply> {
        caller.signed_in()?;
        let key = caller.key.and_then(|id| self.keys.get(&id));
        let Some(key) = key else { return no_access() };
        let scopes: Vec<Value> = key
            .scopes
            .iter()
            .map(|scope| {
                let (resource, action) = scope.id.split_once(':').unwrap_or((&scope.id, ""));
                json!({
                    "resource": resource, "action": action, "key": action,
                    "parameters": scope.allowed.keys().collect::<Vec<_>>(), "urls": [],
                    "allowed_parameters": scope.allowed,
                })
            })
            .collect();
        fine(json!({"scopes": scopes}))
    }

    /// Whether the caller's key covers this call.
    pub fn covers(&self, caller: &Caller, incoming: &Incoming, segments: &[&str]) -> Outcome<()> {
        let Some(key) = caller.key.and_then(|id| self.keys.get(&id)) else {
            return Ok(());
        };
        let method = incoming.method.as_str();
        let allowed = match key.mode.as_str() {
            "read_only" => method == "GET",
            _ if key.scopes.is_empty() => true,
            _ => Self::is_granted(key, incoming, method, segments),
        };
        if allowed { Ok(()) } else { no_access() }
    }

    fn is_granted(key: &Key, incoming: &Incoming, method: &str, segments: &[&str]) -> bool {
        let body = incoming.json().unwrap_or(Value::Null);
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // Path parameters bind the object; a category only as the request names it.
        let (scope, parameter, value) = match (method, segments) {
            ("GET", ["c", id, "show.json"]) => ("categories:show", "id", (*id).to_owned()),
            ("GET", ["categories.json"]) => ("categories:list", "", String::new()),
            ("GET", ["t", "external_id", id]) => ("topics:read", "external_id", strip(id)),
            ("GET", ["t", .., id]) => ("topics:read", "topic_id", strip(id)),
            ("PUT", ["t", _, "status.json"]) => {
                ("topics:status", "category_id", plain(&body["category_id"]))
            }
            ("GET", ["latest.json"]) => ("topics:read_lists", "category_id", String::new()),
            ("POST", ["posts.json"]) => ("topics:write", "topic_id", plain(&body["topic_id"])),
            ("PUT", ["groups", id, "members.json"]) => {
                ("groups:manage_groups", "id", (*id).to_owned())
            }
            ("POST", ["invites.json"]) => ("invites:create", "", String::new()),
            ("GET", ["u", name]) => ("users:show", "username", strip(name)),
            _ => return false,
        };
        key.scopes.iter().any(|held| {
            held.id == scope
                && held
                    .allowed
                    .get(parameter)
                    .is_none_or(|values| values.contains(&value))
        })
    }
}

fn strip(segment: &str) -> String {
    segment.strip_suffix(".json").unwrap_or(segment).to_owned()
}
