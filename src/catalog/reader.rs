//! The strict reader of one TOML table: says where a fact is missing or wrong and what to write, and refuses unknown keys.
//!
//! Knows TOML and positions; what a manifest is made of is for `parse` to know.

use super::{CatalogError, Pattern, suggestion::nearest};
use crate::domain::PlatformId;
use jiff::civil::Date;
use std::str::FromStr;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) type Result<T> = std::result::Result<T, CatalogError>;

/// A file that is being read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    /// What the file is called in messages.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Whether patterns are compiled while reading. Not at start for the built-in manifests, which a test compiles.
    pub compile_patterns: bool,
    /// The ids of all platforms, so that a reference to one is checked where it stands.
    pub known: &'a [&'a str],
}

impl Source<'_> {
    /// The error for a byte position of the text.
    pub fn error(
        &self,
        at: usize,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> CatalogError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before
            .get(line_start..)
            .map_or(0, |line| line.chars().count());
        CatalogError {
            file: self.file.to_owned(),
            line: Some(before.matches('\n').count() + 1),
            column: Some(column + 1),
            message: message.into(),
            suggestion: suggestion.into(),
        }
    }
}

/// One table, with the keys that were asked for.
pub(super) struct Reader<'a> {
    source: Source<'a>,
    place: String,
    table: &'a DeTable<'a>,
    at: usize,
    asked: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// The table, called `place` in messages.
    pub fn new(
        source: Source<'a>,
        place: impl Into<String>,
        table: &'a DeTable<'a>,
        at: usize,
    ) -> Self {
        Self {
            source,
            place: place.into(),
            table,
            at,
            asked: Vec::new(),
        }
    }

    /// Whether patterns are compiled while reading.
    pub fn compiles_patterns(&self) -> bool {
        self.source.compile_patterns
    }

    fn find(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    fn require(&mut self, key: &'static str, write: &str) -> Result<&'a Spanned<DeValue<'a>>> {
        self.find(key).ok_or_else(|| self.missing(key, write))
    }

    /// The error for a key that is not there: an unknown key that resembles it is the likelier mistake.
    fn missing(&self, key: &str, write: &str) -> CatalogError {
        let misspelt = self
            .table
            .keys()
            .find(|written| nearest(written.get_ref().as_ref(), [key]).is_some());
        match misspelt {
            Some(written) if !self.asked.contains(&written.get_ref().as_ref()) => {
                self.source.error(
                    written.span().start,
                    format!("{:?} is not a key of {}.", written.get_ref(), self.place),
                    format!("Did you mean {key:?}?"),
                )
            }
            _ => self.source.error(
                self.at,
                format!("{key:?} is missing in {}.", self.place),
                format!("Write {key} = {write}"),
            ),
        }
    }

    fn wrong_type(&self, value: &Spanned<DeValue<'a>>, key: &str, write: &str) -> CatalogError {
        self.source.error(
            value.span().start,
            format!(
                "{key:?} in {} is of the wrong type ({}).",
                self.place,
                value.get_ref().type_str()
            ),
            format!("Write {key} = {write}"),
        )
    }

    /// The error about the value of a key.
    pub fn error_at(
        &self,
        key: &str,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> CatalogError {
        let at = self
            .table
            .get(key)
            .map_or(self.at, |value| value.span().start);
        self.source.error(at, message, suggestion)
    }

    fn checked_text(&self, value: &Spanned<DeValue<'a>>, key: &str, write: &str) -> Result<String> {
        let text = value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong_type(value, key, write))?;
        if text.trim().is_empty() {
            return Err(self.source.error(
                value.span().start,
                format!("{key:?} in {} is empty.", self.place),
                format!("Write {key} = {write}"),
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(self.source.error(
                value.span().start,
                format!("{key:?} in {} holds a control character.", self.place),
                "Write it on one line, without tabs.",
            ));
        }
        Ok(text.trim().to_owned())
    }

    /// A text that must be there and say something; `write` is an example of it, as it would stand in the file.
    pub fn text(&mut self, key: &'static str, write: &str) -> Result<String> {
        let value = self.require(key, write)?;
        self.checked_text(value, key, write)
    }

    /// A text that may be left out, and says something where it stands.
    pub fn optional_text(&mut self, key: &'static str) -> Result<Option<String>> {
        self.find(key)
            .map(|value| self.checked_text(value, key, "\"...\", or leave it out"))
            .transpose()
    }

    /// A list of texts that must be there, and may be empty.
    pub fn texts(&mut self, key: &'static str, write: &str) -> Result<Vec<String>> {
        let value = self.require(key, write)?;
        let items = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong_type(value, key, write))?;
        items
            .iter()
            .map(|item| self.checked_text(item, key, write))
            .collect()
    }

    /// A list of texts that may be left out.
    pub fn optional_texts(&mut self, key: &'static str) -> Result<Vec<String>> {
        if self.table.contains_key(key) {
            self.texts(key, "[\"...\"]")
        } else {
            self.asked.push(key);
            Ok(Vec::new())
        }
    }

    /// A list of lists of texts that must be there, and may be empty.
    pub fn alternatives(&mut self, key: &'static str, write: &str) -> Result<Vec<Vec<String>>> {
        let value = self.require(key, write)?;
        let lists = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong_type(value, key, write))?;
        let mut alternatives = Vec::new();
        for list in lists {
            let items = list
                .get_ref()
                .as_array()
                .ok_or_else(|| self.wrong_type(list, key, write))?;
            let fields: Result<Vec<_>> = items
                .iter()
                .map(|item| self.checked_text(item, key, write))
                .collect();
            alternatives.push(fields?);
        }
        Ok(alternatives)
    }

    /// One of the words of an enumeration.
    pub fn word<T: FromStr<Err = String>>(&mut self, key: &'static str, write: &str) -> Result<T> {
        let text = self.text(key, write)?;
        text.parse().map_err(|reason: String| {
            let first = reason.rsplit_once("none of ").map(|(_, words)| words);
            let near = nearest(&text, first.unwrap_or_default().split(", "));
            self.error_at(
                key,
                format!("{key:?} in {}: {reason}.", self.place),
                near.map_or_else(
                    || "Write one of these words.".to_owned(),
                    |word| format!("Did you mean {word:?}?"),
                ),
            )
        })
    }

    /// One of the words of an enumeration, or nothing.
    pub fn optional_word<T: FromStr<Err = String>>(
        &mut self,
        key: &'static str,
    ) -> Result<Option<T>> {
        if self.table.contains_key(key) {
            self.word(key, "\"...\"").map(Some)
        } else {
            self.asked.push(key);
            Ok(None)
        }
    }

    /// A whole number that may be left out.
    pub fn optional_number<T: FromStr>(&mut self, key: &'static str) -> Result<Option<T>> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        let number = value
            .get_ref()
            .as_integer()
            .filter(|number| number.radix() == 10)
            .and_then(|number| number.as_str().parse().ok());
        number.map(Some).ok_or_else(|| {
            self.source.error(
                value.span().start,
                format!("{key:?} in {} is not a whole number that fits.", self.place),
                format!("Write {key} = 60"),
            )
        })
    }

    /// A whole number that must be there.
    pub fn number<T: FromStr>(&mut self, key: &'static str) -> Result<T> {
        match self.optional_number(key)? {
            Some(number) => Ok(number),
            None => Err(self.missing(key, "60")),
        }
    }

    /// A switch, with what it is when left out.
    pub fn flag(&mut self, key: &'static str, otherwise: bool) -> Result<bool> {
        let Some(value) = self.find(key) else {
            return Ok(otherwise);
        };
        value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.wrong_type(value, key, "true or false"))
    }

    /// A date that must be there.
    pub fn date(&mut self, key: &'static str) -> Result<Date> {
        let value = self.require(key, "2026-11-22")?;
        value
            .get_ref()
            .as_datetime()
            .and_then(|date| date.to_string().parse().ok())
            .ok_or_else(|| self.wrong_type(value, key, "2026-11-22"))
    }

    /// A regular expression that may be left out.
    pub fn pattern(&mut self, key: &'static str) -> Result<Option<Pattern>> {
        let Some(source) = self.optional_text(key)? else {
            return Ok(None);
        };
        let pattern = Pattern::new(source);
        if self.source.compile_patterns {
            pattern.compile().map_err(|reason| {
                self.error_at(
                    key,
                    format!(
                        "{key:?} in {} is not a regular expression: {reason}.",
                        self.place
                    ),
                    "Write one in the syntax of Rust's regex crate, in single quotes.",
                )
            })?;
        }
        Ok(Some(pattern))
    }

    /// The id of another platform, which must be known.
    pub fn known_platform(&self, key: &str, text: &str) -> Result<PlatformId> {
        if self.source.known.contains(&text) {
            return Ok(PlatformId::new(text));
        }
        let near = nearest(text, self.source.known.iter().copied());
        Err(self.error_at(
            key,
            format!(
                "{text:?} in {} is no platform that anybody describes.",
                self.place
            ),
            near.map_or_else(
                || format!("Write one of {}.", self.source.known.join(", ")),
                |near| format!("Did you mean {near:?}?"),
            ),
        ))
    }

    /// The id of a platform that is being described.
    pub fn platform(&self, key: &str, text: &str) -> Result<PlatformId> {
        let allowed = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        };
        if text.len() <= 36
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(allowed)
        {
            return Ok(PlatformId::new(text));
        }
        Err(self.error_at(
            key,
            format!("{text:?} cannot be the id of a platform."),
            "Write 1 to 36 of a-z, 0-9 and '-', beginning with a letter.",
        ))
    }

    /// A table within this one that must be there.
    pub fn table(&mut self, key: &'static str) -> Result<Reader<'a>> {
        match self.optional_table(key)? {
            Some(table) => Ok(table),
            None => Err(self.missing(key, &format!("{{ ... }}, or a section [{key}]"))),
        }
    }

    /// A table within this one that may be left out.
    pub fn optional_table(&mut self, key: &'static str) -> Result<Option<Reader<'a>>> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        let table = value.get_ref().as_table().ok_or_else(|| {
            self.wrong_type(value, key, &format!("{{ ... }}, or a section [{key}]"))
        })?;
        let place = format!("[{key}]");
        Ok(Some(Reader::new(
            self.source,
            place,
            table,
            value.span().start,
        )))
    }

    /// The tables of a list; the list must be there, and may be empty.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<Reader<'a>>> {
        let write = format!("[] where there is none, or sections [[{key}]]");
        let value = self.require(key, &write)?;
        self.each_table(value, key, &write)
    }

    /// The tables of a list that may be left out.
    pub fn optional_tables(&mut self, key: &'static str) -> Result<Vec<Reader<'a>>> {
        match self.find(key) {
            Some(value) => self.each_table(value, key, &format!("sections [[{key}]]")),
            None => Ok(Vec::new()),
        }
    }

    fn each_table(
        &self,
        value: &'a Spanned<DeValue<'a>>,
        key: &str,
        write: &str,
    ) -> Result<Vec<Reader<'a>>> {
        let items = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong_type(value, key, write))?;
        items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let table = item
                    .get_ref()
                    .as_table()
                    .ok_or_else(|| self.wrong_type(item, key, write))?;
                let place = format!("[[{key}]] number {}", index + 1);
                Ok(Reader::new(self.source, place, table, item.span().start))
            })
            .collect()
    }

    /// Ends the reading: a key that nobody asked for is an error.
    pub fn finish(self) -> Result<()> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !self.asked.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(key) = unknown else { return Ok(()) };
        let near = nearest(key.get_ref(), self.asked.iter().copied());
        Err(self.source.error(
            key.span().start,
            format!("{:?} is not a key of {}.", key.get_ref(), self.place),
            near.map_or_else(
                || format!("Its keys are {}.", self.asked.join(", ")),
                |near| format!("Did you mean {near:?}?"),
            ),
        ))
    }
}
