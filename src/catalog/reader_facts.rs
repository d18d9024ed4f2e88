//! Facts that are more than a text: words, numbers, dates, patterns, ids of platforms.

use super::{
    Pattern,
    reader::{Reader, Result},
    suggestion::nearest,
};
use crate::domain::PlatformId;
use jiff::civil::Date;
use std::str::FromStr;

impl Reader<'_> {
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
}
