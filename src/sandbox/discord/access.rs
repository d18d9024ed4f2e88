//! What stands before every answer: the wall in front, the token, the limits and their headers.

use super::model::{Discord, Window};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

/// An answer, or a refusal as it goes out.
pub type Outcome = Result<Reply, Box<Reply>>;

/// The most invalid calls of one address in ten minutes (sheet: discord 3).
const MOST_INVALID: u32 = 10_000;

/// Whose token came.
pub struct Caller {
    pub app: String,
}

/// A refusal with its code.
pub fn refuse<T>(status: u16, code: u32, message: &str) -> Result<T, Box<Reply>> {
    Err(Box::new(Reply::json(
        status,
        json!({"message": message, "code": code}),
    )))
}

/// A refusal of one field, in Discord's tree.
pub fn bad_field<T>(field: &str, code: &str, message: &str) -> Result<T, Box<Reply>> {
    Err(Box::new(Reply::json(
        400,
        json!({
            "code": 50035, "message": "Invalid Form Body",
            "errors": {field: {"_errors": [{"code": code, "message": message}]}},
        }),
    )))
}

/// The body as an object; unknown fields are ignored by whoever reads it.
pub fn fields(incoming: &Incoming) -> Result<Value, Box<Reply>> {
    match incoming.json() {
        Some(body @ Value::Object(_)) => Ok(body),
        _ => refuse(400, 50109, "The request body contains invalid JSON."),
    }
}

/// A bitset as text or number; absent or null is none.
pub fn bits(value: &Value) -> Result<Option<u64>, Box<Reply>> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => match number.as_u64() {
            Some(bits) => Ok(Some(bits)),
            None => bad_field("permissions", "BASE_TYPE_INTEGER", "Not a bitset."),
        },
        Value::String(text) => match text.parse() {
            Ok(bits) => Ok(Some(bits)),
            Err(_) => bad_field("permissions", "BASE_TYPE_INTEGER", "Not a bitset."),
        },
        _ => bad_field("permissions", "BASE_TYPE_INTEGER", "Not a bitset."),
    }
}

/// The name of a role or channel: 1 to 100 characters.
pub fn name(body: &Value) -> Result<Option<String>, Box<Reply>> {
    match &body["name"] {
        Value::Null => Ok(None),
        Value::String(text) if (1..=100).contains(&text.chars().count()) => Ok(Some(text.clone())),
        Value::String(_) => bad_field(
            "name",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ),
        _ => bad_field("name", "BASE_TYPE_STRING", "Not a string."),
    }
}

impl Discord {
    /// The wall, then what was ordered, then the limit of all calls.
    pub fn let_through(&mut self, incoming: &Incoming) -> Result<(), Box<Reply>> {
        let now = incoming.now.as_millisecond();
        let invalid = self.windows.get("invalid");
        if invalid.is_some_and(|window| window.count >= MOST_INVALID && window.ends_ms > now) {
            let page = "<html><title>Access denied | discord.com used Cloudflare to restrict access</title></html>\n";
            return Err(Box::new(Reply::html(403, page)));
        }
        let agent = incoming.header("user-agent").unwrap_or_default();
        let is_bot_route = incoming.header("authorization").is_some();
        if is_bot_route && !agent.starts_with("DiscordBot (") {
            return refuse(
                403,
                40333,
                "internal network error: the User-Agent is not valid",
            );
        }
        if let Some(slow) = &mut self.slow {
            slow.times = slow.times.saturating_sub(1);
            let slow = slow.clone();
            if slow.times == 0 {
                self.slow = None;
            }
            return Err(Box::new(slow_down(&slow.scope, slow.seconds, None)));
        }
        let who = incoming
            .header("authorization")
            .unwrap_or("open")
            .to_owned();
        if !self.unlimited
            && let Some(wait) = self.count(&format!("all {who}"), 50, 1000, now)
        {
            return Err(Box::new(slow_down("global", wait, None)));
        }
        Ok(())
    }

    /// Counts a call; the seconds to wait when it is one too many.
    pub fn count(&mut self, what: &str, most: u32, span_ms: i64, now_ms: i64) -> Option<f64> {
        let window = self.windows.entry(what.to_owned()).or_insert(Window {
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
        let left = i32::try_from(window.ends_ms - now_ms).unwrap_or(i32::MAX);
        (window.count > most).then(|| f64::from(left) / 1000.0)
    }

    /// Puts the bucket's headers on an answer, and counts the invalid ones.
    pub fn counted(&mut self, reply: Reply, incoming: &Incoming) -> Reply {
        let now = incoming.now.as_millisecond();
        let shared = reply
            .headers
            .iter()
            .any(|(name, value)| name == "x-ratelimit-scope" && value == "shared");
        if matches!(reply.status, 401 | 403) || (reply.status == 429 && !shared) {
            self.count("invalid", MOST_INVALID, 600_000, now);
        }
        let reset = now.div_euclid(1000) + 1;
        reply
            .header("x-ratelimit-limit", "10")
            .header("x-ratelimit-remaining", "9")
            .header("x-ratelimit-reset", reset.to_string())
            .header("x-ratelimit-reset-after", "1.000")
            .header("x-ratelimit-bucket", "abcd1234")
    }

    /// The bot of the call's token.
    pub fn caller(&self, incoming: &Incoming) -> Result<Caller, Box<Reply>> {
        let token = incoming
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bot "));
        let found = self
            .apps
            .iter()
            .find(|(_, app)| Some(app.token.as_str()) == token);
        match found {
            Some((app, _)) => Ok(Caller { app: app.clone() }),
            None => refuse(401, 0, "401: Unauthorized"),
        }
    }

    /// Writes into the server's audit log, with the reason that was given.
    pub fn log(&mut self, guild: &str, me: &Caller, what: &str, incoming: &Incoming) {
        let reason = incoming.header("x-audit-log-reason").unwrap_or("no reason");
        let line = format!("{} {what}: {reason}", me.app);
        if let Some(guild) = self.guilds.get_mut(guild) {
            guild.audit.push(line);
        }
    }
}

/// The 429 in its three kinds.
pub fn slow_down(scope: &str, seconds: f64, code: Option<u32>) -> Reply {
    let mut body = json!({
        "message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global",
    });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    let reply = Reply::json(429, body)
        .header("retry-after", format!("{:.0}", seconds.ceil()))
        .header("x-ratelimit-scope", scope);
    if scope == "global" {
        reply.header("x-ratelimit-global", "true")
    } else {
        reply
    }
}
