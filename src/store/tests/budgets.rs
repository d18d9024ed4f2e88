//! Calls, counted.

use super::core::{furnished, now};
use crate::store::*;
use jiff::SignedDuration;
use std::time::Duration;

#[test]
fn no_span_ever_sees_more_calls_than_its_rule() {
    let (_home, store, ..) = furnished(0);
    let rules = [
        CallRule {
            capacity: 5,
            per: Duration::from_secs(1),
        },
        CallRule {
            capacity: 12,
            per: Duration::from_secs(10),
        },
    ];
    // Ask greedily for a minute of the given clock, always after exactly the wait that was answered.
    let grants = store
        .write_now(move |writer| {
            let mut grants = Vec::new();
            let mut clock = now();
            while clock < now() + SignedDuration::from_secs(60) {
                let reserved = writer.reserve_calls("b", &rules, 3, clock)?;
                if reserved.granted > 0 {
                    grants.push((clock.as_millisecond(), reserved.granted));
                }
                clock += SignedDuration::try_from(reserved.wait).unwrap()
                    + SignedDuration::from_millis(1);
            }
            Ok(grants)
        })
        .unwrap();
    for (per, capacity) in [(1_000, 5), (10_000, 12)] {
        for (start, _) in &grants {
            let used: u32 = grants
                .iter()
                .filter(|(at, _)| (*start..start + per).contains(at))
                .map(|(_, calls)| calls)
                .sum();
            assert!(used <= capacity, "{used} calls within {per} ms");
        }
    }
    let all: u32 = grants.iter().map(|(_, calls)| calls).sum();
    assert!(all >= 60, "only {all} of 72 possible calls were granted");
}

#[test]
fn a_paused_bucket_grants_nothing_until_its_time() {
    let (_home, store, ..) = furnished(0);
    let later = now() + SignedDuration::from_secs(30);
    let (paused, after) = store
        .write_now(move |writer| {
            writer.pause_calls("b", later)?;
            writer.pause_calls("b", now())?;
            Ok((
                writer.reserve_calls("b", &[], 1, now())?,
                writer.reserve_calls("b", &[], 1, later)?,
            ))
        })
        .unwrap();
    assert_eq!(
        paused,
        Reserved {
            granted: 0,
            wait: Duration::from_secs(30)
        }
    );
    assert_eq!(after.granted, 1);
}
