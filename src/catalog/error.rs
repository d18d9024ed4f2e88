//! What is wrong with a manifest, where, and what to write instead.

use crate::domain::{Fault, FaultKind};
use std::fmt;

/// A manifest that cannot be used. Nothing was loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CatalogError {
    /// The file: its path, or `assets/platforms/<id>.toml` for one that is built in.
    pub file: String,
    /// The line, from 1, where known.
    pub line: Option<usize>,
    /// The column in characters, from 1, where known.
    pub column: Option<usize>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write or do, in one sentence.
    pub suggestion: String,
}

impl CatalogError {
    /// An error about a file as a whole.
    #[must_use]
    pub fn of_file(
        file: impl Into<String>,
        message: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            message: message.into(),
            suggestion: suggestion.into(),
        }
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
            if let Some(column) = self.column {
                write!(formatter, ":{column}")?;
            }
        }
        write!(formatter, ": {} {}", self.message, self.suggestion)
    }
}

impl From<CatalogError> for Fault {
    fn from(error: CatalogError) -> Self {
        let place = match (error.line, error.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", error.file),
            (Some(line), None) => format!("{}:{line}", error.file),
            _ => error.file,
        };
        Self::new(FaultKind::BadInput, format!("{place}: {}", error.message)).hint(error.suggestion)
    }
}
