//! The pane of a community's instances: every platform of the catalog, in its place whatever its state, under the
//! heading of its group; then what is joined to what.

use super::{
    heading_ink,
    list::{self, Cell, Chosen, Columns, Drawable, cell, inked},
};
use crate::domain::{ConnectionState, Health, Mark};
use crate::engine::views::{ConnectionRow, PlatformRow};
use crate::tui::{
    effect::Load,
    layout,
    state::{Pane, State},
    text,
    theme::Ink,
    widgets::paint::Paint,
};
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _;

const NAME: u16 = 16;
/// State, health, age, then the note or the address.
const CELLS: &[u16] = &[12, 8, 5, 40];

enum Line<'a> {
    Gap,
    Heading(String),
    Platform(&'a PlatformRow),
    Connection(&'a ConnectionRow),
}

/// Draws the pane; answers where its chosen row is.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    let focused = state.pane == Pane::Instances;
    let heading = u16::from(area.height > 3);
    let Some(detail) = &state.community else {
        return None;
    };
    if heading > 0 {
        paint.text(
            area,
            1,
            0,
            area.width,
            &title(state, detail),
            heading_ink(focused),
        );
    }
    let body = Rect {
        y: area.y + heading,
        height: area.height - heading,
        ..area
    };
    // Headings and connections go before rows do.
    let roomy = usize::from(body.height) >= state.instances.count() + 6;
    let lines = lines(state, detail.connections.as_slice(), roomy);
    let chosen_key = state.instances.cursor.key.as_ref();
    let chosen_line = lines
        .iter()
        .position(|line| matches!(line, Line::Platform(row) if Some(&row.platform) == chosen_key))
        .unwrap_or(0);
    let height = usize::from(body.height).max(1);
    let top = if lines.len() <= height {
        0
    } else {
        (chosen_line / height * height).min(lines.len() - height)
    };
    let columns = Columns {
        name: NAME,
        cells: CELLS,
    };
    let mut place = None;
    for (y, line) in lines.iter().skip(top).take(height).enumerate() {
        let Ok(y) = u16::try_from(y) else { break };
        match line {
            Line::Gap => {}
            Line::Heading(group) => {
                paint.text(body, 2, y, body.width, group, Ink::Dim);
            }
            Line::Connection(row) => connection(paint, body, y, row, state),
            Line::Platform(row) => {
                let here = Some(&row.platform) == chosen_key;
                let marked = state.marks.contains(&row.platform);
                let how = match (marked, here, focused) {
                    (true, true, true) => Chosen::MarkedAndHere,
                    (true, ..) => Chosen::Marked,
                    (false, true, true) => Chosen::Here,
                    (false, true, false) => Chosen::Elsewhere,
                    (false, false, _) => Chosen::No,
                };
                let at = list::row(paint, body, y, &columns, &drawable(state, row), how);
                if here {
                    place = Some(at);
                }
            }
        }
    }
    place
}

fn title(state: &State, detail: &crate::engine::views::CommunityDetail) -> String {
    let mut title = detail.community.name.clone();
    let next = state.chosen_slug().cloned().map(Load::Community);
    if state.present_community().is_none() && state.loads.any(|load| Some(load) == next.as_ref()) {
        title.push_str("  (reading the next)");
    }
    if !state.instances.filter.is_empty() {
        let _ = write!(title, "  /{}", state.instances.filter);
    }
    if !state.marks.is_empty() {
        let hidden = state
            .marks
            .iter()
            .filter(|id| !state.instances.visible().any(|row| row.platform == **id))
            .count();
        let _ = write!(title, "  {} marked", state.marks.len());
        if hidden > 0 {
            let _ = write!(title, ", {hidden} hidden");
        }
    }
    if state.columns() == layout::Columns::One && detail.community.archived_at.is_some() {
        title.push_str(" (archived)");
    }
    title
}

fn lines<'a>(state: &'a State, connections: &'a [ConnectionRow], roomy: bool) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut group = "";
    for row in state.instances.visible() {
        if roomy && row.group != group {
            if !lines.is_empty() {
                lines.push(Line::Gap);
            }
            lines.push(Line::Heading(crate::tui::layers::new_community::capital(
                &row.group,
            )));
            group = &row.group;
        }
        lines.push(Line::Platform(row));
    }
    if roomy && !connections.is_empty() && state.instances.filter.is_empty() {
        lines.push(Line::Gap);
        lines.push(Line::Heading("Connections".to_owned()));
        lines.extend(connections.iter().map(Line::Connection));
    }
    lines
}

/// The row of a platform.
fn drawable(state: &State, row: &PlatformRow) -> Drawable {
    let Some(instance) = &row.instance else {
        return Drawable {
            mark: Some(Mark::Inactive),
            sign: None,
            name: inked(row.name.clone(), Ink::Dim),
            cells: vec![
                inked("off", Ink::Dim),
                cell(""),
                cell(""),
                inked(
                    if row.adapter {
                        ""
                    } else {
                        "adapter not there yet"
                    },
                    Ink::Dim,
                ),
            ],
        };
    };
    let mark = instance.mark();
    let health = if instance.drifted {
        inked("drift", Ink::Drift)
    } else {
        health(instance.health)
    };
    let age = instance.checked_at.map_or(String::new(), |at| {
        format!("{:>5}", text::age(state.now, at))
    });
    let last = if instance.note.is_empty() {
        instance.url.as_deref().map_or("", short_address)
    } else {
        &instance.note
    };
    Drawable {
        mark: Some(mark),
        sign: (mark == Mark::Working && !state.look.plain).then(|| super::spinner(state)),
        name: cell(row.name.clone()),
        cells: vec![
            inked(instance.state_words(), text::mark_ink(mark)),
            health,
            inked(age, Ink::Dim),
            inked(last, Ink::Dim),
        ],
    }
}

fn health(health: Health) -> Cell {
    match health {
        Health::Ok => inked("ok", Ink::Good),
        Health::Degraded => inked("degraded", Ink::Waiting),
        Health::Down => inked("down", Ink::Failed),
        Health::Unknown => cell(""),
    }
}

/// An address without what every address begins with.
fn short_address(address: &str) -> &str {
    address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address)
        .trim_end_matches('/')
}

/// One line of what is joined to what.
fn connection(paint: &mut Paint<'_>, area: Rect, y: u16, row: &ConnectionRow, state: &State) {
    let words = format!("{} {} {}", row.from, row.connection.verb, row.to);
    let width = 34.min(area.width.saturating_sub(4));
    paint.text(area, 4, y, width, &words, Ink::Text);
    let (said, ink) = connection_state(row);
    let age = row.connection.tested_at.map_or(String::new(), |at| {
        format!("  {}", text::age(state.now, at))
    });
    let x = 4 + width + 1;
    paint.text(
        area,
        x,
        y,
        area.width.saturating_sub(x),
        &format!("{said}{age}"),
        ink,
    );
}

/// What is said of a connection.
pub fn connection_state(row: &ConnectionRow) -> (String, Ink) {
    let note = &row.connection.note;
    let with_note = |word: &str| {
        if note.is_empty() {
            word.to_owned()
        } else {
            note.clone()
        }
    };
    match row.connection.state {
        ConnectionState::Waiting => (with_note("waits"), Ink::Waiting),
        ConnectionState::Made if row.connection.tested_at.is_some() => {
            ("made, arrival not seen".to_owned(), Ink::Text)
        }
        ConnectionState::Made => ("made, not tested".to_owned(), Ink::Text),
        ConnectionState::Ok => ("ok".to_owned(), Ink::Good),
        ConnectionState::Failed => (with_note("failed"), Ink::Failed),
    }
}
