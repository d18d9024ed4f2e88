//! The way in: puts screen, state and engine together, and lets go of the terminal before anything else ends.

use super::{options::Wishes, state::State, term::Capabilities};
use crate::catalog::Catalog;
use jiff::{Timestamp, tz::TimeZone};
use std::sync::Arc;

/// A screen that knows nothing yet, as somebody wishes it on this terminal; what is wrong with their own files is in
/// its notices.
#[must_use]
pub fn furnish(
    wishes: &Wishes,
    capabilities: Capabilities,
    catalog: Arc<Catalog>,
    size: (u16, u16),
) -> State {
    let (look, mut problems) = wishes.look(capabilities);
    let (keymap, more) = wishes.keymap();
    problems.extend(more);
    let mut state = State::new(
        size,
        look,
        Arc::new(keymap),
        catalog,
        Timestamp::now(),
        TimeZone::system(),
    );
    state.read_only = wishes.read_only;
    state.may_suspend = !wishes.without_shell;
    for problem in problems {
        state.notices.warn(state.now, problem);
    }
    state
}
