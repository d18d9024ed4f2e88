//! One operation with the journal of its steps.

use super::{Overlay, Turn};
use crate::domain::{OperationId, StepState};
use crate::engine::views::OperationDetail;
use crate::tui::{
    input::Input,
    state::State,
    text,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder, piece},
};
use crossterm::event::KeyCode;
use std::fmt::Write as _;

/// The page.
#[derive(Debug)]
pub struct OperationSheet {
    /// Which operation.
    pub operation: OperationId,
    /// What was read of it.
    pub detail: Option<OperationDetail>,
    top: usize,
}

impl OperationSheet {
    /// For an operation that is being read.
    pub fn new(operation: OperationId) -> Self {
        Self {
            operation,
            detail: None,
            top: 0,
        }
    }
}

impl Overlay for OperationSheet {
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
        let Some(detail) = &self.detail else {
            let mut sheet = SheetBuilder::new("Operation", width, state.look.glyphs);
            sheet.paragraph("Reading it.", Ink::Dim);
            return Some(sheet.done());
        };
        let operation = &detail.row.operation;
        let title = format!(
            "{} {} of {}",
            detail.row.platform_name, operation.verb, detail.row.community
        );
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        sheet.fact("state", detail.row.state_words(), Ink::Text);
        let when = |at| text::when(state.now, at, &state.zone);
        sheet.fact(
            "asked for",
            &format!("{} by {}", when(operation.created_at), operation.actor),
            Ink::Text,
        );
        if operation.attempts > 1 {
            sheet.fact(
                "begun",
                &crate::domain::counted(operation.attempts, "time", "times"),
                Ink::Text,
            );
        }
        if let Some(at) = operation.not_before {
            sheet.fact("again at", &when(at), Ink::Text);
        }
        if let Some(fault) = &operation.fault {
            sheet.fact("because", &fault.what, Ink::Error);
            sheet.fact("do", &fault.hint, Ink::Text);
            sheet.fact(
                "cause",
                fault.detail.as_deref().unwrap_or_default(),
                Ink::Dim,
            );
        }
        if let Some(task) = &operation.task {
            sheet.fact("waits for", &task.title, Ink::Waiting);
        }
        if let Some(progress) = state.progress.get(&operation.id)
            && operation.state == crate::domain::OperationState::Running
        {
            sheet.fact("now", &progress_words(progress), Ink::Working);
        }
        sheet.gap();
        sheet.paragraph("Steps", Ink::Heading);
        if detail.steps.is_empty() {
            sheet.paragraph("None is written down yet.", Ink::Dim);
        }
        for step in &detail.steps {
            let (said, ink) = match step.state {
                StepState::Intended => ("intended, not known to be done", Ink::Waiting),
                StepState::Recorded => ("done", Ink::Good),
                StepState::Waiting => ("waits", Ink::Waiting),
            };
            let at = when(step.recorded_at.unwrap_or(step.intended_at));
            sheet.line(vec![
                piece(&format!("{at}  "), Ink::Dim),
                piece(
                    &text::fit(
                        &step.name,
                        24.min(usize::from(width) / 2),
                        state.look.glyphs,
                    ),
                    Ink::Text,
                ),
                piece("  ", Ink::Text),
                piece(said, ink),
            ]);
        }
        sheet.scroll_to(self.top);
        for (id, offered) in [
            (
                crate::domain::ActionId::Resume,
                state.offers(crate::domain::ActionId::Resume),
            ),
            (
                crate::domain::ActionId::Cancel,
                state.offers(crate::domain::ActionId::Cancel),
            ),
        ] {
            if offered && let Some(key) = state.keymap.key(id) {
                sheet.hint(key, crate::tui::keymap::entry(id).short);
            }
        }
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}

/// "rooms 2 of 4: general".
pub fn progress_words(progress: &crate::domain::Progress) -> String {
    let mut words = progress.phase.clone();
    if progress.of > 0 {
        let _ = write!(words, " {} of {}", progress.done, progress.of);
    }
    if !progress.item.is_empty() {
        let _ = write!(words, ": {}", progress.item);
    }
    words
}
