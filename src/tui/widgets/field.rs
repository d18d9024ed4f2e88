//! One field of a form: a line of text, a secret, or a choice. Takes keys and pastes; says what is wrong with it.

use crate::tui::hidden::Hidden;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A line of text that may be seen.
    Text(Input),
    /// A text that is masked.
    Secret(Hidden),
    /// One of several values; beside each what it means.
    Choice {
        options: Vec<(String, String)>,
        index: usize,
    },
    /// One of several values that are seen all at once.
    List { options: Vec<Listed>, index: usize },
}

/// One value of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub value: String,
    pub label: String,
    /// What choosing it means, said while it is the chosen one; may be empty.
    pub worth: String,
}

impl Listed {
    /// A value with its label and what choosing it means.
    pub fn new(value: &str, label: &str, worth: &str) -> Self {
        Self {
            value: value.to_owned(),
            label: label.to_owned(),
            worth: worth.to_owned(),
        }
    }
}

/// What is thought of what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nothing to say.
    #[default]
    None,
    /// It looks right.
    Good(String),
    /// It may be tried.
    Odd(String),
    /// It cannot be right.
    Wrong(String),
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the code of the form.
    pub id: String,
    pub label: String,
    /// What it is for; shown while it has the focus.
    pub help: String,
    pub entry: Entry,
    /// The most characters it takes.
    pub most: usize,
    pub verdict: Verdict,
    /// Why it cannot be changed, when it cannot.
    pub fixed: Option<String>,
    /// Whether what stands in it was proposed and nobody has touched it yet: typing replaces it, moving the cursor keeps it.
    pub proposed: bool,
}

impl Field {
    /// A line of text.
    pub fn text(id: &str, label: &str, value: &str, most: usize) -> Self {
        let entry = Entry::Text(Input::new(value.to_owned()));
        Self {
            proposed: !value.is_empty(),
            ..Self::with(id, label, entry, most)
        }
    }

    /// A secret.
    pub fn secret(id: &str, label: &str) -> Self {
        Self::with(id, label, Entry::Secret(Hidden::new()), Hidden::CAPACITY)
    }

    /// A choice; `chosen` is one of the values.
    pub fn choice(id: &str, label: &str, options: Vec<(String, String)>, chosen: &str) -> Self {
        let index = options
            .iter()
            .position(|(value, _)| value == chosen)
            .unwrap_or(0);
        Self::with(id, label, Entry::Choice { options, index }, 0)
    }

    /// A list; `chosen` is one of the values.
    pub fn list(id: &str, label: &str, options: Vec<Listed>, chosen: &str) -> Self {
        let index = options
            .iter()
            .position(|option| option.value == chosen)
            .unwrap_or(0);
        Self::with(id, label, Entry::List { options, index }, 0)
    }

    /// Whether it always has an answer, which is one of several.
    pub const fn is_choice(&self) -> bool {
        matches!(self.entry, Entry::Choice { .. } | Entry::List { .. })
    }

    fn with(id: &str, label: &str, entry: Entry, most: usize) -> Self {
        Self {
            id: id.to_owned(),
            label: label.to_owned(),
            help: String::new(),
            entry,
            most,
            verdict: Verdict::None,
            fixed: None,
            proposed: false,
        }
    }

    /// The same with a word of help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Its visible value: nothing for a secret.
    pub fn value(&self) -> &str {
        match &self.entry {
            Entry::Text(input) => input.value(),
            Entry::Secret(_) => "",
            Entry::Choice { options, index } => {
                options.get(*index).map_or("", |(value, _)| value.as_str())
            }
            Entry::List { options, index } => options
                .get(*index)
                .map_or("", |option| option.value.as_str()),
        }
    }

    /// What a secret field holds.
    pub fn hidden(&self) -> Option<&Hidden> {
        match &self.entry {
            Entry::Secret(hidden) => Some(hidden),
            _ => None,
        }
    }

    /// Proposes a value in a text field.
    pub fn set(&mut self, value: &str) {
        if let Entry::Text(input) = &mut self.entry {
            *input = Input::new(value.to_owned());
            self.proposed = !value.is_empty();
        }
    }

    /// What stands here is what somebody wrote: typing adds to it from the start.
    pub fn written(mut self) -> Self {
        self.proposed = false;
        self
    }

    /// Forgets what was entered.
    pub fn clear(&mut self) {
        match &mut self.entry {
            Entry::Text(input) => *input = Input::default(),
            Entry::Secret(hidden) => hidden.clear(),
            Entry::Choice { .. } | Entry::List { .. } => {}
        }
        self.proposed = false;
        self.verdict = Verdict::None;
    }

    /// Whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        match &self.entry {
            Entry::Text(input) => input.value().trim().is_empty(),
            Entry::Secret(hidden) => hidden.is_empty(),
            Entry::Choice { .. } | Entry::List { .. } => false,
        }
    }

    /// Takes a key. Answers whether it was one for this field, and whether the value changed.
    pub fn key(&mut self, key: &KeyEvent) -> Taken {
        let before = self.fixed.is_some().then(|| self.entry.clone());
        let taken = match &mut self.entry {
            Entry::Text(input) if self.proposed => {
                let taken = proposed_key(input, key, self.most);
                self.proposed = taken == Taken::Passed;
                taken
            }
            Entry::Text(input) => text_key(input, key, self.most),
            Entry::Secret(hidden) => secret_key(hidden, key),
            Entry::Choice { options, index } => choice_key(options.len(), index, key),
            Entry::List { options, index } => list_key(options.len(), index, key),
        };
        match (taken, &self.fixed, before) {
            (Taken::Changed, Some(reason), Some(before)) => {
                self.verdict = Verdict::Odd(reason.clone());
                self.entry = before;
                Taken::Kept
            }
            (taken, ..) => taken,
        }
    }

    /// Takes a paste: without line ends and control characters, cut at the most it takes.
    pub fn paste(&mut self, pasted: &Hidden) -> Taken {
        let characters = pasted
            .reveal()
            .chars()
            .filter(|character| !character.is_control());
        match &mut self.entry {
            Entry::Choice { .. } | Entry::List { .. } => return Taken::Kept,
            Entry::Text(input) => {
                if std::mem::take(&mut self.proposed) {
                    *input = Input::default();
                }
                let room = self.most.saturating_sub(input.value().chars().count());
                // Put in as one piece: one character at a time would be slow for a long paste.
                let mut value = input.value().to_owned();
                let at = value
                    .char_indices()
                    .nth(input.cursor())
                    .map_or(value.len(), |(at, _)| at);
                let added: String = characters.take(room).collect();
                let cursor = input.cursor() + added.chars().count();
                value.insert_str(at, &added);
                *input = Input::new(value).with_cursor(cursor);
            }
            Entry::Secret(hidden) => {
                for character in characters {
                    if !hidden.push(character) {
                        self.verdict = Verdict::Wrong(format!(
                            "Only the first {} characters fit; no key is that long.",
                            hidden.length()
                        ));
                        return Taken::Kept;
                    }
                }
            }
        }
        Taken::Changed
    }
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was not for this field.
    Passed,
    /// It was, and the value is the same.
    Kept,
    /// It was, and the value changed.
    Changed,
}

fn text_key(input: &mut Input, key: &KeyEvent, most: usize) -> Taken {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let request = match key.code {
        KeyCode::Char('h') if control => InputRequest::DeletePrevChar,
        KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
        KeyCode::Char('u') if control => InputRequest::DeleteLine,
        KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
        KeyCode::Char('e') if control => InputRequest::GoToEnd,
        KeyCode::Char(_) if control => return Taken::Passed,
        KeyCode::Char(character) => {
            if input.value().chars().count() >= most {
                return Taken::Kept;
            }
            InputRequest::InsertChar(character)
        }
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return Taken::Passed,
    };
    match input.handle(request) {
        Some(change) if change.value => Taken::Changed,
        _ => Taken::Kept,
    }
}

/// The first key in a text that was proposed: what writes or deletes begins anew, what moves the cursor keeps the text.
fn proposed_key(input: &mut Input, key: &KeyEvent, most: usize) -> Taken {
    let mut anew = Input::default();
    match text_key(&mut anew, key, most) {
        Taken::Passed => Taken::Passed,
        Taken::Kept if is_movement(key) => text_key(input, key, most),
        Taken::Changed | Taken::Kept => {
            *input = anew;
            Taken::Changed
        }
    }
}

fn is_movement(key: &KeyEvent) -> bool {
    matches!(
        key.code,
        KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End | KeyCode::Char('e')
    )
}

fn secret_key(hidden: &mut Hidden, key: &KeyEvent) -> Taken {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u' | 'w' | 'k') if control => hidden.clear(),
        KeyCode::Char('h') if control => hidden.pop(),
        KeyCode::Char(_) if control => return Taken::Passed,
        KeyCode::Char(character) => {
            if !hidden.push(character) {
                return Taken::Kept;
            }
        }
        KeyCode::Backspace => hidden.pop(),
        KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End | KeyCode::Delete => {
            return Taken::Kept;
        }
        _ => return Taken::Passed,
    }
    Taken::Changed
}

fn choice_key(count: usize, index: &mut usize, key: &KeyEvent) -> Taken {
    let count = count.max(1);
    match key.code {
        KeyCode::Right | KeyCode::Char(' ') => *index = (*index + 1) % count,
        KeyCode::Left => *index = (*index + count - 1) % count,
        _ => return Taken::Passed,
    }
    Taken::Changed
}

/// Up and down walk the list and leave it at its ends.
fn list_key(count: usize, index: &mut usize, key: &KeyEvent) -> Taken {
    match key.code {
        KeyCode::Down | KeyCode::Char('j') if *index + 1 < count => *index += 1,
        KeyCode::Up | KeyCode::Char('k') if *index > 0 => *index -= 1,
        KeyCode::Char('j' | 'k') => return Taken::Kept,
        KeyCode::Right | KeyCode::Left | KeyCode::Char(' ') => {
            return choice_key(count, index, key);
        }
        _ => return Taken::Passed,
    }
    Taken::Changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode, modifiers: KeyModifiers) -> Taken {
        field.key(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_paste_loses_line_ends_and_controls_and_stops_at_the_limit() {
        let mut field = Field::text("name", "Name", "ab", 6);
        press(&mut field, KeyCode::Home, KeyModifiers::NONE);
        field.paste(&Hidden::pasted("12\r\n3\u{1b}45678".into()));
        assert_eq!(field.value(), "1234ab");
        let mut secret = Field::secret("key", "Key");
        secret.paste(&Hidden::pasted("canary\r\n".into()));
        assert_eq!(secret.hidden().map(Hidden::reveal), Some("canary"));
        assert_eq!(secret.value(), "");
    }

    #[test]
    fn a_paste_longer_than_any_key_is_said_to_be_cut() {
        let mut secret = Field::secret("key", "Key");
        secret.paste(&Hidden::pasted("x".repeat(10_000)));
        assert!(matches!(secret.verdict, Verdict::Wrong(_)));
    }

    #[test]
    fn control_h_deletes_as_backspace_does() {
        let mut field = Field::text("name", "Name", "abc", 10).written();
        press(&mut field, KeyCode::Char('h'), KeyModifiers::CONTROL);
        press(&mut field, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(field.value(), "a");
    }

    #[test]
    fn a_fixed_field_says_why_it_stays() {
        let mut field = Field::choice(
            "mode",
            "Mode",
            vec![("a".into(), "A".into()), ("b".into(), "B".into())],
            "a",
        );
        field.key(&KeyEvent::new(KeyCode::Right, KeyModifiers::NONE));
        assert_eq!(field.value(), "b");
        field.fixed = Some("It is fixed once the instance is made.".into());
        assert_eq!(
            press(&mut field, KeyCode::Char(' '), KeyModifiers::NONE),
            Taken::Kept
        );
        assert!(matches!(field.verdict, Verdict::Odd(_)));
        assert_eq!(field.value(), "b");
    }

    #[test]
    fn typing_replaces_what_was_proposed_and_moving_the_cursor_keeps_it() {
        let proposed = || Field::text("name", "Name", "Rosewood", 20);
        let mut typed = proposed();
        press(&mut typed, KeyCode::Char('F'), KeyModifiers::SHIFT);
        press(&mut typed, KeyCode::Char('e'), KeyModifiers::NONE);
        assert_eq!(typed.value(), "Fe");
        let mut edited = proposed();
        press(&mut edited, KeyCode::Left, KeyModifiers::NONE);
        press(&mut edited, KeyCode::Char('s'), KeyModifiers::NONE);
        assert_eq!(edited.value(), "Rosewoosd");
        let mut emptied = proposed();
        assert_eq!(
            press(&mut emptied, KeyCode::Backspace, KeyModifiers::NONE),
            Taken::Changed
        );
        assert_eq!(emptied.value(), "");
        let mut left = proposed();
        assert_eq!(
            press(&mut left, KeyCode::Tab, KeyModifiers::NONE),
            Taken::Passed
        );
        left.paste(&Hidden::pasted("Fern".into()));
        assert_eq!(left.value(), "Fern");
    }
}
