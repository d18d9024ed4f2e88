//! Keys at rest: wrapping, sealing, fingerprints, lock and unlock. Knows bytes and files, not tables.
//!
//! One random [`VaultKey`] per installation. It is never stored bare: [`wrap`] encrypts it with `age`, once for each
//! recipient (a passphrase, an identity file, an SSH key, and always the recovery key). From it come, by HKDF, a key
//! for every sealed row ([`seal`]), the inbox ([`InboxPublic`]), fingerprints and the key of the audit chain.
//!
//! What this does not do, said plainly:
//! - Whoever knows a public recipient can wrap *another* vault key to it. So a wrapped key alone proves nothing; a
//!   replaced one shows at unlock, by [`check_value`] and the inbox, and because no row opens under it.
//! - A row put back *together with everything that names its version* opens: only the audit chain tells of that.
//! - An entry of the inbox is not signed. Whoever can write the database can forge one (see [`seal_to_inbox`]).
//! - Root of this host can read the memory of an unlocked Guildhall.
//!
//! It must not know: the database, the network, the screen. The callers keep the blobs and ask the person.

pub mod agent;
mod context;
mod custody;
mod hardening;
mod inbox;
mod key;
mod private_file;
mod recovery;
mod seal;
#[cfg(test)]
mod test_keys;
mod unwrap;
mod wrap;

pub use context::SealContext;
pub use custody::{Custody, LockState};
pub use hardening::harden_process;
pub use inbox::{InboxPublic, inbox_public, open_from_inbox, seal_to_inbox};
pub use key::{ChainKey, VaultKey, chain_key, check_value, fingerprint, is_check_value};
pub use private_file::create_identity_file;
pub use recovery::RecoveryKey;
pub use seal::{Sealed, open, seal};
pub use unwrap::{Unlocker, unwrap, unwrap_any};
pub use wrap::{
    NewRecipient, NewVault, RecipientKind, WorkFactor, Wrapped, create, new_recovery, wrap,
};
