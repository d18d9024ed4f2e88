//! The public SSH key by which an administrator comes in: which are taken, and why the others are not.

use super::{Fault, FaultKind, clean_line, shorten};
use serde::{Deserialize, Serialize};
use ssh_key::{HashAlg, PublicKey, public::KeyData};

/// The longest text that is looked at; an RSA key of 16384 bits takes 2.8 KB.
const LONGEST: usize = 16 * 1024;
/// The shortest RSA key that is taken, in bits: what `ssh-keygen` makes by itself since OpenSSH 8.0, and the least that NIST
/// SP 800-57 counts as good beyond 2030.
const LEAST_RSA_BITS: usize = 3072;
/// The longest RSA key that OpenSSH takes, in bits (`OPENSSL_RSA_MAX_MODULUS_BITS`).
const MOST_RSA_BITS: usize = 16_384;
/// The most columns that are kept of a key's comment.
const COMMENT: usize = 60;

/// A public key that was looked at and taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginKey {
    /// Its kind, as OpenSSH writes it: "ssh-ed25519".
    pub kind: String,
    /// The key itself, in base64.
    pub body: String,
    /// SHA-256 of the key, as OpenSSH shows it: "SHA256:...".
    pub fingerprint: String,
    /// What its owner wrote after it; on one line, shortened.
    pub comment: String,
}

impl LoginKey {
    /// Reads the one line of a `.pub` file.
    ///
    /// # Errors
    /// `BadInput` with the reason: not one key, a private key, a certificate, options before it, a kind or length that is too
    /// weak.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let line = one_line(text)?;
        let mut words = line.splitn(3, [' ', '\t']);
        let kind = words.next().unwrap_or_default();
        refuse_kind(kind, line)?;
        let body = words.next().unwrap_or_default().trim();
        let key = PublicKey::from_openssh(&format!("{kind} {body}")).map_err(|_| {
            refused(
                "That is no public SSH key, or it was cut off on the way.",
                "Send the whole line of the .pub file: ssh-ed25519 AAAA... name",
            )
        })?;
        refuse_weak(key.key_data())?;
        Ok(Self {
            kind: kind.to_owned(),
            body: body.to_owned(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
            comment: shorten(
                &clean_line(words.next().unwrap_or_default()),
                COMMENT,
                "...",
            ),
        })
    }

    /// The fingerprint of what `sshd` presents: a kind with a key in base64, or a fingerprint already. None for anything
    /// that could not have been taken.
    #[must_use]
    pub fn fingerprint_of(kind: &str, presented: &str) -> Option<String> {
        if kind.len() > LONGEST || presented.len() > LONGEST {
            return None;
        }
        if presented.starts_with("SHA256:") {
            let plain = presented.bytes().all(|byte| byte.is_ascii_graphic());
            return plain.then(|| presented.to_owned());
        }
        Self::parse(&format!("{kind} {presented}"))
            .ok()
            .map(|key| key.fingerprint)
    }
}

fn refused(what: impl Into<String>, hint: &str) -> Fault {
    Fault::new(FaultKind::BadInput, what).hint(hint)
}

fn one_line(text: &str) -> Result<&str, Fault> {
    if text.len() > LONGEST {
        return Err(refused(
            "That is longer than any public SSH key.",
            "Send the one line of the .pub file.",
        ));
    }
    if text.contains("PRIVATE KEY") {
        return Err(refused(
            "That is a private key; it was not kept.",
            "Its owner should make a new one, since this one has left its machine, and send the .pub file of that.",
        ));
    }
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (first, second) = (lines.next(), lines.next());
    match (first, second) {
        (Some(line), None) if line.chars().any(|each| each.is_control() && each != '\t') => {
            Err(refused(
                "The key holds a control character.",
                "Send the one line of the .pub file as it is.",
            ))
        }
        (Some(line), None) => Ok(line),
        (None, _) => Err(refused(
            "No key came on standard input.",
            "Send the one line of the .pub file: ssh-ed25519 AAAA... name",
        )),
        (Some(_), Some(_)) => Err(refused(
            "Several lines came where one key is expected.",
            "Add each key by itself.",
        )),
    }
}

fn refuse_kind(kind: &str, line: &str) -> Result<(), Fault> {
    match kind {
        "ssh-ed25519"
        | "sk-ssh-ed25519@openssh.com"
        | "ecdsa-sha2-nistp256"
        | "ecdsa-sha2-nistp384"
        | "ecdsa-sha2-nistp521"
        | "sk-ecdsa-sha2-nistp256@openssh.com"
        | "ssh-rsa" => Ok(()),
        "ssh-dss" => Err(refused(
            "DSA keys are too weak, and OpenSSH does not take them any more.",
            "Make another: ssh-keygen -t ed25519",
        )),
        _ if kind.contains("-cert-v0") => Err(refused(
            "That is a certificate; who it lets in is decided by whoever signs, and not here.",
            "Send the plain public key it was made from.",
        )),
        _ if line.contains(" ssh-") || line.contains(" ecdsa-") || line.contains(" sk-") => {
            Err(refused(
                "Options stand before the key; Guildhall writes them itself.",
                "Send the key alone: ssh-ed25519 AAAA... name",
            ))
        }
        _ => Err(refused(
            "That begins with no kind of public SSH key that is known here.",
            "Send a line that begins with ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, or their sk- forms.",
        )),
    }
}

fn refuse_weak(key: &KeyData) -> Result<(), Fault> {
    match key {
        KeyData::Rsa(rsa) => {
            let bits = rsa.n.as_positive_bytes().map_or(0, bits_of);
            if bits < LEAST_RSA_BITS {
                return Err(refused(
                    format!("That RSA key has {bits} bits; {LEAST_RSA_BITS} is the least."),
                    "Make another: ssh-keygen -t ed25519",
                ));
            }
            let exponent = rsa.e.as_positive_bytes().unwrap_or_default();
            let is_odd = exponent.last().is_some_and(|last| last & 1 == 1);
            if bits > MOST_RSA_BITS || bits_of(exponent) < 2 || !is_odd {
                return Err(refused(
                    "That RSA key is not one that OpenSSH would take.",
                    "Make another: ssh-keygen -t ed25519",
                ));
            }
            Ok(())
        }
        // The bytes of no key that was ever made.
        KeyData::Ed25519(point) if point.0 == [0; 32] => Err(refused(
            "That key is all zeros.",
            "Send the key that ssh-keygen made.",
        )),
        KeyData::Ecdsa(_)
        | KeyData::Ed25519(_)
        | KeyData::SkEcdsaSha2NistP256(_)
        | KeyData::SkEd25519(_) => Ok(()),
        _ => Err(refused(
            "That kind of key is not taken here.",
            "Make another: ssh-keygen -t ed25519",
        )),
    }
}

/// The bits of a number without zeros before it.
fn bits_of(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| *byte != 0) {
        Some(first) => {
            (bytes.len() - first) * 8 - usize::try_from(bytes[first].leading_zeros()).unwrap_or(0)
        }
        None => 0,
    }
}
