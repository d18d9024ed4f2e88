//! The vault key and everything derived from it. Knows no file and no format of a row.

use crate::domain::{Fault, FaultKind};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How many bytes a vault key has.
pub(super) const KEY_BYTES: usize = 32;

/// How many bytes of the keyed hash a fingerprint keeps: enough to tell keys apart, useless for guessing them.
const FINGERPRINT_BYTES: usize = 8;

/// The secret from which all others of the installation come: 32 random bytes, wiped when dropped.
///
/// It cannot be printed, compared or cloned by accident.
pub struct VaultKey(SecretBox<[u8; KEY_BYTES]>);

impl VaultKey {
    /// A new key from the random source of the operating system.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when that source fails.
    pub fn generate() -> Result<Self, Fault> {
        let mut key = Box::new([0; KEY_BYTES]);
        fill_random(key.as_mut_slice())?;
        Ok(Self(SecretBox::new(key)))
    }

    /// The key held by exactly these bytes; none when their number is wrong.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Box::new([0; KEY_BYTES]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(SecretBox::new(key)))
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }

    /// A key of its own for one purpose, and within it for one thing.
    pub(super) fn derive(&self, purpose: &str, thing: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
        expand(&Hkdf::<Sha256>::new(None, self.bytes()), purpose, thing)
    }
}

/// HKDF-Expand with an info that no other pair of purpose and thing shares.
pub(super) fn expand<const LENGTH: usize>(
    secret: &Hkdf<Sha256>,
    purpose: &str,
    thing: &[u8],
) -> Zeroizing<[u8; LENGTH]> {
    const { assert!(LENGTH <= 255 * 32, "more than HKDF-SHA256 can give") };
    let mut output = Zeroizing::new([0; LENGTH]);
    let given = secret.expand_multi_info(&[purpose.as_bytes(), &[0], thing], output.as_mut_slice());
    debug_assert!(given.is_ok(), "the length is checked above");
    output
}

/// Random bytes from the operating system.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<(), Fault> {
    OsRng.try_fill_bytes(bytes).map_err(|cause| {
        Fault::new(
            FaultKind::Host,
            "The random source of this host does not answer, so no key could be made.",
        )
        .hint("Try again; if it stays so, the kernel's random device needs repair.")
        .detail(cause)
    })
}

/// A value that tells whether a vault key is the right one without telling anything else of it: 32 hexadecimal digits,
/// kept beside the wrapped keys.
#[must_use]
pub fn check_value(key: &VaultKey) -> String {
    let derived = key.derive("guildhall/check/v1", &[]);
    hexadecimal(&derived[..16])
}

/// Whether this key is the one the recorded [`check_value`] was made from.
#[must_use]
pub fn is_check_value(key: &VaultKey, recorded: &str) -> bool {
    // The value is no secret (it lies in the database), so an ordinary comparison gives nothing away.
    check_value(key) == recorded
}

/// A keyed hash of a secret: 16 hexadecimal digits, the same wherever the same secret is entered, so that a key used
/// twice is found without being shown, also where another platform's tool was given it. Without the vault key nobody
/// can test a guess against it.
#[must_use]
pub fn fingerprint(key: &VaultKey, secret: &SecretString) -> String {
    let hash_key = key.derive("guildhall/fingerprint/v1", &[]);
    let hash = keyed_hash(&hash_key, secret.expose_secret().as_bytes());
    hexadecimal(&hash[..FINGERPRINT_BYTES])
}

/// The key of the audit chain. May be handed to whoever writes the chain; opens nothing.
#[derive(Clone)]
pub struct ChainKey(Zeroizing<[u8; KEY_BYTES]>);

impl ChainKey {
    /// The digest of an entry, given in its canonical form: HMAC-SHA256 as 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self, entry: &[u8]) -> String {
        hexadecimal(&keyed_hash(&self.0, entry))
    }

    /// The bare key, for a room that computes the digests itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The key of this installation's audit chain.
#[must_use]
pub fn chain_key(key: &VaultKey) -> ChainKey {
    ChainKey(key.derive("guildhall/audit-chain/v1", &[]))
}

fn keyed_hash(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; 32] {
    // Shorter keys are padded with zeros to the block of the hash (RFC 2104); doing it here leaves no error to handle.
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_BYTES].copy_from_slice(key);
    let mut hash = Hmac::<Sha256>::new((&*block).into());
    hash.update(message);
    hash.finalize().into_bytes().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> VaultKey {
        VaultKey::from_bytes(&[byte; KEY_BYTES]).unwrap()
    }

    #[test]
    fn the_same_key_used_twice_is_found_and_only_with_the_vault_key() {
        let secret = SecretString::from("one and the same secret");
        let found = fingerprint(&key(1), &secret);
        assert_eq!(found.len(), 16);
        assert_eq!(found, fingerprint(&key(1), &secret));
        assert_ne!(found, fingerprint(&key(2), &secret));
        assert_ne!(found, fingerprint(&key(1), &SecretString::from("another")));
    }

    #[test]
    fn another_vault_key_fails_the_check() {
        let recorded = check_value(&key(1));
        assert!(is_check_value(&key(1), &recorded));
        assert!(!is_check_value(&key(2), &recorded));
    }

    #[test]
    fn the_chain_digest_is_hmac_sha256() {
        // RFC 4231, test case 1 (its 20-byte key padded with zeros is the same key to HMAC).
        let mut raw = [0; KEY_BYTES];
        raw[..20].fill(0x0b);
        assert_eq!(
            ChainKey(Zeroizing::new(raw)).digest(b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_ne!(
            chain_key(&key(1)).digest(b"entry"),
            chain_key(&key(2)).digest(b"entry")
        );
    }

    #[test]
    fn purposes_share_no_key() {
        let vault = key(1);
        assert_ne!(*vault.derive("a", b"b"), *vault.derive("b", b"b"));
        assert_ne!(*vault.derive("a", b"b"), *vault.derive("a", b"c"));
        assert_ne!(*vault.derive("a", b"b"), *vault.derive("ab", b""));
    }

    #[test]
    fn two_generated_keys_differ() {
        let (one, two) = (VaultKey::generate().unwrap(), VaultKey::generate().unwrap());
        assert_ne!(one.bytes(), two.bytes());
    }
}
