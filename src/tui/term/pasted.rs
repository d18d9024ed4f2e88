//! What was pasted: possibly a secret, so it is never shown by `Debug` and is wiped from memory when dropped.

use secrecy::SecretString;
use std::fmt;
use zeroize::Zeroizing;

/// A bracketed paste.
#[derive(Clone)]
pub struct Pasted {
    text: Zeroizing<String>,
    cut: bool,
}

impl Pasted {
    /// A paste of `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: Zeroizing::new(text.into()),
            cut: false,
        }
    }

    /// A paste as it came in; what is not UTF-8 is replaced.
    pub(super) fn from_bytes(mut bytes: Zeroizing<Vec<u8>>, cut: bool) -> Self {
        let text = match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Zeroizing::new(text),
            Err(error) => {
                let bytes = Zeroizing::new(error.into_bytes());
                Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())
            }
        };
        Self { text, cut }
    }

    /// Whether the paste was longer than is taken, and its end is missing.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.cut
    }

    /// The paste for a field of one line: without line ends and control characters, so that a copied newline neither
    /// submits the form nor becomes part of a key.
    #[must_use]
    pub fn one_line(&self) -> Zeroizing<String> {
        self.keep(|character| !character.is_control())
    }

    /// The paste for a field of several lines: line ends made alike, other control characters but the tab removed.
    #[must_use]
    pub fn many_lines(&self) -> Zeroizing<String> {
        let alike = Zeroizing::new(self.text.replace("\r\n", "\n"));
        let mut kept = Zeroizing::new(String::with_capacity(alike.len()));
        for character in alike.chars() {
            match character {
                '\r' | '\n' => kept.push('\n'),
                '\t' => kept.push('\t'),
                other if other.is_control() => {}
                other => kept.push(other),
            }
        }
        kept
    }

    /// [`Pasted::one_line`] as a secret.
    #[must_use]
    pub fn secret(&self) -> SecretString {
        SecretString::from(self.one_line().as_str())
    }

    fn keep(&self, wanted: impl Fn(char) -> bool) -> Zeroizing<String> {
        // With the room reserved no growth leaves copies behind.
        let mut kept = Zeroizing::new(String::with_capacity(self.text.len()));
        for character in self.text.chars().filter(|character| wanted(*character)) {
            kept.push(character);
        }
        kept
    }
}

impl fmt::Debug for Pasted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pasted([redacted])")
    }
}

/// For tests that compare events; not for checking a secret, it takes no care of timing.
impl PartialEq for Pasted {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.cut == other.cut
    }
}

impl Eq for Pasted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let shown = format!("{:?}", Pasted::new("canary"));
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_field_gets_clean_text() {
        let pasted = Pasted::new("sk_1\r\ntwo\rthree\t\x1b[31m\n");
        assert_eq!(*pasted.one_line(), "sk_1twothree[31m");
        assert_eq!(*pasted.many_lines(), "sk_1\ntwo\nthree\t[31m\n");
    }

    #[test]
    fn broken_text_is_mended_instead_of_lost() {
        let pasted = Pasted::from_bytes(Zeroizing::new(b"a\xffb".to_vec()), false);
        assert_eq!(*pasted.one_line(), "a\u{fffd}b");
    }
}
