//! The field of a key in a form: where to get it, how far it reaches, and what a right one looks like.
//!
//! Checks shapes only. Whether a key is accepted is for the platform to say; nothing here keeps or prints one.

use super::{Integrity, Pattern};
use crate::domain::{PlatformId, words};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// Whose key it is, or who may set a setting.
    Holder {
        /// One for each community.
        Community = "community",
        /// One for the installation; only the operator enters it.
        Installation = "installation",
    }
}

words! {
    /// Whether a key is kept.
    Keep {
        /// It is needed again and again.
        Always = "always",
        /// Very powerful: used once, and stored only when that is asked for.
        OnRequest = "on-request",
    }
}

/// What the shape of a key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShapeCheck {
    /// It looks right.
    Ok,
    /// It looks unusual; the reason, in one sentence. It may be tried.
    Soft(String),
    /// It cannot be right; the reason, in one sentence.
    Wrong(String),
}

/// A pattern by which keys of a platform are known when they turn up in the wrong place.
#[derive(Debug, Clone, Serialize)]
pub struct Telltale {
    /// What such keys match.
    pub pattern: Pattern,
    /// Whether nobody else's keys look like that (a prefix), or it is only a likeness (a number of hexadecimal digits).
    pub sure: bool,
}

/// Something that is often entered by mistake, and what to say then.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// What it matches.
    pub pattern: Pattern,
    /// What it is and what is wanted instead, in one sentence.
    pub reason: String,
}

/// A key, or something that belongs to one, as a form asks for it.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, named as it stands in the manifest"
)]
pub struct CredentialField {
    /// Its name in records and commands.
    pub field: String,
    /// What the form calls it.
    pub label: String,
    /// Whether it is hidden. A client id is not.
    pub secret: bool,
    /// Whose it is.
    pub holder: Holder,
    /// Whether the platform is of no use without it, whatever else is held.
    pub required: bool,
    /// Whether Guildhall makes it itself; no form asks for it then.
    pub made_by_us: bool,
    /// The other platform that issues it, where it is not this one.
    pub issued_by: Option<PlatformId>,
    /// What a right one matches.
    pub pattern: Option<Pattern>,
    /// Whether one that does not match cannot be right, or is only unusual.
    pub strict: bool,
    /// A check that the key carries within itself.
    pub integrity: Option<Integrity>,
    /// By what such keys are known elsewhere.
    pub telltale: Option<Telltale>,
    /// What is often entered by mistake.
    pub refusals: Vec<Refusal>,
    /// What a right one looks like, in words.
    pub shape: String,
    /// The steps to get it, one sentence each. May hold `{setting}` references.
    pub where_to_get: Vec<String>,
    /// Where to get it. May hold `{setting}` references (see `Manifest::fill`).
    pub url: Option<String>,
    /// Whose account it should be made with.
    pub whose: String,
    /// The person who gets, changes or ends it on the platform; an operator unless the manifest says so.
    pub who: String,
    /// The scopes or permissions to ask for.
    pub scopes: Vec<String>,
    /// What it is meant to reach.
    pub reaches: String,
    /// What it reaches beyond that.
    pub also_reaches: String,
    /// When it stops working.
    pub expiry: String,
    /// Whether it is kept.
    pub keep: Keep,
}

impl CredentialField {
    /// The most characters a key may have. The longest known are Slack's, with 256.
    pub const MAX_LENGTH: usize = 4096;

    /// The entry without the white space and line ends around it, which a paste brings along.
    #[must_use]
    pub fn trimmed(entry: &str) -> &str {
        entry.trim()
    }

    /// What the shape of an entry says, by what is known of this field alone
    /// (see [`Catalog::check_credential`](super::Catalog::check_credential) for keys of other platforms).
    #[must_use]
    pub fn check(&self, entry: &str) -> ShapeCheck {
        let key = Self::trimmed(entry);
        if let Some(reason) = self.impossible(key) {
            return ShapeCheck::Wrong(reason);
        }
        let matches = self
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.matches(key));
        if !matches && (key.starts_with("https://") || key.starts_with("http://")) {
            return ShapeCheck::Wrong(format!(
                "This is an address; {} is {}.",
                self.label, self.shape
            ));
        }
        let claims_shape = matches
            || self
                .telltale
                .as_ref()
                .is_some_and(|telltale| telltale.sure && telltale.pattern.matches(key));
        if claims_shape
            && self
                .integrity
                .is_some_and(|integrity| !integrity.holds(key))
        {
            return ShapeCheck::Wrong(
                "A letter of it is wrong or missing: it does not agree with its own checksum."
                    .to_owned(),
            );
        }
        if !matches {
            let reason = format!(
                "{} is {}; this has {} characters and does not look like it.",
                self.label,
                self.shape,
                key.chars().count()
            );
            return if self.strict {
                ShapeCheck::Wrong(reason)
            } else {
                ShapeCheck::Soft(reason)
            };
        }
        ShapeCheck::Ok
    }

    /// Why no platform could have issued such a key.
    fn impossible(&self, key: &str) -> Option<String> {
        if key.is_empty() {
            return Some(format!("{} is empty.", self.label));
        }
        let length = key.chars().count();
        if length > Self::MAX_LENGTH {
            return Some(format!(
                "This has {length} characters; no key has more than {}.",
                Self::MAX_LENGTH
            ));
        }
        if let Some(refusal) = self
            .refusals
            .iter()
            .find(|refusal| refusal.pattern.matches(key))
        {
            return Some(refusal.reason.clone());
        }
        if key.contains(char::is_whitespace) {
            return Some("There is white space inside; a key has none.".to_owned());
        }
        if key
            .chars()
            .any(|character| character.is_control() || !character.is_ascii())
        {
            return Some("There is a character inside that no key has; copy it again.".to_owned());
        }
        None
    }
}
