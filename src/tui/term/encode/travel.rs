//! Where the terminal's cursor is while a frame is written, and the shortest way to where it should be.
//!
//! Only what every terminal since the VT220 has: CUP, CUF, CHA, carriage return, line feed and backspace. What a
//! terminal may see otherwise than we do is never built upon: how wide it draws a character outside ASCII, and whether
//! it has wrapped after the last column.

use std::io::Write as _;

/// One column to the left.
const BACKSPACE: u8 = 8;

/// A place of the cursor.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    x: u16,
    y: u16,
    /// By how many columns the terminal may be ahead of us: one for each character that some draw two columns wide.
    drift: u16,
    /// Behind a character of two columns, where not even the next cell may be taken to follow.
    seam: bool,
}

/// The cursor, as far as known.
#[derive(Debug, Default)]
pub(super) struct Travel {
    at: Option<At>,
    columns: u16,
}

impl Travel {
    /// Nothing is known of the cursor on a screen of so many columns.
    pub(super) fn lost(&mut self, columns: u16) {
        self.at = None;
        self.columns = columns;
    }

    /// The columns between the cursor and a place to the right on its row, where writing them is no longer than jumping
    /// over them.
    pub(super) fn gap_before(&self, x: u16, y: u16) -> Option<std::ops::Range<u16>> {
        let at = self.at?;
        let near = at.y == y && at.x < x && x - at.x <= 4;
        (near && at.drift == 0 && !at.seam).then_some(at.x..x)
    }

    /// What goes to a place.
    pub(super) fn go(&mut self, x: u16, y: u16, out: &mut Vec<u8>) {
        let way = self.way(x, y);
        // Only a way that sets the column says where the terminal really is.
        let drift = match self.at {
            Some(at) if way.is_empty() => at.drift,
            _ => 0,
        };
        out.extend_from_slice(&way);
        self.at = Some(At {
            x,
            y,
            drift,
            seam: false,
        });
    }

    fn way(&self, x: u16, y: u16) -> Vec<u8> {
        let absolute = absolute(x, y);
        let Some(at) = self.at else {
            return absolute;
        };
        if (at.x, at.y) == (x, y) && !at.seam {
            return vec![];
        }
        let on_its_row = at.x.saturating_add(at.drift) < self.columns;
        let sure = at.drift == 0 && !at.seam;
        let mut ways = vec![absolute];
        if at.y == y && at.x < x && sure {
            ways.push(counted(x - at.x, b'C'));
        }
        if at.y == y && on_its_row {
            ways.push(counted(x + 1, b'G'));
        }
        // A line in raw mode leaves the column of a line feed alone.
        if at.y < y && at.x >= x && sure && on_its_row && y - at.y <= 4 && at.x - x <= 4 {
            let mut way = vec![b'\n'; usize::from(y - at.y)];
            way.resize(way.len() + usize::from(at.x - x), BACKSPACE);
            ways.push(way);
        }
        if at.y < y && y - at.y <= 4 && on_its_row {
            let mut way = vec![b'\r'];
            way.resize(1 + usize::from(y - at.y), b'\n');
            if x > 0 {
                way.extend_from_slice(&counted(x, b'C'));
            }
            ways.push(way);
        }
        ways.into_iter().min_by_key(Vec::len).unwrap_or_default()
    }

    /// A character was written that takes so many columns by our count, and perhaps more by the terminal's.
    pub(super) fn wrote(&mut self, width: u16, ascii: bool) {
        let Some(at) = &mut self.at else { return };
        at.x = at.x.saturating_add(width);
        if !ascii {
            at.drift = at.drift.saturating_add(2);
        }
        at.seam = width != 1;
        if at.x >= self.columns {
            self.at = None;
        }
    }
}

fn absolute(x: u16, y: u16) -> Vec<u8> {
    let mut way = b"\x1b[".to_vec();
    // Writing into memory does not fail.
    let _ = match (x, y) {
        (0, 0) => Ok(()),
        (0, y) => write!(way, "{}", y + 1),
        (x, 0) => write!(way, ";{}", x + 1),
        (x, y) => write!(way, "{};{}", y + 1, x + 1),
    };
    way.push(b'H');
    way
}

/// A control sequence with one number, which may be left out when it is one.
pub(super) fn counted(number: u16, last: u8) -> Vec<u8> {
    let mut way = b"\x1b[".to_vec();
    if number != 1 {
        // As above.
        let _ = write!(way, "{number}");
    }
    way.push(last);
    way
}
