//! What stands before every answer: how a call is read, whose token it is, what it may do, how often it may come.

use super::model::{Slack, Window};
use crate::sandbox::Incoming;
use serde_json::{Map, Value, json};

/// What a method answers besides `ok`, or the whole refusal.
pub type Outcome = Result<Value, Box<Value>>;

/// A refusal with a word.
pub fn refuse<T>(word: &str) -> Result<T, Box<Value>> {
    Err(Box::new(json!({"ok": false, "error": word})))
}

/// A call with its arguments, wherever they stood.
pub struct Call {
    pub arguments: Map<String, Value>,
    pub token: Option<String>,
    pub now_ms: i64,
}

/// Whose token came.
#[derive(Clone)]
pub struct Caller {
    pub token: String,
    pub app: String,
    pub team: String,
    pub user: String,
    pub is_bot: bool,
    pub scopes: Vec<String>,
}

impl Call {
    /// Reads query, form or JSON. Unknown arguments are kept and ignored.
    pub fn read(incoming: &Incoming) -> Result<Self, &'static str> {
        let mut arguments: Map<String, Value> = incoming
            .query
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let kind = incoming.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match (incoming.body.is_empty(), kind) {
            (true, _) => {}
            (false, "application/json") => match incoming.json() {
                Some(Value::Object(fields)) => arguments.extend(fields),
                Some(_) => return Err("json_not_object"),
                None => return Err("invalid_json"),
            },
            (false, "application/x-www-form-urlencoded") => {
                let pairs = incoming.form().into_iter();
                arguments.extend(pairs.map(|(name, value)| (name, json!(value))));
            }
            (false, "") => return Err("missing_post_type"),
            (false, _) => return Err("invalid_post_type"),
        }
        // A token in the address or body is what the old clients sent; it must not be relied on.
        Ok(Self {
            arguments,
            token: incoming.bearer().map(str::to_owned),
            now_ms: incoming.now.as_millisecond(),
        })
    }

    pub fn text(&self, name: &str) -> &str {
        self.arguments
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub fn is(&self, name: &str) -> bool {
        match self.arguments.get(name) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => matches!(text.as_str(), "true" | "1"),
            _ => false,
        }
    }

    /// The page of a list that the call asks for, and the answer around it.
    pub fn page(&self, list: &str, all: &[Value], most: usize) -> Outcome {
        let limit: usize = match self.text("limit") {
            "" => 100,
            text => match text.parse() {
                Ok(limit @ 1..=1000) => limit,
                _ => return refuse("invalid_limit"),
            },
        };
        let start: usize = match self.text("cursor") {
            "" => 0,
            cursor => match cursor.strip_prefix("dXNlcjp").map(str::parse) {
                Some(Ok(start)) if start <= all.len() => start,
                _ => return refuse("invalid_cursor"),
            },
        };
        let end = all.len().min(start + limit.min(most));
        let next = if end < all.len() {
            format!("dXNlcjp{end}")
        } else {
            String::new()
        };
        Ok(json!({list: &all[start..end], "response_metadata": {"next_cursor": next}}))
    }
}

/// The scopes of which a method wants one. Which of them it is for a channel depends on the channel.
pub fn accepted(method: &str) -> &'static [&'static str] {
    match method {
        "conversations.list"
        | "conversations.info"
        | "conversations.members"
        | "users.conversations" => &["channels:read", "groups:read"],
        "conversations.create"
        | "conversations.rename"
        | "conversations.setTopic"
        | "conversations.setPurpose"
        | "conversations.archive"
        | "conversations.unarchive"
        | "conversations.invite"
        | "conversations.kick" => &["channels:manage", "channels:write", "groups:write"],
        "conversations.join" => &["channels:join", "channels:write"],
        "conversations.history" => &["channels:history", "groups:history"],
        "chat.postMessage" => &["chat:write"],
        "pins.add" => &["pins:write"],
        "pins.list" => &["pins:read"],
        "team.info" => &["team:read"],
        "users.info" | "users.list" => &["users:read"],
        _ => &[],
    }
}

impl Slack {
    /// The owner of the call's token, or the word of the refusal.
    pub fn caller(&self, call: &Call) -> Result<Caller, &'static str> {
        let Some(text) = &call.token else {
            return Err("not_authed");
        };
        let Some(token) = self.tokens.get(text) else {
            return Err("invalid_auth");
        };
        if token.revoked {
            return Err("token_revoked");
        }
        if token.expires_ms.is_some_and(|at| at <= call.now_ms) {
            return Err("token_expired");
        }
        let is_installed = self
            .apps
            .get(&token.app)
            .is_some_and(|app| app.team.as_deref() == Some(&token.team));
        let is_there = self
            .users
            .get(&token.user)
            .is_some_and(|user| !user.deleted);
        if !is_installed || !is_there || !self.teams.contains_key(&token.team) {
            return Err("account_inactive");
        }
        Ok(Caller {
            token: text.clone(),
            app: token.app.clone(),
            team: token.team.clone(),
            user: token.user.clone(),
            is_bot: token.is_bot,
            scopes: token.scopes.clone(),
        })
    }

    /// Counts a call; the seconds to wait when it is one too many.
    pub fn spend(&mut self, caller: &Caller, method: &str, call: &Call) -> Option<i64> {
        if self.unlimited {
            return None;
        }
        let of_method = format!("{} {} {method}", caller.team, caller.app);
        let mut wait = self.count(of_method, tier(method), 60_000, call.now_ms);
        if method == "chat.postMessage" {
            let of_channel = format!("{} post {}", caller.team, call.text("channel"));
            wait = wait.max(self.count(of_channel, 1, 1000, call.now_ms));
        }
        wait
    }

    fn count(&mut self, what: String, most: u32, span_ms: i64, now_ms: i64) -> Option<i64> {
        let window = self.windows.entry(what).or_insert(Window {
            count: 0,
            ends_ms: 0,
        });
        if window.ends_ms <= now_ms {
            *window = Window {
                count: 0,
                ends_ms: now_ms + span_ms,
            };
        }
        window.count += 1;
        (window.count > most).then(|| (window.ends_ms - now_ms).div_euclid(1000) + 1)
    }
}

/// Calls a minute, the floor of the tier (sheet: slack 3).
fn tier(method: &str) -> u32 {
    match method {
        "conversations.create"
        | "conversations.list"
        | "conversations.archive"
        | "conversations.unarchive"
        | "conversations.rename"
        | "conversations.setTopic"
        | "conversations.setPurpose"
        | "pins.add"
        | "pins.list"
        | "users.list" => 20,
        "auth.test" => 300,
        _ => 50,
    }
}

impl Caller {
    /// Refuses when the token holds none of these scopes.
    pub fn require(&self, any: &[&str]) -> Result<(), Box<Value>> {
        if self
            .scopes
            .iter()
            .any(|scope| any.contains(&scope.as_str()))
        {
            return Ok(());
        }
        Err(Box::new(json!({
            "ok": false, "error": "missing_scope", "needed": any.first(), "provided": self.scopes.join(","),
        })))
    }

    /// Refuses when it may not manage channels of this kind.
    pub fn require_managing(&self, is_private: bool) -> Result<(), Box<Value>> {
        match (is_private, self.is_bot) {
            (true, _) => self.require(&["groups:write"]),
            (false, true) => self.require(&["channels:manage"]),
            (false, false) => self.require(&["channels:write"]),
        }
    }

    /// Refuses when it may not see channels of this kind.
    pub fn require_seeing(&self, is_private: bool) -> Result<(), Box<Value>> {
        if is_private {
            self.require(&["groups:read", "groups:write"])
        } else {
            self.require(&["channels:read", "channels:write"])
        }
    }
}
