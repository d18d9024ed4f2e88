//! Lists with fixed columns: a cursor sign, a mark, a name that is reversed where it is chosen, and cells. Moving the
//! cursor changes two signs and two names and nothing else.

use crate::domain::Mark;
use crate::tui::{text, theme::Ink, widgets::paint::Paint};
use ratatui::layout::{Position, Rect};

/// One cell of a row.
pub struct Cell {
    pub text: String,
    pub ink: Ink,
}

/// A cell in the plain ink.
pub fn cell(text: impl Into<String>) -> Cell {
    inked(text, Ink::Text)
}

/// A cell in an ink.
pub fn inked(text: impl Into<String>, ink: Ink) -> Cell {
    Cell {
        text: text.into(),
        ink,
    }
}

/// A row as it is drawn.
pub struct Drawable {
    pub mark: Option<Mark>,
    /// What stands in place of the mark while the row works.
    pub sign: Option<&'static str>,
    pub name: Cell,
    pub cells: Vec<Cell>,
}

/// How wide the columns are: the name, then the cells; a cell that does not fit is left out with those after it.
pub struct Columns<'a> {
    pub name: u16,
    pub cells: &'a [u16],
}

/// Columns below which a cut cell says nothing.
const LEAST_CELL: u16 = 8;

/// Draws one row. Answers the place of its name.
pub fn row(
    paint: &mut Paint<'_>,
    area: Rect,
    y: u16,
    columns: &Columns<'_>,
    drawable: &Drawable,
    chosen: Chosen,
) -> Position {
    let glyphs = paint.look.glyphs;
    let mut x = 0;
    if chosen != Chosen::No {
        let sign = if chosen == Chosen::Marked || chosen == Chosen::MarkedAndHere {
            glyphs.marked
        } else {
            glyphs.cursor
        };
        paint.text(area, x, y, 1, sign, Ink::Text);
    }
    x += 2;
    if let Some(mark) = drawable.mark {
        let sign = drawable.sign.unwrap_or_else(|| text::mark(mark, glyphs));
        paint.text(area, x, y, 1, sign, text::mark_ink(mark));
        x += 2;
    }
    let place = Position {
        x: area.x + x,
        y: area.y + y,
    };
    let width = columns.name.min(area.width.saturating_sub(x));
    let here = matches!(chosen, Chosen::Here | Chosen::MarkedAndHere);
    let ink = if here {
        Ink::Selected
    } else {
        drawable.name.ink
    };
    let name = text::fit(&drawable.name.text, usize::from(width), glyphs);
    paint.text(area, x, y, width, &name, ink);
    x += width + 1;
    let last = drawable.cells.len().min(columns.cells.len());
    for (number, (cell, width)) in drawable.cells.iter().zip(columns.cells).enumerate() {
        let room = area.width.saturating_sub(x);
        // Only the last cell may be cut: half a state or half an age says the wrong thing. Where there is no room for
        // more than one, a cut one still tells rows of the same name apart.
        let width = if number + 1 == last || (number == 0 && room >= LEAST_CELL) {
            room.min(*width)
        } else {
            *width
        };
        if width > room || room == 0 {
            break;
        }
        paint.text(area, x, y, width, &cell.text, cell.ink);
        x += width + 1;
    }
    place
}

/// Whether a row is chosen, and how it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    No,
    /// The cursor is on it and the focus is here.
    Here,
    /// The cursor is on it and the focus is in another pane.
    Elsewhere,
    Marked,
    MarkedAndHere,
}
