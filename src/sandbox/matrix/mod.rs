//! A stateful imitation of a Matrix homeserver (Synapse).

use super::{Incoming, Reply, SimulatedPlatform};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The imitation.
pub struct SimulatedMatrix;

/// What it remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Homeserver {}

impl SimulatedPlatform for SimulatedMatrix {
    type State = Homeserver;

    fn id(&self) -> &'static str {
        "matrix"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["matrix.sandbox"]
    }

    fn fresh(&self) -> Homeserver {
        Homeserver::default()
    }

    fn keys(&self, _state: &Homeserver) -> Value {
        json!({"homeserver": "https://matrix.sandbox"})
    }

    fn handle(&self, _state: &mut Homeserver, _incoming: &Incoming) -> Reply {
        Reply::json(
            404,
            json!({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}),
        )
    }

    fn control(
        &self,
        _state: &mut Homeserver,
        action: &str,
        _input: &Value,
    ) -> Result<Value, String> {
        Err(format!("there is no action {action}"))
    }
}
