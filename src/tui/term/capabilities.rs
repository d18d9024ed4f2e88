//! What the environment tells about the terminal. The terminal itself is never asked.

use std::ffi::OsString;

/// Whether colours are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// The sixteen of the terminal's own palette.
    Ansi,
    /// None: bold, underline and reverse must do.
    None,
}

/// Which characters the terminal can be trusted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Lines, dots and the ellipsis.
    Unicode,
    /// ASCII only.
    Ascii,
}

/// What the environment says the terminal can do and the person wants. Options of the command line go before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `NO_COLOR` (any value but the empty one, as no-color.org says) and `TERM=dumb` switch colours off.
    pub colours: Colours,
    /// By the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty, as POSIX says; none means the C locale.
    pub glyphs: Glyphs,
    /// No borders, no spinner, few redraws, for screen readers: `ACCESSIBLE` set to anything but nothing or `0`.
    pub plain: bool,
    /// Whether the terminal follows links (OSC 8): not a dumb one.
    pub links: bool,
    /// Whether tmux stands between, which hands escape sequences for the clipboard on only when they are wrapped.
    pub inside_tmux: bool,
    /// The most frames sent in one second: 60, or 30 over SSH.
    pub frames_per_second: u16,
}

impl Capabilities {
    /// Reads the environment of this process.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads an environment given as a function.
    #[must_use]
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            lookup(name)
                .map(|value| value.to_string_lossy().into_owned())
                .filter(|value| !value.is_empty())
        };
        let dumb = text("TERM").is_none_or(|term| term == "dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        let unicode = locale.is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            colours: if dumb || text("NO_COLOR").is_some() {
                Colours::None
            } else {
                Colours::Ansi
            },
            glyphs: if unicode {
                Glyphs::Unicode
            } else {
                Glyphs::Ascii
            },
            plain: text("ACCESSIBLE").is_some_and(|value| value != "0"),
            links: !dumb,
            inside_tmux: text("TMUX").is_some(),
            frames_per_second: if text("SSH_CONNECTION").is_some() {
                30
            } else {
                60
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Capabilities {
        Capabilities::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_first_locale_that_says_something_decides() {
        assert_eq!(read(&[("LANG", "en_GB.UTF-8")]).glyphs, Glyphs::Unicode);
        assert_eq!(
            read(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]).glyphs,
            Glyphs::Unicode
        );
        assert_eq!(
            read(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]).glyphs,
            Glyphs::Ascii
        );
        assert_eq!(read(&[]).glyphs, Glyphs::Ascii);
    }

    #[test]
    fn colours_go_with_no_color_and_with_a_dumb_terminal() {
        assert_eq!(read(&[("TERM", "xterm")]).colours, Colours::Ansi);
        assert_eq!(
            read(&[("TERM", "xterm"), ("NO_COLOR", "")]).colours,
            Colours::Ansi
        );
        assert_eq!(
            read(&[("TERM", "xterm"), ("NO_COLOR", "1")]).colours,
            Colours::None
        );
        assert_eq!(read(&[("TERM", "dumb")]).colours, Colours::None);
        assert!(!read(&[("TERM", "dumb")]).links);
    }

    #[test]
    fn ssh_tmux_and_screen_readers_are_seen() {
        let seen = read(&[
            ("SSH_CONNECTION", "a b"),
            ("TMUX", "x"),
            ("ACCESSIBLE", "1"),
        ]);
        assert_eq!(seen.frames_per_second, 30);
        assert!(seen.inside_tmux && seen.plain);
        let none = read(&[("ACCESSIBLE", "0")]);
        assert_eq!(none.frames_per_second, 60);
        assert!(!none.inside_tmux && !none.plain);
    }
}
