//! Strikes secrets out of foreign text, in every spelling a platform or a program is known to echo them in.
//!
//! Must not know where a text comes from or where it goes.

use base64::{Engine as _, engine::general_purpose};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::{self, Write as _};
use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const STRUCK: &str = "[secret]";

/// A secret shorter than this (bytes) is not looked for: striking it out would shred every text, and no platform's
/// key is that short.
const SHORTEST: usize = 4;

/// A piece of a secret (a line of it, its middle in base64) shorter than this (bytes) is not looked for.
const SHORTEST_PIECE: usize = 8;

/// The secrets of one call, ready to be struck out of texts. Cannot be printed.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Every spelling, longest first, so that a spelling is never left half struck.
    spellings: Vec<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scrubber")
    }
}

impl Scrubber {
    /// A scrubber that knows no secret yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a secret: as it is, trimmed, each long line of it, URL-encoded, JSON- and HTML-escaped, in base64 (also as
    /// part of a longer base64 text, as in `Authorization: Basic`). Secrets under 4 bytes are passed over.
    pub fn add(&mut self, secret: &SecretString) {
        let secret = secret.expose_secret();
        self.add_text(secret);
        let trimmed = secret.trim();
        if trimmed != secret {
            self.add_text(trimmed);
        }
        for line in secret.lines().map(str::trim) {
            if line.len() >= SHORTEST_PIECE && line != trimmed {
                self.add_text(line);
            }
        }
        self.spellings
            .sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.spellings.dedup();
    }

    /// Whether any secret occurs in the text.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        self.find(text.as_bytes(), 0).is_some()
    }

    /// The text without any secret.
    #[must_use]
    pub fn strike(&self, text: &str) -> String {
        if !self.finds(text) {
            return text.to_owned();
        }
        String::from_utf8_lossy(&self.strike_bytes(text.as_bytes().to_vec())).into_owned()
    }

    /// The bytes without any secret; the same buffer where none occurs.
    #[must_use]
    pub fn strike_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(mut hit) = self.find(&bytes, 0) else {
            return bytes;
        };
        let mut clean = Vec::with_capacity(bytes.len());
        let mut copied = 0;
        loop {
            clean.extend_from_slice(&bytes[copied..hit.0]);
            clean.extend_from_slice(STRUCK.as_bytes());
            copied = hit.0 + hit.1;
            match self.find(&bytes, copied) {
                Some(next) => hit = next,
                None => break,
            }
        }
        clean.extend_from_slice(&bytes[copied..]);
        clean
    }

    /// The length of the longest spelling (bytes): how much of a stream must be held back so that no secret slips through
    /// between two pieces.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.spellings.first().map_or(0, |spelling| spelling.len())
    }

    /// Place and length of the first spelling at or after `from`.
    fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        if self.spellings.is_empty() {
            return None;
        }
        let mut begins = [false; 256];
        for spelling in &self.spellings {
            if let Some(first) = spelling.first() {
                begins[usize::from(*first)] = true;
            }
        }
        (from..bytes.len())
            .filter(|place| begins[usize::from(bytes[*place])])
            .find_map(|place| {
                self.spellings
                    .iter()
                    .find(|spelling| bytes[place..].starts_with(spelling))
                    .map(|spelling| (place, spelling.len()))
            })
    }

    fn add_text(&mut self, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        self.push(text.to_owned());
        // Most keys are made of characters that no writer escapes, and every call with a key comes by here.
        if !text.bytes().all(is_never_escaped) {
            self.push(percent(text, false));
            self.push(percent(text, true));
            self.push(url::form_urlencoded::byte_serialize(text.as_bytes()).collect());
            for escaped in json_spellings(text) {
                self.push(escaped);
            }
            self.push(html(text, "&#39;"));
            self.push(html(text, "&#x27;"));
        }
        for engine in [
            &general_purpose::STANDARD_NO_PAD,
            &general_purpose::URL_SAFE_NO_PAD,
        ] {
            self.push(engine.encode(text));
            for shift in 0..3 {
                self.push(base64_middle(engine, text.as_bytes(), shift));
            }
        }
    }

    fn push(&mut self, spelling: String) {
        if spelling.len() >= SHORTEST {
            self.spellings.push(Zeroizing::new(spelling.into_bytes()));
        }
    }
}

/// Whether a byte stays as it is in an address, a form, JSON and HTML: the unreserved characters of RFC 3986 but `~`, which
/// forms escape.
fn is_never_escaped(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`.
fn percent(text: &str, lower: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else if lower {
            let _ = write!(encoded, "%{byte:02x}");
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// As JSON writers of different languages escape it: plainly, with `\/`, and in pure ASCII with HTML-safe marks.
fn json_spellings(text: &str) -> [String; 3] {
    let plain = serde_json::Value::from(text).to_string();
    let plain = plain[1..plain.len() - 1].to_owned();
    let slashed = plain.replace('/', "\\/");
    let mut ascii = String::with_capacity(plain.len());
    for character in plain.chars() {
        if character.is_ascii() && !matches!(character, '<' | '>' | '&') {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    [plain, slashed, ascii]
}

fn html(text: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

/// The characters of a base64 text that depend on the secret alone when `shift` foreign bytes (modulo 3) precede it.
fn base64_middle(engine: &impl base64::Engine, secret: &[u8], shift: usize) -> String {
    let mut padded = Zeroizing::new(vec![0_u8; shift]);
    padded.extend_from_slice(secret);
    let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
    let skipped = [0, 2, 3][shift % 3];
    let shared = usize::from(!padded.len().is_multiple_of(3));
    let middle = encoded
        .get(skipped..encoded.len().saturating_sub(shared))
        .unwrap_or_default();
    if middle.len() < SHORTEST_PIECE {
        return String::new();
    }
    middle.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secret: &str) -> Scrubber {
        let mut scrubber = Scrubber::new();
        scrubber.add(&SecretString::from(secret));
        scrubber
    }

    #[test]
    fn every_spelling_of_a_secret_is_struck() {
        let secret = "p@ss/w\"ö<rd>&'+=x";
        let scrubber = knowing(secret);
        let basic = general_purpose::STANDARD.encode(format!("admin:{secret}"));
        let basic_longer = general_purpose::STANDARD.encode(format!("admins:{secret}"));
        for echoed in [
            secret.to_owned(),
            "p%40ss%2Fw%22%C3%B6%3Crd%3E%26%27%2B%3Dx".to_owned(),
            "p%40ss%2fw%22%c3%b6%3crd%3e%26%27%2b%3dx".to_owned(),
            "p@ss/w\\\"ö<rd>&'+=x".to_owned(),
            "p@ss\\/w\\\"ö<rd>&'+=x".to_owned(),
            "p@ss/w\\\"\\u00f6\\u003crd\\u003e\\u0026'+=x".to_owned(),
            "p@ss/w&quot;ö&lt;rd&gt;&amp;&#39;+=x".to_owned(),
            general_purpose::STANDARD.encode(secret),
            general_purpose::URL_SAFE.encode(secret),
        ] {
            let struck = scrubber.strike(&format!("before {echoed} after"));
            assert!(struck.starts_with("before [secret]"), "{struck}");
            assert!(struck.ends_with(" after"), "{struck}");
        }
        for echoed in [basic, basic_longer] {
            let struck = scrubber.strike(&echoed);
            assert!(struck.contains(STRUCK), "{struck}");
            assert!(struck.len() < echoed.len() / 2 + STRUCK.len(), "{struck}");
        }
    }

    #[test]
    fn texts_without_a_secret_are_left_alone() {
        assert_eq!(
            knowing("0123456789abcdef").strike("0123456789abcde"),
            "0123456789abcde"
        );
        assert_eq!(Scrubber::new().strike("anything"), "anything");
        assert_eq!(knowing("abc").strike("abcabc"), "abcabc");
        assert_eq!(knowing("").strike("text"), "text");
    }

    #[test]
    fn a_key_of_several_lines_is_struck_line_by_line() {
        let scrubber = knowing("-----BEGIN-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n");
        assert_eq!(scrubber.strike("x DDDDEEEEFFFF y"), "x [secret] y");
        assert_eq!(scrubber.strike("AAAABBBBCCCC"), "[secret]");
    }

    #[test]
    fn neighbours_and_overlaps_leave_nothing() {
        let mut scrubber = knowing("secret-one");
        scrubber.add(&SecretString::from("secret-one-and-more"));
        assert_eq!(
            scrubber.strike("secret-one-and-moresecret-one"),
            "[secret][secret]"
        );
    }

    #[test]
    fn a_scrubber_cannot_be_printed() {
        assert!(!format!("{:?}", knowing("canary-secret")).contains("canary"));
    }
}
