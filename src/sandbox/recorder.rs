//! Remembers which calls came in, for tests to look at. In memory only, the newest few thousand.

use axum::http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
};

/// One call that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedCall {
    /// To which platform.
    pub platform: String,
    /// With which method.
    pub method: String,
    /// The path below the platform's prefix, percent-encoded, without query.
    pub path: String,
    /// The names in the query, never the values.
    pub query_names: Vec<String>,
    /// The status that was answered; 0 when there was no answer.
    pub status: u16,
    /// When it came in, on the sandbox's clock.
    pub at: Timestamp,
    /// A number for the key it came with, another one in every process; none without a key.
    pub credential: Option<u64>,
}

/// The most calls that are remembered where nothing else is asked for.
const MOST: usize = 5_000;

/// Where the platforms look for a key.
const KEYS: [HeaderName; 3] = [
    HeaderName::from_static("authorization"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("personal-token"),
];

/// The calls, oldest first.
pub(super) struct Recorder {
    calls: VecDeque<RecordedCall>,
    most: usize,
    hasher: RandomState,
}

impl Recorder {
    /// Remembers so many, or a few thousand.
    pub fn new(most: Option<usize>) -> Self {
        Self {
            calls: VecDeque::new(),
            most: most.unwrap_or(MOST).max(1),
            hasher: RandomState::new(),
        }
    }

    /// What tells the keys of calls apart.
    pub fn credential(&self, headers: &HeaderMap) -> Option<u64> {
        let key = KEYS.iter().find_map(|name| headers.get(name))?;
        Some(self.hasher.hash_one(key.as_bytes()))
    }

    pub fn add(&mut self, call: RecordedCall) {
        if self.calls.len() == self.most {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    pub fn all(&self) -> Vec<RecordedCall> {
        self.calls.iter().cloned().collect()
    }

    pub fn clear(&mut self) {
        self.calls.clear();
    }
}
