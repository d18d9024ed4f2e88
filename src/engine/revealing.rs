//! Reading a stored key: for who may, with a reason, and written down before anybody sees it.

use super::{Engine, keyring, rules::Rules, submit::label, titles};
use crate::domain::{Actor, AuditResult, CredentialId, Fault, FaultKind, IntentKind, clean_line};
use secrecy::SecretString;

/// A key in the clear, and whose it is.
pub struct Revealed {
    /// The key.
    pub secret: SecretString,
    /// "token of a platform, rosewood".
    pub what: String,
}

impl Engine {
    /// Opens a stored key for somebody to read. That, and why, stands in the audit before it is answered.
    ///
    /// # Errors
    /// `NotAllowed`, also in every session over SSH; `BadInput` without a reason; `Locked`; `Conflict` for one that does not
    /// open any more; `NotFound`, `Storage`. A refusal is audited too.
    pub async fn reveal_key(
        &self,
        actor: &Actor,
        key: CredentialId,
        why: &str,
    ) -> Result<Revealed, Fault> {
        self.core.require_writable()?;
        self.require_no_session()?;
        match self.reveal(actor, key, clean_line(why)).await {
            Err(fault) => {
                let kind = IntentKind::RevealKey.word();
                self.audit_refusal(actor, kind, &fault).await;
                Err(fault)
            }
            revealed => revealed,
        }
    }

    async fn reveal(
        &self,
        actor: &Actor,
        key: CredentialId,
        why: String,
    ) -> Result<Revealed, Fault> {
        let asking = actor.clone();
        self.core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::RevealKey, None)?;
                if why.is_empty() {
                    return Err(Fault::new(
                        FaultKind::BadInput,
                        "Nobody said why the key is to be read; it was not opened.",
                    )
                    .hint("Give the reason in a sentence: it stands in the audit."));
                }
                if !rules.custody.is_unlocked() {
                    return Err(Fault::new(
                        FaultKind::Locked,
                        "The vault is locked, so no key can be read.",
                    )
                    .hint("Unlock it first."));
                }
                let meta = writer.credential(key)?;
                let account = writer.account(meta.account)?;
                let sealed = keyring::sealed_one(writer, rules, &account, &meta)?;
                let secret = sealed
                    .and_then(|sealed| keyring::opened(&rules.custody, &sealed))
                    .ok_or_else(|| {
                        Fault::new(
                            FaultKind::Conflict,
                            "That key does not open any more, or is gone, so nobody can read it.",
                        )
                        .hint("Enter it again, from where it was made.")
                    })?;
                let whose = match account.community {
                    Some(community) => writer.community(community)?.slug.to_string(),
                    None => account.name.clone(),
                };
                let platform = titles::platform(&rules.catalog, &account.platform);
                rules.audit(
                    writer,
                    &label(&actor),
                    IntentKind::RevealKey.word(),
                    &format!("{whose}/{}", account.platform),
                    account.community,
                    AuditResult::Permitted,
                    &format!("{}, ends in {}: {why}", meta.field, meta.last_four),
                )?;
                Ok(Revealed {
                    secret,
                    what: format!("{} of {platform}, {whose}", meta.field),
                })
            })
            .await
    }
}
