//! When the next run of something regular is due.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Hours between two runs.
    pub every_hours: u32,
    /// Up to so many minutes are added by chance, so that many instances do not run at once.
    pub jitter_minutes: u32,
}

impl Rhythm {
    /// When the next run is due, after the last one ended. `chance` is from 0 to 1. What is overdue is due now, after
    /// the jitter: a host that comes back after a while does not start everything at once.
    #[must_use]
    pub fn next(self, last: Timestamp, now: Timestamp, chance: f64) -> Timestamp {
        let spread = SignedDuration::from_secs_f64(
            f64::from(self.jitter_minutes) * 60.0 * chance.clamp(0.0, 1.0),
        );
        let every = SignedDuration::from_hours(i64::from(self.every_hours.max(1)));
        let due = last.checked_add(every).unwrap_or(now).max(now);
        due.checked_add(spread).unwrap_or(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_follows_the_last_and_what_is_overdue_is_spread_from_now() {
        let rhythm = Rhythm {
            every_hours: 24,
            jitter_minutes: 60,
        };
        let last: Timestamp = "2026-11-22T01:00:00Z".parse().unwrap();
        let soon = "2026-11-22T02:00:00Z".parse().unwrap();
        assert_eq!(
            rhythm.next(last, soon, 0.5).to_string(),
            "2026-11-23T01:30:00Z"
        );
        let late = "2026-11-25T00:00:00Z".parse().unwrap();
        assert_eq!(
            rhythm.next(last, late, 1.0).to_string(),
            "2026-11-25T01:00:00Z"
        );
    }
}
