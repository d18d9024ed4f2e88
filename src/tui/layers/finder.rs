//! The help and the palette: the one table of actions, searched. The chosen row runs.

use super::{Overlay, Turn};
use crate::domain::{ACTIONS, Action};
use crate::tui::{
    input::Input,
    state::{State, cursor::Cursor, filter},
    theme::Ink,
    widgets::{
        field::{Entry, Field, Taken},
        sheet::{Sheet, SheetBuilder},
    },
};
use crossterm::event::KeyCode;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// Columns from which on a row has room for the name of an action beside its keys and what it does.
const ROOM_FOR_NAMES: u16 = 60;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All actions with all keys, filtered by words.
    Help,
    /// What is possible here, by fuzzy match, best first.
    Palette,
}

/// The table of actions with a search line.
#[derive(Debug)]
pub struct Finder {
    kind: Kind,
    query: Field,
    cursor: Cursor<&'static str>,
}

impl Finder {
    /// With an empty search line.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            query: Field::text("query", "Find", "", 60),
            cursor: Cursor::default(),
        }
    }

    /// The rows for what is written.
    fn found(&self, state: &State) -> Vec<&'static Action> {
        let offered = |action: &&Action| {
            if !state.is_granted(action.id) {
                return false;
            }
            !(state.is_read_only() && action.danger > crate::domain::Danger::None)
                || state.offers(action.id)
        };
        match self.kind {
            Kind::Help => ACTIONS
                .iter()
                .filter(offered)
                .filter(|action| {
                    let words = format!(
                        "{} {} {}",
                        action.name,
                        action.description,
                        state.keymap.keys(action.id)
                    );
                    filter::passes(self.query.value(), &words)
                })
                .collect(),
            Kind::Palette => best(
                self.query.value(),
                ACTIONS.iter().filter(|action| state.offers(action.id)),
            ),
        }
    }
}

/// The actions that match a fuzzy query, best first.
fn best(query: &str, actions: impl Iterator<Item = &'static Action>) -> Vec<&'static Action> {
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<_> = actions
        .filter_map(|action| {
            let mut score =
                |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            // The name weighs double: somebody who types "key" means the action of that name.
            let name = score(action.name).map(|score| score * 2);
            name.max(score(action.description))
                .map(|score| (score, action))
        })
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, action)| action).collect()
}

impl Overlay for Finder {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let rows: Vec<_> = self.found(state).iter().map(|action| action.name).collect();
        let height = state.list_height();
        let page = Cursor::<&str>::page(height);
        let step = match input {
            Input::Paste(text) => {
                self.query.paste(text);
                self.cursor = Cursor::default();
                return Turn::stay();
            }
            Input::Key(key) => match key.code {
                KeyCode::Esc => return Turn::close(),
                KeyCode::Enter => {
                    let chosen = self.found(state).get(self.cursor.index).copied();
                    return match chosen {
                        Some(action) if state.offers(action.id) => Turn {
                            run: Some(action.id),
                            ..Turn::close()
                        },
                        _ => Turn::stay(),
                    };
                }
                KeyCode::Up => -1,
                KeyCode::Down => 1,
                KeyCode::PageUp => -page,
                KeyCode::PageDown => page,
                _ => {
                    return match self.query.key(key) {
                        Taken::Changed => {
                            self.cursor = Cursor::default();
                            Turn::stay()
                        }
                        Taken::Kept => Turn::stay(),
                        Taken::Passed => Turn::passed(),
                    };
                }
            },
        };
        self.cursor.step(step, &rows, height);
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let title = match self.kind {
            Kind::Help => "Help",
            Kind::Palette => "Find an action",
        };
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        if let Entry::Text(input) = &self.query.entry {
            sheet.text_field(&self.query.label, input, true, false);
        }
        sheet.gap();
        let rows = self.found(state);
        if rows.is_empty() {
            sheet.paragraph("No action matches.", Ink::Dim);
        }
        let narrow = width < ROOM_FOR_NAMES;
        // Where there is room for two columns only, what an action does says more than its name.
        let keys = |action: &Action| {
            let keys = state.keymap.keys(action.id);
            match keys.split_once(' ') {
                Some((first, _)) if narrow => first.to_owned(),
                _ => keys,
            }
        };
        // Of all actions, so that the column stays where it is while the list is filtered.
        let column = ACTIONS
            .iter()
            .map(|action| keys(action).chars().count())
            .max()
            .unwrap_or_default();
        for (place, action) in rows.iter().enumerate() {
            let keys = keys(action);
            let possible = if state.offers(action.id) {
                ""
            } else {
                "(not here) "
            };
            let says = format!("{possible}{}", action.description);
            let selected = place == self.cursor.index;
            if narrow {
                sheet.row(selected, &keys, &says, column + 1);
            } else {
                sheet.row(
                    selected,
                    action.name,
                    &format!("{keys:<column$} {says}"),
                    18,
                );
            }
        }
        sheet.hint("enter", "run");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_finds_by_letters_in_order() {
        let found = best("newcom", ACTIONS.iter());
        assert_eq!(
            found.first().map(|action| action.name),
            Some("new-community")
        );
        assert_eq!(best("", ACTIONS.iter()).len(), ACTIONS.len());
    }
}
