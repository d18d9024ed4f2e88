//! How a cell is painted, and the shortest way from one way of painting to another (ECMA-48 SGR, aixterm's bright
//! colours 90-97 and 100-107). Must not know where the cells are.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use std::io::Write as _;

/// What shows on a cell without a character.
const SHOWS_ON_BLANK: Modifier = Modifier::UNDERLINED
    .union(Modifier::REVERSED)
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK);

/// What each attribute is switched on and off by. Bold and dim share what switches them off.
const ATTRIBUTES: &[(Modifier, u8, u8)] = &[
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// Colours and attributes that the next character gets. The colour of underlines is left to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pen {
    foreground: Color,
    background: Color,
    attributes: Modifier,
}

impl Pen {
    /// The terminal's own.
    pub(super) const PLAIN: Self = Self {
        foreground: Color::Reset,
        background: Color::Reset,
        attributes: Modifier::empty(),
    };

    pub(super) fn of(cell: &Cell) -> Self {
        Self {
            foreground: cell.fg,
            background: cell.bg,
            attributes: cell.modifier,
        }
    }

    /// Whether a cell without a character looks the same painted by the one and by the other.
    pub(super) fn paints_blanks_like(self, other: Self) -> bool {
        let either = self.attributes | other.attributes;
        self == other || (self.background == other.background && !either.intersects(SHOWS_ON_BLANK))
    }

    /// Writes what makes a pen (unknown, when none) into this one: from nothing or by the difference, whichever is
    /// shorter.
    pub(super) fn take_up(self, before: Option<Self>, out: &mut Vec<u8>) {
        if before == Some(self) {
            return;
        }
        let afresh = self.afresh();
        let change = before.map(|before| self.difference(before));
        let codes = match change {
            Some(change) if change.len() <= afresh.len() => change,
            _ => afresh,
        };
        out.extend_from_slice(b"\x1b[");
        out.extend_from_slice(&codes);
        out.push(b'm');
    }

    fn afresh(self) -> Vec<u8> {
        let mut codes = Vec::with_capacity(16);
        if self == Self::PLAIN {
            return codes;
        }
        push(&mut codes, 0);
        for (attribute, on, _) in ATTRIBUTES {
            if self.attributes.contains(*attribute) {
                push(&mut codes, *on);
            }
        }
        if self.foreground != Color::Reset {
            colour(&mut codes, self.foreground, 30);
        }
        if self.background != Color::Reset {
            colour(&mut codes, self.background, 40);
        }
        codes
    }

    fn difference(self, before: Self) -> Vec<u8> {
        let mut codes = Vec::with_capacity(16);
        let mut kept = before.attributes;
        for (attribute, _, off) in ATTRIBUTES {
            if kept.contains(*attribute) && !self.attributes.contains(*attribute) {
                push(&mut codes, *off);
                for (sharing, _, same) in ATTRIBUTES {
                    if same == off {
                        kept.remove(*sharing);
                    }
                }
            }
        }
        for (attribute, on, _) in ATTRIBUTES {
            if self.attributes.contains(*attribute) && !kept.contains(*attribute) {
                push(&mut codes, *on);
            }
        }
        if self.foreground != before.foreground {
            colour(&mut codes, self.foreground, 30);
        }
        if self.background != before.background {
            colour(&mut codes, self.background, 40);
        }
        codes
    }
}

fn push(codes: &mut Vec<u8>, code: u8) {
    if !codes.is_empty() {
        codes.push(b';');
    }
    // Writing into memory does not fail.
    let _ = write!(codes, "{code}");
}

/// A colour for the text (`base` 30) or behind it (`base` 40).
fn colour(codes: &mut Vec<u8>, colour: Color, base: u8) {
    let number = match colour {
        Color::Reset => return push(codes, base + 9),
        Color::Rgb(red, green, blue) => {
            for part in [base + 8, 2, red, green, blue] {
                push(codes, part);
            }
            return;
        }
        Color::Indexed(number) => number,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    match number {
        0..8 => push(codes, base + number),
        8..16 => push(codes, base + 60 + number - 8),
        16.. => {
            for part in [base + 8, 5, number] {
                push(codes, part);
            }
        }
    }
}
