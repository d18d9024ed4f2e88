//! The vault gets another key: it is wrapped anew to everybody who stays, and every stored key and the whole audit are sealed
//! anew under it, in one transaction. What could be read with the former key is listed.

use super::{
    auditing::{self, Line, Sealing},
    core::Core,
    init, keyring, reach,
    recipients::{Exposed, RecipientRow, Removal, row},
    rules::Rules,
    submit::label,
    titles,
};
use crate::{
    domain::{Actor, AuditResult, CredentialState, Fault, FaultKind, IntentKind, counted},
    store::{Reader, SealedSecret, VaultRecord, Writer},
    vault::{
        self, NewRecipient, RecipientKind, RecoveryKey, Unlocker, VaultKey, WorkFactor, Wrapped,
        agent, chain_key, check_value, inbox_public,
    },
};
use secrecy::SecretString;
use std::sync::Arc;

/// Why the vault gets another key, and who has it then.
pub(super) struct AnotherKey {
    /// Who does not open it any more.
    pub gone: RecipientRow,
    /// Who does.
    pub stay: Vec<Wrapped>,
    /// That of the passphrase recipient who stays, which the new key cannot be wrapped to otherwise.
    pub passphrase: Option<SecretString>,
    /// Whether another recovery key is made.
    pub with_recovery: bool,
}

/// Gives the vault another key. Answers what was done, and the recovery key where one was made.
pub(super) async fn give(
    core: &Arc<Core>,
    actor: &Actor,
    wish: AnotherKey,
) -> Result<(Removal, Option<RecoveryKey>), Fault> {
    let AnotherKey {
        gone,
        stay,
        passphrase,
        with_recovery,
    } = wish;
    let work = core.options.limits.work_factor;
    let Anew {
        key,
        wrapped,
        dropped,
        recovery,
    } = blocking(move || wrap_anew(&stay, passphrase.as_ref(), with_recovery, work)).await?;
    if !wrapped
        .iter()
        .any(|known| known.kind != RecipientKind::Recovery)
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            "Nobody but the recovery key could open the vault then; nothing was changed.",
        )
        .hint("Give the passphrase of the one who stays, or add another first."));
    }
    let (asking, leaving) = (actor.clone(), gone.clone());
    let (exposed, lost, key) = core
        .change(move |writer, rules| {
            let actor = Rules::require(writer, &asking, IntentKind::Recipients, None)?;
            keyring::require_same_vault(writer, rules)?;
            let exposed = exposed(writer, rules)?;
            let lost = seal_anew(writer, rules, &key)?;
            for old in writer.vault_recipients()? {
                writer.forget_vault_recipient(&old.id)?;
            }
            for wrapped in &wrapped {
                writer.put_vault_recipient(&init::stored(wrapped), rules.now)?;
            }
            let chain = chain_key(&key);
            let sealing = Sealing::With(&chain);
            auditing::witness_sealed(writer, sealing, rules.now)?;
            let verb = if with_recovery { "replaced" } else { "removed" };
            let line = Line {
                at: rules.now,
                actor: &label(&actor),
                action: IntentKind::Recipients.word(),
                subject: &leaving.label,
                community: None,
                result: AuditResult::Permitted,
                detail: &format!(
                    "{verb}: {}; the vault has a new key; {} could have been read",
                    leaving.kind,
                    counted(exposed.len(), "key", "keys")
                ),
            };
            auditing::append(writer, sealing, line)?;
            Ok((exposed, lost, key))
        })
        .await?;
    core.custody.replace(key);
    core.emit_changed(None);
    // Whoever it handed the former key to could open nothing with it.
    agent::stop(&agent::socket_path(&core.options.home)).await?;
    let removal = Removal {
        removed: gone,
        dropped: dropped.iter().map(row).collect(),
        exposed,
        lost,
    };
    Ok((removal, recovery))
}

/// Wrapping to a passphrase is slow by design.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Fault::new(FaultKind::Internal, "The vault's key could not be wrapped.")
            .hint("Nothing was changed; try again.")
            .detail(error)
    })?
}

/// The vault's new key, everybody it is wrapped to, and those it could not be wrapped to.
struct Anew {
    key: VaultKey,
    wrapped: Vec<Wrapped>,
    dropped: Vec<Wrapped>,
    recovery: Option<RecoveryKey>,
}

/// A new vault key, wrapped to those who stay; and those it could not be wrapped to.
fn wrap_anew(
    stay: &[Wrapped],
    passphrase: Option<&SecretString>,
    with_recovery: bool,
    work: WorkFactor,
) -> Result<Anew, Fault> {
    let key = VaultKey::generate()?;
    let (mut anew, mut dropped) = (Vec::new(), Vec::new());
    for known in stay {
        let label = known.label.clone();
        let new = match known.kind {
            RecipientKind::Identity | RecipientKind::Recovery => NewRecipient::Identity {
                label,
                recipient: known.recipient.clone(),
            },
            RecipientKind::Ssh => NewRecipient::Ssh {
                label,
                public_key: known.recipient.clone(),
            },
            RecipientKind::Passphrase => {
                let opens = passphrase.filter(|given| {
                    let unlocker = Unlocker::Passphrase((*given).clone());
                    vault::unwrap(known, &unlocker).is_ok()
                });
                let Some(passphrase) = opens else {
                    dropped.push(known.clone());
                    continue;
                };
                NewRecipient::Passphrase {
                    label,
                    passphrase: passphrase.clone(),
                }
            }
        };
        anew.push(Wrapped {
            id: known.id,
            kind: known.kind,
            ..vault::wrap(&key, &new, work)?
        });
    }
    let mut recovery = None;
    if with_recovery {
        let (wrapped, made) = vault::new_recovery(&key)?;
        anew.push(wrapped);
        recovery = Some(made);
    }
    Ok(Anew {
        key,
        wrapped: anew,
        dropped,
        recovery,
    })
}

/// Every key that opens with the vault as it is: whoever knew its key could have read these, and no others.
fn exposed(reader: &Reader<'_>, rules: &Rules) -> Result<Vec<Exposed>, Fault> {
    let mut exposed = Vec::new();
    for account in reader.accounts()? {
        let community = match account.community {
            Some(community) => Some(reader.community(community)?.slug),
            None => None,
        };
        for key in reader.credentials(account.id)? {
            if keyring::sealed_one(reader, rules, &account, &key)?.is_none() {
                continue;
            }
            let reached = reach::communities(reader, &account, std::slice::from_ref(&key))?;
            exposed.push(Exposed {
                key: key.id,
                platform: account.platform.clone(),
                platform_name: titles::platform(&rules.catalog, &account.platform),
                account: account.name.clone(),
                community: community.clone(),
                field: key.field,
                last_four: key.last_four,
                reaches_communities: u64::try_from(reached.len()).unwrap_or(u64::MAX),
            });
        }
    }
    Ok(exposed)
}

/// Seals every stored key, and the whole audit, under the new key. Answers how many keys did not open.
fn seal_anew(writer: &Writer<'_>, rules: &Rules, new: &VaultKey) -> Result<u64, Fault> {
    let chain = rules.custody.with(|key| Ok(chain_key(key)))?;
    let verdict = writer.verify_audit(Some(chain.bytes()))?;
    if let Some(broken) = verdict.broken {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "The audit does not hold from entry {}, and sealing it anew would hide that; nothing was changed.",
                broken.sequence
            ),
        )
        .hint("Compare the database with the last backup: guildhall audit verify"));
    }
    let mut lost = 0;
    for account in writer.accounts()? {
        for key in writer.credentials(account.id)? {
            let Some(sealed) = keyring::sealed_one(writer, rules, &account, &key)? else {
                continue;
            };
            let Some(secret) = keyring::opened(&rules.custody, &sealed) else {
                writer.set_credential_state(key.id, CredentialState::NeedsReentry)?;
                lost += 1;
                continue;
            };
            let resealed = vault::seal(new, sealed.context(), &secret)?;
            let print = vault::fingerprint(new, &secret);
            let state = match (key.state, key.verified_at) {
                (CredentialState::Inbox, Some(_)) => CredentialState::Active,
                (CredentialState::Inbox, None) => CredentialState::Unverified,
                (state, _) => state,
            };
            writer.reseal_credential(key.id, &SealedSecret::Vault(resealed.0), &print, state)?;
        }
    }
    writer.replace_vault(&VaultRecord {
        inbox_public: inbox_public(new).bytes().to_vec(),
        check_value: check_value(new),
    })?;
    writer.reseal_audit(chain_key(new).bytes())?;
    Ok(lost)
}
