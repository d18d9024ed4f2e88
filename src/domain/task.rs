//! Steps that a person must do.

use serde::{Deserialize, Serialize};

/// A step of an operation that only a person can do on the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanTask {
    /// The step's name within its operation; the check runs under it.
    pub step: String,
    /// What to do, in one line: "invite the bot".
    pub title: String,
    /// Why a program cannot do it.
    pub why: String,
    /// Who can: "somebody with Manage Server there".
    pub who: String,
    /// Where to do it.
    pub url: Option<String>,
    /// What to do there, one sentence a step.
    pub instructions: Vec<String>,
    /// The exact permissions that are asked for; may be empty.
    pub asks_for: Vec<String>,
    /// Whether it is somebody else's decision and not ours to do (a fiscal host's approval).
    #[serde(default)]
    pub others_decide: bool,
}
