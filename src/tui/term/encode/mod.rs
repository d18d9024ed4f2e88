//! The changed cells of a frame as few bytes: what the terminal shows is remembered, so that a short gap is written
//! over instead of jumped, blanks are erased in one go, and colours and attributes change only where they differ.
//!
//! A cell without a character is painted by whatever pen is at hand, as long as it looks the same. Must not know what
//! the cells mean, nor how the bytes are sent.

mod pen;
#[cfg(test)]
mod tests;
mod travel;

use super::link::{CLOSING, Link};
use pen::Pen;
use ratatui::{
    buffer::{Buffer, Cell},
    layout::{Position, Rect, Size},
};
use travel::{Travel, counted};
use unicode_width::UnicodeWidthStr;

/// Erase the screen (ED).
const CLEAR: &[u8] = b"\x1b[2J";

/// Erase to the end of the line (EL), and characters from the cursor on, which stays (ECH).
const ERASE_LINE: &[u8] = b"\x1b[K";
const ERASE: u8 = b'X';

/// From how many blanks on erasing them, and going on behind them, is shorter than writing them.
const WORTH_ERASING: u16 = 10;

/// The right half of a character that takes two columns.
const RIGHT_HALF: &str = "";

/// What the terminal shows, and what changes it.
#[derive(Debug)]
pub(super) struct Encoder {
    shown: Buffer,
    pen: Option<Pen>,
    travel: Travel,
}

impl Encoder {
    /// For an empty screen of this size.
    pub(super) fn new(size: Size) -> Self {
        Self {
            shown: empty(size),
            pen: None,
            travel: Travel::default(),
        }
    }

    /// Clears the screen, which has this size. Some terminals clear with the background of the pen.
    pub(super) fn clear(&mut self, size: Size, out: &mut Vec<u8>) {
        self.shown = empty(size);
        self.forget();
        self.take_up(Pen::PLAIN, out);
        out.extend_from_slice(CLEAR);
    }

    /// Somebody else may have changed colours and cursor.
    pub(super) fn forget(&mut self) {
        self.pen = None;
        self.travel.lost(self.shown.area.width);
    }

    /// Writes changed cells, row by row from left to right.
    pub(super) fn encode<'a>(
        &mut self,
        cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
        links: &[Link],
        out: &mut Vec<u8>,
    ) {
        // Whatever was written to the terminal since the last frame may have moved its cursor.
        self.travel.lost(self.shown.area.width);
        let mut changed: Vec<(u16, u16)> = Vec::new();
        for (x, y, cell) in cells {
            if self.take(x, y, cell) {
                changed.push((x, y));
            }
        }
        for row in changed.chunk_by(|one, next| one.1 == next.1) {
            self.row(row, links, out);
        }
    }

    /// Remembers a cell as shown. Says whether it lies on the screen.
    fn take(&mut self, x: u16, y: u16, cell: &Cell) -> bool {
        let width = cell.symbol().width();
        let Some(shown) = self.shown.cell_mut((x, y)) else {
            return false;
        };
        shown.clone_from(cell);
        if width == 0 {
            shown.set_char(' ');
        }
        if width > 1
            && let Some(right) = self.shown.cell_mut((x + 1, y))
        {
            right.set_symbol(RIGHT_HALF);
        }
        true
    }

    fn row(&mut self, row: &[(u16, u16)], links: &[Link], out: &mut Vec<u8>) {
        let Some(&(_, y)) = row.first() else { return };
        let end = self.end_of_row(y, links);
        let mut rest = row;
        while let Some(&(x, _)) = rest.first() {
            let link = covering(links, x, y);
            if x >= end && rest.len() > ERASE_LINE.len() {
                self.approach(x, y, links, out);
                self.take_up_for_blanks(out);
                out.extend_from_slice(ERASE_LINE);
                return;
            }
            let blanks = self.blanks(rest, links);
            if blanks >= WORTH_ERASING {
                self.approach(x, y, links, out);
                self.take_up_for_blanks(out);
                out.extend_from_slice(&counted(blanks, ERASE));
                rest = &rest[usize::from(blanks)..];
                continue;
            }
            let run = rest
                .iter()
                .position(|(x, y)| covering(links, *x, *y) != link)
                .unwrap_or(rest.len());
            self.approach(x, y, links, out);
            let Some(link) = link.and_then(|index| links.get(index)) else {
                self.write(x, y, out);
                rest = &rest[1..];
                continue;
            };
            out.extend_from_slice(link.opening().as_bytes());
            for (x, y) in &rest[..run] {
                self.travel.go(*x, *y, out);
                self.write(*x, *y, out);
            }
            out.extend_from_slice(CLOSING);
            rest = &rest[run..];
        }
    }

    /// The column behind the last one of a row that shows anything.
    fn end_of_row(&self, y: u16, links: &[Link]) -> u16 {
        (0..self.shown.area.width)
            .rev()
            .find(|x| !self.is_bare(*x, y) || covering(links, *x, y).is_some())
            .map_or(0, |x| x + 1)
    }

    /// How many bare cells lie side by side at the beginning of some changed ones.
    fn blanks(&self, row: &[(u16, u16)], links: &[Link]) -> u16 {
        let mut count = 0;
        for (before, (x, y)) in row.iter().enumerate() {
            let follows = before == 0 || row[before - 1].0 + 1 == *x;
            if !follows || !self.is_bare(*x, *y) || covering(links, *x, *y).is_some() {
                break;
            }
            count += 1;
        }
        count
    }

    /// Whether a cell shows nothing at all, as an erased one.
    fn is_bare(&self, x: u16, y: u16) -> bool {
        self.shown.cell((x, y)).is_some_and(|cell| {
            cell.symbol() == " " && Pen::of(cell).paints_blanks_like(Pen::PLAIN)
        })
    }

    /// Goes to a place; over a short gap by writing what is there already.
    fn approach(&mut self, x: u16, y: u16, links: &[Link], out: &mut Vec<u8>) {
        if let Some(gap) = self.travel.gap_before(x, y)
            && gap
                .clone()
                .all(|x| covering(links, x, y).is_none() && self.is_as_the_pen_writes(x, y))
        {
            return gap.for_each(|x| self.write(x, y, out));
        }
        self.travel.go(x, y, out);
    }

    /// Whether a cell can be written again without another pen.
    fn is_as_the_pen_writes(&self, x: u16, y: u16) -> bool {
        let Some(cell) = self.shown.cell((x, y)) else {
            return false;
        };
        let pen = Pen::of(cell);
        match cell.symbol() {
            " " => self.pen.is_some_and(|held| held.paints_blanks_like(pen)),
            symbol => symbol.len() == 1 && self.pen == Some(pen),
        }
    }

    /// A pen that erases to bare cells: some terminals erase with the background of the pen.
    fn take_up_for_blanks(&mut self, out: &mut Vec<u8>) {
        if !self
            .pen
            .is_some_and(|held| held.paints_blanks_like(Pen::PLAIN))
        {
            self.take_up(Pen::PLAIN, out);
        }
    }

    fn take_up(&mut self, pen: Pen, out: &mut Vec<u8>) {
        pen.take_up(self.pen, out);
        self.pen = Some(pen);
    }

    /// Writes the cell under the cursor.
    fn write(&mut self, x: u16, y: u16, out: &mut Vec<u8>) {
        let Some(cell) = self.shown.cell((x, y)) else {
            return;
        };
        let pen = Pen::of(cell);
        let symbol = cell.symbol();
        let blank = symbol == " ";
        if !(blank && self.pen.is_some_and(|held| held.paints_blanks_like(pen))) {
            pen.take_up(self.pen, out);
            self.pen = Some(pen);
        }
        out.extend_from_slice(symbol.as_bytes());
        let width = u16::try_from(symbol.width()).unwrap_or(1);
        self.travel.wrote(width, symbol.is_ascii());
    }
}

fn empty(size: Size) -> Buffer {
    Buffer::empty(Rect::new(0, 0, size.width, size.height))
}

/// Which of `links` covers a cell.
fn covering(links: &[Link], x: u16, y: u16) -> Option<usize> {
    links
        .iter()
        .position(|link| link.covers(Position::new(x, y)))
}
