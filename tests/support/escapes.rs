//! What a program's bytes do to a terminal: modes set, questions asked.
//!
//! By hand, because a terminal emulator in a library does not know all of it (vt100: neither focus reports nor the
//! synchronised update), and hides what it does not know.

#![expect(clippy::expect_used, reason = "a test")]

use std::collections::BTreeSet;

/// The modes a program may set and must take back. Cursor visibility (25) counts when it is *off*.
const MODES: [(u16, &str); 12] = [
    (1, "application cursor keys"),
    (25, "cursor hidden"),
    (47, "alternate screen (47)"),
    (1000, "mouse"),
    (1002, "mouse drag"),
    (1003, "mouse motion"),
    (1004, "focus reports"),
    (1006, "mouse in SGR form"),
    (1047, "alternate screen (1047)"),
    (1049, "alternate screen"),
    (2004, "bracketed paste"),
    (2026, "synchronised update"),
];

/// The modes that are set after `bytes`, by name.
pub fn modes_set(bytes: &[u8]) -> Vec<&'static str> {
    let mut set = BTreeSet::new();
    for start in 0..bytes.len() {
        let Some(rest) = bytes[start..].strip_prefix(b"\x1b[?") else {
            continue;
        };
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b';')
            .count();
        let on = match rest.get(length) {
            Some(b'h') => true,
            Some(b'l') => false,
            _ => continue,
        };
        let numbers = std::str::from_utf8(&rest[..length]).expect("digits");
        for number in numbers
            .split(';')
            .filter_map(|number| number.parse::<u16>().ok())
        {
            let on = if number == 25 { !on } else { on };
            if on {
                set.insert(number);
            } else {
                set.remove(&number);
            }
        }
    }
    MODES
        .iter()
        .filter(|(number, _)| set.contains(number))
        .map(|(_, name)| *name)
        .collect()
}

/// Whether `bytes` has `part` in it.
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The questions to the terminal in `bytes`: cursor position, device attributes, sizes, colours, clipboard.
pub fn questions_in(bytes: &[u8]) -> Vec<String> {
    let asked = [
        &b"\x1b[6n"[..],
        b"\x1b[5n",
        b"\x1b[c",
        b"\x1b[0c",
        b"\x1b[>c",
        b"\x1b[>0c",
        b"\x1b[?u",
        b"\x1b[14t",
        b"\x1b[16t",
        b"\x1b[18t",
        b"\x1b[>q",
        b"\x1b[>0q",
        b"\x1b]10;?",
        b"\x1b]11;?",
        b"\x1b]12;?",
        b"\x1bP+q",
        b"\x1b]52;c;?",
    ];
    asked
        .iter()
        .filter(|question| contains(bytes, question))
        .map(|question| question.escape_ascii().to_string())
        .collect()
}
