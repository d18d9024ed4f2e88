//! The recovery key: shown once at set-up, written down by a person, typed back by another one years later.

use crate::domain::{Fault, FaultKind};
use age::x25519;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// What stands before the characters of an `age` secret key; not part of what has to be written down.
const PREFIX: &str = "AGE-SECRET-KEY-1";
/// How many characters are written down: 52 for the key, 6 that notice mistakes (BIP 173).
const LENGTH: usize = 58;
/// Characters to a group; 58 leaves a last group of four, by which the note is confirmed.
const GROUP: usize = 6;
/// More than any spacing of it needs; what is longer is something else.
const MOST_TYPED: usize = 1_000;

/// An `age` secret key that opens the vault when everything else is lost.
///
/// Written as ten groups of `QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L`. With `AGE-SECRET-KEY-1` put before the characters, without
/// spaces, it is what the `age` program takes: the vault key can be reached without Guildhall.
pub struct RecoveryKey {
    /// The 58 characters, in capitals.
    characters: SecretString,
}

impl RecoveryKey {
    /// A new key, and nothing recorded of it.
    #[must_use]
    pub fn generate() -> Self {
        Self::of(&x25519::Identity::generate())
    }

    fn of(identity: &x25519::Identity) -> Self {
        let text = identity.to_string();
        let text = text.expose_secret();
        Self {
            characters: SecretString::from(text.strip_prefix(PREFIX).unwrap_or(text)),
        }
    }

    /// The key as it is to be written down: nine groups of six characters and one of four.
    #[must_use]
    pub fn written(&self) -> SecretString {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / GROUP));
        for (number, character) in self.characters.expose_secret().chars().enumerate() {
            if number > 0 && number % GROUP == 0 {
                text.push(' ');
            }
            text.push(character);
        }
        SecretString::from(text.as_str())
    }

    /// Whether these are its last four characters: how a person shows that it was written down.
    #[must_use]
    pub fn is_confirmed_by(&self, last_four: &str) -> bool {
        let typed = plain_characters(last_four);
        typed.chars().count() == 4 && self.characters.expose_secret().ends_with(typed.as_str())
    }

    /// Reads a key back as a person types it: in any case, with any spaces and dashes, with the prefix of the `age` program
    /// or without, and with the characters that are not part of the alphabet read as what they look like (O as 0, I and 1
    /// as L, B as 8).
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] when characters are missing, too many or mistyped.
    pub fn parse(typed: &SecretString) -> Result<Self, Fault> {
        let characters = plain_characters(typed.expose_secret());
        let count = characters.chars().count();
        if count != LENGTH {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("A recovery key has {LENGTH} characters; this one has {count}."),
            )
            .hint(
                "Compare it with the note group by group: nine groups of six, then one of four.",
            ));
        }
        let text = Zeroizing::new(format!("{PREFIX}{}", characters.as_str()));
        // The cause would tell which characters there are.
        text.parse::<x25519::Identity>()
            .map(|identity| Self::of(&identity))
            .map_err(|_| {
                Fault::new(
                    FaultKind::BadInput,
                    "The recovery key is mistyped: its check characters do not fit.",
                )
                .hint("Compare it with the note group by group; one or more characters differ.")
            })
    }

    pub(super) fn identity(&self) -> Result<x25519::Identity, Fault> {
        let text = Zeroizing::new(format!("{PREFIX}{}", self.characters.expose_secret()));
        text.parse().map_err(|_| {
            Fault::new(
                FaultKind::Internal,
                "The recovery key in memory is not one.",
            )
            .hint("Start Guildhall again; please report this.")
        })
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryKey(..)")
    }
}

/// The characters of the alphabet that were meant.
fn plain_characters(typed: &str) -> Zeroizing<String> {
    let mut kept = Zeroizing::new(String::with_capacity(typed.len().min(MOST_TYPED)));
    for character in typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(MOST_TYPED)
    {
        kept.push(character.to_ascii_uppercase());
    }
    let without_prefix = kept
        .strip_prefix("AGESECRETKEY1")
        .filter(|rest| rest.len() == LENGTH)
        .map(|rest| Zeroizing::new(rest.to_owned()));
    let kept = without_prefix.unwrap_or(kept);
    let mut meant = Zeroizing::new(String::with_capacity(kept.len()));
    for character in kept.chars() {
        meant.push(match character {
            'O' => '0',
            'I' | '1' => 'L',
            'B' => '8',
            other => other,
        });
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RecoveryKey, Fault> {
        RecoveryKey::parse(&SecretString::from(text))
    }

    #[test]
    fn it_is_written_in_nine_groups_of_six_and_one_of_four() {
        let written = RecoveryKey::generate().written();
        let groups: Vec<_> = written.expose_secret().split(' ').map(str::len).collect();
        assert_eq!(groups, [6, 6, 6, 6, 6, 6, 6, 6, 6, 4]);
    }

    #[test]
    fn it_is_read_back_however_it_is_typed() {
        let key = RecoveryKey::generate();
        let written = key.written();
        let written = written.expose_secret();
        let same = |typed: &str| {
            let read = parse(typed).unwrap();
            assert_eq!(read.written().expose_secret(), written, "{typed}");
        };
        same(written);
        same(&written.to_lowercase());
        same(&written.replace(' ', "-"));
        same(&format!("  {}\r\n", written.replace(' ', "\n")));
        same(
            &written
                .replace('0', "O")
                .replace('L', "1")
                .replace('8', "b"),
        );
        same(&written.to_lowercase().replace('0', "o").replace('l', "i"));
        same(&format!("age-secret-key-1{}", written.replace(' ', "")));
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let written = RecoveryKey::generate().written();
        let characters: Vec<char> = written
            .expose_secret()
            .chars()
            .filter(|c| *c != ' ')
            .collect();
        for place in 0..characters.len() {
            let mut mistyped = characters.clone();
            mistyped[place] = if characters[place] == 'Q' { 'P' } else { 'Q' };
            let fault = parse(&mistyped.iter().collect::<String>()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::BadInput);
            assert!(fault.what.contains("mistyped"), "{fault}");
        }
    }

    #[test]
    fn a_missing_or_doubled_character_is_named_as_such() {
        let written = RecoveryKey::generate().written();
        let written = written.expose_secret();
        assert!(
            parse(&written[1..])
                .unwrap_err()
                .what
                .contains("this one has 57")
        );
        assert!(
            parse(&format!("Q{written}"))
                .unwrap_err()
                .what
                .contains("this one has 59")
        );
        assert!(parse("").unwrap_err().what.contains("this one has 0"));
        assert!(parse(&"q".repeat(10_000)).is_err());
    }

    #[test]
    fn the_last_four_confirm_it() {
        let key = RecoveryKey::generate();
        let written = key.written();
        let last: String = written
            .expose_secret()
            .chars()
            .rev()
            .take(4)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        assert!(key.is_confirmed_by(&last));
        assert!(key.is_confirmed_by(&format!(" {} ", last.to_lowercase())));
        assert!(!key.is_confirmed_by(&last[1..]));
        assert!(!key.is_confirmed_by(""));
        assert!(!RecoveryKey::generate().is_confirmed_by(&last));
    }

    #[test]
    fn it_never_prints_itself() {
        assert_eq!(format!("{:?}", RecoveryKey::generate()), "RecoveryKey(..)");
    }
}
