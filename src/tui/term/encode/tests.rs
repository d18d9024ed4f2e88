//! The short way and the plain way show the same: random frames through both, compared cell by cell in an emulator.

use super::{super::link::Link, Encoder};
use proptest::prelude::*;
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::{Rect, Size},
    style::{Color, Modifier, Style},
};

const WIDTH: u16 = 24;
const HEIGHT: u16 = 6;

/// A piece of text somewhere on a frame.
#[derive(Debug, Clone)]
struct Piece {
    x: u16,
    y: u16,
    text: String,
    style: Style,
}

fn colour() -> impl Strategy<Value = Color> {
    prop_oneof![
        6 => Just(Color::Reset),
        1 => Just(Color::Red),
        1 => Just(Color::Gray),
        1 => Just(Color::LightBlue),
        1 => Just(Color::White),
        1 => (0..=255_u8).prop_map(Color::Indexed),
        1 => any::<(u8, u8, u8)>().prop_map(|(red, green, blue)| Color::Rgb(red, green, blue)),
    ]
}

fn style() -> impl Strategy<Value = Style> {
    let modifiers = prop::sample::select(vec![
        Modifier::empty(),
        Modifier::BOLD,
        Modifier::DIM,
        Modifier::REVERSED,
        Modifier::UNDERLINED,
        Modifier::BOLD | Modifier::REVERSED,
        Modifier::ITALIC | Modifier::UNDERLINED,
    ]);
    (colour(), colour(), modifiers)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

fn piece() -> impl Strategy<Value = Piece> {
    let text = prop_oneof![
        4 => "[a-c ]{1,12}",
        2 => " {1,24}",
        1 => "[a\u{2502}\u{25cf}]{1,6}",
        1 => "[a\u{4e2d}\u{1f600}]{1,5}",
    ];
    (0..WIDTH, 0..HEIGHT, text, style()).prop_map(|(x, y, text, style)| Piece { x, y, text, style })
}

/// What a frame shows, and the size that the terminal got before it.
type Drawn = (Vec<Piece>, Option<(u16, u16)>);

/// Frames, each drawn over the one before or on a cleared screen of another size.
fn frames() -> impl Strategy<Value = Vec<Drawn>> {
    let size = prop::option::weighted(0.2, (8..=WIDTH, 2..=HEIGHT));
    prop::collection::vec((prop::collection::vec(piece(), 0..8), size), 1..6)
}

struct Terminals {
    plain: vt100::Parser,
    short: vt100::Parser,
    encoder: Encoder,
    before: Buffer,
}

impl Terminals {
    fn new() -> Self {
        let parser =
            || vt100::Parser::new(HEIGHT.try_into().unwrap(), WIDTH.try_into().unwrap(), 0);
        let area = Rect::new(0, 0, WIDTH, HEIGHT);
        Self {
            plain: parser(),
            short: parser(),
            encoder: Encoder::new(area.as_size()),
            before: Buffer::empty(area),
        }
    }

    fn resize(&mut self, width: u16, height: u16) {
        for parser in [&mut self.plain, &mut self.short] {
            let screen = parser.screen_mut();
            screen.set_size(height.try_into().unwrap(), width.try_into().unwrap());
        }
        self.plain.process(b"\x1b[0m\x1b[2J");
        let mut bytes = Vec::new();
        self.encoder.clear(Size::new(width, height), &mut bytes);
        self.short.process(&bytes);
        self.before = Buffer::empty(Rect::new(0, 0, width, height));
    }

    /// Draws a frame both ways. Answers how many bytes either took.
    fn draw(&mut self, next: Buffer, links: &[Link]) -> (usize, usize) {
        let changes = self.before.diff(&next);
        let mut plain = Vec::new();
        CrosstermBackend::new(&mut plain)
            .draw(changes.iter().copied())
            .unwrap();
        let mut short = Vec::new();
        self.encoder.encode(changes.into_iter(), links, &mut short);
        self.plain.process(&plain);
        self.short.process(&short);
        self.before = next;
        (plain.len(), short.len())
    }

    /// Draws a frame the short way. Answers its bytes.
    fn short_of(&mut self, next: &Buffer, links: &[Link]) -> String {
        let changes = self.before.diff(next);
        let mut short = Vec::new();
        self.encoder.encode(changes.into_iter(), links, &mut short);
        String::from_utf8_lossy(&short).into_owned()
    }

    fn assert_same(&self) {
        let area = self.before.area;
        for y in 0..area.height {
            for x in 0..area.width {
                let seen = |parser: &vt100::Parser| visible(parser.screen().cell(y, x).unwrap());
                assert_eq!(seen(&self.plain), seen(&self.short), "at {x}, {y}");
            }
        }
    }
}

/// What a person sees of a cell: without a character, and unless it is reversed or underlined, only its background.
fn visible(cell: &vt100::Cell) -> String {
    let text = if cell.contents().is_empty() {
        " "
    } else {
        cell.contents()
    };
    let bare = text == " " && !cell.inverse() && !cell.underline();
    let ink = if bare {
        String::new()
    } else {
        format!(
            "{:?} {} {} {} {} {}",
            cell.fgcolor(),
            cell.bold(),
            cell.dim(),
            cell.italic(),
            cell.underline(),
            cell.inverse()
        )
    };
    format!("{text:?} on {:?} {ink}", cell.bgcolor())
}

fn paint(buffer: &mut Buffer, pieces: &[Piece]) {
    for piece in pieces {
        if piece.x < buffer.area.width && piece.y < buffer.area.height {
            // Bold and dim together are left out here: the emulator knows only one of them at a time.
            let style = Style::reset().patch(piece.style);
            buffer.set_string(piece.x, piece.y, &piece.text, style);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_short_way_shows_what_the_plain_way_shows(frames in frames()) {
        let mut terminals = Terminals::new();
        for (pieces, size) in frames {
            if let Some((width, height)) = size {
                terminals.resize(width, height);
            }
            let mut next = Buffer::empty(terminals.before.area);
            paint(&mut next, &pieces);
            terminals.draw(next, &[]);
            terminals.assert_same();
        }
    }
}

fn line(text: &str, style: Style) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
    buffer.set_string(0, 1, text, style);
    buffer
}

#[test]
fn a_moved_cursor_changes_one_attribute_in_two_places() {
    let mut terminals = Terminals::new();
    let mut rows = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
    rows.set_string(0, 1, "> one", Style::new());
    rows.set_style(Rect::new(2, 1, 3, 1), Modifier::REVERSED);
    rows.set_string(0, 2, "  two", Style::new());
    terminals.draw(rows, &[]);
    let mut moved = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
    moved.set_string(0, 1, "  one", Style::new());
    moved.set_string(0, 2, "> two", Style::new());
    moved.set_style(Rect::new(2, 2, 3, 1), Modifier::REVERSED);
    assert_eq!(
        terminals.short_of(&moved, &[]),
        "\x1b[2H  one\r\n> \x1b[7mtwo"
    );
}

#[test]
fn of_bold_and_dim_either_goes_alone() {
    let mut encoder = Encoder::new(Size::new(9, 1));
    let mut frame = Buffer::empty(Rect::new(0, 0, 9, 1));
    let both = Modifier::BOLD | Modifier::DIM;
    for (x, modifier) in [
        (0, both),
        (1, Modifier::BOLD),
        (2, both),
        (3, Modifier::DIM),
    ] {
        frame.set_string(
            x,
            0,
            "a",
            Style::new().add_modifier(modifier).fg(Color::Red),
        );
    }
    let before = Buffer::empty(frame.area);
    let mut short = Vec::new();
    encoder.encode(before.diff(&frame).into_iter(), &[], &mut short);
    assert_eq!(
        String::from_utf8_lossy(&short),
        "\x1b[H\x1b[0;1;2;31ma\x1b[22;1ma\x1b[2ma\x1b[22;2ma"
    );
}

#[test]
fn a_changed_column_is_followed_downwards() {
    let mut terminals = Terminals::new();
    let numbered = |digits: [&str; 3]| {
        let mut rows = Buffer::empty(Rect::new(0, 0, WIDTH, HEIGHT));
        for (y, digit) in (1..).zip(digits) {
            rows.set_string(2, y, format!("row 0{digit} of 9"), Style::new());
        }
        rows
    };
    terminals.draw(numbered(["1", "2", "3"]), &[]);
    assert_eq!(
        terminals.short_of(&numbered(["4", "5", "6"]), &[]),
        "\x1b[2;8H4\n\x085\n\x086"
    );
}

#[test]
fn the_rest_of_a_row_is_erased_in_one_go() {
    let mut terminals = Terminals::new();
    terminals.draw(line("some long text here", Style::new()), &[]);
    let (plain, short) = terminals.draw(line("some", Style::new()), &[]);
    terminals.assert_same();
    assert!(short < 12 && short < plain, "{short} of {plain}");
}

#[test]
fn a_link_is_written_around_its_cells_and_never_over_others() {
    let mut terminals = Terminals::new();
    let link = Link::new(Rect::new(5, 1, 4, 1), "https://example.org/").unwrap();
    assert_eq!(
        terminals.short_of(&line("open page now", Style::new()), &[link]),
        "\x1b[2H\x1b[mopen \x1b]8;;https://example.org/\x1b\\page\x1b]8;;\x1b\\ now"
    );
}

#[test]
fn after_a_character_of_doubtful_width_the_column_is_set_again() {
    let mut terminals = Terminals::new();
    let (_, _) = terminals.draw(line("a\u{2502}   b", Style::new()), &[]);
    let next = line("c\u{25cf}   d", Style::new());
    assert_eq!(terminals.short_of(&next, &[]), "\x1b[2Hc\u{25cf}\x1b[6Gd");
}
