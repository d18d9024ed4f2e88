//! The line in which a filter is written, over the footer; the list answers while one types.

use super::{Overlay, Turn};
use crate::tui::{
    input::Input,
    state::State,
    update::lists,
    widgets::{
        field::{Entry, Field, Taken},
        sheet::Sheet,
    },
};
use crossterm::event::KeyCode;

/// The most characters of a filter.
const MOST: usize = 60;

/// The filter being written.
#[derive(Debug)]
pub struct FilterLine {
    field: Field,
}

impl FilterLine {
    /// Over a list that has this filter already.
    pub fn new(filter: &str) -> Self {
        Self {
            field: Field::text("filter", "Filter", filter, MOST),
        }
    }

    /// What is written, and the column of the cursor in it.
    pub fn shown(&self) -> (&str, usize) {
        match &self.field.entry {
            Entry::Text(input) => (input.value(), input.visual_cursor()),
            _ => ("", 0),
        }
    }
}

impl Overlay for FilterLine {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let taken = match input {
            Input::Paste(text) => self.field.paste(text),
            Input::Key(key) => match key.code {
                KeyCode::Enter => return Turn::close(),
                KeyCode::Esc => {
                    let effects = lists::set_filter(state, "");
                    return Turn {
                        effects,
                        ..Turn::close()
                    };
                }
                KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown => {
                    return Turn::passed();
                }
                _ => self.field.key(key),
            },
        };
        match taken {
            Taken::Passed => Turn::passed(),
            Taken::Kept => Turn::stay(),
            Taken::Changed => Turn::with(lists::set_filter(state, self.field.value())),
        }
    }

    fn sheet(&self, _state: &State, _width: u16) -> Option<Sheet> {
        None
    }
}
