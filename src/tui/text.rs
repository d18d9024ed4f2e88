//! The user-visible style of small things: ages, times, sizes, counts. One place, so that every view says them alike.

use crate::domain::{self, Mark, SlotUse};
pub use crate::domain::{counted, thousands};
use crate::tui::theme::{Glyphs, Ink};
use jiff::{Timestamp, tz::TimeZone};
use unicode_width::UnicodeWidthStr;

/// How long ago: "now", "2 m", "4 h", "3 d". No seconds: nothing on the screen changes by the second while it rests.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = (now.as_second() - at.as_second()).max(0);
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, in a sentence: "now", "2 m ago".
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    match age(now, at) {
        age if age == "now" => age,
        age => format!("{age} ago"),
    }
}

/// Since when something runs: "0:12", "1:40", "1:02:03".
pub fn elapsed(now: Timestamp, since: Timestamp) -> String {
    let seconds = (now.as_second() - since.as_second()).max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The time of day, with the date when it is not today's.
pub fn when(now: Timestamp, at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let form = if at.date() == now.to_zoned(zone.clone()).date() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    at.strftime(form).to_string()
}

/// The character for a mark.
pub fn mark(mark: Mark, glyphs: &Glyphs) -> &'static str {
    match mark {
        Mark::Active => glyphs.active,
        Mark::Inactive => glyphs.inactive,
        Mark::Waiting => glyphs.waiting,
        Mark::Working => glyphs.working,
        Mark::Failed => glyphs.failed,
        Mark::Drift => glyphs.drift,
    }
}

/// The ink for a mark.
pub fn mark_ink(mark: Mark) -> Ink {
    match mark {
        Mark::Active => Ink::Active,
        Mark::Inactive => Ink::Inactive,
        Mark::Waiting => Ink::Waiting,
        Mark::Working => Ink::Working,
        Mark::Failed => Ink::Failed,
        Mark::Drift => Ink::Drift,
    }
}

/// The ink for how full an account is.
pub fn slot_ink(level: SlotUse) -> Ink {
    match level {
        SlotUse::Full => Ink::Failed,
        SlotUse::Near => Ink::Waiting,
        SlotUse::Free | SlotUse::Unknown => Ink::Text,
    }
}

/// The text broken into lines of at most `width` columns, at blanks where possible. At least one line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in domain::clean(text).split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let room = width.saturating_sub(line.width() + usize::from(!line.is_empty()));
            if word.width() <= room {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            let mut rest = word;
            while rest.width() > width {
                let piece = domain::shorten(rest, width, "");
                // A character wider than the whole line is dropped: it cannot be drawn there.
                let taken = if piece.is_empty() {
                    rest.chars().next().map_or(rest.len(), char::len_utf8)
                } else {
                    piece.len()
                };
                rest = &rest[taken..];
                if !piece.is_empty() {
                    lines.push(piece);
                }
            }
            rest.clone_into(&mut line);
        }
        lines.push(line);
    }
    lines
}

/// The text cut or filled with blanks to exactly `width` columns.
pub fn fit(text: &str, width: usize, glyphs: &Glyphs) -> String {
    let mut fitted = domain::shorten(&domain::clean_line(text), width, glyphs.ellipsis);
    let missing = width.saturating_sub(fitted.width());
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_never_negative() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let ago = |seconds: i64| age(now, Timestamp::from_second(1_000_000 - seconds).unwrap());
        assert_eq!(
            [ago(-5), ago(59), ago(125), ago(14_400), ago(200_000)],
            ["now", "now", "2 m", "4 h", "2 d"]
        );
    }

    #[test]
    fn elapsed_time_reads_as_a_stopwatch() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(elapsed(at(112), at(100)), "0:12");
        assert_eq!(elapsed(at(3_823), at(100)), "1:02:03");
    }

    #[test]
    fn large_counts_are_separated() {
        assert_eq!(thousands(3_100), "3,100");
        assert_eq!(thousands(110_000), "110,000");
        assert_eq!(thousands(12), "12");
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_never_exceeds_the_width() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("日本", 1), [""]);
    }

    #[test]
    fn fitting_fills_and_cuts() {
        assert_eq!(fit("ab", 4, crate::tui::theme::ASCII), "ab  ");
        assert_eq!(fit("abcdef", 4, crate::tui::theme::ASCII), "abc~");
    }
}
