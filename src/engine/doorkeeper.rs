//! Who comes in by a key that OpenSSH was shown. Only the database is opened: no vault, no catalog, no adapter, since every
//! attempt of a stranger asks here.

use super::{Engine, login};
use crate::{
    domain::{ActorId, Fault, FaultKind, LoginKey, Role},
    store::Store,
};
use std::path::Path;

/// A key that opens the door, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// Who comes in by it.
    pub actor: ActorId,
    /// The key's kind, as OpenSSH writes it.
    pub kind: String,
    /// The key in base64.
    pub body: String,
}

impl Engine {
    /// Who comes in as this login of the host by this key (its kind, and the key in base64 or its fingerprint). Nobody for
    /// another login than the one that owns the installation, for a key that is not known, and for an administrator whose
    /// communities are all archived.
    ///
    /// # Errors
    /// `NotFound` without an installation, `Storage`.
    pub async fn entrance(
        home: &Path,
        login: &str,
        kind: &str,
        presented: &str,
    ) -> Result<Option<Entrance>, Fault> {
        if login != login::name() {
            return Ok(None);
        }
        let Some(fingerprint) = LoginKey::fingerprint_of(kind, presented) else {
            return Ok(None);
        };
        if !Store::exists(home) {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("There is no installation in {}.", home.display()),
            )
            .hint("Name its folder with --home in the AuthorizedKeysCommand."));
        }
        let store = Store::open(home)?;
        store
            .read(move |reader| {
                let Some(actor) = reader.actor_with_key(&fingerprint)? else {
                    return Ok(None);
                };
                let may = match actor.role {
                    Role::CommunityAdmin => !actor.communities.is_empty(),
                    Role::Auditor => true,
                    // An operator has a login of their own on this host.
                    Role::Operator => false,
                };
                let key = reader.login_key(&fingerprint)?;
                Ok(key.filter(|_| may).map(|(kind, body)| Entrance {
                    actor: actor.id,
                    kind,
                    body,
                }))
            })
            .await
    }
}
