//! What is kept of a community's rows is kept without what opens anything: keys, passwords, tokens of people who signed in.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// What the names of such fields hold, upstream's and the Gateway's plugins' (sheet: policykit 2, metagov 4).
const NAMES: [&str; 7] = [
    "token",
    "secret",
    "password",
    "api_key",
    "apikey",
    "private_key",
    "credential",
];
/// Shorter values are switches and numbers, and stand everywhere.
const SHORTEST: usize = 8;

/// Empties every field that is named like a key, and every text in which one of the known keys stands.
pub fn without_keys(value: &mut Value, known: &[SecretString]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.to_lowercase();
                let is_key = NAMES.iter().any(|word| name.contains(word));
                if is_key && !matches!(field, Value::Bool(_) | Value::Object(_) | Value::Array(_)) {
                    *field = Value::Null;
                } else {
                    without_keys(field, known);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                without_keys(value, known);
            }
        }
        Value::String(text) => {
            let holds = known.iter().any(|key| {
                let key = key.expose_secret();
                key.len() >= SHORTEST && text.contains(key)
            });
            if holds {
                *value = Value::Null;
            } else if let Some(inner) = inner(text, known) {
                *text = inner;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The same text without keys, where it is JSON as upstream keeps state in: none where it is not.
fn inner(text: &str, known: &[SecretString]) -> Option<String> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    without_keys(&mut value, known);
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_taken_out_by_their_names_and_by_what_they_are_and_the_rest_stays() {
        let mut rows = json!([
            { "model": "policyengine.communityuser", "fields": {
                "username": "ada", "access_token": "xoxp-1", "is_admin": true } },
            { "model": "core.plugin", "fields": { "name": "discourse", "config": {
                "server_url": "https://forum.example.org", "api_key": "k-2", "token_required": false } } },
            { "model": "core.datastore", "fields": { "data_store":
                "{\"webhook_secret\": \"s-3\", \"votes\": [1, 2]}" } },
            { "model": "policyengine.policy", "fields": { "notify": "post('known-key-4')", "check": "return PASSED" } },
        ]);
        without_keys(&mut rows, &[SecretString::from("known-key-4")]);
        let text = rows.to_string();
        for key in ["xoxp-1", "k-2", "s-3", "known-key-4"] {
            assert!(!text.contains(key), "{key}: {text}");
        }
        for kept in ["ada", "forum.example.org", "return PASSED", "[1,2]"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        assert_eq!(rows[0]["fields"]["is_admin"], true);
        assert_eq!(rows[1]["fields"]["config"]["token_required"], false);
    }
}
