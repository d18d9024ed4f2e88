//! The rate budget that all Guildhalls on one database share: taken from the store in small batches, spent from memory.

use crate::{
    adapters::http::{BucketKey, RateBudget, RateRule},
    domain::Fault,
    engine::options::Clock,
    store::{CallRule, Store},
};
use async_trait::async_trait;
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A batch is at most this part of the narrowest rule, so that several processes each get their share.
const SHARE: u32 = 20;
/// And never more calls than this.
const MOST: u32 = 8;
/// What was taken and not spent for this long is given up: it was counted for the span in which it was taken.
const FRESH: Duration = Duration::from_secs(1);

/// The budget.
pub(super) struct SharedBudget {
    store: Store,
    clock: Clock,
    taken: Mutex<HashMap<BucketKey, Batch>>,
}

struct Batch {
    left: u32,
    at: Timestamp,
}

impl SharedBudget {
    /// The budget of an installation.
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            taken: Mutex::default(),
        }
    }

    /// Spends one call that was taken before.
    fn spend(&self, key: &BucketKey, now: Timestamp) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|_, batch| {
            batch.left > 0
                && Duration::try_from(now.duration_since(batch.at)).is_ok_and(|age| age < FRESH)
        });
        let Some(batch) = taken.get_mut(key) else {
            return false;
        };
        batch.left -= 1;
        true
    }
}

#[async_trait]
impl RateBudget for SharedBudget {
    async fn reserve(&self, key: &BucketKey, rules: &[RateRule]) -> Result<Duration, Fault> {
        let now = (self.clock)();
        if rules.is_empty() || self.spend(key, now) {
            return Ok(Duration::ZERO);
        }
        let narrowest = rules.iter().map(|rule| rule.capacity).min().unwrap_or(1);
        let want = (narrowest / SHARE).clamp(1, MOST);
        let calls: Vec<CallRule> = rules
            .iter()
            .map(|rule| CallRule {
                capacity: rule.capacity,
                per: rule.per,
            })
            .collect();
        let bucket = key.as_str().to_owned();
        let reserved = self
            .store
            .write(move |writer| writer.reserve_calls(&bucket, &calls, want, now))
            .await?;
        if reserved.granted > 1 {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let batch = taken
                .entry(key.clone())
                .or_insert(Batch { left: 0, at: now });
            batch.left += reserved.granted - 1;
            batch.at = now;
        }
        Ok(reserved.wait)
    }

    async fn pause(&self, key: &BucketKey, wait: Duration) -> Result<(), Fault> {
        let now = (self.clock)();
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
        let Ok(until) = now.checked_add(wait) else {
            return Ok(());
        };
        let bucket = key.as_str().to_owned();
        self.store
            .write(move |writer| writer.pause_calls(&bucket, until))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    #[tokio::test]
    async fn two_processes_together_get_what_the_platform_allows_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let second = Arc::new(AtomicI64::new(1_000_000));
        let budget = || {
            let second = second.clone();
            SharedBudget::new(
                Store::open(folder.path()).unwrap(),
                Arc::new(move || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap()),
            )
        };
        let (one, other) = (budget(), budget());
        let key = BucketKey::fingerprint("abc");
        let rules = [RateRule::new(60, Duration::from_secs(60))];
        let mut granted = 0;
        for _ in 0..60 {
            for budget in [&one, &other] {
                if budget.reserve(&key, &rules).await.unwrap().is_zero() {
                    granted += 1;
                }
            }
        }
        assert!((55..=60).contains(&granted), "{granted}");
        assert!(!one.reserve(&key, &rules).await.unwrap().is_zero());
        second.fetch_add(62, Ordering::Relaxed);
        assert!(other.reserve(&key, &rules).await.unwrap().is_zero());
        one.pause(&key, Duration::from_secs(30)).await.unwrap();
        let fresh = budget();
        assert!(fresh.reserve(&key, &rules).await.unwrap() > Duration::from_secs(20));
    }
}
