//! The view of requests: what administrators asked for, and what became of it.

use super::{
    list::{Columns, Drawable, cell, inked},
    tables::{NARROW, Words, table},
};
use crate::domain::{Mark, RequestState};
use crate::tui::{state::State, text, theme::Ink, widgets::paint::Paint};
use ratatui::layout::{Position, Rect};

/// Requests, the open ones first.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.requests,
        &Words {
            heading: "Requests".to_owned(),
            empty: "Nobody has asked for anything.",
        },
        &Columns {
            name: if area.width < NARROW { 14 } else { 20 },
            cells: &[10, 5, 14, 80],
        },
        |request| {
            let answer = if request.answer.is_empty() {
                &request.words
            } else {
                &request.answer
            };
            Drawable {
                mark: Some(match request.state {
                    RequestState::Open => Mark::Waiting,
                    RequestState::Approved => Mark::Active,
                    RequestState::Refused => Mark::Failed,
                    RequestState::Withdrawn => Mark::Inactive,
                }),
                sign: None,
                name: cell(request.slug.as_str()),
                cells: vec![
                    cell(request.state.word()),
                    inked(
                        format!("{:>5}", text::age(state.now, request.asked_at)),
                        Ink::Dim,
                    ),
                    cell(request.asked_by.clone()),
                    cell(format!("{}  {answer}", request.wish)),
                ],
            }
        },
    )
}
