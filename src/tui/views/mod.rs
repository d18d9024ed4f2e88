//! Draws the state. Reads nothing else: no clock, no engine.

mod accounts;
mod communities;
mod details;
mod instances;
mod list;
mod operations;
mod requests;
mod tables;

pub use accounts::age as slots_age;
pub use details::{due_words, ends as connection_ends, key_ink, key_words};
pub use instances::connection_state;

use super::{
    layout,
    state::{Pane, State, View},
    term::Link,
    theme::Ink,
    widgets::{bars, paint::Paint, sheet::Drawn},
};
use ratatui::{Frame, layout::Position};

/// Draws everything; answers the links of the frame.
pub fn draw(frame: &mut Frame<'_>, state: &State) -> Vec<Link> {
    let area = frame.area();
    // The terminal may have another size than the last message said: what is drawn must fit what is there.
    let regions = layout::regions((area.width, area.height), state.notice_lines());
    let sheet = state
        .layers
        .last()
        .and_then(|layer| layer.sheet(state, regions.body.width));
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        look: &state.look,
    };
    bars::title(&mut paint, regions.title, state);
    let mut drawn = match &sheet {
        Some(sheet) => sheet.draw(&mut paint, regions.body),
        None => view(&mut paint, regions.body, state),
    };
    bars::notice(&mut paint, regions.notice, state);
    let written = bars::footer(&mut paint, regions.footer, state, sheet.as_ref());
    if let Some(position) = written.or(drawn.cursor) {
        frame.set_cursor_position(position);
    }
    std::mem::take(&mut drawn.links)
}

fn view(paint: &mut Paint<'_>, area: ratatui::layout::Rect, state: &State) -> Drawn {
    let cursor = match state.view {
        View::Communities => return panes(paint, area, state),
        View::Operations => operations::draw(paint, area, state),
        View::Tasks => tables::tasks(paint, area, state),
        View::Accounts => accounts::draw(paint, area, state),
        View::Requests => requests::draw(paint, area, state),
        View::Platforms => tables::platforms(paint, area, state),
        View::Audit => tables::audit(paint, area, state),
        View::Messages => tables::messages(paint, area, state),
    };
    drawn(state, cursor)
}

/// In plain mode the terminal's own cursor stands on the chosen row, for screen readers.
fn drawn(state: &State, cursor: Option<Position>) -> Drawn {
    Drawn {
        cursor: cursor.filter(|_| state.look.plain),
        links: vec![],
    }
}

fn panes(paint: &mut Paint<'_>, area: ratatui::layout::Rect, state: &State) -> Drawn {
    let [first, second, third] = layout::panes(area, state.pane);
    let mut cursor = None;
    if first.width > 0 {
        let at = communities::draw(paint, first, state);
        if state.pane == Pane::Communities {
            cursor = at;
        }
    }
    if second.width > 0 {
        if first.width > 0 {
            paint.rule_before(second);
        }
        let at = instances::draw(paint, second, state);
        if state.pane == Pane::Instances {
            cursor = at;
        }
    }
    let mut all = drawn(state, cursor);
    if third.width > 0 {
        if third.x > area.x {
            paint.rule_before(third);
        }
        all.links = details::draw(paint, third, state);
    }
    all
}

/// The heading of a pane: bold where the focus is.
fn heading_ink(focused: bool) -> Ink {
    if focused { Ink::Heading } else { Ink::Dim }
}

/// One cell that turns while something works. ASCII, so that it is as wide everywhere.
fn spinner(state: &State) -> &'static str {
    ["-", "\\", "|", "/"][usize::from(state.spinner % 4)]
}
