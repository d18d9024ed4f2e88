//! How things look: styles by what they mean, and the two sets of glyphs. Views ask for an [`Ink`], never for a colour.

use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;

macro_rules! inks {
    ($($name:ident $word:literal,)*) => {
        /// What a text means, which decides its style.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Ink { $($name,)* }

        impl Ink {
            pub(super) const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $word),)*];
        }
    };
}

inks! {
    Text "text",
    Dim "dim",
    Heading "heading",
    Active "active",
    Inactive "inactive",
    Waiting "waiting",
    Working "working",
    Failed "failed",
    Drift "drift",
    Selected "selected",
    Resting "resting",
    Title "title",
    Sandbox "sandbox",
    Error "error",
    Good "good",
    Key "key",
    Rule "rule",
}

/// The built-in themes, by name.
const BUILTIN: &[(&str, &str)] = &[
    ("default", include_str!("../../assets/themes/default.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    (
        "monochrome",
        include_str!("../../assets/themes/monochrome.toml"),
    ),
];

/// A style for every ink.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme([Style; Ink::ALL.len()]);

impl Theme {
    /// A built-in theme; none of that name gives the plain terminal.
    pub fn builtin(name: &str) -> Self {
        BUILTIN
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, text)| Self::parse(text).ok())
            .unwrap_or(Self([Style::new(); Ink::ALL.len()]))
    }

    /// A theme from TOML. What it does not name looks as the terminal's own text.
    ///
    /// # Errors
    /// One sentence naming what is wrong, and what is possible.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| format!("The theme cannot be read: {error}"))?;
        let mut styles = [Style::new(); Ink::ALL.len()];
        for (name, style) in &words {
            let Some(place) = Ink::ALL.iter().position(|(_, word)| word == name) else {
                let known: Vec<_> = Ink::ALL.iter().map(|(_, word)| *word).collect();
                return Err(format!(
                    "The theme styles {name:?}, which is none of {}.",
                    known.join(", ")
                ));
            };
            styles[place] = parse_style(style)?;
        }
        Ok(Self(styles))
    }

    /// The style of an ink.
    pub fn style(&self, ink: Ink) -> Style {
        self.0[ink as usize]
    }
}

fn parse_style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut bright = false;
    for word in text.split_whitespace() {
        match word {
            "bright" => bright = true,
            "bold" => style = style.add_modifier(Modifier::BOLD),
            "dim" => style = style.add_modifier(Modifier::DIM),
            "italic" => style = style.add_modifier(Modifier::ITALIC),
            "underlined" => style = style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style = style.add_modifier(Modifier::REVERSED),
            colour => style = style.fg(parse_colour(colour, bright)?),
        }
    }
    Ok(style)
}

fn parse_colour(word: &str, bright: bool) -> Result<Color, String> {
    Ok(match (word, bright) {
        ("red", false) => Color::Red,
        ("red", true) => Color::LightRed,
        ("green", false) => Color::Green,
        ("green", true) => Color::LightGreen,
        ("yellow", false) => Color::Yellow,
        ("blue", false) => Color::Blue,
        ("blue", true) => Color::LightBlue,
        ("magenta", false) => Color::Magenta,
        ("magenta", true) => Color::LightMagenta,
        ("cyan", false) => Color::Cyan,
        ("cyan", true) => Color::LightCyan,
        _ => {
            return Err(format!(
                "The theme uses {word:?}; possible are red, green, yellow, blue, magenta and cyan (all but yellow also \
                 as bright), and bold, dim, italic, underlined, reversed."
            ));
        }
    })
}

/// The characters that stand for things.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub active: &'static str,
    pub inactive: &'static str,
    pub waiting: &'static str,
    pub working: &'static str,
    pub failed: &'static str,
    pub drift: &'static str,
    /// Stands before the chosen row.
    pub cursor: &'static str,
    /// Stands before a marked row.
    pub marked: &'static str,
    /// Shows that a text was cut.
    pub ellipsis: &'static str,
    /// Separates panes.
    pub rule: &'static str,
    /// Stands for one character of a secret.
    pub mask: &'static str,
}

/// For terminals in UTF-8.
pub const UNICODE: &Glyphs = &Glyphs {
    active: "●",
    inactive: "○",
    waiting: "!",
    working: "~",
    failed: "x",
    drift: "≠",
    cursor: ">",
    marked: "+",
    ellipsis: "…",
    rule: "│",
    mask: "•",
};

/// For everything else.
pub const ASCII: &Glyphs = &Glyphs {
    active: "*",
    inactive: "o",
    waiting: "!",
    working: "~",
    failed: "x",
    drift: "#",
    cursor: ">",
    marked: "+",
    ellipsis: "~",
    rule: "|",
    mask: ".",
};

/// How this terminal is drawn on.
#[derive(Debug, Clone)]
pub struct Look {
    pub theme: Theme,
    pub glyphs: &'static Glyphs,
    /// For screen readers and line printers: no rules, no spinner, the real cursor on the chosen row.
    pub plain: bool,
}

impl Look {
    /// The style of an ink.
    pub fn style(&self, ink: Ink) -> Style {
        self.theme.style(ink)
    }

    /// A theme by name with a set of glyphs.
    pub fn new(theme: &str, glyphs: &'static Glyphs) -> Self {
        Self {
            theme: Theme::builtin(theme),
            glyphs,
            plain: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_theme_is_whole_and_readable_on_any_background() {
        for (name, text) in BUILTIN {
            let theme = Theme::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let named: BTreeMap<String, String> = toml::from_str(text).unwrap();
            assert_eq!(named.len(), Ink::ALL.len(), "{name} leaves inks out");
            for (ink, word) in Ink::ALL {
                let style = theme.style(*ink);
                assert!(style.bg.is_none(), "{name}: {word} colours the background");
                assert!(
                    !matches!(
                        style.fg,
                        Some(Color::Black | Color::White | Color::Gray | Color::LightYellow)
                    ),
                    "{name}: {word} vanishes on some background"
                );
            }
            assert!(
                theme
                    .style(Ink::Selected)
                    .add_modifier
                    .contains(Modifier::REVERSED),
                "{name}: the chosen row must be visible without colour"
            );
        }
    }

    #[test]
    fn the_monochrome_theme_has_no_colour() {
        let theme = Theme::builtin("monochrome");
        assert!(
            Ink::ALL
                .iter()
                .all(|(ink, _)| theme.style(*ink).fg.is_none())
        );
    }

    #[test]
    fn a_theme_with_a_mistake_says_what_is_possible() {
        assert!(
            Theme::parse("active = \"puce\"")
                .unwrap_err()
                .contains("magenta")
        );
        assert!(
            Theme::parse("aktive = \"red\"")
                .unwrap_err()
                .contains("active")
        );
    }
}
