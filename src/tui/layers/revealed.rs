//! A stored key in the clear, for a while. Any key takes it off the screen; so does its time, whatever lies over it.

use super::{Overlay, Turn};
use crate::tui::{
    input::Input,
    message::KeyRead,
    state::State,
    text,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder},
};
use jiff::Timestamp;
use std::time::Duration;

/// What is said once it is gone.
pub const GONE: &str =
    "The key is off the screen. Whoever saw it knows it: replace it where that was not meant.";

/// The page.
#[derive(Debug)]
pub struct Revealed {
    key: KeyRead,
    seconds: u64,
    until: Timestamp,
}

impl Revealed {
    /// Shows a key from now on for so many seconds.
    pub fn new(key: KeyRead, now: Timestamp, seconds: u64) -> Self {
        Self {
            key,
            seconds,
            until: now.checked_add(Duration::from_secs(seconds)).unwrap_or(now),
        }
    }
}

impl Overlay for Revealed {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        if matches!(input, Input::Key(_)) {
            state.notices.done(state.now, GONE);
            return Turn::close();
        }
        Turn::stay()
    }

    fn ends_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.key.what.clone(), width, state.look.glyphs);
        sheet.secret(&self.key.secret);
        sheet.gap();
        let after = text::counted(self.seconds, "second", "seconds");
        sheet.paragraph(
            &format!("Off the screen after {after}, or when any key is pressed."),
            Ink::Dim,
        );
        sheet.hint("any key", "take it off");
        Some(sheet.done())
    }
}
