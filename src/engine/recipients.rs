//! Who may open the vault. Whoever is removed knew the vault's key, so the vault gets another one: everything is sealed
//! anew, in one transaction, and what could be read until then is listed.

use super::{
    Engine,
    another_vault_key::{self, AnotherKey},
    init, keyring,
    rules::Rules,
    submit::label,
    unlocking,
    views::VaultState,
};
use crate::{
    domain::{Actor, AuditResult, CredentialId, Fault, FaultKind, IntentKind, PlatformId, Slug},
    vault::{self, NewRecipient, RecipientKind, RecoveryKey, Wrapped},
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

pub(super) fn row(wrapped: &Wrapped) -> RecipientRow {
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
        let wrapped =
            another_vault_key::blocking(move || custody.with(|key| vault::wrap(key, &new, work)))
                .await?;
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
        self.require_open_vault("nobody can be removed from it")?;
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
        let wish = AnotherKey {
            gone: leaving,
            stay,
            passphrase,
            with_recovery: false,
        };
        let (removal, _) = another_vault_key::give(core, actor, wish).await?;
        Ok(removal)
    }

    /// Makes another recovery key in the place of the former, which opens nothing any more: the vault gets a new key too,
    /// since the former could be used on a copy of the old one. `passphrase` as for [`Engine::remove_recipient`].
    ///
    /// # Errors
    /// As [`Engine::remove_recipient`]. Nothing is changed then.
    pub async fn replace_recovery_key(
        &self,
        actor: &Actor,
        passphrase: Option<SecretString>,
    ) -> Result<(RecoveryKey, Removal), Fault> {
        let core = &self.core;
        core.require_writable()?;
        self.require_recipients(actor).await?;
        self.require_open_vault("the recovery key cannot be replaced")?;
        let (former, stay): (Vec<Wrapped>, Vec<Wrapped>) = unlocking::read_wrapped(core)
            .await?
            .into_iter()
            .partition(|known| known.kind == RecipientKind::Recovery);
        let missing = || {
            Fault::new(
                FaultKind::NotFound,
                "This vault has no recovery key to replace.",
            )
            .hint("Restore a backup that has one.")
        };
        let wish = AnotherKey {
            gone: former.first().map(row).ok_or_else(missing)?,
            stay,
            passphrase,
            with_recovery: true,
        };
        let (removal, recovery) = another_vault_key::give(core, actor, wish).await?;
        Ok((recovery.ok_or_else(missing)?, removal))
    }

    fn require_open_vault(&self, so: &str) -> Result<(), Fault> {
        if unlocking::state_of(&self.core) == VaultState::Unlocked {
            return Ok(());
        }
        Err(
            Fault::new(FaultKind::Locked, format!("The vault is locked, so {so}."))
                .hint("Unlock it first."),
        )
    }
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
