//! A regular expression that is compiled when it is first asked, so that start-up does not pay for all of them.

use regex::Regex;
use serde::{Serialize, Serializer};
use std::{fmt, sync::OnceLock};

/// A regular expression of a manifest.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern, not compiled yet.
    pub(super) fn new(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            compiled: OnceLock::new(),
        }
    }

    /// Compiles it now.
    ///
    /// # Errors
    /// Why it is not a regular expression, in one line.
    pub(super) fn compile(&self) -> Result<(), String> {
        let regex = Regex::new(&self.source).map_err(|error| {
            let text = error.to_string();
            text.lines().last().unwrap_or_default().trim().to_owned()
        })?;
        let _already_compiled = self.compiled.set(Some(regex));
        Ok(())
    }

    /// Whether the text matches.
    ///
    /// A pattern that does not compile matches nothing; none gets this far, since an operator's are compiled when they
    /// are loaded and the built-in ones by a test.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.source)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}
