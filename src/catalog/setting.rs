//! The field of a setting in a form, and which values it takes.

use super::{Holder, Pattern, address};
use crate::domain::{clean_line, words};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// What a setting holds.
    SettingKind {
        /// One line of text.
        Text = "text",
        /// An address, https or on this host.
        Url = "url",
        /// An address or the bare name of a server.
        Server = "server",
        /// A whole number.
        Integer = "integer",
        /// `true` or `false`.
        Switch = "switch",
        /// One of the choices.
        Choice = "choice",
        /// Several texts, separated by commas; from the choices, where there are any.
        List = "list",
    }
}

/// A setting of an instance, as a form asks for it. Never a secret.
#[derive(Debug, Clone, Serialize)]
pub struct SettingField {
    /// Its name in records and commands.
    pub field: String,
    /// What the form calls it.
    pub label: String,
    /// What it does, in one sentence.
    pub help: String,
    /// What it holds.
    pub kind: SettingKind,
    /// The values it may have, for choices and for lists that are made of them.
    pub choices: Vec<String>,
    /// Whether the instance cannot be made without it.
    pub required: bool,
    /// What it is when nothing is entered.
    pub default: Option<String>,
    /// Whether it is fixed once the instance is made.
    pub immutable: bool,
    /// Who may set it.
    pub holder: Holder,
    /// Whether it is the same for every community of the installation.
    pub shared: bool,
    /// What the text (or each text of a list) matches.
    pub pattern: Option<Pattern>,
    /// The least number.
    pub minimum: Option<i64>,
    /// The greatest number.
    pub maximum: Option<i64>,
    /// The most characters of a text, or of each text of a list.
    pub max_length: usize,
    /// An example of a right value.
    pub placeholder: Option<String>,
    /// What a change of it can cost; none where it can be changed back.
    pub danger: Option<Danger>,
}

/// What setting something can cost a community on the platform. It is asked for with the community's short name typed.
#[derive(Debug, Clone, Serialize)]
pub struct Danger {
    /// What can be lost, in one sentence.
    pub what: String,
    /// At which values; at every one where none is named. Setting it back to nothing is never dangerous.
    pub at: Vec<String>,
}

impl SettingField {
    /// The most characters of a text, unless the manifest says otherwise.
    pub const MAX_LENGTH: usize = 500;

    /// The most texts in a list.
    pub const MAX_ITEMS: usize = 100;

    /// The entry in the form in which it is kept. An empty entry is kept as an empty text, and means the default.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence that names the setting.
    pub fn check(&self, entry: &str) -> Result<String, String> {
        let entry = entry.trim();
        if entry.chars().any(char::is_control) {
            return Err(format!("{} holds a control character.", self.label));
        }
        let text = &clean_line(entry);
        if text.is_empty() {
            return if self.required && self.default.is_none() {
                Err(format!("{} is needed.", self.label))
            } else {
                Ok(String::new())
            };
        }
        self.normalise(text)
            .map_err(|reason| format!("{} {reason}.", self.label))
    }

    /// What a value can cost; none where it is harmless.
    #[must_use]
    pub fn danger_of(&self, value: &str) -> Option<&str> {
        let danger = self.danger.as_ref()?;
        let meant = danger.at.is_empty() || danger.at.iter().any(|at| at == value);
        (meant && !value.is_empty()).then_some(danger.what.as_str())
    }

    fn normalise(&self, text: &str) -> Result<String, String> {
        match self.kind {
            SettingKind::Text => self.check_text(text),
            SettingKind::Url => address::normalise(text),
            SettingKind::Server => address::normalise_server(text),
            SettingKind::Integer => self.check_number(text),
            SettingKind::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" => Ok("true".to_owned()),
                "false" | "off" | "no" => Ok("false".to_owned()),
                _ => Err("is true or false".to_owned()),
            },
            SettingKind::Choice => self.check_choice(text),
            SettingKind::List => self.check_list(text),
        }
    }

    fn check_text(&self, text: &str) -> Result<String, String> {
        let length = text.chars().count();
        if length > self.max_length {
            return Err(format!(
                "has at most {} characters; this has {length}",
                self.max_length
            ));
        }
        if self
            .pattern
            .as_ref()
            .is_some_and(|pattern| !pattern.matches(text))
        {
            return Err(match &self.placeholder {
                Some(example) => format!("should look like {example}"),
                None => "does not have the right form".to_owned(),
            });
        }
        Ok(text.to_owned())
    }

    fn check_number(&self, text: &str) -> Result<String, String> {
        let number: i64 = text.parse().map_err(|_| "is a whole number".to_owned())?;
        if let Some(minimum) = self.minimum.filter(|minimum| number < *minimum) {
            return Err(format!("is at least {minimum}"));
        }
        if let Some(maximum) = self.maximum.filter(|maximum| number > *maximum) {
            return Err(format!("is at most {maximum}"));
        }
        Ok(number.to_string())
    }

    fn check_choice(&self, text: &str) -> Result<String, String> {
        self.choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(text))
            .cloned()
            .ok_or_else(|| format!("is one of {}", self.choices.join(", ")))
    }

    fn check_list(&self, text: &str) -> Result<String, String> {
        let mut items: Vec<String> = Vec::new();
        for item in text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            let item = if self.choices.is_empty() {
                self.check_text(item)?
            } else {
                self.check_choice(item)?
            };
            if !items.contains(&item) {
                items.push(item);
            }
        }
        if items.len() > Self::MAX_ITEMS {
            return Err(format!("has at most {} entries", Self::MAX_ITEMS));
        }
        Ok(items.join(","))
    }
}
