//! Tokens in Synapse's shape, with their checksum.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rand::Rng as _;

/// `syt_<base64 of the local part>_<20 letters>_<checksum>` (sheet: matrix 2).
pub fn access_token(local_part: &str) -> String {
    let mut random = rand::rng();
    let letters: String = (0..20)
        .map(|_| {
            let letter = random.random_range(0..52_u8);
            char::from(if letter < 26 {
                b'a' + letter
            } else {
                b'A' + letter - 26
            })
        })
        .collect();
    let body = format!("syt_{}_{letters}", STANDARD_NO_PAD.encode(local_part));
    format!("{body}_{}", base62(crc32(body.as_bytes())))
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

fn base62(mut number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = Vec::new();
    while number > 0 || digits.len() < 6 {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        digits.push(char::from(DIGITS[digit]));
        number /= 62;
    }
    digits.iter().rev().collect()
}
