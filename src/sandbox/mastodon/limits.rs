//! The server's limits: the wait is told by a moment, not by seconds, and by nothing else (sheet: mastodon 3).

use super::reply::Outcome;
use crate::sandbox::{Incoming, Reply};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// How many calls each has made in the running window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    /// Calls in five minutes per token, or per address without one.
    pub calls: u64,
    counted: BTreeMap<String, Vec<i64>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 300,
            counted: BTreeMap::new(),
        }
    }
}

const WINDOW: i64 = 300_000;

impl Limits {
    /// Counts a call of somebody; answers the headers that go with every answer.
    pub fn count(&mut self, who: &str, incoming: &Incoming) -> Outcome<Vec<(String, String)>> {
        let most = self.calls;
        self.spend(&format!("calls {who}"), most, WINDOW, incoming)
    }

    /// Counts what has a limit of its own: posts, deletions, sign-ups.
    pub fn spend(
        &mut self,
        what: &str,
        most: u64,
        window: i64,
        incoming: &Incoming,
    ) -> Outcome<Vec<(String, String)>> {
        let now = incoming.now.as_millisecond();
        let held = self.counted.entry(what.to_owned()).or_default();
        held.retain(|at| now - at < window);
        let is_over = held.len() as u64 >= most;
        if !is_over {
            held.push(now);
        }
        let oldest = held.first().copied().unwrap_or(now);
        let reset = incoming
            .now
            .checked_add(SignedDuration::from_millis(oldest + window - now))
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let headers = vec![
            ("x-ratelimit-limit".to_owned(), most.to_string()),
            (
                "x-ratelimit-remaining".to_owned(),
                most.saturating_sub(held.len() as u64).to_string(),
            ),
            ("x-ratelimit-reset".to_owned(), reset.to_string()),
        ];
        if !is_over {
            return Ok(headers);
        }
        let reply = Reply::json(429, json!({"error": "Too many requests"}));
        Err(Box::new(
            headers
                .into_iter()
                .fold(reply, |reply, (name, value)| reply.header(&name, value)),
        ))
    }
}
