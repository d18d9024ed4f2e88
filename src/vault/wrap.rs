//! Wrapping the vault key with `age`, once for each recipient. Making the vault.

use super::{RecoveryKey, VaultKey};
use crate::domain::{Fault, FaultKind};
use age::{scrypt, ssh, x25519};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// What a passphrase must have at least: it may be guessed at leisure by whoever takes the database (NIST SP 800-63B).
const SHORTEST_PASSPHRASE: usize = 8;

/// How much work a guess at a passphrase costs: the logarithm of scrypt's N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkFactor(u8);

impl WorkFactor {
    /// N = 2^17, r = 8, p = 1: the OWASP recommendation for scrypt. Takes 128 MiB for a moment and about half a second on a
    /// small server, once for each unlock.
    pub const STANDARD: Self = Self(17);
    /// N = 2^4: no protection at all, for tests and for the sandbox, where nothing has to be protected.
    pub const TRIFLING: Self = Self(4);
    /// The most that is accepted from a file (1 GiB), so that a changed file cannot exhaust the host.
    pub(super) const MOST: u8 = 20;
}

/// The ways a vault key can be wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecipientKind {
    /// A passphrase somebody knows.
    Passphrase,
    /// An `age` identity file, for unattended start.
    Identity,
    /// An operator's ssh-ed25519 key.
    Ssh,
    /// The recovery key. Every vault has one.
    Recovery,
}

impl RecipientKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Passphrase, Self::Identity, Self::Ssh, Self::Recovery];

    /// The word for it, in the database and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::Identity => "identity",
            Self::Ssh => "ssh",
            Self::Recovery => "recovery",
        }
    }
}

impl fmt::Display for RecipientKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for RecipientKind {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Storage,
                    "The vault has a recipient of a kind this version does not know.",
                )
                .hint("Use the version of Guildhall that made it.")
                .detail(text)
            })
    }
}

/// The vault key wrapped for one recipient: an `age` file of its own, since `age` wants a passphrase alone in its file.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// Its own id.
    pub id: Uuid,
    /// How it is opened.
    pub kind: RecipientKind,
    /// What the operator calls it: "Ada's laptop".
    pub label: String,
    /// The public recipient (`age1...`, `ssh-ed25519 ...`); empty for a passphrase.
    pub recipient: String,
    /// The `age` file.
    pub blob: Vec<u8>,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Wrapped")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("label", &self.label)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

/// Who is to be able to unlock the vault.
#[derive(Debug, Clone)]
pub enum NewRecipient {
    /// Whoever knows the passphrase.
    Passphrase {
        /// What to call it.
        label: String,
        /// At least eight characters.
        passphrase: SecretString,
    },
    /// Whoever holds the identity file, as made by [`super::create_identity_file`].
    Identity {
        /// What to call it.
        label: String,
        /// `age1...`
        recipient: String,
    },
    /// Whoever holds the private half of this key.
    Ssh {
        /// What to call it.
        label: String,
        /// A line of `authorized_keys` or of an `id_ed25519.pub`.
        public_key: String,
    },
}

/// A vault as it is made: the key, its wrappings, and the recovery key to be shown once.
pub struct NewVault {
    /// Opens everything. Give it to [`super::Custody`].
    pub key: VaultKey,
    /// To be stored: one for each recipient, and one for the recovery key.
    pub wrapped: Vec<Wrapped>,
    /// To be shown once, confirmed and forgotten.
    pub recovery: RecoveryKey,
}

/// Makes a vault for these recipients and its recovery key. Slow by design where there is a passphrase: call it on a thread
/// that may block.
///
/// # Errors
/// [`FaultKind::BadInput`] without any recipient, or as in [`wrap`]; [`FaultKind::Host`] when the random source fails.
pub fn create(recipients: &[NewRecipient], work: WorkFactor) -> Result<NewVault, Fault> {
    if recipients.is_empty() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The vault would have no key but the recovery key.",
        )
        .hint("Give a passphrase, an identity file or an SSH key as well."));
    }
    let key = VaultKey::generate()?;
    let mut wrapped = recipients
        .iter()
        .map(|recipient| wrap(&key, recipient, work))
        .collect::<Result<Vec<_>, _>>()?;
    let (recovery_wrapped, recovery) = new_recovery(&key)?;
    wrapped.push(recovery_wrapped);
    Ok(NewVault {
        key,
        wrapped,
        recovery,
    })
}

/// Wraps the vault key for one more recipient.
///
/// # Errors
/// [`FaultKind::BadInput`] for a passphrase that is too short, a text that is no recipient, or an SSH key of another type.
pub fn wrap(key: &VaultKey, recipient: &NewRecipient, work: WorkFactor) -> Result<Wrapped, Fault> {
    match recipient {
        NewRecipient::Passphrase { label, passphrase } => {
            let length = passphrase.expose_secret().chars().count();
            if length < SHORTEST_PASSPHRASE {
                return Err(Fault::new(
                    FaultKind::BadInput,
                    format!("The passphrase has {length} characters; it needs at least {SHORTEST_PASSPHRASE}."),
                )
                .hint("Take several words nobody would put together."));
            }
            let mut sealed_to = scrypt::Recipient::new(passphrase.clone());
            sealed_to.set_work_factor(work.0);
            encrypt(
                key,
                RecipientKind::Passphrase,
                label,
                String::new(),
                &sealed_to,
            )
        }
        NewRecipient::Identity { label, recipient } => {
            let sealed_to: x25519::Recipient = recipient.trim().parse().map_err(|cause| {
                Fault::new(
                    FaultKind::BadInput,
                    format!("{label:?} is not an age recipient."),
                )
                .hint("Give the public key of the identity file; it begins with age1.")
                .detail(cause)
            })?;
            encrypt(
                key,
                RecipientKind::Identity,
                label,
                sealed_to.to_string(),
                &sealed_to,
            )
        }
        NewRecipient::Ssh { label, public_key } => {
            let sealed_to = ssh_recipient(public_key)?;
            encrypt(
                key,
                RecipientKind::Ssh,
                label,
                sealed_to.to_string(),
                &sealed_to,
            )
        }
    }
}

/// Makes a new recovery key for the vault. The caller shows it once and stores only the wrapping.
///
/// # Errors
/// [`FaultKind::Internal`] when `age` refuses its own key.
pub fn new_recovery(key: &VaultKey) -> Result<(Wrapped, RecoveryKey), Fault> {
    let recovery = RecoveryKey::generate();
    let sealed_to = recovery.identity()?.to_public();
    let wrapped = encrypt(
        key,
        RecipientKind::Recovery,
        "recovery key",
        sealed_to.to_string(),
        &sealed_to,
    )?;
    Ok((wrapped, recovery))
}

fn ssh_recipient(public_key: &str) -> Result<ssh::Recipient, Fault> {
    // Only type and key count; the rest of the line is a comment.
    let mut words = public_key.split_whitespace();
    let (key_type, body) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    if key_type == "ssh-ed25519"
        && let Ok(recipient @ ssh::Recipient::SshEd25519(..)) =
            format!("{key_type} {body} ").parse()
    {
        return Ok(recipient);
    }
    let known_type = key_type.starts_with("ssh-")
        || key_type.starts_with("ecdsa-")
        || key_type.starts_with("sk-");
    let what = if known_type && key_type != "ssh-ed25519" {
        format!("A key of type {key_type} cannot open a vault.")
    } else {
        "This is not an SSH public key.".to_owned()
    };
    Err(Fault::new(FaultKind::BadInput, what)
        .hint("Give a line that begins with ssh-ed25519 (ssh-keygen -t ed25519 makes such a key)."))
}

fn encrypt(
    key: &VaultKey,
    kind: RecipientKind,
    label: &str,
    recipient: String,
    sealed_to: &impl age::Recipient,
) -> Result<Wrapped, Fault> {
    let blob = age::encrypt(sealed_to, key.bytes()).map_err(|cause| {
        Fault::new(
            FaultKind::Internal,
            format!("The vault key could not be wrapped for {label:?}."),
        )
        .hint("Nothing was changed; please report this.")
        .detail(cause)
    })?;
    Ok(Wrapped {
        id: Uuid::now_v7(),
        kind,
        label: label.to_owned(),
        recipient,
        blob,
    })
}
