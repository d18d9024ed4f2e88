//! The view of operations: whose, what, how far, since when, what can be done.

use super::{
    list::{Columns, Drawable, cell, inked},
    tables::{NARROW, Words, table},
};
use crate::domain::{Mark, OperationState};
use crate::engine::views::OperationRow;
use crate::tui::{
    layers::operation::progress_words, state::State, text, theme::Ink, widgets::paint::Paint,
};
use ratatui::layout::{Position, Rect};

/// Operations: whose, what, how far, since when, what can be done.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    let all = state.operations.all();
    let count = |wanted: fn(OperationState) -> bool| {
        all.iter().filter(|row| wanted(row.operation.state)).count()
    };
    let heading = format!(
        "Operations   {} working   {} waiting   {} failed",
        count(|state| matches!(state, OperationState::Running | OperationState::Queued)),
        count(|state| matches!(
            state,
            OperationState::WaitsHuman | OperationState::WaitsKey | OperationState::WaitsUnlock
        )),
        count(|state| state == OperationState::Failed),
    );
    let narrow = area.width < NARROW;
    let name = if narrow { 12 } else { 20 };
    let cells: &[u16] = if narrow { &[8, 60] } else { &[16, 12, 7, 60] };
    table(
        paint,
        area,
        state,
        &state.operations,
        &Words {
            heading,
            empty: "Nothing was asked for yet.",
        },
        &Columns { name, cells },
        |row| operation(state, row, narrow),
    )
}

fn operation(state: &State, row: &OperationRow, narrow: bool) -> Drawable {
    let operation = &row.operation;
    let mark = match operation.state {
        OperationState::Queued | OperationState::Running => Mark::Working,
        OperationState::WaitsHuman | OperationState::WaitsKey | OperationState::WaitsUnlock => {
            Mark::Waiting
        }
        OperationState::Done => Mark::Active,
        OperationState::Failed => Mark::Failed,
        OperationState::Cancelled => Mark::Inactive,
    };
    let running = operation.state == OperationState::Running && !row.interrupted;
    let time = if running {
        text::elapsed(
            state.now,
            operation
                .updated_at
                .min(state.now)
                .max(operation.created_at),
        )
    } else {
        text::age(state.now, operation.updated_at)
    };
    let (said, ink) = operation_words(state, row);
    Drawable {
        mark: Some(mark),
        sign: (running && !state.look.plain).then(|| super::spinner(state)),
        name: cell(row.community.clone()),
        cells: if narrow {
            let platform = text::fit(&row.platform_name, 8, state.look.glyphs);
            vec![cell(platform), inked(said, ink)]
        } else {
            vec![
                cell(row.platform_name.clone()),
                cell(operation.verb.word()),
                inked(format!("{time:>6}"), Ink::Dim),
                inked(said, ink),
            ]
        },
    }
}

fn operation_words(state: &State, row: &OperationRow) -> (String, Ink) {
    let operation = &row.operation;
    let fault = operation.fault.as_ref();
    match operation.state {
        OperationState::Running if row.interrupted => {
            ("interrupted; it goes on by itself".to_owned(), Ink::Waiting)
        }
        OperationState::Running => {
            let progress = state.progress.get(&operation.id).or(row.progress.as_ref());
            (
                progress.map_or_else(|| "working".to_owned(), progress_words),
                Ink::Working,
            )
        }
        OperationState::Queued => match (operation.not_before, fault) {
            (Some(at), Some(fault)) => (
                format!(
                    "again at {}: {}",
                    text::when(state.now, at, &state.zone),
                    fault.what
                ),
                Ink::Waiting,
            ),
            _ => ("queued".to_owned(), Ink::Dim),
        },
        OperationState::WaitsHuman => (
            operation.task.as_ref().map_or_else(
                || "waits for you".to_owned(),
                |task| format!("waits for you: {}", task.title),
            ),
            Ink::Waiting,
        ),
        OperationState::WaitsKey => ("waits for a key".to_owned(), Ink::Waiting),
        OperationState::WaitsUnlock => (
            "waits for the vault to be unlocked".to_owned(),
            Ink::Waiting,
        ),
        OperationState::Done => ("done".to_owned(), Ink::Dim),
        OperationState::Cancelled => ("cancelled; what it did stays done".to_owned(), Ink::Dim),
        OperationState::Failed => (
            fault.map_or_else(|| "failed".to_owned(), |fault| fault.what.clone()),
            Ink::Error,
        ),
    }
}
