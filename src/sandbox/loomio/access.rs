//! What stands before every answer: the wall, the counter, the key; and the refusals that several answers share.

use super::model::Loomio;
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

/// An answer, or a refusal as it goes out.
pub type Outcome = Result<Reply, Box<Reply>>;

/// Five minutes.
const WINDOW_MS: i64 = 300_000;

/// A refusal.
pub fn refuse<T>(status: u16, body: Value) -> Result<T, Box<Reply>> {
    Err(Box::new(Reply::json(status, body)))
}

/// No active user owns the key; also said where that is not the reason.
pub fn generic<T>() -> Result<T, Box<Reply>> {
    refuse(
        403,
        json!({"error": "You are not authorized to access this page."}),
    )
}

/// Unknown, or not for this user.
pub fn unknown<T>() -> Result<T, Box<Reply>> {
    refuse(404, json!({"error": 404}))
}

/// A field is missing or not permitted.
pub fn bad<T>() -> Result<T, Box<Reply>> {
    refuse(400, json!({"error": 400}))
}

impl Loomio {
    /// The wall in front, then the counter of all requests from this address.
    pub fn let_through(&mut self, incoming: &Incoming) -> Result<(), Box<Reply>> {
        let agent = incoming.header("user-agent").unwrap_or_default();
        if self.walled || agent.is_empty() {
            return refuse(
                403,
                json!({
                    "type": "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/error-1010/",
                    "title": "Error 1010: Access denied", "status": 403,
                }),
            );
        }
        let now = incoming.now.as_millisecond();
        if now - self.window_ms >= WINDOW_MS {
            self.window_ms = now;
            self.counted = 0;
        }
        self.counted += 1;
        if self.counted > self.limit {
            return Err(Box::new(Reply::text(429, "Retry later\n")));
        }
        Ok(())
    }

    /// The user of the call's key. A key in the query is none.
    pub fn caller(&self, incoming: &Incoming) -> Result<u64, Box<Reply>> {
        let key = incoming.bearer().unwrap_or_default();
        let user = self
            .users
            .iter()
            .find(|(_, user)| user.active && !key.is_empty() && user.api_key == key);
        match user {
            Some((id, _)) => Ok(*id),
            None if self.is_old() => refuse(403, json!({"error": 403})),
            None => generic(),
        }
    }

    /// Whether it is a version from before the list of groups.
    pub fn is_old(&self) -> bool {
        self.version.starts_with("2.") || self.version.starts_with("3.0")
    }
}
