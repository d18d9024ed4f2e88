//! Bytes from the terminal to keys, mouse reports and pastes.
//!
//! Why not crossterm's own reader (0.29): it spins at full speed once the terminal is gone, because end of file and EIO
//! are swallowed in an inner loop; it blocks the caller in the middle of a split sequence; and pasted secrets stay
//! behind in its buffers. The events are crossterm's types, and where a choice exists (a lone ESC is Esc at once, ESC and
//! a character in one read is alt and that character) it is crossterm's.
//!
//! Must not touch a file descriptor.

use super::{
    events::TermEvent,
    pasted::Pasted,
    sequence::{self, Meaning},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::{Zeroize, Zeroizing};

const ESCAPE: u8 = 0x1b;
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// More than any key, certificate or description; the rest of a longer paste is dropped and the paste marked.
const LONGEST_PASTE: usize = 256 * 1024;

/// No control sequence is longer; what is, is noise.
const LONGEST_SEQUENCE: usize = 64;

/// Turns bytes into events, however the bytes are cut into reads.
pub(super) struct Decoder {
    /// The beginning of something that has not ended yet.
    pending: Zeroizing<Vec<u8>>,
    paste: Option<Paste>,
}

struct Paste {
    text: Zeroizing<Vec<u8>>,
    /// How many bytes of [`PASTE_ENDS`] were seen in a row.
    matched: usize,
    cut: bool,
}

enum Step {
    /// An event, and the bytes it took.
    Event(TermEvent, usize),
    Skip(usize),
    PasteBegins(usize),
    NeedsMore,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            pending: Zeroizing::new(Vec::with_capacity(8 * 1024)),
            paste: None,
        }
    }

    /// Whether the last bytes were the beginning of something. If no more come, [`Decoder::give_up_waiting`].
    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The events in `bytes`, and in what was waiting before.
    pub(super) fn feed(&mut self, bytes: &[u8], events: &mut Vec<TermEvent>) {
        self.pending.extend_from_slice(bytes);
        let mut taken = 0;
        while taken < self.pending.len() {
            if let Some(paste) = self.paste.as_mut() {
                let (length, ended) = paste.take(&self.pending[taken..]);
                taken += length;
                if ended && let Some(paste) = self.paste.take() {
                    events.push(TermEvent::Paste(Pasted::from_bytes(paste.text, paste.cut)));
                }
                continue;
            }
            match step(&self.pending[taken..]) {
                Step::Event(event, length) => {
                    events.push(event);
                    taken += length;
                }
                Step::Skip(length) => taken += length,
                Step::PasteBegins(length) => {
                    taken += length;
                    self.paste = Some(Paste::new());
                }
                Step::NeedsMore => break,
            }
        }
        self.drop_taken(taken);
    }

    /// The rest of a sequence did not come: what is there was typed by hand, as Esc and then the keys.
    pub(super) fn give_up_waiting(&mut self, events: &mut Vec<TermEvent>) {
        match self.pending[..] {
            [ESCAPE, character @ (b'[' | b'O')] => {
                let code = KeyCode::Char(char::from(character));
                events.push(TermEvent::Key(KeyEvent::new(code, KeyModifiers::ALT)));
            }
            // Half a sequence of a function key: one key is better than five wrong ones.
            [ESCAPE, ..] => events.push(TermEvent::Key(KeyCode::Esc.into())),
            _ => {}
        }
        self.drop_taken(self.pending.len());
    }

    fn drop_taken(&mut self, taken: usize) {
        let left = self.pending.len() - taken;
        self.pending.copy_within(taken.., 0);
        self.pending[left..].zeroize();
        self.pending.truncate(left);
    }
}

impl Paste {
    fn new() -> Self {
        Self {
            // All of it at once: growing would leave copies of a secret behind. Untouched pages cost nothing.
            text: Zeroizing::new(Vec::with_capacity(LONGEST_PASTE + PASTE_ENDS.len())),
            matched: 0,
            cut: false,
        }
    }

    /// Takes bytes up to the end of the paste: how many, and whether the end was there.
    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        let end = bytes.iter().position(|byte| self.is_ended_by(*byte));
        (end.map_or(bytes.len(), |at| at + 1), end.is_some())
    }

    fn is_ended_by(&mut self, byte: u8) -> bool {
        if byte == PASTE_ENDS[self.matched] {
            self.matched += 1;
            return self.matched == PASTE_ENDS.len();
        }
        // The mark has ESC only at its beginning, so that a broken match can restart only at this very byte.
        let matched = std::mem::take(&mut self.matched);
        self.keep(&PASTE_ENDS[..matched]);
        if byte == ESCAPE {
            self.matched = 1;
        } else {
            self.keep(&[byte]);
        }
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.text.len() + bytes.len() <= LONGEST_PASTE {
            self.text.extend_from_slice(bytes);
        } else {
            self.cut = true;
        }
    }
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [ESCAPE] | [ESCAPE, ESCAPE, ..] => Step::Event(TermEvent::Key(KeyCode::Esc.into()), 1),
        [ESCAPE, b'[', rest @ ..] => control_sequence(rest),
        [] | [ESCAPE, b'O'] => Step::NeedsMore,
        [ESCAPE, b'O', last, ..] => met(sequence::single_shift(*last), 3),
        [ESCAPE, b']' | b'P' | b'_' | b'^', rest @ ..] if string_length(rest).is_some() => {
            Step::Skip(2 + string_length(rest).unwrap_or(0))
        }
        [ESCAPE, rest @ ..] => match character(rest) {
            Step::Event(TermEvent::Key(mut key), length) => {
                key.modifiers |= KeyModifiers::ALT;
                Step::Event(TermEvent::Key(key), length + 1)
            }
            Step::Skip(length) => Step::Skip(length + 1),
            other => other,
        },
        bytes => character(bytes),
    }
}

/// What follows `ESC [`.
fn control_sequence(bytes: &[u8]) -> Step {
    match bytes {
        [b'[', last, ..] => return met(sequence::console(*last), 4),
        // The mouse in its oldest form, from terminals that do not know the SGR one: three bytes, position in one each.
        [b'M', _, _, _, ..] => return Step::Skip(6),
        [b'['] | [b'M', ..] => return Step::NeedsMore,
        _ => {}
    }
    let parameters = bytes
        .iter()
        .take_while(|byte| (0x20..0x40).contains(*byte))
        .count();
    match bytes.get(parameters) {
        Some(last @ 0x40..=0x7e) => met(
            sequence::control(&bytes[..parameters], *last),
            parameters + 3,
        ),
        // A byte that belongs to no sequence: the sequence is broken, the byte is a key.
        Some(_) => Step::Skip(parameters + 2),
        None if parameters > LONGEST_SEQUENCE => Step::Skip(parameters + 2),
        None => Step::NeedsMore,
    }
}

fn met(meaning: Meaning, length: usize) -> Step {
    match meaning {
        Meaning::Event(event) => Step::Event(event, length),
        Meaning::PasteBegins => Step::PasteBegins(length),
        Meaning::Nothing => Step::Skip(length),
    }
}

/// The length of a terminal's message up to and with its end (BEL or ESC \), if the end is there.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let bell = bytes.iter().position(|byte| *byte == 0x07).map(|at| at + 1);
    let terminator = bytes
        .windows(2)
        .position(|pair| pair == b"\x1b\\")
        .map(|at| at + 2);
    match (bell, terminator) {
        (Some(bell), Some(terminator)) => Some(bell.min(terminator)),
        (bell, terminator) => bell.or(terminator),
    }
}

/// A key that is one character, or a control code.
fn character(bytes: &[u8]) -> Step {
    let Some(first) = bytes.first() else {
        return Step::NeedsMore;
    };
    let control = |character: char| KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL);
    let key = match *first {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        0x00 => control(' '),
        code @ 0x01..=0x1a => control(char::from(code - 1 + b'a')),
        ESCAPE => KeyCode::Esc.into(),
        code @ 0x1c..=0x1f => control(char::from(code - 0x1c + b'4')),
        _ => return text(bytes),
    };
    Step::Event(TermEvent::Key(key), 1)
}

fn text(bytes: &[u8]) -> Step {
    let length = match bytes.first() {
        Some(0x20..=0x7e) => 1,
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return Step::Skip(1),
    };
    let there = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(there) {
        Ok(text) => text.chars().next().map_or(Step::Skip(1), |character| {
            // As crossterm reports it, so that a key table written for one holds for both.
            let modifiers = if character.is_uppercase() {
                KeyModifiers::SHIFT
            } else {
                KeyModifiers::NONE
            };
            Step::Event(
                TermEvent::Key(KeyEvent::new(KeyCode::Char(character), modifiers)),
                length,
            )
        }),
        Err(error) if error.error_len().is_none() => Step::NeedsMore,
        Err(_) => Step::Skip(1),
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
