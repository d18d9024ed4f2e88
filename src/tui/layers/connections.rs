//! What an instance is joined to, both ways: each connection can be tested and undone from here by who may.

use super::{Layer, Overlay, Turn, confirm::Confirm};
use crate::domain::{Intent, IntentKind};
use crate::engine::views::ConnectionRow;
use crate::tui::{
    effect::Effect,
    input::Input,
    state::State,
    text,
    theme::Ink,
    views::{connection_ends, connection_state},
    widgets::sheet::{Sheet, SheetBuilder},
};
use crossterm::event::KeyCode;

/// Columns for what is joined.
const NAME: usize = 34;

/// The list. Its rows are those of the state, so that a test's result shows as soon as it is known.
#[derive(Debug)]
pub struct Connections {
    /// The instance's platform, by the name that its rows bear.
    name: String,
    chosen: usize,
}

impl Connections {
    /// The connections of this platform of the community in sight.
    pub fn new(name: String) -> Self {
        Self { name, chosen: 0 }
    }

    fn rows<'a>(&'a self, state: &'a State) -> impl Iterator<Item = &'a ConnectionRow> {
        state
            .community
            .iter()
            .flat_map(|detail| &detail.connections)
            .filter(|row| row.from == self.name || row.to == self.name)
    }
}

/// Asks whether a connection is to be undone.
fn undo(row: &ConnectionRow) -> Turn {
    let words = format!("{} {} {}", row.from, row.connection.verb, row.to);
    let intent = Intent::Disconnect {
        connection: row.connection.id,
    };
    let question = Confirm::new(format!("Undo: {words}"), "Undo it", vec![intent])
        .says("What was set up for it on both sides is taken away; both instances stay.");
    Turn::open(Layer::Confirm(Box::new(question)), vec![])
}

impl Overlay for Connections {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let Input::Key(key) = input else {
            return Turn::stay();
        };
        let last = self.rows(state).count().saturating_sub(1);
        self.chosen = self.chosen.min(last);
        let row = self.rows(state).nth(self.chosen).cloned();
        match (key.code, row) {
            (KeyCode::Esc | KeyCode::Left | KeyCode::Char('q'), _) | (_, None) => Turn::close(),
            (KeyCode::Down | KeyCode::Char('j'), _) => {
                self.chosen = (self.chosen + 1).min(last);
                Turn::stay()
            }
            (KeyCode::Up | KeyCode::Char('k'), _) => {
                self.chosen = self.chosen.saturating_sub(1);
                Turn::stay()
            }
            (KeyCode::Enter | KeyCode::Char('t'), Some(row))
                if state.may(IntentKind::TestConnection) =>
            {
                let intent = Intent::TestConnection {
                    connection: row.connection.id,
                };
                Turn::with(vec![Effect::Submit(None, Box::new(intent))])
            }
            (KeyCode::Char('x'), Some(row)) if state.may(IntentKind::Disconnect) => undo(&row),
            _ => Turn::passed(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let title = format!("Connections of {}", self.name);
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        if self.rows(state).next().is_none() {
            sheet.paragraph("None any more.", Ink::Dim);
        }
        for (place, row) in self.rows(state).enumerate() {
            let chosen = place == self.chosen;
            let (said, _) = connection_state(row);
            sheet.row(chosen, &connection_ends(row, &self.name), &said, NAME);
            if chosen {
                let tested = row.connection.tested_at.map_or_else(
                    || "never tested".to_owned(),
                    |at| format!("tested {}", text::ago(state.now, at)),
                );
                sheet.remark(&tested, Ink::Dim);
                if !row.connection.note.is_empty() {
                    sheet.remark(&row.connection.note, Ink::Text);
                }
            }
        }
        if state.may(IntentKind::TestConnection) {
            sheet.hint("t", "test: send, see arrive");
        }
        if state.may(IntentKind::Disconnect) {
            sheet.hint("x", "undo");
        }
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
