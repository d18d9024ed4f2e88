//! How many calls may go out: a budget per credential, kept before a platform has to say no.
//!
//! Holds the words (bucket, rule), the contract for a shared budget, and one in memory. The shared one, on which all
//! processes on one database agree, is the engine's.

use crate::domain::{CredentialId, Fault};
use async_trait::async_trait;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use url::Url;

/// What a limit is counted against. Made of ids, fingerprints and addresses, never of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BucketKey(String);

impl BucketKey {
    /// Calls counted per stored credential.
    #[must_use]
    pub fn credential(id: CredentialId) -> Self {
        Self(format!("credential:{id}"))
    }

    /// Calls counted per key that is not stored yet, by its fingerprint (a keyed hash).
    #[must_use]
    pub fn fingerprint(fingerprint: &str) -> Self {
        Self(format!("fingerprint:{fingerprint}"))
    }

    /// Calls counted under a name made elsewhere, which must not contain a secret.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(format!("name:{name}"))
    }

    /// Calls counted per server, all keys together.
    #[must_use]
    pub fn base(base: &Url) -> Self {
        Self(format!("base:{}", base.origin().ascii_serialization()))
    }

    /// A finer bucket within this one, where a platform counts per method, path or object.
    #[must_use]
    pub fn within(&self, part: &str) -> Self {
        Self(format!("{}/{part}", self.0))
    }

    /// The key as text, for a table.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// At most `capacity` calls within any span of `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateRule {
    /// Calls.
    pub capacity: u32,
    /// The span they are counted in.
    pub per: Duration,
}

impl RateRule {
    /// At most `capacity` calls within any span of `per`.
    #[must_use]
    pub fn new(capacity: u32, per: Duration) -> Self {
        Self { capacity, per }
    }
}

/// Grants calls.
#[async_trait]
pub trait RateBudget: Send + Sync {
    /// Asks for one call under all of these rules. Zero: granted and counted. Otherwise nothing was counted: wait that
    /// long and ask again.
    ///
    /// # Errors
    /// When the budget cannot be read or written.
    async fn reserve(&self, key: &BucketKey, rules: &[RateRule]) -> Result<Duration, Fault>;

    /// The platform said no to this bucket: grant nothing from it for `wait`. A budget without memory may ignore it.
    ///
    /// # Errors
    /// When the budget cannot be written.
    async fn pause(&self, _key: &BucketKey, _wait: Duration) -> Result<(), Fault> {
        Ok(())
    }
}

/// A budget in the memory of this process.
#[derive(Debug, Default)]
pub struct LocalBudget {
    buckets: Mutex<HashMap<BucketKey, Bucket>>,
}

/// The calls granted within the longest span, oldest first, and the pause the platform asked for.
#[derive(Debug, Default)]
struct Bucket {
    granted: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl Bucket {
    /// How long until each rule has room.
    fn wait(&self, rules: &[RateRule], now: Instant) -> Duration {
        let paused = self
            .paused_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        rules
            .iter()
            .map(|rule| {
                let capacity = usize::try_from(rule.capacity).unwrap_or(usize::MAX);
                if capacity == 0 {
                    return rule.per;
                }
                // The call that must have left the span before another one fits in.
                let Some(place) = self.granted.len().checked_sub(capacity) else {
                    return Duration::ZERO;
                };
                self.granted.get(place).map_or(Duration::ZERO, |oldest| {
                    (*oldest + rule.per).saturating_duration_since(now)
                })
            })
            .fold(paused, Duration::max)
    }
}

#[async_trait]
impl RateBudget for LocalBudget {
    async fn reserve(&self, key: &BucketKey, rules: &[RateRule]) -> Result<Duration, Fault> {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_default();
        let wait = bucket.wait(rules, now);
        if wait.is_zero() {
            let longest = rules
                .iter()
                .map(|rule| rule.per)
                .max()
                .unwrap_or(Duration::ZERO);
            while bucket
                .granted
                .front()
                .is_some_and(|oldest| now.saturating_duration_since(*oldest) >= longest)
            {
                bucket.granted.pop_front();
            }
            if !rules.is_empty() {
                bucket.granted.push_back(now);
            }
        }
        Ok(wait)
    }

    async fn pause(&self, key: &BucketKey, wait: Duration) -> Result<(), Fault> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(key.clone()).or_default();
        let until = Instant::now() + wait;
        bucket.paused_until = Some(bucket.paused_until.map_or(until, |old| old.max(until)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key() -> BucketKey {
        BucketKey::credential(CredentialId(7))
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_capacity_within_any_span() {
        let budget = LocalBudget::default();
        let rules = [RateRule::new(2, MINUTE), RateRule::new(3, 10 * MINUTE)];
        assert!(budget.reserve(&key(), &rules).await.unwrap().is_zero());
        tokio::time::advance(MINUTE / 2).await;
        assert!(budget.reserve(&key(), &rules).await.unwrap().is_zero());
        assert_eq!(budget.reserve(&key(), &rules).await.unwrap(), MINUTE / 2);
        tokio::time::advance(MINUTE / 2).await;
        assert!(budget.reserve(&key(), &rules).await.unwrap().is_zero());
        // The longer rule is full now, whatever the shorter one says.
        assert_eq!(budget.reserve(&key(), &rules).await.unwrap(), 9 * MINUTE);
        tokio::time::advance(9 * MINUTE).await;
        assert!(budget.reserve(&key(), &rules).await.unwrap().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_do_not_share_and_a_pause_holds_one_of_them() {
        let budget = LocalBudget::default();
        let other = key().within("createRoom");
        budget.pause(&key(), MINUTE).await.unwrap();
        budget.pause(&key(), MINUTE / 2).await.unwrap();
        assert_eq!(budget.reserve(&key(), &[]).await.unwrap(), MINUTE);
        assert!(budget.reserve(&other, &[]).await.unwrap().is_zero());
        tokio::time::advance(MINUTE).await;
        assert!(budget.reserve(&key(), &[]).await.unwrap().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_of_zero_blocks_everything() {
        let rules = [RateRule::new(0, MINUTE)];
        let wait = LocalBudget::default()
            .reserve(&key(), &rules)
            .await
            .unwrap();
        assert_eq!(wait, MINUTE);
    }

    #[test]
    fn servers_are_told_apart_by_origin_only() {
        let one = Url::parse("https://a.example/x").unwrap();
        let same = Url::parse("https://a.example/y?z").unwrap();
        let port = Url::parse("https://a.example:8443/x").unwrap();
        assert_eq!(BucketKey::base(&one), BucketKey::base(&same));
        assert_ne!(BucketKey::base(&one), BucketKey::base(&port));
    }
}
