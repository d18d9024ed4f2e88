//! The forum's limits: one bucket for all calls with a key, one for all without (sheet: discourse 3).

use super::reply::Outcome;
use crate::sandbox::{Incoming, Reply};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many, and what was counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    /// A minute, all keys together.
    pub admin_per_minute: usize,
    /// In ten seconds, without a key.
    pub address_per_ten: usize,
    /// A minute, without a key.
    pub address_per_minute: usize,
    with_key: Vec<i64>,
    without: Vec<i64>,
}

const MINUTE: i64 = 60_000;
const TEN: i64 = 10_000;

impl Limits {
    pub fn real() -> Self {
        Self {
            admin_per_minute: 60,
            address_per_ten: 50,
            address_per_minute: 200,
            with_key: Vec::new(),
            without: Vec::new(),
        }
    }

    pub fn lifted() -> Self {
        Self {
            admin_per_minute: usize::MAX,
            address_per_ten: usize::MAX,
            address_per_minute: usize::MAX,
            ..Self::real()
        }
    }

    /// Counts a call with a valid key: the application refuses, in JSON.
    pub fn count_key(&mut self, incoming: &Incoming) -> Outcome<()> {
        let now = incoming.now.as_millisecond();
        self.with_key.retain(|at| now - at < MINUTE);
        if self.with_key.len() < self.admin_per_minute {
            self.with_key.push(now);
            return Ok(());
        }
        let oldest = self.with_key.first().copied().unwrap_or(now);
        let wait = seconds(oldest + MINUTE - now);
        let body = json!({
            "errors": [format!("You've performed this action too many times, please try again in {wait} seconds.")],
            "error_type": "rate_limit",
            "extras": {"wait_seconds": wait, "time_left": format!("{wait} seconds")},
        });
        Err(Box::new(
            Reply::json(429, body)
                .header("retry-after", wait.to_string())
                .header(
                    "discourse-rate-limit-error-code",
                    "admin_api_key_rate_limit",
                ),
        ))
    }

    /// Counts a call without one: the middleware refuses, in plain text.
    pub fn count_address(&mut self, incoming: &Incoming) -> Outcome<()> {
        let now = incoming.now.as_millisecond();
        self.without.retain(|at| now - at < MINUTE);
        let recent = self.without.iter().filter(|at| now - **at < TEN).count();
        let (code, wait) = if recent >= self.address_per_ten {
            ("ip_10_secs_limit", 10)
        } else if self.without.len() >= self.address_per_minute {
            ("ip_60_secs_limit", 60)
        } else {
            self.without.push(now);
            return Ok(());
        };
        let words = format!(
            "Slow down, you're making too many requests.\nPlease retry again in {wait} seconds.\nError code: {code}.\n"
        );
        Err(Box::new(
            Reply::text(429, words)
                .header("retry-after", wait.to_string())
                .header("discourse-rate-limit-error-code", code),
        ))
    }
}

fn seconds(milliseconds: i64) -> i64 {
    (milliseconds.max(0) + 999) / 1000
}
