//! How many calls may go out, counted for every process on this file together.
//!
//! A sliding window and not a token bucket: a bucket that is full lets twice its capacity through in one span, and
//! platforms count spans.

use super::{Reader, Writer, columns::millis};
use crate::domain::Fault;
use jiff::Timestamp;
use std::time::Duration;

/// At most `capacity` calls within any span of `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRule {
    /// Calls.
    pub capacity: u32,
    /// The span they are counted in.
    pub per: Duration,
}

/// What was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// How many calls may go out now, counted as gone.
    pub granted: u32,
    /// Zero when any was granted, else how long until one can be.
    pub wait: Duration,
}

/// Grants within the same sixtieth of the shortest span are one row, dated at its end: never too generous.
const SLOTS: i64 = 60;

impl Reader<'_> {
    /// Until when a bucket is paused, if it is.
    ///
    /// # Errors
    /// As the module says.
    pub fn budget_pause(&self, bucket: &str, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        self.one(
            "SELECT until FROM rate_pauses WHERE bucket = ?1 AND until > ?2",
            (bucket, millis(now)),
            |row| super::columns::Columns::of(row).time(),
        )
    }
}

impl Writer<'_> {
    /// Asks for up to `most` calls under all of these rules, and counts what it grants: as many as every rule has room
    /// for, so that a process can ask for a batch and spend it by itself. Without rules everything is granted, unless
    /// the bucket is paused.
    ///
    /// # Errors
    /// As the module says.
    pub fn reserve_calls(
        &self,
        bucket: &str,
        rules: &[CallRule],
        most: u32,
        now: Timestamp,
    ) -> Result<Reserved, Fault> {
        if let Some(until) = self.budget_pause(bucket, now)? {
            return Ok(Reserved {
                granted: 0,
                wait: milliseconds(millis(until) - millis(now)),
            });
        }
        let now = millis(now);
        let spans: Vec<i64> = rules.iter().map(span).collect();
        let (Some(shortest), Some(longest)) = (spans.iter().min(), spans.iter().max()) else {
            return Ok(Reserved {
                granted: most,
                wait: Duration::ZERO,
            });
        };
        // What no rule counts any more; also what a clock that was set back left in the future.
        self.change(
            "DELETE FROM rate_grants WHERE bucket = ?1 AND (at <= ?2 OR at > ?3)",
            (bucket, now - longest, now + longest),
        )?;
        let grants = self.many(
            "SELECT at, calls FROM rate_grants WHERE bucket = ?1 ORDER BY at",
            [bucket],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?)),
        )?;
        let (mut room, mut wait) = (most, 0);
        for (rule, span) in rules.iter().zip(&spans) {
            let (free, until) = room_under(rule.capacity, *span, &grants, now);
            room = room.min(free);
            wait = wait.max(until);
        }
        if room == 0 {
            return Ok(Reserved {
                granted: 0,
                wait: milliseconds(wait),
            });
        }
        let slot = (shortest / SLOTS).max(1);
        let end = now - now.rem_euclid(slot) + slot;
        self.change(
            "INSERT INTO rate_grants (bucket, at, calls) VALUES (?1, ?2, ?3)
             ON CONFLICT (bucket, at) DO UPDATE SET calls = calls + excluded.calls",
            (bucket, end, room),
        )?;
        Ok(Reserved {
            granted: room,
            wait: Duration::ZERO,
        })
    }

    /// Grants nothing from a bucket before a time: the platform said to slow down. A longer pause is not shortened.
    ///
    /// # Errors
    /// As the module says.
    pub fn pause_calls(&self, bucket: &str, until: Timestamp) -> Result<(), Fault> {
        self.change(
            "INSERT INTO rate_pauses (bucket, until) VALUES (?1, ?2)
             ON CONFLICT (bucket) DO UPDATE SET until = max(until, excluded.until)",
            (bucket, millis(until)),
        )
        .map(drop)
    }
}

/// How many calls a rule has room for, and, when none, in how many milliseconds it has.
fn room_under(capacity: u32, span: i64, grants: &[(i64, u32)], now: i64) -> (u32, i64) {
    let counted = || grants.iter().filter(|(at, _)| *at > now - span);
    let used: u32 = counted().map(|(_, calls)| *calls).sum();
    if used < capacity {
        return (capacity - used, 0);
    }
    let mut left = used;
    for (at, calls) in counted() {
        left -= calls;
        if left < capacity {
            return (0, at + span - now);
        }
    }
    // A capacity of nothing: ask again in a span.
    (0, span)
}

fn span(rule: &CallRule) -> i64 {
    i64::try_from(rule.per.as_millis())
        .unwrap_or(i64::MAX / 4)
        .clamp(1, i64::MAX / 4)
}

fn milliseconds(count: i64) -> Duration {
    Duration::from_millis(count.max(1).unsigned_abs())
}
