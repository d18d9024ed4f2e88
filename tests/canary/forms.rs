//! A secret in every form in which it could slip out.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::{collections::BTreeSet, fmt::Write as _};

/// So many bytes of a secret in a row are the secret, for whoever has to guess the rest.
const PIECE: usize = 12;

/// What is looked for, with the name of the secret it gives away.
pub struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    /// Nothing to look for yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a secret in all its forms: every piece as it is, and the whole in base 64, hexadecimal, percent-encoding
    /// and UTF-16.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(
            secret.len() >= PIECE,
            "{name} is too short to be told from chance"
        );
        for form in forms(secret) {
            self.0.push((name.to_owned(), form));
        }
    }

    /// The names of the secrets that are given away by these bytes, with the place.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        self.0
            .iter()
            .filter(|(_, form)| contains(bytes, form))
            .map(|(name, form)| format!("{name} as {}", form.escape_ascii()))
            .collect()
    }
}

fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let mut forms: Vec<Vec<u8>> = bytes.windows(PIECE).map(<[u8]>::to_vec).collect();
    for shift in 0..3 {
        // In the middle of other text a secret begins at any of three places of a group of four letters.
        let shifted: Vec<u8> = std::iter::repeat_n(b' ', shift)
            .chain(bytes.iter().copied())
            .collect();
        for encoded in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            let begin = (shift * 8).div_ceil(6);
            let end = encoded.len() - 1;
            forms.push(encoded.as_bytes()[begin..end].to_vec());
        }
    }
    let hexadecimal = hexadecimal(bytes);
    forms.push(hexadecimal.to_uppercase().into_bytes());
    forms.push(hexadecimal.into_bytes());
    let percent = |all: bool| -> Vec<u8> {
        let encode = |byte: &u8| {
            if byte.is_ascii_alphanumeric() && !all {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        bytes.iter().map(encode).collect::<String>().into_bytes()
    };
    forms.push(percent(false));
    forms.push(percent(true));
    let wide = secret.encode_utf16();
    forms.push(wide.clone().flat_map(u16::to_le_bytes).collect());
    forms.push(wide.flat_map(u16::to_be_bytes).collect());
    let quoted = serde_json::Value::from(secret).to_string();
    forms.push(quoted.trim_matches('"').as_bytes().to_vec());
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    forms.push(reversed);
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Looks for the first byte, then for the rest.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let (Some(first), true) = (part.first(), bytes.len() >= part.len()) else {
        return false;
    };
    let last = bytes.len() - part.len();
    let mut at = 0;
    while let Some(step) = bytes[at..=last].iter().position(|byte| byte == first) {
        at += step;
        if bytes[at..].starts_with(part) {
            return true;
        }
        at += 1;
        if at > last {
            return false;
        }
    }
    false
}

#[test]
fn a_secret_is_found_in_every_form_and_in_the_middle_of_others() {
    let secret = "canary/correct horse+battery=staple";
    let mut needles = Needles::new();
    needles.add("it", secret);
    let hide = |text: &[u8]| [b"before", text, b"after"].concat();
    let base64 = |before: &str| {
        STANDARD_NO_PAD
            .encode(format!("{before}{secret} and more"))
            .into_bytes()
    };
    let hidden = [
        secret.as_bytes().to_vec(),
        secret.as_bytes()[9..22].to_vec(),
        base64(""),
        base64("x"),
        base64("xy"),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        hexadecimal(secret.as_bytes()).into_bytes(),
        secret
            .replace('/', "%2F")
            .replace(' ', "%20")
            .replace('+', "%2B")
            .replace('=', "%3D")
            .into_bytes(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for text in hidden {
        assert!(
            !needles.found_in(&hide(&text)).is_empty(),
            "{}",
            text.escape_ascii()
        );
    }
    assert!(
        needles
            .found_in(b"canary, correct, horse: an ordinary text of some length")
            .is_empty()
    );
}
