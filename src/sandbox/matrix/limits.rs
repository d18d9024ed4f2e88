//! Synapse's rate limits (sheet: matrix 3): buckets that refill slowly.

use super::reply::{Outcome, refuse_with};
use super::{Homeserver, Incoming};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

/// One limit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Limit {
    pub per_second: f64,
    pub burst: f64,
}

/// All limits by Synapse's names, and how long a refusal is held back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    pub of: BTreeMap<String, Limit>,
    pub hold_ms: u64,
}

/// How full a bucket is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Bucket {
    left: f64,
    at_ms: i64,
}

impl Limits {
    /// Synapse's defaults.
    pub fn synapse() -> Self {
        let of = [
            ("rc_room_creation", 0.016, 10.0),
            ("rc_message", 0.2, 10.0),
            ("rc_login", 0.003, 5.0),
            ("rc_invites", 0.3, 10.0),
            ("rc_invites.per_user", 0.003, 5.0),
            ("rc_joins", 0.1, 10.0),
        ]
        .map(|(name, per_second, burst)| (name.to_owned(), Limit { per_second, burst }));
        Self {
            of: of.into(),
            hold_ms: 500,
        }
    }

    /// What a fresh sandbox has: Synapse's defaults, but logins and room creations raised. All of Guildhall's bots sign
    /// in from one address, so the default would end a tour after five communities.
    pub fn easy() -> Self {
        let mut limits = Self::synapse();
        for name in ["rc_login", "rc_room_creation", "rc_message"] {
            limits.of.insert(name.to_owned(), Limit::LIFTED);
        }
        limits
    }

    /// None at all, as a test server is configured (sheet: matrix 8).
    pub fn lifted() -> Self {
        let mut limits = Self::synapse();
        for limit in limits.of.values_mut() {
            *limit = Limit::LIFTED;
        }
        limits
    }
}

impl Limit {
    const LIFTED: Self = Self {
        per_second: 1000.0,
        burst: 1000.0,
    };
}

impl Homeserver {
    /// Takes one from a limit's bucket for `who`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "milliseconds of seconds to minutes, far below what a float holds exactly"
    )]
    pub fn spend(&mut self, limit: &str, who: &str, incoming: &Incoming) -> Outcome<()> {
        let Some(rule) = self.limits.of.get(limit).copied() else {
            return Ok(());
        };
        let now = incoming.now.as_millisecond();
        let bucket = self
            .buckets
            .entry(format!("{limit} {who}"))
            .or_insert(Bucket {
                left: rule.burst,
                at_ms: now,
            });
        let passed = (now - bucket.at_ms).max(0) as f64 / 1000.0;
        bucket.left = (bucket.left + passed * rule.per_second).min(rule.burst);
        bucket.at_ms = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let wait_ms = ((1.0 - bucket.left) / rule.per_second * 1000.0).ceil() as u64;
        Err(Box::new(
            refuse_with(
                429,
                "M_LIMIT_EXCEEDED",
                "Too Many Requests",
                json!({"retry_after_ms": wait_ms}),
            )
            .header("retry-after", wait_ms.div_ceil(1000).to_string())
            .held(Duration::from_millis(self.limits.hold_ms)),
        ))
    }
}
