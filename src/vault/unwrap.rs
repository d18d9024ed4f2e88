//! Getting the vault key back from a wrapping, with a clear word on why not.

use super::{
    RecipientKind, RecoveryKey, VaultKey, WorkFactor, Wrapped,
    private_file::{read_identities, read_private},
};
use crate::domain::{Fault, FaultKind};
use age::{DecryptError, scrypt, ssh};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What somebody has to unlock the vault with.
#[derive(Debug, Clone)]
pub enum Unlocker {
    /// A passphrase, without a line end.
    Passphrase(SecretString),
    /// An `age` identity file, mode 0600.
    IdentityFile(PathBuf),
    /// The recovery key, as typed.
    RecoveryKey(SecretString),
    /// An ssh-ed25519 private key, mode 0600, and its passphrase where it has one.
    SshIdentity(PathBuf, Option<SecretString>),
}

impl Unlocker {
    /// Which wrappings it may open.
    #[must_use]
    pub const fn opens(&self) -> RecipientKind {
        match self {
            Self::Passphrase(_) => RecipientKind::Passphrase,
            Self::IdentityFile(_) => RecipientKind::Identity,
            Self::RecoveryKey(_) => RecipientKind::Recovery,
            Self::SshIdentity(..) => RecipientKind::Ssh,
        }
    }
}

/// Gets the vault key from one wrapping. Slow by design for a passphrase: call it on a thread that may block.
///
/// # Errors
/// [`FaultKind::Locked`] when it does not open: another passphrase, key or file. [`FaultKind::BadInput`] when what was
/// given cannot be right for any vault: a mistyped recovery key, a file that is missing, damaged or readable by others.
/// [`FaultKind::Storage`] when the wrapping itself is damaged. The vault stays locked in every case.
pub fn unwrap(wrapped: &Wrapped, unlocker: &Unlocker) -> Result<VaultKey, Fault> {
    unwrap_any(std::slice::from_ref(wrapped), unlocker)
}

/// Gets the vault key from the first wrapping that opens, trying only those of the fitting kind.
///
/// # Errors
/// As [`unwrap`]; [`FaultKind::Locked`] too when the vault has no recipient of that kind.
pub fn unwrap_any(wrapped: &[Wrapped], unlocker: &Unlocker) -> Result<VaultKey, Fault> {
    let kind = unlocker.opens();
    let candidates: Vec<_> = wrapped
        .iter()
        .filter(|wrapped| wrapped.kind == kind)
        .collect();
    if candidates.is_empty() {
        return Err(
            Fault::new(FaultKind::Locked, no_such_recipient(kind)).hint(other_ways(wrapped))
        );
    }
    // Read before the loop: a file or a recovery key that cannot be right is refused once, and first.
    let identities = identities(unlocker)?;
    let mut damaged = None;
    for candidate in candidates {
        match decrypt(candidate, &identities) {
            Ok(key) => return Ok(key),
            Err(Refusal::Other) => {}
            Err(Refusal::Damaged(cause)) => damaged = Some((candidate, cause)),
        }
    }
    Err(match damaged {
        Some((candidate, cause)) => Fault::new(
            FaultKind::Storage,
            format!(
                "The vault key wrapped for {:?} is damaged.",
                candidate.label
            ),
        )
        .hint("Unlock in another way (the recovery key always works), or restore a backup.")
        .detail(cause),
        None => Fault::new(FaultKind::Locked, does_not_open(unlocker)).hint(try_again(kind)),
    })
}

type Identities = Vec<Box<dyn age::Identity>>;

fn identities(unlocker: &Unlocker) -> Result<Identities, Fault> {
    Ok(match unlocker {
        Unlocker::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(WorkFactor::MOST);
            vec![Box::new(identity)]
        }
        Unlocker::IdentityFile(path) => read_identities(path)?
            .into_iter()
            .map(|identity| Box::new(identity) as Box<dyn age::Identity>)
            .collect(),
        Unlocker::RecoveryKey(typed) => vec![Box::new(RecoveryKey::parse(typed)?.identity()?)],
        Unlocker::SshIdentity(path, passphrase) => {
            vec![Box::new(ssh_identity(path, passphrase.as_ref())?)]
        }
    })
}

fn ssh_identity(path: &Path, passphrase: Option<&SecretString>) -> Result<ssh::Identity, Fault> {
    let text = read_private(path, "SSH private key")?;
    let identity = ssh::Identity::from_buffer(text.as_bytes(), None);
    match identity {
        Ok(identity @ ssh::Identity::Unencrypted(_)) => Ok(identity),
        Ok(ssh::Identity::Encrypted(key)) => {
            let Some(passphrase) = passphrase else {
                return Err(Fault::new(
                    FaultKind::Locked,
                    format!(
                        "The SSH key {} has a passphrase of its own.",
                        path.display()
                    ),
                )
                .hint("Give that passphrase."));
            };
            key.decrypt(passphrase.clone())
                .map(ssh::Identity::from)
                .map_err(|_| {
                    Fault::new(
                        FaultKind::Locked,
                        format!(
                            "That is not the passphrase of the SSH key {}; the vault stays locked.",
                            path.display()
                        ),
                    )
                    .hint("Try again; it is the passphrase of the key, not of the vault.")
                })
        }
        Ok(_) | Err(_) => Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "{} is not an ed25519 private key of OpenSSH.",
                path.display()
            ),
        )
        .hint("Give the private half (such as ~/.ssh/id_ed25519), not the .pub file.")),
    }
}

enum Refusal {
    /// Made for somebody else, or for another passphrase.
    Other,
    /// Not an `age` file any more.
    Damaged(&'static str),
}

fn decrypt(wrapped: &Wrapped, identities: &Identities) -> Result<VaultKey, Refusal> {
    let refusal = |cause| match cause {
        DecryptError::DecryptionFailed
        | DecryptError::NoMatchingKeys
        | DecryptError::KeyDecryptionFailed => Refusal::Other,
        DecryptError::ExcessiveWork { .. } => {
            Refusal::Damaged("it demands more work than any vault does")
        }
        DecryptError::InvalidMac => Refusal::Damaged("its header was changed"),
        DecryptError::Io(_) => Refusal::Damaged("its content was changed or cut"),
        _ => Refusal::Damaged("it is no age file"),
    };
    let decryptor = age::Decryptor::new_buffered(wrapped.blob.as_slice()).map_err(refusal)?;
    let mut reader = decryptor
        .decrypt(identities.iter().map(AsRef::as_ref))
        .map_err(refusal)?;
    // One byte more than a key, to notice what is longer; of fixed size, so that nothing is left behind by growing.
    let mut bytes = Zeroizing::new([0; super::key::KEY_BYTES + 1]);
    let mut length = 0;
    loop {
        match std::io::Read::read(&mut reader, &mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(_) => return Err(Refusal::Damaged("its content was changed or cut")),
        }
    }
    VaultKey::from_bytes(&bytes[..length]).ok_or(Refusal::Damaged("it holds no vault key"))
}

fn no_such_recipient(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::Passphrase => "This vault has no passphrase.",
        RecipientKind::Identity => "This vault was not made for an identity file.",
        RecipientKind::Ssh => "This vault was not made for an SSH key.",
        RecipientKind::Recovery => "This vault has no recovery key.",
    }
}

fn other_ways(wrapped: &[Wrapped]) -> String {
    let mut ways: Vec<_> = wrapped
        .iter()
        .map(|wrapped| format!("{} ({})", wrapped.kind, wrapped.label))
        .collect();
    ways.dedup();
    if ways.is_empty() {
        "Restore a backup of the database: it has lost its wrapped keys.".to_owned()
    } else {
        format!("It opens with: {}.", ways.join(", "))
    }
}

fn does_not_open(unlocker: &Unlocker) -> String {
    match unlocker {
        Unlocker::Passphrase(_) => {
            "The passphrase does not open this vault; it stays locked.".to_owned()
        }
        Unlocker::RecoveryKey(_) => {
            "The recovery key is well written, but of another vault; this one stays locked."
                .to_owned()
        }
        Unlocker::IdentityFile(path) => {
            format!(
                "The identity file {} does not open this vault; it stays locked.",
                path.display()
            )
        }
        Unlocker::SshIdentity(path, _) => {
            format!(
                "The SSH key {} does not open this vault; it stays locked.",
                path.display()
            )
        }
    }
}

fn try_again(kind: RecipientKind) -> &'static str {
    match kind {
        RecipientKind::Passphrase => "Try again, or unlock with the recovery key.",
        RecipientKind::Recovery => {
            "Look for the note of this installation; a newer recovery key replaces an older one."
        }
        RecipientKind::Identity | RecipientKind::Ssh => {
            "Give the file this vault was made for, or unlock with a passphrase or the recovery key."
        }
    }
}

#[cfg(test)]
mod tests;
