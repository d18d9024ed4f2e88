//! A manifest file while it is being read: turns positions of its text into errors with line and column.

use super::CatalogError;

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
