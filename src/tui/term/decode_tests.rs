//! Bytes as terminals send them, whole and cut into pieces.

use super::*;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;

fn decode(pieces: &[&[u8]]) -> Vec<TermEvent> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for piece in pieces {
        decoder.feed(piece, &mut events);
    }
    decoder.give_up_waiting(&mut events);
    events
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> TermEvent {
    TermEvent::Key(KeyEvent::new(code, modifiers))
}

fn plain(code: KeyCode) -> TermEvent {
    key(code, KeyModifiers::NONE)
}

fn typed(text: &str) -> Vec<TermEvent> {
    text.chars()
        .map(|character| plain(KeyCode::Char(character)))
        .collect()
}

#[test]
fn every_key_of_the_common_terminals_is_known() {
    use KeyModifiers as M;
    let table: &[(&[u8], KeyCode, KeyModifiers)] = &[
        (b"a", KeyCode::Char('a'), M::NONE),
        (b"G", KeyCode::Char('G'), M::SHIFT),
        ("ä".as_bytes(), KeyCode::Char('ä'), M::NONE),
        ("\u{1f33b}".as_bytes(), KeyCode::Char('\u{1f33b}'), M::NONE),
        (b"\r", KeyCode::Enter, M::NONE),
        (b"\n", KeyCode::Char('j'), M::CONTROL),
        (b"\t", KeyCode::Tab, M::NONE),
        (b"\x7f", KeyCode::Backspace, M::NONE),
        (b"\x08", KeyCode::Char('h'), M::CONTROL),
        (b"\x03", KeyCode::Char('c'), M::CONTROL),
        (b"\x1a", KeyCode::Char('z'), M::CONTROL),
        (b"\0", KeyCode::Char(' '), M::CONTROL),
        (b"\x1b", KeyCode::Esc, M::NONE),
        (b"\x1bx", KeyCode::Char('x'), M::ALT),
        (b"\x1bG", KeyCode::Char('G'), M::ALT.union(M::SHIFT)),
        (b"\x1b\r", KeyCode::Enter, M::ALT),
        (b"\x1b[A", KeyCode::Up, M::NONE),
        (b"\x1bOB", KeyCode::Down, M::NONE),
        (b"\x1b[1;5C", KeyCode::Right, M::CONTROL),
        (b"\x1b[1;2D", KeyCode::Left, M::SHIFT),
        (b"\x1b[Z", KeyCode::BackTab, M::SHIFT),
        (b"\x1b[H", KeyCode::Home, M::NONE),
        (b"\x1b[1~", KeyCode::Home, M::NONE),
        (b"\x1b[7~", KeyCode::Home, M::NONE),
        (b"\x1b[F", KeyCode::End, M::NONE),
        (b"\x1b[4~", KeyCode::End, M::NONE),
        (b"\x1b[2~", KeyCode::Insert, M::NONE),
        (b"\x1b[3~", KeyCode::Delete, M::NONE),
        (b"\x1b[3;5~", KeyCode::Delete, M::CONTROL),
        (b"\x1b[5~", KeyCode::PageUp, M::NONE),
        (b"\x1b[6~", KeyCode::PageDown, M::NONE),
        (b"\x1bOP", KeyCode::F(1), M::NONE),
        (b"\x1b[[A", KeyCode::F(1), M::NONE),
        (b"\x1b[11~", KeyCode::F(1), M::NONE),
        (b"\x1b[1;2P", KeyCode::F(1), M::SHIFT),
        (b"\x1b[15~", KeyCode::F(5), M::NONE),
        (b"\x1b[17~", KeyCode::F(6), M::NONE),
        (b"\x1b[24~", KeyCode::F(12), M::NONE),
        (b"\x1b[97;5u", KeyCode::Char('a'), M::CONTROL),
        (b"\x1b[13;2u", KeyCode::Enter, M::SHIFT),
        (b"\x1b[27;5;105~", KeyCode::Char('i'), M::CONTROL),
    ];
    for (bytes, code, modifiers) in table {
        assert_eq!(
            decode(&[bytes]),
            [key(*code, *modifiers)],
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn a_sequence_cut_anywhere_after_its_second_byte_is_the_same_key() {
    for bytes in [&b"\x1b[1;5C"[..], b"\x1b[24~", "ä".as_bytes()] {
        let whole = decode(&[bytes]);
        let first = if bytes[0] == ESCAPE { 2 } else { 1 };
        for cut in first..bytes.len() {
            assert_eq!(decode(&[&bytes[..cut], &bytes[cut..]]), whole);
        }
    }
}

#[test]
fn what_never_ends_was_typed_by_hand() {
    assert_eq!(
        decode(&[b"\x1b["]),
        [key(KeyCode::Char('['), KeyModifiers::ALT)]
    );
    assert_eq!(decode(&[b"\x1b[1;"]), [plain(KeyCode::Esc)]);
    assert_eq!(decode(&[b"\xc3"]), []);
}

#[test]
fn reports_that_are_no_keys_do_not_leak_as_keys() {
    for bytes in [
        &b"\x1b[I"[..],
        b"\x1b[O",
        b"\x1b[?62;22c",
        b"\x1b[24;80R",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]11;rgb:0000/0000/0000\x07",
        b"\x1bP>|term 1\x1b\\",
        b"\x1b[201~",
        b"\xff\xfe",
    ] {
        let mut pieces = bytes.to_vec();
        pieces.push(b'x');
        assert_eq!(decode(&[&pieces]), typed("x"), "{}", bytes.escape_ascii());
    }
}

#[test]
fn two_escapes_and_an_escape_before_an_arrow_are_told_apart() {
    assert_eq!(
        decode(&[b"\x1b\x1b"]),
        [plain(KeyCode::Esc), plain(KeyCode::Esc)]
    );
    assert_eq!(
        decode(&[b"\x1b\x1b[A"]),
        [plain(KeyCode::Esc), plain(KeyCode::Up)]
    );
}

#[test]
fn a_paste_is_one_event_however_it_is_cut_and_keys_go_on_after_it() {
    let bytes = b"a\x1b[200~key\r\n\x1b[20\x1b\x1b[2x\x1b[201~b\x1b[200~2\x1b[201~";
    let expected = [
        typed("a"),
        vec![TermEvent::Paste(Pasted::new("key\r\n\x1b[20\x1b\x1b[2x"))],
        typed("b"),
        vec![TermEvent::Paste(Pasted::new("2"))],
    ]
    .concat();
    assert_eq!(decode(&[bytes]), expected);
    let paste = 1 + b"\x1b[200~".len();
    for cut in paste..bytes.len() - b"\x1b[200~2\x1b[201~".len() {
        assert_eq!(
            decode(&[&bytes[..cut], &bytes[cut..]]),
            expected,
            "cut at {cut}"
        );
    }
}

#[test]
fn a_paste_too_long_is_cut_and_says_so() {
    let long = "x".repeat(LONGEST_PASTE + 10);
    let events = decode(&[b"\x1b[200~", long.as_bytes(), b"\x1b[201~q"]);
    let [TermEvent::Paste(pasted), TermEvent::Key(_)] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(pasted.was_cut());
    assert_eq!(pasted.one_line().len(), LONGEST_PASTE);
}

#[test]
fn the_mouse_reports_buttons_and_wheel_and_no_motion() {
    let report = |kind, column, row| {
        TermEvent::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        })
    };
    assert_eq!(
        decode(&[b"\x1b[<0;3;5M\x1b[<0;3;5m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<35;9;9M\x1b[<0;0;0M"]),
        [
            report(MouseEventKind::Down(MouseButton::Left), 2, 4),
            report(MouseEventKind::Up(MouseButton::Left), 2, 4),
            report(MouseEventKind::ScrollUp, 0, 0),
            report(MouseEventKind::ScrollDown, 0, 0),
        ]
    );
    assert_eq!(decode(&[b"\x1b[M !!x"]), typed("x"));
}

proptest! {
    #[test]
    fn no_bytes_can_break_it_and_it_never_holds_much(
        pieces in proptest::collection::vec(proptest::collection::vec(
            prop_oneof![Just(0x1b_u8), Just(b'['), Just(b'O'), Just(b';'), Just(b'~'), Just(b'<'), any::<u8>()], 0..80), 0..20)
    ) {
        let mut decoder = Decoder::new();
        let mut events = Vec::new();
        for piece in &pieces {
            decoder.feed(piece, &mut events);
            prop_assert!(decoder.pending.len() <= LONGEST_SEQUENCE + 4);
        }
        decoder.give_up_waiting(&mut events);
        prop_assert!(!decoder.is_waiting());
    }
}
