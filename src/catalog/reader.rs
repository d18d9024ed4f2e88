//! The strict reader of one TOML table: says where a fact is missing or wrong and what to write, and refuses unknown keys.
//!
//! Knows TOML and positions; what a manifest is made of is for `parse` to know.

use super::{CatalogError, source::Source, suggestion::nearest};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) type Result<T> = std::result::Result<T, CatalogError>;

/// One table, with the keys that were asked for.
pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    pub(super) place: String,
    pub(super) table: &'a DeTable<'a>,
    at: usize,
    pub(super) asked: Vec<&'static str>,
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

    pub(super) fn find(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    pub(super) fn require(
        &mut self,
        key: &'static str,
        write: &str,
    ) -> Result<&'a Spanned<DeValue<'a>>> {
        self.find(key).ok_or_else(|| self.missing(key, write))
    }

    /// The error for a key that is not there: an unknown key that resembles it is the likelier mistake.
    pub(super) fn missing(&self, key: &str, write: &str) -> CatalogError {
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

    pub(super) fn wrong_type(
        &self,
        value: &Spanned<DeValue<'a>>,
        key: &str,
        write: &str,
    ) -> CatalogError {
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
