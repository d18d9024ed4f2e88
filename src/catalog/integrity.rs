//! Checks that are built into the keys of some platforms and need no network.

use crate::domain::words;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// A check that a key carries within itself. It is asked only of keys that have the field's usual shape.
    Integrity {
        /// The last part after `_` is the CRC-32 of everything before it, in base 62, six digits (sheet: matrix 2).
        Crc32Base62 = "crc32-base62",
        /// The part before the first `.` is a decimal number in URL-safe base 64 (sheet: discord 2).
        Base64Number = "base64-number",
    }
}

impl Integrity {
    /// Whether the key agrees with itself.
    #[must_use]
    pub fn holds(self, key: &str) -> bool {
        match self {
            Self::Crc32Base62 => key
                .rsplit_once('_')
                .is_some_and(|(body, sum)| base62(crc32(body.as_bytes())) == sum),
            Self::Base64Number => key.split_once('.').is_some_and(|(number, _)| {
                URL_SAFE_NO_PAD
                    .decode(number.trim_end_matches('='))
                    .is_ok_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
            }),
        }
    }
}

/// CRC-32 as in zlib and Ethernet: reflected, polynomial 0x04C11DB7.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

/// The number in the digits `0-9A-Za-z`, padded with zeros to six.
fn base62(mut number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::with_capacity(6);
    while number > 0 || digits.len() < 6 {
        let digit = DIGITS.get(number as usize % 62).copied().unwrap_or(b'0');
        digits.push(char::from(digit));
        number /= 62;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_usual_crc() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(base62(0), "000000");
        assert_eq!(base62(62), "000010");
    }

    #[test]
    fn one_wrong_letter_is_noticed() {
        let body = "syt_Z292LXJvc2V3b29k_abcdefghijKLMNOPQRST";
        let key = format!("{body}_{}", base62(crc32(body.as_bytes())));
        assert!(Integrity::Crc32Base62.holds(&key));
        assert!(
            !Integrity::Crc32Base62.holds(&key.replace("rosew", "rosev").replace("abc", "abd"))
        );
    }

    #[test]
    fn a_bot_token_begins_with_the_number_of_its_bot() {
        assert!(Integrity::Base64Number.holds("MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.rest"));
        assert!(!Integrity::Base64Number.holds("bm90IGEgbnVtYmVy.abcdef.rest"));
    }
}
