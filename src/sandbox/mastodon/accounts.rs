//! Accounts: what they show of themselves, and writing the profile as a whole (sheet: mastodon 4).

use super::{
    access::Caller,
    model::{Account, Server},
    reply::{Outcome, fine, invalid, not_found, refuse},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

const LONGEST_NAME: usize = 30;
const LONGEST_NOTE: usize = 500;
const LONGEST_FIELD: usize = 255;

/// Text as it stands in HTML.
pub fn html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;");
    format!("<p>{escaped}</p>")
}

fn shown(account: &Account) -> Value {
    let fields: Vec<Value> = account
        .fields
        .iter()
        .map(|(name, value)| json!({"name": name, "value": html(value), "verified_at": null}))
        .collect();
    let mut shown = json!({
        "id": account.id, "username": account.username, "acct": account.username,
        "display_name": account.display_name, "note": html(&account.note), "locked": account.locked,
        "bot": account.bot, "discoverable": account.discoverable, "fields": fields,
        "url": format!("https://mastodon.sandbox/@{}", account.username),
    });
    if account.suspended {
        shown["suspended"] = json!(true);
    }
    if account.limited {
        shown["limited"] = json!(true);
    }
    if let Some(to) = &account.moved {
        shown["moved"] = json!({"id": "1", "acct": to});
    }
    shown
}

impl Server {
    /// The account as it sees itself: with its own words beside the HTML.
    pub fn own_account(account: &Account) -> Value {
        let mut own = shown(account);
        let fields: Vec<Value> = account
            .fields
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "verified_at": null}))
            .collect();
        own["source"] = json!({
            "note": account.note, "fields": fields, "privacy": "public", "sensitive": false,
            "language": null, "discoverable": account.discoverable,
        });
        own["role"] =
            json!({"id": "-99", "name": "", "permissions": account.permissions.to_string()});
        own
    }

    pub fn look_up(&self, incoming: &Incoming) -> Outcome<Reply> {
        let name = incoming.query_value("acct").unwrap_or_default();
        match self.named(name) {
            Some(account) => fine(shown(account)),
            None => not_found(),
        }
    }

    pub fn update(&mut self, caller: Option<&Caller>, incoming: &Incoming) -> Outcome<Reply> {
        let mut account = self.user(caller, &["write:accounts"])?.clone();
        let body = Body::of(incoming);
        for (name, longest, held) in [
            ("display_name", LONGEST_NAME, &mut account.display_name),
            ("note", LONGEST_NOTE, &mut account.note),
        ] {
            if let Some(text) = body.text(name) {
                if text.chars().count() > longest {
                    return invalid(&format!(
                        "{name} is too long (maximum is {longest} characters)"
                    ));
                }
                text.trim().clone_into(held);
            }
        }
        for (name, held) in [
            ("locked", &mut account.locked),
            ("bot", &mut account.bot),
            ("discoverable", &mut account.discoverable),
        ] {
            if let Some(text) = body.text(name) {
                *held = text == "true" || text == "1";
            }
        }
        if let Some(fields) = body.fields() {
            let long = |text: &String| text.chars().count() > LONGEST_FIELD;
            if fields
                .iter()
                .filter(|(name, value)| !name.is_empty() || !value.is_empty())
                .count()
                > self.most_fields
                || fields.iter().any(|(name, value)| long(name) || long(value))
            {
                return invalid("Fields is invalid");
            }
            // Filled in the order given: what is not named is gone.
            account.fields = fields;
            account
                .fields
                .retain(|(name, value)| !name.is_empty() || !value.is_empty());
        }
        let own = Self::own_account(&account);
        self.accounts.insert(account.id.clone(), account);
        fine(own)
    }

    pub fn own_app(&self, caller: Option<&Caller>) -> Outcome<Reply> {
        let Some(caller) = caller else {
            return refuse(401, "The access token is invalid");
        };
        let app = self
            .tokens
            .get(&caller.token)
            .and_then(|token| self.apps.get(&token.app));
        match app {
            // The application's scopes, not the token's (sheet: mastodon 2).
            Some(app) if self.is_at_least(4, 3) => {
                fine(json!({"name": app.name, "website": null, "scopes": app.scopes}))
            }
            Some(app) => fine(json!({"name": app.name, "website": null})),
            None => not_found(),
        }
    }
}

/// A form or JSON.
pub struct Body(Value);

impl Body {
    pub fn of(incoming: &Incoming) -> Self {
        if let Some(json) = incoming.json() {
            return Self(json);
        }
        let mut body = json!({});
        for (name, value) in incoming.form() {
            match name
                .strip_prefix("fields_attributes[")
                .and_then(|rest| rest.split_once("]["))
            {
                Some((at, part)) => {
                    let part = part.trim_end_matches(']');
                    body["fields_attributes"][at][part] = json!(value);
                }
                None => body[name] = json!(value),
            }
        }
        Self(body)
    }

    pub fn text(&self, name: &str) -> Option<String> {
        match &self.0[name] {
            Value::String(text) => Some(text.clone()),
            Value::Bool(is) => Some(is.to_string()),
            _ => None,
        }
    }

    fn fields(&self) -> Option<Vec<(String, String)>> {
        let fields = self.0["fields_attributes"].as_object()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Some(
            fields
                .values()
                .map(|field| (text(&field["name"]), text(&field["value"])))
                .collect(),
        )
    }
}
