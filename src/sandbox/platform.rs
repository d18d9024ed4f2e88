//! What a simulated platform is. Its typed state is kept by `state.rs`, in memory or in a file.

use super::exchange::{Incoming, Reply};
use super::state::{Document, State};
use crate::domain::Fault;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::Arc;

/// A stateful imitation of one platform.
pub trait SimulatedPlatform: Send + Sync + 'static {
    /// Everything it remembers; saved as JSON between processes.
    type State: Serialize + DeserializeOwned + Send + 'static;

    /// The platform's id, which is the prefix of its paths.
    fn id(&self) -> &'static str;

    /// The hosts whose requests it gets: `matrix.sandbox`, and the host of the real service where it has one.
    fn hosts(&self) -> &'static [&'static str];

    /// How it stands at the beginning, with ready-made users and keys.
    fn fresh(&self) -> Self::State;

    /// The ready-made keys and addresses, for a person to try and for tests.
    fn keys(&self, state: &Self::State) -> Value;

    /// Does what the platform would do. One request at a time: no other sees a half-done state.
    fn handle(&self, state: &mut Self::State, incoming: &Incoming) -> Reply;

    /// What a person or time does behind Guildhall's back: drift, a revoked key, a raised limit.
    ///
    /// # Errors
    /// One sentence when there is no such action or its input is wrong.
    fn control(
        &self,
        state: &mut Self::State,
        action: &str,
        input: &Value,
    ) -> Result<Value, String>;
}

/// [`SimulatedPlatform`] without its type of state.
pub(super) trait Simulated: Document {
    fn id(&self) -> &'static str;
    fn hosts(&self) -> &'static [&'static str];
    fn keys(&self, state: &State) -> Value;
    fn handle(&self, state: &mut State, incoming: &Incoming) -> Reply;
    fn control(&self, state: &mut State, action: &str, input: &Value) -> Result<Value, String>;
    fn document(self: Arc<Self>) -> Arc<dyn Document>;
}

impl<P: SimulatedPlatform> Document for P {
    fn name(&self) -> &'static str {
        SimulatedPlatform::id(self)
    }

    fn fresh(&self) -> State {
        State::of(SimulatedPlatform::fresh(self))
    }

    fn read(&self, text: &str) -> Result<State, Fault> {
        State::read::<P::State>(SimulatedPlatform::id(self), text)
    }

    fn write(&self, state: &State) -> Result<String, Fault> {
        state.write::<P::State>(SimulatedPlatform::id(self))
    }
}

/// What is answered when a state is not of the platform's type, which only a mistake in this room can cause.
const FOREIGN_STATE: &str = "the sandbox mixed up its states";

impl<P: SimulatedPlatform> Simulated for P {
    fn id(&self) -> &'static str {
        SimulatedPlatform::id(self)
    }

    fn hosts(&self) -> &'static [&'static str] {
        SimulatedPlatform::hosts(self)
    }

    fn keys(&self, state: &State) -> Value {
        state
            .get::<P::State>()
            .map_or(Value::Null, |state| SimulatedPlatform::keys(self, state))
    }

    fn handle(&self, state: &mut State, incoming: &Incoming) -> Reply {
        match state.get_mut::<P::State>() {
            Some(state) => SimulatedPlatform::handle(self, state, incoming),
            None => Reply::text(500, FOREIGN_STATE),
        }
    }

    fn control(&self, state: &mut State, action: &str, input: &Value) -> Result<Value, String> {
        let state = state
            .get_mut::<P::State>()
            .ok_or_else(|| FOREIGN_STATE.to_owned())?;
        SimulatedPlatform::control(self, state, action, input)
    }

    fn document(self: Arc<Self>) -> Arc<dyn Document> {
        self
    }
}
