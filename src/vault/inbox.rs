//! The inbox: a secret can be entered while the vault is locked, and is read at the next unlock.

use super::seal::{
    INBOX_FORMAT, NONCE_BYTES, Sealed, decrypt, does_not_open, encrypt_onto, unknown_format,
};
use super::{SealContext, VaultKey, key};
use crate::domain::{Fault, FaultKind};
use hkdf::Hkdf;
use secrecy::SecretString;
use sha2::Sha256;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

/// The public half of the inbox, kept in the open: seals, and opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxPublic([u8; 32]);

impl InboxPublic {
    /// The public half as recorded.
    ///
    /// # Errors
    /// [`FaultKind::Storage`] when these are not 32 bytes.
    pub fn recorded(bytes: &[u8]) -> Result<Self, Fault> {
        <[u8; 32]>::try_from(bytes).map(Self).map_err(|_| {
            Fault::new(
                FaultKind::Storage,
                "The recorded public key of the vault's inbox is damaged.",
            )
            .hint("Unlock the vault, which makes it anew, or restore a backup.")
            .detail(format!("{} bytes instead of 32", bytes.len()))
        })
    }

    /// The 32 bytes to record.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The public half of this vault's inbox.
#[must_use]
pub fn inbox_public(key: &VaultKey) -> InboxPublic {
    InboxPublic(PublicKey::from(&inbox_secret(key)).to_bytes())
}

/// Seals a secret so that only the vault key can open it, without having the vault key: X25519 with a key made for this
/// one entry, HKDF-SHA256, XChaCha20-Poly1305.
///
/// **What it cannot do:** nothing in the entry proves who made it. Whoever can write the database can put an entry of
/// their own there, and it opens like a real one. It is bound to its context all the same: an entry moved to another
/// row, account or community does not open. So what comes out is verified against the platform before it is used, and
/// the audit trail tells who entered it.
///
/// # Errors
/// [`FaultKind::Host`] when the random source fails; [`FaultKind::Storage`] when the recorded public half is no key;
/// [`FaultKind::BadInput`] for a secret too long for the cipher.
pub fn seal_to_inbox(
    inbox: &InboxPublic,
    context: &SealContext,
    secret: &SecretString,
) -> Result<Sealed, Fault> {
    let mut random = Zeroizing::new([0; 32]);
    key::fill_random(random.as_mut_slice())?;
    let sender_secret = StaticSecret::from(*random);
    let sender = PublicKey::from(&sender_secret);
    let shared = sender_secret.diffie_hellman(&PublicKey::from(inbox.0));
    let Some(once) = OnceKey::agreed(&shared, &sender, inbox) else {
        return Err(Fault::new(
            FaultKind::Storage,
            "The recorded public key of the vault's inbox is damaged.",
        )
        .hint("Unlock the vault, then enter the key again."));
    };
    let mut sealed = vec![INBOX_FORMAT];
    sealed.extend_from_slice(sender.as_bytes());
    encrypt_onto(
        &mut sealed,
        &once.key,
        &once.nonce,
        &context.canonical(INBOX_FORMAT),
        secret,
    )?;
    Ok(Sealed(sealed))
}

/// Opens what [`seal_to_inbox`] sealed to the same context. The caller seals it into its row next.
///
/// # Errors
/// [`FaultKind::NeedsKey`] when it does not open; only this entry is concerned.
pub fn open_from_inbox(
    key: &VaultKey,
    context: &SealContext,
    sealed: &Sealed,
) -> Result<SecretString, Fault> {
    let Some((sender, rest)) = sealed
        .0
        .split_first()
        .filter(|(format, _)| **format == INBOX_FORMAT)
        .and_then(|(_, rest)| rest.split_first_chunk::<32>())
    else {
        return Err(does_not_open(context, unknown_format(sealed)));
    };
    let secret = inbox_secret(key);
    let inbox = InboxPublic(PublicKey::from(&secret).to_bytes());
    let sender = PublicKey::from(*sender);
    OnceKey::agreed(&secret.diffie_hellman(&sender), &sender, &inbox)
        .ok_or("the sender's public key is none")
        .and_then(|once| {
            decrypt(
                &once.key,
                &once.nonce,
                &context.canonical(INBOX_FORMAT),
                rest,
            )
        })
        .map_err(|cause| does_not_open(context, cause))
}

fn inbox_secret(key: &VaultKey) -> StaticSecret {
    StaticSecret::from(*key.derive("guildhall/inbox/v1", &[]))
}

/// Key and nonce of one entry. The nonce may be derived, because the key is never used twice.
struct OnceKey {
    key: Zeroizing<[u8; 32]>,
    nonce: Zeroizing<[u8; NONCE_BYTES]>,
}

impl OnceKey {
    /// None when the shared secret does not depend on both sides, as with a public key of small order.
    fn agreed(shared: &SharedSecret, sender: &PublicKey, inbox: &InboxPublic) -> Option<Self> {
        if !shared.was_contributory() {
            return None;
        }
        let mut salt = [0; 64];
        salt[..32].copy_from_slice(sender.as_bytes());
        salt[32..].copy_from_slice(&inbox.0);
        let secret = Hkdf::<Sha256>::new(Some(&salt), shared.as_bytes());
        Some(Self {
            key: key::expand(&secret, "guildhall/inbox-entry/v1", b"key"),
            nonce: key::expand(&secret, "guildhall/inbox-entry/v1", b"nonce"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::tests::{any_context, context};
    use super::super::seal::{open, seal};
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    proptest! {
        #[test]
        fn what_is_entered_while_locked_opens_with_the_vault_key(context in any_context(), secret in ".{0,200}") {
            let key = VaultKey::generate().unwrap();
            let inbox = InboxPublic::recorded(inbox_public(&key).bytes()).unwrap();
            let entry = seal_to_inbox(&inbox, &context, &SecretString::from(secret.as_str())).unwrap();
            prop_assert!(entry.is_inbox());
            let opened = open_from_inbox(&key, &context, &entry).unwrap();
            prop_assert_eq!(opened.expose_secret(), secret.as_str());
        }
    }

    fn entry(key: &VaultKey) -> Sealed {
        seal_to_inbox(
            &inbox_public(key),
            &context(),
            &SecretString::from("canary"),
        )
        .unwrap()
    }

    #[test]
    fn an_entry_is_bound_to_its_context_and_its_vault() {
        let key = VaultKey::generate().unwrap();
        let moved = SealContext {
            community: None,
            ..context()
        };
        assert!(open_from_inbox(&key, &moved, &entry(&key)).is_err());
        assert!(open_from_inbox(&VaultKey::generate().unwrap(), &context(), &entry(&key)).is_err());
    }

    #[test]
    fn every_flipped_byte_of_an_entry_is_noticed() {
        let key = VaultKey::generate().unwrap();
        let entry = entry(&key);
        for place in 0..entry.0.len() {
            // 0x80 as well: X25519 itself ignores the highest bit of a public key.
            for flip in [0x01, 0x40, 0x80] {
                let mut edited = entry.clone();
                edited.0[place] ^= flip;
                let opened = open_from_inbox(&key, &context(), &edited);
                assert!(opened.is_err(), "byte {place}, bit {flip:02x}");
            }
        }
    }

    #[test]
    fn an_entry_is_no_row_and_a_row_is_no_entry() {
        let key = VaultKey::generate().unwrap();
        let row = seal(&key, &context(), &SecretString::from("canary")).unwrap();
        assert!(open_from_inbox(&key, &context(), &row).is_err());
        assert!(open(&key, &context(), &entry(&key)).is_err());
        let mut disguised = entry(&key);
        disguised.0[0] = row.0[0];
        assert!(open(&key, &context(), &disguised).is_err());
    }

    #[test]
    fn a_public_half_that_is_no_key_is_refused() {
        assert!(InboxPublic::recorded(&[1; 31]).is_err());
        let zero = InboxPublic::recorded(&[0; 32]).unwrap();
        assert!(seal_to_inbox(&zero, &context(), &SecretString::from("canary")).is_err());
    }
}
