//! What several test files share.

use std::time::Duration;

pub mod escapes;
mod launcher;
pub mod process;
pub mod pty;

/// How long any condition may take. Generous: it is only ever used up by a failure.
const DEADLINE: Duration = Duration::from_secs(20);
