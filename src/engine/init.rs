//! Making an installation, and opening one.

use super::{
    Engine,
    budget::SharedBudget,
    communities::TEMPLATE,
    core::Core,
    idle,
    options::{EngineOptions, NewInstallation, Protection},
    unlocking,
};
use crate::{
    adapters::http::{Http, HttpOptions},
    domain::{AuditResult, Fault, FaultKind, Role, clean_line},
    store::{Installation, NewAuditEntry, Store, VaultRecipient, VaultRecord, Writer},
    vault::{
        self, Custody, InboxPublic, NewRecipient, NewVault, RecoveryKey, WorkFactor, chain_key,
        check_value, inbox_public,
    },
};
use jiff::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name under which the path of the key file for unattended start is kept.
pub(super) const IDENTITY_FILE: &str = "vault.identity-file";
/// The most characters of an installation's name.
const MAX_NAME: usize = 100;

impl Engine {
    /// Whether there is an installation in a folder. Makes nothing.
    #[must_use]
    pub fn exists(home: &Path) -> bool {
        Store::exists(home)
    }

    /// Makes an installation: its database, its vault, its first operator, who is whoever is logged in. The recovery key is
    /// to be shown once; it is not stored.
    ///
    /// # Errors
    /// `Conflict` when there is one already; `BadInput` for a name or protection that cannot be; `Storage`.
    pub async fn init(
        options: EngineOptions,
        new: NewInstallation,
    ) -> Result<(Self, RecoveryKey), Fault> {
        let name = checked_name(&new.name)?;
        for platform in new.choices.keys() {
            if options.catalog.get(platform).is_none() {
                return Err(Fault::new(
                    FaultKind::NotFound,
                    format!("There is no platform {platform} in the catalog."),
                )
                .hint("Look at the catalog for the platforms there are."));
            }
        }
        let store = Store::open(&options.home)?;
        if let Some(existing) = store
            .read(|reader| Ok(reader.installation()?.map(|known| known.name)))
            .await?
        {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("There is an installation here already: {existing}."),
            )
            .hint("Start Guildhall to use it, or name another folder with --home."));
        }
        let work = options.limits.work_factor;
        let protection = new.protection.clone();
        let (vault, identity_file) = tokio::task::spawn_blocking(move || make(&protection, work))
            .await
            .map_err(|error| {
                Fault::new(FaultKind::Internal, "The vault could not be made.")
                    .hint("Try again.")
                    .detail(error)
            })??;
        let NewVault {
            key,
            wrapped,
            recovery,
        } = vault;
        let record = VaultRecord {
            inbox_public: inbox_public(&key).bytes().to_vec(),
            check_value: check_value(&key),
        };
        let unattended = identity_file.is_some();
        let (chain, now) = (chain_key(&key), (options.clock)());
        let operator = options.login.clone().unwrap_or_else(super::login::name);
        let installation = store
            .write(move |writer| {
                let installation = writer.insert_installation(&name, now)?;
                writer.insert_vault(&record)?;
                for entry in &wrapped {
                    writer.put_vault_recipient(&stored(entry), now)?;
                }
                if let Some(path) = &identity_file {
                    writer.set_setting(IDENTITY_FILE, path)?;
                }
                writer.set_setting(TEMPLATE, &new.choices)?;
                first_operator(writer, &operator, &installation, chain.bytes(), now)?;
                Ok(installation)
            })
            .await?;
        let custody = Custody::locked(inbox_public(&key));
        let engine = Self::assemble(options, store, custody, installation);
        if !unattended {
            idle::arm(&engine.core).await?;
        }
        engine.core.custody.unlock(key)?;
        Ok((engine, recovery))
    }

    /// Opens an installation, and the vault with it where that needs nobody: by a key file, or by the agent. Cheap: what is
    /// unfinished is taken up by [`Engine::start`].
    ///
    /// # Errors
    /// `NotFound` when there is none; `Storage` or `InUse` when its database cannot be used. A vault that stays locked is no
    /// error.
    pub async fn open(options: EngineOptions) -> Result<Self, Fault> {
        if !Store::exists(&options.home) {
            return Err(none_here(&options.home));
        }
        let store = Store::open(&options.home)?;
        let (installation, vault) = store
            .read(|reader| Ok((reader.installation()?, reader.vault()?)))
            .await?;
        let (Some(installation), Some(vault)) = (installation, vault) else {
            return Err(none_here(&options.home));
        };
        let custody = Custody::locked(InboxPublic::recorded(&vault.inbox_public)?);
        let engine = Self::assemble(options, store, custody, installation);
        unlocking::unattended(&engine.core).await;
        Ok(engine)
    }

    fn assemble(
        options: EngineOptions,
        store: Store,
        custody: Custody,
        installation: Installation,
    ) -> Self {
        let http = Http::new(HttpOptions {
            overrides: options.overrides.clone(),
            budget: Arc::new(SharedBudget::new(store.clone(), options.clock.clone())),
            clock: options.clock.clone(),
            ..HttpOptions::default()
        });
        Self {
            core: Arc::new(Core::new(options, store, custody, http, installation)),
        }
    }
}

fn none_here(home: &Path) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("There is no installation in {}.", home.display()),
    )
    .hint("Set one up with guildhall init, or name its folder with --home.")
}

fn checked_name(entered: &str) -> Result<String, Fault> {
    let name = clean_line(entered);
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("An installation's name has 1 to {MAX_NAME} characters."),
        )
        .hint("Take the name of the server or of the organisation."));
    }
    Ok(name)
}

/// Makes the vault; answers the path of the key file where there is one.
fn make(protection: &Protection, work: WorkFactor) -> Result<(NewVault, Option<PathBuf>), Fault> {
    let (recipient, file) = match protection {
        Protection::Passphrase(passphrase) => (
            NewRecipient::Passphrase {
                label: "passphrase".to_owned(),
                passphrase: passphrase.clone(),
            },
            None,
        ),
        Protection::IdentityFile(path) => {
            let path = std::path::absolute(path).map_err(|error| {
                Fault::new(
                    FaultKind::Storage,
                    format!("The path {} cannot be used.", path.display()),
                )
                .hint("Give the full path of the key file.")
                .detail(error)
            })?;
            let recipient = vault::create_identity_file(&path)?;
            let label = path.display().to_string();
            (NewRecipient::Identity { label, recipient }, Some(path))
        }
        Protection::SshKey(path) => {
            let public_key = fs::read_to_string(path).map_err(|error| {
                Fault::new(
                    FaultKind::BadInput,
                    format!("The SSH key {} cannot be read.", path.display()),
                )
                .hint("Give the path of the public half, such as ~/.ssh/id_ed25519.pub.")
                .detail(error)
            })?;
            let label = path.display().to_string();
            (NewRecipient::Ssh { label, public_key }, None)
        }
    };
    Ok((vault::create(&[recipient], work)?, file))
}

pub(super) fn stored(wrapped: &vault::Wrapped) -> VaultRecipient {
    VaultRecipient {
        id: wrapped.id.to_string(),
        kind: wrapped.kind.word().to_owned(),
        label: wrapped.label.clone(),
        recipient: wrapped.recipient.clone(),
        wrapped: wrapped.blob.clone(),
    }
}

fn first_operator(
    writer: &Writer<'_>,
    name: &str,
    installation: &Installation,
    chain: &[u8; 32],
    now: Timestamp,
) -> Result<(), Fault> {
    let actor = writer.insert_actor(name, Role::Operator, now)?;
    let entry = NewAuditEntry {
        actor: super::submit::label(&actor),
        action: "init".to_owned(),
        subject: installation.name.clone(),
        community: None,
        result: AuditResult::Permitted,
        detail: String::new(),
    };
    writer.append_audit(&entry, Some(chain), now).map(drop)
}
