//! The keys that are or were replaced, the newest first. Enter shows one in full.

use super::{Layer, Overlay, Turn};
use crate::domain::PartState;
use crate::engine::RotationReport;
use crate::tui::{
    input::Input,
    layers::page::Page,
    state::State,
    text,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder},
};
use crossterm::event::KeyCode;

/// Columns for which key it is.
const NAME: usize = 44;

/// The list.
#[derive(Debug)]
pub struct Rotations {
    /// What was read last.
    pub rows: Vec<RotationReport>,
    chosen: usize,
}

impl Rotations {
    /// The list of these.
    pub fn new(rows: Vec<RotationReport>) -> Self {
        Self { rows, chosen: 0 }
    }
}

/// "2 of 12 moved", or how it ended.
fn standing(report: &RotationReport) -> (String, Ink) {
    let open = report.count(PartState::Open);
    match report.rotation.ended_at {
        Some(_) if report.rotation.proof.starts_with("not proven") => {
            ("over, without a proof".to_owned(), Ink::Waiting)
        }
        Some(_) => ("over: the old key is dead".to_owned(), Ink::Active),
        None if open == 0 => ("the old key is to be ended".to_owned(), Ink::Waiting),
        None => {
            let moved = report.parts.len() - open;
            let said = format!("{moved} of {} moved", report.parts.len());
            (said, Ink::Working)
        }
    }
}

fn named(report: &RotationReport) -> String {
    let rotation = &report.rotation;
    format!(
        "{} {} of {} ..{}",
        rotation.id, rotation.field, report.platform_name, rotation.last_four
    )
}

/// Everything about one of them.
pub fn page(state: &State, report: &RotationReport) -> Page {
    let rotation = &report.rotation;
    let mut page = Page::new(format!("Rotation {}", named(report)));
    let (stands, ink) = standing(report);
    page.fact("state", stands, ink);
    page.fact("proof", rotation.proof.clone(), Ink::Text);
    let because = format!("{}: {}", rotation.reason, rotation.why);
    page.fact("because", because.trim_end_matches(": "), Ink::Text);
    let begun = text::when(state.now, rotation.started_at, &state.zone);
    page.fact("began", format!("{begun}, {}", rotation.actor), Ink::Text);
    for part in &report.parts {
        let ink = match (part.state, &part.waits_for) {
            (_, Some(_)) => Ink::Waiting,
            (PartState::Open, None) => Ink::Working,
            (PartState::Moved | PartState::Gone, None) => Ink::Text,
        };
        let said = part.waits_for.as_ref().map_or_else(
            || part.note.clone(),
            |what| format!("waits for a person: {what}"),
        );
        let line = format!("{} of {}: {said}", part.platform_name, part.slug);
        page.fact(part.state.word(), line.trim_end_matches(": "), ink);
    }
    for joined in &report.connections {
        let line = format!(
            "{} {} {}, {}: {}, {}",
            joined.from, joined.verb, joined.to, joined.slug, joined.state, joined.note
        );
        page.fact("joined", line.trim_end_matches(", "), Ink::Text);
    }
    page
}

impl Overlay for Rotations {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let Input::Key(key) = input else {
            return Turn::stay();
        };
        let last = self.rows.len().saturating_sub(1);
        self.chosen = self.chosen.min(last);
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
            (KeyCode::Enter | KeyCode::Right, Some(report)) => {
                let page = page(state, report);
                Turn::open(Layer::Page(Box::new(page)), vec![])
            }
            _ => Turn::passed(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new("Keys that are being replaced", width, state.look.glyphs);
        if self.rows.is_empty() {
            sheet.paragraph("None yet.", Ink::Dim);
        }
        for (place, report) in self.rows.iter().enumerate() {
            let chosen = place == self.chosen;
            let (said, _) = standing(report);
            sheet.row(chosen, &named(report), &said, NAME);
            if chosen {
                let begun = text::ago(state.now, report.rotation.started_at);
                let remark = format!("{}, {begun}", report.rotation.reason);
                sheet.remark(&remark, Ink::Dim);
            }
        }
        sheet.hint("enter", "all of it");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
