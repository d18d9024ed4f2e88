//! The control sequences terminals send for keys and the mouse (xterm's "PC-style function keys", the Linux console's
//! and rxvt's variants, SGR mouse reports). Pure: parameters in, event out.

use super::events::TermEvent;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// What a complete control sequence means.
pub(super) enum Meaning {
    Event(TermEvent),
    PasteBegins,
    /// Nothing to us: focus reports, late answers to questions of another program.
    Nothing,
}

/// `ESC [ parameters final`.
pub(super) fn control(parameters: &[u8], last: u8) -> Meaning {
    if let Some(report) = parameters.strip_prefix(b"<") {
        return mouse(report, last).map_or(Meaning::Nothing, |event| {
            Meaning::Event(TermEvent::Mouse(event))
        });
    }
    let numbers = numbers(parameters);
    let first = numbers.first().copied().unwrap_or(1);
    let modifiers = modifiers(numbers.get(1).copied().unwrap_or(1));
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        // With another first number it is a report of the cursor's position.
        b'R' if first == 1 => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        b'Z' => return key(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT),
        b'u' => return coded(first, modifiers),
        b'~' => return numbered(&numbers, first, modifiers),
        _ => return Meaning::Nothing,
    };
    key(code, modifiers)
}

/// `ESC O final`, and the same keys of the Linux console, `ESC [ [ final`.
pub(super) fn single_shift(last: u8) -> Meaning {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return Meaning::Nothing,
    };
    key(code, KeyModifiers::NONE)
}

/// `ESC [ [ final`: F1 to F5 of the Linux console.
pub(super) fn console(last: u8) -> Meaning {
    match last {
        b'A'..=b'E' => key(KeyCode::F(last - b'A' + 1), KeyModifiers::NONE),
        _ => Meaning::Nothing,
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Meaning {
    Meaning::Event(TermEvent::Key(KeyEvent::new(code, modifiers)))
}

/// `ESC [ number ; modifiers ~`.
fn numbered(numbers: &[u32], first: u32, modifiers: KeyModifiers) -> Meaning {
    let function = |base: u32, key: u8| KeyCode::F(key + u8::try_from(first - base).unwrap_or(0));
    let code = match first {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=26 => function(23, 11),
        28..=29 => function(28, 15),
        31..=34 => function(31, 17),
        // xterm's modifyOtherKeys, where a person has it switched on for good.
        27 => {
            return numbers
                .get(2)
                .map_or(Meaning::Nothing, |code| coded(*code, modifiers));
        }
        200 => return Meaning::PasteBegins,
        _ => return Meaning::Nothing,
    };
    key(code, modifiers)
}

/// A key given by its code point.
fn coded(code: u32, modifiers: KeyModifiers) -> Meaning {
    let code = match code {
        8 | 127 => KeyCode::Backspace,
        9 if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        other => match char::from_u32(other) {
            Some(character) if !character.is_control() => KeyCode::Char(character),
            _ => return Meaning::Nothing,
        },
    };
    key(code, modifiers)
}

fn numbers(parameters: &[u8]) -> Vec<u32> {
    parameters
        .split(|byte| *byte == b';')
        .map(|number| {
            // Sub-parameters, after a colon, say how a key was reached; the key itself comes first.
            let digits = number.iter().take_while(|byte| byte.is_ascii_digit());
            digits.fold(0_u32, |sum, digit| {
                sum.saturating_mul(10)
                    .saturating_add(u32::from(digit - b'0'))
            })
        })
        .map(|number| number.max(1))
        .collect()
}

fn modifiers(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
    ] {
        if bits & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

const MOTION: u16 = 32;
const WHEEL: u16 = 64;

/// `ESC [ < buttons ; column ; row M` (pressed) or `m` (released), columns and rows counted from one.
fn mouse(report: &[u8], last: u8) -> Option<MouseEvent> {
    let mut numbers = report
        .split(|byte| *byte == b';')
        .map(|number| std::str::from_utf8(number).ok()?.parse::<u16>().ok());
    let buttons = numbers.next()??;
    let column = numbers.next()??.checked_sub(1)?;
    let row = numbers.next()??.checked_sub(1)?;
    let number = buttons & 3;
    let button = || match number {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (buttons & (MOTION | WHEEL), last) {
        (WHEEL, b'M') if number == 0 => MouseEventKind::ScrollUp,
        (WHEEL, b'M') if number == 1 => MouseEventKind::ScrollDown,
        (0, b'M') => MouseEventKind::Down(button()?),
        (0, b'm') => MouseEventKind::Up(button()?),
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (4, KeyModifiers::SHIFT),
        (8, KeyModifiers::ALT),
        (16, KeyModifiers::CONTROL),
    ] {
        if buttons & bit != 0 {
            modifiers |= modifier;
        }
    }
    Some(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    })
}
