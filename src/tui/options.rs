//! How a screen is asked for: looks and keys from options, environment and the person's own files.

use super::{
    keymap::Keymap,
    term::{Capabilities, Colours, Glyphs},
    theme::{ASCII, Look, Theme, UNICODE},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What the person asked for. Options go before the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, independent of the others"
)]
pub struct Wishes {
    /// The folder of the person's own files: `keymap.toml`, `theme.toml`.
    pub config: Option<PathBuf>,
    /// The name of a built-in theme.
    pub theme: Option<String>,
    /// ASCII only, whatever the locale says.
    pub ascii: bool,
    /// No borders, no spinner, few redraws, the terminal's cursor on the chosen row.
    pub plain: bool,
    /// Nothing may be changed.
    pub read_only: bool,
    /// Whether nobody could continue a stopped process: a session of its own over SSH.
    pub without_shell: bool,
    /// The most frames in a second.
    pub frames_per_second: Option<u16>,
}

impl Wishes {
    /// How this terminal is drawn on, and what is wrong with the person's theme.
    pub(super) fn look(&self, capabilities: Capabilities) -> (Look, Vec<String>) {
        let glyphs = if self.ascii || capabilities.glyphs == Glyphs::Ascii {
            ASCII
        } else {
            UNICODE
        };
        let name = match (&self.theme, capabilities.colours) {
            (_, Colours::None) => "monochrome",
            (Some(name), Colours::Ansi) => name,
            (None, Colours::Ansi) => "default",
        };
        let mut look = Look::new(name, glyphs);
        look.plain = self.plain || capabilities.plain;
        let mut problems = Vec::new();
        // NO_COLOR goes before a theme of one's own: whoever sets it means it.
        if capabilities.colours == Colours::Ansi
            && let Some(text) = self.own_file("theme.toml", &mut problems)
        {
            match Theme::parse(&text) {
                Ok(theme) => look.theme = theme,
                Err(problem) => problems.push(problem),
            }
        }
        (look, problems)
    }

    /// The keys, and what is wrong with the person's own.
    pub(super) fn keymap(&self) -> (Keymap, Vec<String>) {
        let mut problems = Vec::new();
        let own = self.own_file("keymap.toml", &mut problems);
        let (keymap, more) = Keymap::load(own.as_deref());
        problems.extend(more);
        (keymap, problems)
    }

    fn own_file(&self, name: &str, problems: &mut Vec<String>) -> Option<String> {
        let path = self.config.as_ref()?.join(name);
        match read_small(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                problems.push(format!("{} cannot be read: {error}.", path.display()));
                None
            }
        }
    }
}

/// Files of keys and colours are small; a large one is something else.
fn read_small(path: &Path) -> io::Result<String> {
    const MOST: u64 = 256 * 1024;
    if fs::metadata(path)?.len() > MOST {
        return Err(io::Error::other("it is too long for what it should be"));
    }
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(pairs: &[(&str, &str)]) -> Capabilities {
        Capabilities::from_lookup(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn no_color_goes_before_a_theme_of_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("theme.toml"), "active = \"red\"").unwrap();
        let wishes = Wishes {
            config: Some(folder.path().to_owned()),
            ..Wishes::default()
        };
        let (look, problems) = wishes.look(capabilities(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert_eq!(look.theme, Theme::builtin("monochrome"));
        assert!(problems.is_empty());
        let (look, _) = wishes.look(capabilities(&[("TERM", "xterm")]));
        assert_eq!(Ok(look.theme), Theme::parse("active = \"red\""));
    }

    #[test]
    fn a_broken_file_is_told_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("theme.toml"), "active = \"puce\"").unwrap();
        fs::write(folder.path().join("keymap.toml"), "help = 3").unwrap();
        let wishes = Wishes {
            config: Some(folder.path().to_owned()),
            ..Wishes::default()
        };
        let (look, problems) = wishes.look(capabilities(&[("TERM", "xterm")]));
        assert_eq!((look.theme, problems.len()), (Theme::builtin("default"), 1));
        assert_eq!(wishes.keymap().1.len(), 1);
    }
}
