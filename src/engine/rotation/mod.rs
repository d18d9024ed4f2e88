//! Replacing keys. One operation for each instance that depends on the old key: a new key, then the move, and whoever is
//! last ends the old one and sees that it is dead. The old key is kept until then. Resumable at any point, over days.
//!
//! | file | reason to be |
//! |---|---|
//! | `begin` | the intents: what depends on a key is written down, and queued |
//! | `parts` | how far everything is, and what follows when something has moved or is gone |
//! | `work` | one run: the new key, the switch, the move |
//! | `end` | the old key: ended, and proven dead |
//! | `tasks` | what a person is asked |
//! | `report` | what may be read of it |

mod begin;
mod end;
mod parts;
mod report;
mod tasks;
mod work;

pub(super) use begin::{begin, close};
pub(super) use parts::{awaits, gone, is_under_way};
pub use report::{PartLine, RotationReport};
pub(super) use work::work;

use crate::domain::{Operation, OperationVerb, RotationId};
use serde_json::{Value, json};

/// The name of the person's step that waits for a new key.
pub(super) const STEP: &str = "new-key";
/// The name of the person's step that ends the old one.
const END: &str = "end-old-key";

fn argument(rotation: RotationId) -> Value {
    json!({ "rotation": rotation.0 })
}

/// Which rotation an operation works on.
fn of(operation: &Operation) -> Option<RotationId> {
    if operation.verb != OperationVerb::Rotate {
        return None;
    }
    operation.argument["rotation"].as_i64().map(RotationId)
}
