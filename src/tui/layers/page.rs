//! A row of a list in full: what the columns have no room for.

use super::{Overlay, Turn};
use crate::tui::{
    input::Input,
    state::State,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder},
};
use crossterm::event::KeyCode;

/// One line of the page: a heading, or a label with its text.
#[derive(Debug, Clone)]
pub struct Entry {
    pub label: String,
    pub text: String,
    pub ink: Ink,
}

/// The page.
#[derive(Debug)]
pub struct Page {
    title: String,
    entries: Vec<Entry>,
    top: usize,
}

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            entries: vec![],
            top: 0,
        }
    }

    /// A label with its text; nothing where there is nothing to say.
    pub fn fact(&mut self, label: &str, text: impl Into<String>, ink: Ink) {
        let text = text.into();
        if !text.is_empty() {
            self.entries.push(Entry {
                label: label.to_owned(),
                text,
                ink,
            });
        }
    }
}

impl Overlay for Page {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let Input::Key(key) = input else {
            return Turn::stay();
        };
        let page = state.list_height().max(4) - 3;
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Left | KeyCode::Char('q') => {
                return Turn::close();
            }
            KeyCode::Down | KeyCode::Char('j') => self.top += 1,
            KeyCode::Up | KeyCode::Char('k') => self.top = self.top.saturating_sub(1),
            KeyCode::PageDown => self.top += page,
            KeyCode::PageUp => self.top = self.top.saturating_sub(page),
            _ => return Turn::passed(),
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        for entry in &self.entries {
            if entry.text.starts_with("https://") {
                sheet.address(&entry.label, &entry.text);
            } else {
                sheet.fact(&entry.label, &entry.text, entry.ink);
            }
        }
        sheet.scroll_to(self.top);
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
