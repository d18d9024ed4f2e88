//! A page of a layer or pane: lines, and buttons that stay at the bottom. Keeps what has the focus in sight at any
//! height. Filled by [`SheetBuilder`].

use super::paint::Paint;
use crate::tui::{hidden::Hidden, term::Link, theme::Ink};
use ratatui::layout::{Position, Rect};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

pub use super::sheet_builder::SheetBuilder;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub text: String,
    pub ink: Ink,
}

/// A link on a line: line, first column, address.
type Address = (usize, u16, u16, String);

/// A page, wrapped to a width.
#[derive(Debug, Default)]
pub struct Sheet {
    pub title: String,
    /// Where in a row of pages one is: "2 of 5".
    pub place: String,
    pub lines: Vec<Vec<Piece>>,
    /// The line that must be in sight.
    pub(super) focus: usize,
    /// Line and column of the terminal's cursor.
    pub(super) cursor: Option<(usize, u16)>,
    /// Labels, and which has the focus.
    pub(super) buttons: Vec<(String, bool)>,
    pub(super) links: Vec<Address>,
    /// A secret that is shown, and the first of the lines kept free for it.
    pub(super) secret: Option<(usize, Hidden)>,
    /// Keys and what they do here, for the footer.
    pub hints: Vec<(String, String)>,
}

/// What drawing a sheet leaves for the terminal.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Where the terminal's own cursor belongs.
    pub cursor: Option<Position>,
    pub links: Vec<Link>,
}

/// A piece of a line.
pub fn piece(text: &str, ink: Ink) -> Piece {
    Piece {
        text: text.to_owned(),
        ink,
    }
}

impl Sheet {
    /// Draws the page into an area.
    pub fn draw(&self, paint: &mut Paint<'_>, area: Rect) -> Drawn {
        let mut drawn = Drawn::default();
        let heading = u16::from(area.height > 2 && !self.title.is_empty());
        let gap = u16::from(area.height > 8) * heading;
        let buttons = u16::from(area.height > 1 && !self.buttons.is_empty());
        if heading > 0 {
            let used = paint.text(area, 0, 0, area.width, &self.title, Ink::Heading);
            let place = u16::try_from(self.place.width()).unwrap_or(0);
            if used + place + 2 <= area.width {
                paint.text(area, area.width - place, 0, place, &self.place, Ink::Dim);
            }
        }
        let body = Rect {
            y: area.y + heading + gap,
            height: area.height.saturating_sub(heading + gap + buttons),
            ..area
        };
        let top = self.top(usize::from(body.height));
        for (row, line) in self.lines.iter().skip(top).enumerate() {
            let Ok(row) = u16::try_from(row) else { break };
            if row >= body.height {
                break;
            }
            let mut x = 0;
            for piece in line {
                x += paint.text(body, x, row, body.width, &piece.text, piece.ink);
            }
        }
        if let Some((line, secret)) = &self.secret {
            draw_secret(paint, body, line.saturating_sub(top), secret);
        }
        let on_screen = |line: usize| {
            let row = u16::try_from(line.checked_sub(top)?).ok()?;
            (row < body.height).then_some(body.y + row)
        };
        drawn.cursor = self.cursor.and_then(|(line, column)| {
            Some(Position {
                x: (body.x + column).min(body.right().saturating_sub(1)),
                y: on_screen(line)?,
            })
        });
        for (line, column, width, address) in &self.links {
            let Some(y) = on_screen(*line) else { continue };
            let place = Rect {
                x: body.x + column,
                y,
                width: *width,
                height: 1,
            };
            drawn
                .links
                .extend(Link::new(place.intersection(body), address));
        }
        if buttons > 0 {
            self.draw_buttons(paint, area);
        }
        drawn
    }

    fn draw_buttons(&self, paint: &mut Paint<'_>, area: Rect) {
        let mut x = 0;
        for (label, focused) in &self.buttons {
            let (text, ink) = if *focused {
                (format!("[{label}]"), Ink::Selected)
            } else {
                (format!(" {label} "), Ink::Key)
            };
            x += paint.text(area, x, area.height - 1, area.width, &text, ink) + 2;
        }
    }

    /// The first line in sight: pages turn by most of the height, so that moving by a line sends little.
    fn top(&self, height: usize) -> usize {
        let page = height.saturating_sub(3).max(1);
        let start = (self.focus / page * page).saturating_sub(2.min(height / 3));
        start.min(self.lines.len().saturating_sub(height))
    }
}

/// Puts a secret into the cells, a character each; one that is no single column is shown as a question mark, since it would
/// stand elsewhere than it seems to.
fn draw_secret(paint: &mut Paint<'_>, area: Rect, row: usize, secret: &Hidden) {
    let style = paint.look.style(Ink::Key);
    let width = usize::from(area.width).max(1);
    for (place, character) in secret.reveal().chars().enumerate() {
        let (Ok(x), Ok(y)) = (
            u16::try_from(place % width),
            u16::try_from(row + place / width),
        ) else {
            return;
        };
        if y >= area.height {
            return;
        }
        let shown = match character.width() {
            Some(1) => character,
            _ => '?',
        };
        if let Some(cell) = paint.buffer.cell_mut((area.x + x, area.y + y)) {
            cell.set_char(shown).set_style(style);
        }
    }
}
