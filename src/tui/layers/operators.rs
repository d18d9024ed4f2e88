//! Who may open the vault. Somebody is added or removed from here.

use super::{
    Overlay, Turn, dialog::Dialog, operator_form::OperatorForm, operator_removal::OperatorRemoval,
};
use crate::engine::RecipientRow;
use crate::tui::{
    input::Input,
    state::State,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder},
};
use crossterm::event::KeyCode;

/// Columns for a name.
const NAME: usize = 34;

/// The list.
#[derive(Debug)]
pub struct Operators {
    /// Everybody who may open it, as they were read last.
    pub rows: Vec<RecipientRow>,
    chosen: usize,
}

impl Operators {
    /// The list of these.
    pub fn new(rows: Vec<RecipientRow>) -> Self {
        Self { rows, chosen: 0 }
    }
}

/// The one who cannot be removed: without it a forgotten passphrase loses everything.
pub const RECOVERY: &str = "recovery";

/// "a passphrase", for people.
fn way(kind: &str) -> &'static str {
    match kind {
        "passphrase" => "with a passphrase",
        "identity" => "with a key file",
        "ssh" => "with an SSH key",
        RECOVERY => "the recovery key, which stays",
        _ => "",
    }
}

impl Overlay for Operators {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let Input::Key(key) = input else {
            return Turn::stay();
        };
        let last = self.rows.len().saturating_sub(1);
        self.chosen = self.chosen.min(last);
        let open = |layer| Turn::open(layer, vec![]);
        match (key.code, self.rows.get(self.chosen)) {
            (KeyCode::Esc | KeyCode::Left | KeyCode::Char('q'), _) => Turn::close(),
            (KeyCode::Down | KeyCode::Char('j'), _) => {
                self.chosen = (self.chosen + 1).min(last);
                Turn::stay()
            }
            (KeyCode::Up | KeyCode::Char('k'), _) => {
                self.chosen = self.chosen.saturating_sub(1);
                Turn::stay()
            }
            (KeyCode::Char('a'), _) if !state.is_read_only() => {
                open(Dialog::ask(state.ticket(), OperatorForm))
            }
            (KeyCode::Char('x'), Some(row)) if row.kind != RECOVERY && !state.is_read_only() => {
                let question = OperatorRemoval::new(row.clone(), &self.rows);
                open(Dialog::ask(state.ticket(), question))
            }
            _ => Turn::passed(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new("Who may open the vault", width, state.look.glyphs);
        sheet.paragraph(
            "Whoever is here can read every stored key. Who is removed cannot any more, and what they could have read is listed.",
            Ink::Dim,
        );
        sheet.gap();
        for (place, row) in self.rows.iter().enumerate() {
            let chosen = place == self.chosen;
            sheet.row(chosen, &row.label, way(&row.kind), NAME);
            if chosen && !row.recipient.is_empty() {
                sheet.remark(&row.recipient, Ink::Dim);
            }
        }
        sheet.hint("a", "add");
        sheet.hint("x", "remove");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
