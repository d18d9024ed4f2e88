//! Remembers which calls came in, for tests to look at. In memory only, the newest few thousand.

use serde::Serialize;
use std::collections::VecDeque;

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
}

/// The most calls that are remembered.
const MOST: usize = 5_000;

/// The calls, oldest first.
#[derive(Default)]
pub(super) struct Recorder {
    calls: VecDeque<RecordedCall>,
}

impl Recorder {
    pub fn add(&mut self, call: RecordedCall) {
        if self.calls.len() == MOST {
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
