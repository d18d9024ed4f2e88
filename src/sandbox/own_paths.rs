//! The sandbox's own paths under `/_control/`: trouble, latency, clock, keys, calls, states, and what the platforms
//! let happen behind Guildhall's back.

use super::controls::Controls;
use super::exchange::Reply;
use super::faults::Trouble;
use super::shared::Shared;
use super::state::States;
use crate::domain::{Fault, FaultKind};
use axum::{body::Bytes, http::request::Parts};
use serde_json::{Value, json};

/// The sandbox's own paths.
pub(super) async fn control(shared: &Shared, parts: &Parts, path: &str, body: &Bytes) -> Reply {
    let input: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let result =
        match (parts.method.as_str(), segments.as_slice()) {
            ("GET", ["keys"]) => shared.keys().await,
            ("GET", ["calls"]) => Ok(json!(shared.recorder().all())),
            ("DELETE", ["calls"]) => {
                shared.recorder().clear();
                Ok(json!({}))
            }
            ("GET", ["state", platform]) => shared.state(platform).await,
            ("GET", ["faults"]) => shared.controls(|controls| json!(controls.troubles)).await,
            ("POST", ["faults"]) => match serde_json::from_value::<Trouble>(input) {
                Ok(trouble) => {
                    let add = move |controls: &mut Controls| controls.troubles.push(trouble);
                    shared.controls(add).await.map(|()| json!({}))
                }
                Err(error) => Err(Fault::new(FaultKind::BadInput, error.to_string())
                    .hint("See sandbox::Trouble.")),
            },
            ("DELETE", ["faults"]) => shared
                .controls(|controls| controls.troubles.clear())
                .await
                .map(|()| json!({})),
            ("POST", ["latency"]) => {
                let milliseconds = input["ms"].as_u64().unwrap_or(0);
                shared
                    .controls(move |controls| controls.latency_ms = milliseconds)
                    .await
                    .map(|()| json!({}))
            }
            ("POST", ["clock"]) => {
                let milliseconds = input["advance_ms"].as_i64().unwrap_or(0);
                shared
                    .controls(move |controls| {
                        controls.ahead_ms = controls.ahead_ms.saturating_add(milliseconds);
                    })
                    .await
                    .map(|()| json!({}))
            }
            ("POST", ["reset"]) => shared.states(States::reset).await.map(|()| json!({})),
            ("POST", [platform, action]) => shared.act(platform, action, input).await,
            _ => Err(
                Fault::new(FaultKind::NotFound, "The sandbox has no such control.")
                    .hint("See the sandbox's module for its controls."),
            ),
        };
    match result {
        Ok(value) => Reply::json(200, value),
        Err(fault) => Reply::json(400, json!({"error": fault.to_string()})),
    }
}
