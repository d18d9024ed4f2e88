//! The short name of a community, used in addresses, folders and commands.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A community's short name: 1 to 36 characters of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
///
/// The length leaves room for a prefix in the 63 characters of a host label and of a unit name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SlugError {
    /// Nothing was written.
    #[error("a short name needs at least one letter or digit")]
    Empty,
    /// More than 36 characters.
    #[error("a short name has at most {max} characters; this one has {length}", max = Slug::MAX_LENGTH)]
    TooLong {
        /// How many characters it has.
        length: usize,
    },
    /// A character outside the alphabet.
    #[error("a short name holds only a-z, 0-9 and '-'; {character:?} is none of them")]
    Character {
        /// The first such character.
        character: char,
    },
    /// A dash at either end.
    #[error("a short name begins and ends with a letter or digit")]
    Dash,
}

impl Slug {
    /// The most characters a slug may have.
    pub const MAX_LENGTH: usize = 36;

    /// The slug that a name suggests: lower-cased, everything else turned into single dashes.
    ///
    /// # Errors
    /// [`SlugError::Empty`] when the name has no ASCII letter or digit to keep.
    pub fn suggest(name: &str) -> Result<Self, SlugError> {
        let mut slug = String::new();
        for character in name.chars().flat_map(char::to_lowercase) {
            if slug.len() == Self::MAX_LENGTH {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.trim_end_matches('-').parse()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        let allowed = |character: &char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || *character == '-'
        };
        if let Some(character) = text.chars().find(|character| !allowed(character)) {
            return Err(SlugError::Character { character });
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(SlugError::TooLong { length: text.len() });
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(SlugError::Dash);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_suggests_a_slug_that_is_valid() {
        assert_eq!(
            Slug::suggest("Rosewood Co-op").unwrap().as_str(),
            "rosewood-co-op"
        );
        assert_eq!(
            Slug::suggest("  Ärger & Söhne ").unwrap().as_str(),
            "rger-s-hne"
        );
        assert_eq!(Slug::suggest(&"x".repeat(99)).unwrap().as_str().len(), 36);
        assert_eq!(Slug::suggest("日本"), Err(SlugError::Empty));
    }

    #[test]
    fn what_is_not_a_slug_is_refused_with_the_reason() {
        assert_eq!(
            "Rose".parse::<Slug>(),
            Err(SlugError::Character { character: 'R' })
        );
        assert_eq!("-rose".parse::<Slug>(), Err(SlugError::Dash));
        assert_eq!(
            "a".repeat(37).parse::<Slug>(),
            Err(SlugError::TooLong { length: 37 })
        );
        assert_eq!(
            "../etc".parse::<Slug>(),
            Err(SlugError::Character { character: '.' })
        );
    }
}
