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

/// A batch is at most this part of the narrowest rule, so that several processes each get their share; what adapters plan with
/// is further below what platforms grant than that.
const SHARE: u32 = 5;
/// And never more calls than this.
const MOST: u32 = 8;
/// What was taken and not spent for this long is given up: it was counted for the span in which it was taken.
const FRESH: Duration = Duration::from_secs(1);

/// The budget.
pub(super) struct SharedBudget {
    store: Store,
    clock: Clock,
    taken: Mutex<Taken>,
}

/// What was taken from the store and not spent yet.
#[derive(Default)]
struct Taken {
    batches: HashMap<BucketKey, Batch>,
    /// When what is not fresh any more was last thrown away.
    swept: Option<Timestamp>,
}

impl Taken {
    /// Throws away what was given up. Once in a while: there are as many buckets as keys and parts of platforms.
    fn sweep(&mut self, now: Timestamp) {
        if self.swept.is_some_and(|swept| is_fresh(swept, now)) {
            return;
        }
        self.swept = Some(now);
        self.batches
            .retain(|_, batch| batch.left > 0 && is_fresh(batch.at, now));
    }
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(at)).is_ok_and(|age| age < FRESH)
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
        taken.sweep(now);
        match taken.batches.get_mut(key) {
            Some(batch) if batch.left > 0 && is_fresh(batch.at, now) => {
                batch.left -= 1;
                true
            }
            _ => false,
        }
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
                .batches
                .entry(key.clone())
                .or_insert(Batch { left: 0, at: now });
            // What was left of an earlier batch and is not fresh any more was counted for another span.
            let left = if is_fresh(batch.at, now) {
                batch.left
            } else {
                0
            };
            batch.left = left + reserved.granted - 1;
            batch.at = now;
        }
        Ok(reserved.wait)
    }

    async fn pause(&self, key: &BucketKey, wait: Duration) -> Result<(), Fault> {
        let now = (self.clock)();
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .batches
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
