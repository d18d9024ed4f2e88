//! Who may open the vault. Whoever is removed knew the vault's key, so the vault gets another one: everything is sealed
//! anew, in one transaction, and what could be read until then is listed.

use super::{
    Engine, init, keyring, reach, rules::Rules, submit::label, titles, unlocking, views::VaultState,
};
use crate::{
    domain::{
        Actor, AuditResult, CredentialId, CredentialState, Fault, FaultKind, IntentKind,
        PlatformId, Slug,
    },
    store::{Reader, SealedSecret, VaultRecord, Writer},
    vault::{
        self, NewRecipient, RecipientKind, Unlocker, VaultKey, WorkFactor, Wrapped, agent,
        chain_key, check_value, inbox_public,
    },
};
use secrecy::SecretString;
use serde::Serialize;

/// Somebody who may open the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecipientRow {
    /// Names it in commands.
    pub id: String,
    /// How it is opened: passphrase, identity, ssh, recovery.
    pub kind: String,
    /// What the operator calls it.
    pub label: String,
    /// The public recipient; empty for a passphrase.
    pub recipient: String,
}

/// A stored key that who was removed could have read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exposed {
    /// Names it.
    pub key: CredentialId,
    /// Of which platform.
    pub platform: PlatformId,
    /// The platform's name for people.
    pub platform_name: String,
    /// The account's name.
    pub account: String,
    /// The community it belongs to; none for one of the installation.
    pub community: Option<Slug>,
    /// Which field of the manifest.
    pub field: String,
    /// Its last four characters.
    pub last_four: String,
    /// How many communities it reaches.
    pub reaches_communities: u64,
}

/// What a removal did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removal {
    /// Who was removed.
    pub removed: RecipientRow,
    /// Whose passphrase was not given, so that the vault's new key could not be wrapped to it: they are removed too.
    pub dropped: Vec<RecipientRow>,
    /// Exactly the keys that could have been read.
    pub exposed: Vec<Exposed>,
    /// Keys that did not open before and could not be sealed anew: they have to be entered again.
    pub lost: u64,
}

fn row(wrapped: &Wrapped) -> RecipientRow {
    RecipientRow {
        id: wrapped.id.to_string(),
        kind: wrapped.kind.word().to_owned(),
        label: wrapped.label.clone(),
        recipient: wrapped.recipient.clone(),
    }
}

impl Engine {
    /// Everybody who may open the vault.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn recipients(&self, actor: &Actor) -> Result<Vec<RecipientRow>, Fault> {
        self.require_recipients(actor).await?;
        let wrapped = unlocking::read_wrapped(&self.core).await?;
        Ok(wrapped.iter().map(row).collect())
    }

    async fn require_recipients(&self, actor: &Actor) -> Result<(), Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| Rules::require(reader, &asking, IntentKind::Recipients, None))
            .await
            .map(drop)
    }

    /// Adds somebody who may open the vault from now on.
    ///
    /// # Errors
    /// `Locked` while the vault is; `BadInput` for what is no recipient; `NotAllowed`, `Storage`.
    pub async fn add_recipient(
        &self,
        actor: &Actor,
        new: NewRecipient,
    ) -> Result<RecipientRow, Fault> {
        let core = &self.core;
        core.require_writable()?;
        self.require_recipients(actor).await?;
        let (custody, work) = (core.custody.clone(), core.options.limits.work_factor);
        let wrapped = blocking(move || custody.with(|key| vault::wrap(key, &new, work))).await?;
        let added = row(&wrapped);
        let (asking, told) = (actor.clone(), added.clone());
        core.change(move |writer, rules| {
            let actor = Rules::require(writer, &asking, IntentKind::Recipients, None)?;
            keyring::require_same_vault(writer, rules)?;
            writer.put_vault_recipient(&init::stored(&wrapped), rules.now)?;
            rules.audit(
                writer,
                &label(&actor),
                IntentKind::Recipients.word(),
                &told.label,
                None,
                AuditResult::Permitted,
                &format!("added: {} {}", told.kind, told.recipient),
            )
        })
        .await?;
        Ok(added)
    }

    /// Removes somebody: the vault gets a new key, and everything is sealed anew under it. `passphrase` is that of the
    /// passphrase recipient who stays, which the new key cannot be wrapped to otherwise.
    ///
    /// # Errors
    /// `NotFound`; `Locked` while the vault is; `Conflict` for the last one beside the recovery key, or where the audit does
    /// not hold; `NotAllowed`, `Storage`. Nothing is changed then.
    pub async fn remove_recipient(
        &self,
        actor: &Actor,
        id: &str,
        passphrase: Option<SecretString>,
    ) -> Result<Removal, Fault> {
        let core = &self.core;
        core.require_writable()?;
        self.require_recipients(actor).await?;
        if unlocking::state_of(core) == VaultState::Locked {
            return Err(Fault::new(
                FaultKind::Locked,
                "The vault is locked, so nobody can be removed from it.",
            )
            .hint("Unlock it first."));
        }
        let wrapped = unlocking::read_wrapped(core).await?;
        let leaving = wrapped
            .iter()
            .find(|known| known.id.to_string() == id || known.label == id)
            .map(row)
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::NotFound,
                    "Nobody of that name or number may open the vault.",
                )
                .hint("List them with: guildhall vault list")
            })?;
        let stay: Vec<Wrapped> = wrapped
            .into_iter()
            .filter(|known| known.id.to_string() != leaving.id)
            .collect();
        require_enough(&leaving, &stay)?;
        let work = core.options.limits.work_factor;
        let (key, anew, dropped) =
            blocking(move || wrap_anew(&stay, passphrase.as_ref(), work)).await?;
        if !anew
            .iter()
            .any(|known| known.kind != RecipientKind::Recovery)
        {
            return Err(Fault::new(
                FaultKind::Conflict,
                "Nobody but the recovery key could open the vault then; nobody was removed.",
            )
            .hint("Give the passphrase of the one who stays, or add another first."));
        }
        let (asking, gone) = (actor.clone(), leaving.clone());
        let names: Vec<RecipientRow> = dropped.iter().map(row).collect();
        let (exposed, lost, key) = core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::Recipients, None)?;
                keyring::require_same_vault(writer, rules)?;
                let exposed = exposed(writer, rules)?;
                let lost = seal_anew(writer, rules, &key)?;
                for old in writer.vault_recipients()? {
                    writer.forget_vault_recipient(&old.id)?;
                }
                for wrapped in &anew {
                    writer.put_vault_recipient(&init::stored(wrapped), rules.now)?;
                }
                let chain = chain_key(&key);
                let sealing = super::auditing::Sealing::With(&chain);
                super::auditing::witness_sealed(writer, sealing, rules.now)?;
                super::auditing::append(
                    writer,
                    sealing,
                    super::auditing::Line {
                        at: rules.now,
                        actor: &label(&actor),
                        action: IntentKind::Recipients.word(),
                        subject: &gone.label,
                        community: None,
                        result: AuditResult::Permitted,
                        detail: &format!(
                            "removed: {}; the vault has a new key; {} could have been read",
                            gone.kind,
                            crate::domain::counted(exposed.len(), "key", "keys")
                        ),
                    },
                )?;
                Ok((exposed, lost, key))
            })
            .await?;
        core.custody.replace(key);
        core.emit_changed(None);
        // Whoever it handed the former key to could open nothing with it.
        agent::stop(&agent::socket_path(&core.options.home)).await?;
        Ok(Removal {
            removed: leaving,
            dropped: names,
            exposed,
            lost,
        })
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Fault::new(FaultKind::Internal, "The vault's key could not be wrapped.")
            .hint("Nothing was changed; try again.")
            .detail(error)
    })?
}

fn require_enough(leaving: &RecipientRow, stay: &[Wrapped]) -> Result<(), Fault> {
    if leaving.kind == RecipientKind::Recovery.word() {
        return Err(Fault::new(
            FaultKind::Conflict,
            "The recovery key stays: without it a forgotten passphrase loses every key.",
        )
        .hint("Remove whoever has read it together with everybody else, by setting up anew."));
    }
    if stay
        .iter()
        .any(|known| known.kind != RecipientKind::Recovery)
    {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Conflict,
        "That is the last one who can open the vault beside the recovery key; nobody was removed.",
    )
    .hint("Add another first."))
}

type Anew = (VaultKey, Vec<Wrapped>, Vec<Wrapped>);

/// A new vault key, wrapped to those who stay; and those it could not be wrapped to.
fn wrap_anew(
    stay: &[Wrapped],
    passphrase: Option<&SecretString>,
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
    Ok((key, anew, dropped))
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
                "The audit does not hold from entry {}, and sealing it anew would hide that; nobody was removed.",
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
