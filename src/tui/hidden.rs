//! Text that must not be printed: what was typed into a secret field, and what was pasted anywhere.

use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// A text without a printable form, overwritten when it is dropped. Its buffer never grows: a growing string leaves
/// copies of a secret behind in memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// The most bytes it holds. The longest key a manifest may describe has 4,096 characters.
    pub const CAPACITY: usize = 4_096;

    /// An empty one.
    pub fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(Self::CAPACITY)))
    }

    /// Of a pasted text; `text` should be dropped by the caller at once. May be longer than the capacity: it is only
    /// read from.
    pub fn pasted(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Adds a character. False when there is no room for it.
    pub fn push(&mut self, character: char) -> bool {
        let fits = self.0.len() + character.len_utf8() <= Self::CAPACITY.min(self.0.capacity());
        if fits {
            self.0.push(character);
        }
        fits
    }

    /// Takes the last character away.
    pub fn pop(&mut self) {
        self.0.pop();
    }

    /// Empties it.
    pub fn clear(&mut self) {
        use zeroize::Zeroize;
        // Zeroizing a `String` empties it and keeps its buffer.
        self.0.zeroize();
    }

    /// The text itself: for the check of its shape and for handing it on.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// How many characters.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A copy of the trimmed text in the type the engine takes.
    pub fn to_secret(&self) -> SecretString {
        SecretString::from(self.0.trim())
    }

    /// A copy of the text as it stands: a passphrase may begin or end with a blank.
    pub fn to_exact_secret(&self) -> SecretString {
        SecretString::from(self.0.as_str())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_nothing_and_its_buffer_never_moves() {
        let mut hidden = Hidden::new();
        let place = hidden.reveal().as_ptr();
        while hidden.push('x') {}
        assert_eq!(hidden.length(), Hidden::CAPACITY);
        assert_eq!(hidden.reveal().as_ptr(), place);
        assert_eq!(format!("{hidden:?}"), "Hidden");
        hidden.clear();
        assert!(hidden.is_empty() && hidden.push('y'));
    }
}
