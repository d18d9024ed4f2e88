//! What a token tells by itself: whose it is and whether it was mistyped. No network.

use crate::domain::{Fault, FaultKind};
use base64::{Engine as _, alphabet, engine::GeneralPurpose, engine::general_purpose};
use secrecy::{ExposeSecret, SecretString};

/// Base 64 without padding, lenient about the last bits as other encoders leave them.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    general_purpose::NO_PAD.with_decode_allow_trailing_bits(true),
);

/// The local part of the user, where the token is in Synapse's shape; `None` for any other shape, which is no mistake:
/// the specification calls tokens opaque (sheet: matrix 2).
///
/// # Errors
/// [`FaultKind::BadInput`] when the checksum does not fit, so that something is missing or mistyped, and when it is a
/// refresh token.
pub(super) fn read(token: &SecretString, field: &str) -> Result<Option<String>, Fault> {
    let text = token.expose_secret();
    if text.starts_with("syr_") {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("What was entered as {field} is a refresh token, which works once."),
        )
        .hint("Enter the access token, which begins with syt_."));
    }
    if !text.starts_with("syt_") {
        return Ok(None);
    }
    let parts: Vec<&str> = text.split('_').collect();
    let mistyped = || {
        Fault::new(
            FaultKind::BadInput,
            format!("The {field} is mistyped or cut off: its checksum does not fit."),
        )
        .hint("Copy the whole token again; nothing was sent.")
    };
    let [_, user, _, sum] = parts.as_slice() else {
        return Err(mistyped());
    };
    let body = &text[..text.len() - sum.len() - 1];
    if base62(crc32(body.as_bytes())) != *sum {
        return Err(mistyped());
    }
    let user = LENIENT.decode(user).ok();
    Ok(user.and_then(|user| String::from_utf8(user).ok()))
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}

/// Left-padded to six digits.
fn base62(number: u32) -> String {
    let digit = |value: u32| match value {
        0..=9 => char::from_digit(value, 10).unwrap_or('0'),
        10..=35 => char::from_digit(value, 36)
            .unwrap_or('0')
            .to_ascii_uppercase(),
        _ => char::from_digit(value - 26, 36).unwrap_or('0'),
    };
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 || digits.len() < 6 {
        digits.push(digit(rest % 62));
        rest /= 62;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "gov-rosewood", with its checksum computed by another program (Python's zlib).
    const RIGHT: &str = "syt_Z292LXJvc2V3b29k_abcdefghijABCDEFGHIJ_4Rk1E4";

    #[test]
    fn a_right_token_names_its_user_and_one_wrong_letter_is_caught() {
        assert_eq!(
            read(&RIGHT.into(), "access_token").unwrap().as_deref(),
            Some("gov-rosewood")
        );
        let wrong = RIGHT.replace("abcde", "abcdf");
        let fault = read(&wrong.into(), "access_token").unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
        assert!(!fault.to_string().contains("syt_Z292"));
        let cut: String = RIGHT.chars().take(30).collect();
        assert!(read(&cut.into(), "access_token").is_err());
    }

    #[test]
    fn another_shape_is_no_mistake_and_a_refresh_token_is_one() {
        assert_eq!(read(&"mat_whatever".into(), "access_token").unwrap(), None);
        assert!(read(&"syr_x_y_z".into(), "access_token").is_err());
    }
}
