//! Every screen in every look: in colour, without (`NO_COLOR`), and in ASCII, at three sizes.
//!
//! The text of each screen has a snapshot in colour already. What the other looks must be follows from it and is
//! checked cell by cell, so that no second set of pictures has to be read; the styles have a snapshot for each screen.

use super::{fixture::*, screens::*};
use crate::tui::{
    state::State,
    theme::{ASCII, Glyphs, Ink, Look, UNICODE},
};
use insta::assert_snapshot;
use ratatui::style::{Color, Modifier, Style};
use std::{collections::BTreeMap, fmt::Write as _};

/// What every screen of a look shows, by name.
fn all<T>(size: (u16, u16), look: &Look, show: impl Fn(&State) -> T) -> Vec<(String, T)> {
    let mut shown = Vec::new();
    every_screen(size, look, &mut |name, state| {
        shown.push((name.to_owned(), show(state)));
    });
    shown
}

fn in_ascii(text: &str) -> String {
    let glyphs = |glyphs: &'static Glyphs| {
        [
            glyphs.active,
            glyphs.inactive,
            glyphs.drift,
            glyphs.ellipsis,
            glyphs.rule,
            glyphs.mask,
        ]
    };
    glyphs(UNICODE)
        .into_iter()
        .zip(glyphs(ASCII))
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn in_ascii_every_screen_says_the_same() {
    for size in SIZES {
        let look = look("default", ASCII);
        for ((name, plain), (_, rich)) in
            all(size, &look, screen)
                .into_iter()
                .zip(all(size, &colour(), screen))
        {
            assert!(plain.is_ascii(), "{name} {size:?}: {plain}");
            assert_eq!(plain, in_ascii(&rich), "{name} {size:?}");
        }
    }
}

#[test]
fn without_colour_every_screen_says_the_same_and_every_cell_keeps_its_meaning() {
    let (rich, plain) = (colour(), monochrome());
    let pairs: Vec<(Style, Style)> = Ink::ALL
        .iter()
        .map(|(ink, _)| {
            let worn = |look: &Look| Style::reset().patch(look.style(*ink));
            (worn(&rich), worn(&plain))
        })
        .collect();
    let both = |state: &State| (screen(state), styles(state));
    for size in SIZES {
        for ((name, (text, with)), (_, (same, without))) in all(size, &rich, both)
            .into_iter()
            .zip(all(size, &plain, both))
        {
            assert_eq!(text, same, "{name} {size:?}");
            for (y, (with, without)) in with.iter().zip(&without).enumerate() {
                for (x, (with, without)) in with.iter().zip(without).enumerate() {
                    assert!(
                        without.fg == Some(Color::Reset) && without.bg == Some(Color::Reset),
                        "{name} {size:?}: a colour at {x}, {y}"
                    );
                    let kept = |(one, other): &(Style, Style)| {
                        alike(*one, *with) && alike(*other, *without)
                    };
                    assert!(
                        alike(*with, *without) || pairs.iter().any(kept),
                        "{name} {size:?}: {with:?} became {without:?} at {x}, {y}"
                    );
                }
            }
        }
    }
}

fn alike(one: Style, other: Style) -> bool {
    one.fg == other.fg && one.bg == other.bg && one.add_modifier == other.add_modifier
}

#[test]
fn styles_of_every_screen() {
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    for size in SIZES {
        for (name, (text, styles)) in all(size, &colour(), |state| (screen(state), styles(state))) {
            let page = pages.entry(name).or_default();
            let _ = writeln!(page, "{}x{}\n{}", size.0, size.1, runs(&text, &styles));
        }
    }
    for (name, page) in pages {
        assert_snapshot!(format!("styles_{name}"), page);
    }
}

/// The styled runs of a screen, a line for each row that has any: from which column, which style, which text. Rules
/// between panes are left out.
fn runs(text: &str, styles: &[Vec<Style>]) -> String {
    let mut lines = String::new();
    for (y, (line, styles)) in text.lines().zip(styles).enumerate() {
        // Each line stands in quotation marks.
        let cells: Vec<char> = line
            .chars()
            .skip(1)
            .chain(std::iter::repeat(' '))
            .take(styles.len())
            .collect();
        let mut shown = Vec::new();
        let mut x = 0;
        for run in styles.chunk_by(|one, next| one == next) {
            let said: String = cells[x..x + run.len()].iter().collect();
            let said = said.trim();
            if let Some(name) = named(run[0])
                && !said.is_empty()
                && said != UNICODE.rule
            {
                let short: String = said.chars().take(12).collect();
                shown.push(format!("{x} {name} {short:?}"));
            }
            x += run.len();
        }
        if !shown.is_empty() {
            let _ = writeln!(lines, "{y:>2}: {}", shown.join(", "));
        }
    }
    lines
}

/// A style in a few words; none for the terminal's own.
fn named(style: Style) -> Option<String> {
    let mut words: Vec<String> = style
        .add_modifier
        .iter_names()
        .map(|(name, _): (&str, Modifier)| name.to_lowercase())
        .collect();
    words.extend(
        style
            .fg
            .filter(|colour| *colour != Color::Reset)
            .map(|colour| colour.to_string().to_lowercase()),
    );
    (!words.is_empty()).then(|| words.join("+"))
}
