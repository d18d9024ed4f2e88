//! What the sandbox itself remembers: the trouble that was ordered, its latency, its clock.

use super::faults::Trouble;
use super::state::{Document, State};
use crate::domain::Fault;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The sandbox's own switches; shared by all processes on one folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Controls {
    /// What shall go wrong.
    pub troubles: Vec<Trouble>,
    /// How late every answer comes, milliseconds.
    pub latency_ms: u64,
    /// How far its clock is ahead, milliseconds.
    pub ahead_ms: i64,
}

impl Controls {
    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        real.checked_add(SignedDuration::from_millis(self.ahead_ms))
            .unwrap_or(real)
    }
}

/// How [`Controls`] are kept.
pub(super) struct ControlsDocument;

const NAME: &str = "_control";

impl Document for ControlsDocument {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fresh(&self) -> State {
        State::of(Controls::default())
    }

    fn read(&self, text: &str) -> Result<State, Fault> {
        State::read::<Controls>(NAME, text)
    }

    fn write(&self, state: &State) -> Result<String, Fault> {
        state.write::<Controls>(NAME)
    }
}
