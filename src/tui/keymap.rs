//! Which key does what: the built-in table, a person's own lines over it, and the search from an action back to its
//! keys, so that a changed key shows everywhere. Knows actions only by the one table of `domain`.

use crate::domain::{ACTIONS, Action, ActionId, Scope};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{collections::BTreeMap, fmt};

const BUILTIN: &str = include_str!("../../assets/keymap.toml");

/// A key with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: &[(&str, KeyCode)] = &[
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
];

impl Chord {
    /// The chord of an event. Shift is part of a character already, and shift-tab has two spellings.
    pub fn of(event: &KeyEvent) -> Self {
        let kept =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        match event.code {
            KeyCode::BackTab => Self {
                code: KeyCode::Tab,
                modifiers: kept | KeyModifiers::SHIFT,
            },
            KeyCode::Char(character) => Self {
                code: KeyCode::Char(character),
                modifiers: kept - KeyModifiers::SHIFT,
            },
            code => Self {
                code,
                modifiers: kept,
            },
        }
    }

    /// Parses "ctrl-p", "space", "G", "shift-tab".
    ///
    /// # Errors
    /// One sentence saying why this cannot be a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        loop {
            let (modifier, after) = match rest {
                _ if rest
                    .strip_prefix("ctrl-")
                    .is_some_and(|after| !after.is_empty()) =>
                {
                    (KeyModifiers::CONTROL, &rest[5..])
                }
                _ if rest
                    .strip_prefix("alt-")
                    .is_some_and(|after| !after.is_empty()) =>
                {
                    (KeyModifiers::ALT, &rest[4..])
                }
                _ if rest
                    .strip_prefix("shift-")
                    .is_some_and(|after| !after.is_empty()) =>
                {
                    (KeyModifiers::SHIFT, &rest[6..])
                }
                _ => break,
            };
            modifiers |= modifier;
            rest = after;
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) => KeyCode::Char(character),
            _ => NAMED
                .iter()
                .find(|(name, _)| *name == rest)
                .map(|(_, code)| *code)
                .or_else(|| function_key(rest))
                .ok_or_else(|| format!("{text:?} is no key"))?,
        };
        if modifiers.contains(KeyModifiers::CONTROL) {
            match code {
                KeyCode::Char('i') => return Err(format!("{text:?} is the same as tab")),
                KeyCode::Char('m') => return Err(format!("{text:?} is the same as enter")),
                KeyCode::Char('a' | 'b') => {
                    return Err(format!("{text:?} belongs to screen and tmux"));
                }
                _ => {}
            }
        }
        Ok(Self { code, modifiers })
    }
}

fn function_key(name: &str) -> Option<KeyCode> {
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, word) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                formatter.write_str(word)?;
            }
        }
        match self.code {
            KeyCode::F(number) => write!(formatter, "f{number}"),
            code => match NAMED.iter().find(|(_, known)| *known == code) {
                Some((name, _)) => formatter.write_str(name),
                None => match code {
                    KeyCode::Char(character) => write!(formatter, "{character}"),
                    other => write!(formatter, "{other:?}"),
                },
            },
        }
    }
}

/// All keys.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<(Chord, ActionId)>,
}

impl Keymap {
    /// The built-in keys with a person's own lines over them, and what is wrong with those lines. A line that is
    /// wrong changes nothing; a key that a person gives to an action is taken from the one that had it.
    pub fn load(own: Option<&str>) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let mut keymap = Self { bindings: vec![] };
        for (action, keys) in read_lines(BUILTIN, &mut problems) {
            keymap
                .bindings
                .extend(keys.into_iter().map(|key| (key, action)));
        }
        let own = own.map_or_else(Vec::new, |text| read_lines(text, &mut problems));
        for (action, _) in &own {
            keymap.bindings.retain(|(_, bound)| bound != action);
        }
        for (action, keys) in own {
            for key in keys {
                for loser in keymap.clashes(key, action) {
                    problems.push(format!(
                        "{key} is now {:?}; it was {:?}.",
                        entry(action).name,
                        entry(loser).name
                    ));
                    keymap
                        .bindings
                        .retain(|(bound, owner)| !(*bound == key && *owner == loser));
                }
                keymap.bindings.push((key, action));
            }
        }
        (keymap, problems)
    }

    /// The actions that would not know which of them is meant if `action` had this key too.
    fn clashes(&self, key: Chord, action: ActionId) -> Vec<ActionId> {
        self.bindings
            .iter()
            .filter(|(bound, owner)| {
                *bound == key
                    && *owner != action
                    && overlap(entry(*owner).scope, entry(action).scope)
            })
            .map(|(_, owner)| *owner)
            .collect()
    }

    /// What a key may mean, depending on where one is.
    pub fn actions(&self, key: Chord) -> impl Iterator<Item = ActionId> + '_ {
        self.bindings
            .iter()
            .filter(move |(bound, _)| *bound == key)
            .map(|(_, action)| *action)
    }

    /// The first key of an action, for hints.
    pub fn key(&self, action: ActionId) -> Option<String> {
        self.bindings
            .iter()
            .find(|(_, bound)| *bound == action)
            .map(|(key, _)| key.to_string())
    }

    /// All keys of an action, for the help.
    pub fn keys(&self, action: ActionId) -> String {
        let keys: Vec<_> = self
            .bindings
            .iter()
            .filter(|(_, bound)| *bound == action)
            .map(|(key, _)| key.to_string())
            .collect();
        keys.join(" ")
    }
}

/// The row of the table for an action.
pub fn entry(id: ActionId) -> &'static Action {
    ACTIONS
        .iter()
        .find(|action| action.id == id)
        .unwrap_or(&ACTIONS[0])
}

/// Whether two places can be the current one at once.
fn overlap(one: Scope, other: Scope) -> bool {
    // Each in views of its own; none is in all of them.
    let views = |scope| match scope {
        Scope::Anywhere | Scope::List => None,
        Scope::Community | Scope::Instance => Some(1),
        Scope::Operation => Some(2),
        Scope::Account => Some(3),
    };
    match (views(one), views(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

fn read_lines(text: &str, problems: &mut Vec<String>) -> Vec<(ActionId, Vec<Chord>)> {
    let lines: BTreeMap<String, Vec<String>> = match toml::from_str(text) {
        Ok(lines) => lines,
        Err(error) => {
            problems.push(format!("The keymap cannot be read: {error}"));
            return vec![];
        }
    };
    let mut bound = Vec::new();
    for (name, keys) in lines {
        let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
            problems.push(format!(
                "The keymap names {name:?}, which is no action; the help lists them."
            ));
            continue;
        };
        let mut chords = Vec::new();
        for key in keys {
            match Chord::parse(&key) {
                Ok(chord) => chords.push(chord),
                Err(reason) => {
                    problems.push(format!("The keymap cannot bind {name:?}: {reason}."));
                }
            }
        }
        bound.push((action.id, chords));
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builtin() -> Keymap {
        let (keymap, problems) = Keymap::load(None);
        assert_eq!(problems, Vec::<String>::new());
        keymap
    }

    #[test]
    fn every_action_has_a_key_and_no_key_means_two_things_in_one_place() {
        let keymap = builtin();
        for action in ACTIONS {
            assert!(
                keymap.key(action.id).is_some(),
                "{} has no key",
                action.name
            );
            assert!(
                !action.description.is_empty() && !action.short.is_empty(),
                "{} has no text",
                action.name
            );
        }
        for (key, action) in &keymap.bindings {
            assert_eq!(
                keymap.clashes(*key, *action),
                [],
                "{key} of {}",
                entry(*action).name
            );
        }
    }

    #[test]
    fn the_keys_of_multiplexers_and_control_twins_cannot_be_bound() {
        for key in ["ctrl-a", "ctrl-b", "ctrl-i", "ctrl-m", "hyper-x", ""] {
            assert!(Chord::parse(key).is_err(), "{key}");
        }
    }

    #[test]
    fn a_chord_reads_as_it_is_written() {
        for key in [
            "ctrl-p",
            "space",
            "G",
            "shift-tab",
            "f5",
            "-",
            "alt-x",
            "page-up",
        ] {
            assert_eq!(Chord::parse(key).unwrap().to_string(), key);
        }
        let back = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Chord::of(&back).to_string(), "shift-tab");
        let capital = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(&capital).to_string(), "G");
    }

    #[test]
    fn a_persons_key_wins_and_the_loss_is_reported() {
        let (keymap, problems) = Keymap::load(Some("help = [\"space\"]\nfly = [\"f\"]\n"));
        let space = Chord::parse("space").unwrap();
        assert_eq!(keymap.actions(space).collect::<Vec<_>>(), [ActionId::Help]);
        assert_eq!(keymap.key(ActionId::Toggle), None);
        assert_eq!(keymap.keys(ActionId::Help), "space");
        assert!(problems.iter().any(|problem| problem.contains("toggle")));
        assert!(problems.iter().any(|problem| problem.contains("fly")));
    }

    #[test]
    fn a_broken_file_leaves_the_builtin_keys() {
        let (keymap, problems) = Keymap::load(Some("help = ["));
        assert_eq!(keymap.key(ActionId::Help).as_deref(), Some("?"));
        assert_eq!(problems.len(), 1);
    }
}
