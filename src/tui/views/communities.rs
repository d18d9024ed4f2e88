//! The pane of communities.

use super::{
    heading_ink,
    list::{self, Chosen, Columns, Drawable, cell},
};
use crate::domain::Mark;
use crate::tui::{
    state::{Pane, State},
    text,
    theme::Ink,
    widgets::paint::Paint,
};
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _;

/// Columns of "9/11".
const COUNTS: u16 = 5;

/// Draws the pane; answers where its chosen row is.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    let focused = state.pane == Pane::Communities;
    let list = &state.communities;
    let heading = u16::from(area.height > 3);
    if heading > 0 {
        let mut title = "Communities".to_owned();
        if !list.filter.is_empty() {
            let _ = write!(title, "  /{}", list.filter);
        } else if let Some(overview) = &state.overview {
            let _ = write!(title, "  {}", text::thousands(overview.communities));
        }
        paint.text(area, 1, 0, area.width, &title, heading_ink(focused));
    }
    let body = Rect {
        y: area.y + heading,
        height: area.height - heading,
        ..area
    };
    if list.rows.is_empty() {
        empty(paint, body, state);
        return None;
    }
    let height = usize::from(body.height);
    let top = list.cursor.top(list.rows.len(), height);
    let columns = Columns {
        name: area.width.saturating_sub(4 + 1 + COUNTS),
        cells: &[COUNTS],
    };
    let archived = Columns {
        name: area.width.saturating_sub(4),
        cells: &[],
    };
    let mut place = None;
    for (y, row) in list.rows.iter().enumerate().skip(top).take(height) {
        let chosen = y == list.cursor.index;
        let drawable = Drawable {
            mark: Some(if row.archived {
                Mark::Inactive
            } else {
                row.mark
            }),
            sign: None,
            name: if row.archived {
                list::inked(format!("{} (archived)", row.name), Ink::Dim)
            } else {
                cell(row.name.clone())
            },
            cells: vec![list::inked(
                format!("{:>5}", format!("{}/{}", row.active, row.total)),
                Ink::Dim,
            )],
        };
        let how = match (chosen, focused) {
            (false, _) => Chosen::No,
            (true, true) => Chosen::Here,
            (true, false) => Chosen::Elsewhere,
        };
        let Ok(line) = u16::try_from(y - top) else {
            break;
        };
        let columns = if row.archived { &archived } else { &columns };
        let at = list::row(paint, body, line, columns, &drawable, how);
        if chosen {
            place = Some(at);
        }
    }
    place
}

fn empty(paint: &mut Paint<'_>, area: Rect, state: &State) {
    let said = if !state.communities.loaded {
        "Reading.".to_owned()
    } else if !state.communities.filter.is_empty() {
        "No community matches.".to_owned()
    } else {
        match state.keymap.key(crate::domain::ActionId::NewCommunity) {
            Some(key) if !state.is_read_only() => {
                format!("None yet. Press {key} to create the first.")
            }
            _ => "None yet.".to_owned(),
        }
    };
    let width = usize::from(area.width.saturating_sub(2));
    for (y, line) in text::wrap(&said, width).iter().enumerate() {
        let Ok(y) = u16::try_from(y) else { break };
        paint.text(area, 1, y, area.width, line, Ink::Dim);
    }
}
