//! Foreign text made safe to store and to draw.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The text without control characters (line breaks kept) and without the marks that reorder
/// what is drawn, so that a name from a platform cannot move the cursor or disguise itself.
#[must_use]
pub fn clean(text: &str) -> String {
    text.chars()
        .filter(|character| *character == '\n' || !is_unsafe(*character))
        .collect()
}

/// Like [`clean`], on one line: every run of white space becomes one space, the ends are trimmed.
#[must_use]
pub fn clean_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|character| {
            if character.is_whitespace() {
                ' '
            } else {
                character
            }
        })
        .filter(|character| !is_unsafe(*character))
        .collect();
    spaced
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Control characters, and the Unicode marks that embed or override direction or join invisibly.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text cut to `width` terminal columns, the cut shown by `mark` (an ellipsis, or `~` in ASCII).
#[must_use]
pub fn shorten(text: &str, width: usize, mark: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(mark.width());
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let next = used + grapheme.width();
        if next > room {
            break;
        }
        kept.push_str(grapheme);
        used = next;
    }
    if width >= mark.width() {
        kept.push_str(mark);
    }
    kept
}

/// The last four characters of a secret of at least 16, else nothing: less would give too much away.
#[must_use]
pub fn last_four(secret: &str) -> String {
    let count = secret.chars().count();
    if count < 16 {
        return String::new();
    }
    secret.chars().skip(count - 4).collect()
}

/// An amount of memory or disk, of so many mebibytes, in the unit in which it is read easily: "250 MiB", "16.7 GiB".
#[must_use]
pub fn mebibytes(mib: u64) -> String {
    if mib < 1024 {
        return format!("{mib} MiB");
    }
    let tenths = mib.saturating_mul(10) / 1024;
    format!("{}.{} GiB", thousands(tenths / 10), tenths % 10)
}

/// A number as people read it: "12,345".
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something, in the words of one or of several: "1 room", "3 rooms". The one place for plurals.
#[must_use]
pub fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let word = if count == 1 { one } else { many };
    format!("{} {word}", thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_marks_never_reach_the_screen() {
        assert_eq!(clean_line("a\u{1b}[2Jb\u{202e}c\r\n d"), "a[2Jbc d");
        assert_eq!(clean("one\ntwo\u{7}"), "one\ntwo");
    }

    #[test]
    fn shortening_counts_columns_not_characters() {
        assert_eq!(shorten("Rosewood", 8, "…"), "Rosewood");
        assert_eq!(shorten("Rosewood Co-op", 8, "…"), "Rosewoo…");
        assert_eq!(shorten("日本語", 4, "…"), "日…");
        assert_eq!(shorten("abc", 0, "…"), "");
    }

    #[test]
    fn a_short_secret_shows_nothing() {
        assert_eq!(last_four("0123456789abcde"), "");
        assert_eq!(last_four("0123456789abcdef"), "cdef");
    }
}
