//! Handing the key to the agent's own process, through a pipe.

use crate::domain::{Fault, FaultKind};
use crate::vault::{VaultKey, key::KEY_BYTES};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Writes the key for [`take_over`], into a pipe and nowhere else.
///
/// # Errors
/// [`FaultKind::Host`] when nobody reads it.
pub fn pass_on(key: &VaultKey, pipe: &mut impl Write) -> Result<(), Fault> {
    pipe.write_all(key.bytes())
        .and_then(|()| pipe.flush())
        .map_err(|cause| {
            Fault::new(
                FaultKind::Host,
                "The agent did not take the key, so the vault does not stay unlocked.",
            )
            .hint("Try again.")
            .detail(cause)
        })
}

/// Reads the key that [`pass_on`] wrote.
///
/// # Errors
/// [`FaultKind::BadInput`] when that is no key.
pub fn take_over(pipe: &mut impl Read) -> Result<VaultKey, Fault> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let read = pipe.read_exact(bytes.as_mut_slice());
    read.ok()
        .and_then(|()| VaultKey::from_bytes(bytes.as_slice()))
        .ok_or_else(|| {
            Fault::new(FaultKind::BadInput, "The agent was started without a key.")
                .hint("Start it with: guildhall unlock --for 8h")
        })
}
