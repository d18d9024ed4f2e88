//! Sealing one secret into one row: XChaCha20-Poly1305 under a key of the row's own, bound to its context.

use super::{SealContext, VaultKey, key::fill_random};
use crate::domain::{Fault, FaultKind};
use chacha20poly1305::{AeadInPlace, Key, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// The first byte of a row sealed under the vault key: the version of this format.
const ROW_FORMAT: u8 = 1;
/// The first byte of an entry of the inbox.
pub(super) const INBOX_FORMAT: u8 = 2;
/// The length of an `XChaCha20` nonce: long enough to be drawn at random.
pub(super) const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// A sealed secret, as it lies in the database: format, nonce (or the sender's public key), ciphertext, tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    /// Whether it was sealed to the inbox while the vault was locked, and waits to be moved into its row.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.0.first() == Some(&INBOX_FORMAT)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({} bytes)", self.0.len())
    }
}

/// Seals a secret to its context.
///
/// # Errors
/// [`FaultKind::Host`] when the random source fails; [`FaultKind::BadInput`] for a secret beyond the 256 GiB of the cipher.
pub fn seal(key: &VaultKey, context: &SealContext, secret: &SecretString) -> Result<Sealed, Fault> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    let mut sealed = vec![ROW_FORMAT];
    sealed.extend_from_slice(&nonce);
    encrypt_onto(
        &mut sealed,
        &row_key(key, context),
        &nonce,
        &context.canonical(ROW_FORMAT),
        secret,
    )?;
    Ok(Sealed(sealed))
}

/// Opens what [`seal`] sealed to the same context.
///
/// # Errors
/// [`FaultKind::NeedsKey`] when it does not open: edited, moved from another row, older than the context says, or sealed
/// under another vault key. Only this credential is concerned; it has to be entered again.
pub fn open(key: &VaultKey, context: &SealContext, sealed: &Sealed) -> Result<SecretString, Fault> {
    let Some((nonce, rest)) = sealed
        .0
        .split_first()
        .filter(|(format, _)| **format == ROW_FORMAT)
        .and_then(|(_, rest)| rest.split_first_chunk::<NONCE_BYTES>())
    else {
        return Err(does_not_open(context, unknown_format(sealed)));
    };
    decrypt(
        &row_key(key, context),
        nonce,
        &context.canonical(ROW_FORMAT),
        rest,
    )
    .map_err(|cause| does_not_open(context, cause))
}

fn row_key(key: &VaultKey, context: &SealContext) -> Zeroizing<[u8; 32]> {
    key.derive(
        "guildhall/credential/v1",
        &context.credential.0.to_be_bytes(),
    )
}

pub(super) fn encrypt_onto(
    sealed: &mut Vec<u8>,
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    bound_to: &[u8],
    secret: &SecretString,
) -> Result<(), Fault> {
    let mut text = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
    let tag = XChaCha20Poly1305::new(Key::from_slice(key))
        .encrypt_in_place_detached(XNonce::from_slice(nonce), bound_to, &mut text)
        .map_err(|_| {
            Fault::new(FaultKind::BadInput, "The secret is too long to be sealed.")
                .hint("Enter the key itself, not a file that holds it.")
        })?;
    sealed.extend_from_slice(&text);
    sealed.extend_from_slice(&tag);
    Ok(())
}

/// The secret, or why not, in words that hold nothing of it.
pub(super) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<SecretString, &'static str> {
    let (text, tag) = sealed
        .split_last_chunk::<TAG_BYTES>()
        .ok_or("shorter than any sealed secret")?;
    // Decrypted in a buffer of exactly its size: one that is resized would leave a copy behind.
    let mut text = Zeroizing::new(text.to_vec());
    XChaCha20Poly1305::new(Key::from_slice(key))
        .decrypt_in_place_detached(
            XNonce::from_slice(nonce),
            bound_to,
            &mut text,
            Tag::from_slice(tag),
        )
        .map_err(|_| "the seal does not match the row, its context or the vault key")?;
    std::str::from_utf8(&text)
        .map(SecretString::from)
        .map_err(|_| "not text")
}

pub(super) fn unknown_format(sealed: &Sealed) -> &'static str {
    match sealed.0.first() {
        None => "empty",
        Some(&INBOX_FORMAT) => "an entry of the inbox, not a row",
        Some(&ROW_FORMAT) => "a row, or what is left of one",
        Some(_) => "a format this version does not know",
    }
}

pub(super) fn does_not_open(context: &SealContext, cause: &str) -> Fault {
    Fault::new(
        FaultKind::NeedsKey,
        format!(
            "The stored {} of {} (credential {}) does not open any more: it was changed, moved or put back from an older copy.",
            context.field, context.platform, context.credential
        ),
    )
    .hint("Enter that key again; every other key goes on working.")
    .detail(cause)
}

#[cfg(test)]
mod tests;
