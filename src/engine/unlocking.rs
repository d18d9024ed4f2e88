//! Unlocking and locking the vault, and what follows: the inbox is emptied, the audit countersigned, what waited goes on.

use super::{
    Engine,
    core::Core,
    desk::Scope,
    idle,
    init::IDENTITY_FILE,
    keyring, scheduler,
    views::{EngineEvent, VaultState},
    wanting,
};
use crate::{
    domain::{Fault, FaultKind, InstanceId, OperationState},
    store::{OperationFilter, VaultRecipient},
    vault::{Unlocker, VaultKey, Wrapped, agent, chain_key, unwrap_any},
};
use std::{path::PathBuf, sync::Arc};
use uuid::Uuid;

/// Operations that are read at a time.
const PAGE: u32 = 500;

impl Engine {
    /// Whether secrets can be used at the moment.
    #[must_use]
    pub fn vault_state(&self) -> VaultState {
        state_of(&self.core)
    }

    /// Unlocks the vault for this process. What waited for it goes on.
    ///
    /// # Errors
    /// `Locked` when it does not open, `BadInput` when what was given cannot be right, `NotAllowed` in a session over SSH,
    /// `Storage`.
    pub async fn unlock(&self, unlocker: Unlocker) -> Result<(), Fault> {
        self.require_no_session()?;
        let wrapped = self.wrapped().await?;
        let key = tokio::task::spawn_blocking(move || unwrap_any(&wrapped, &unlocker))
            .await
            .map_err(|error| {
                Fault::new(FaultKind::Internal, "The vault could not be unlocked.")
                    .hint("Try again.")
                    .detail(error)
            })??;
        self.take(key).await
    }

    /// The vault's key by the same way as [`Engine::unlock`], for the agent that hands it to other processes of this user.
    ///
    /// # Errors
    /// As [`Engine::unlock`].
    pub async fn unwrap_key(&self, unlocker: Unlocker) -> Result<VaultKey, Fault> {
        self.require_no_session()?;
        let wrapped = self.wrapped().await?;
        tokio::task::spawn_blocking(move || unwrap_any(&wrapped, &unlocker))
            .await
            .map_err(|error| {
                Fault::new(FaultKind::Internal, "The vault could not be unlocked.")
                    .hint("Try again.")
                    .detail(error)
            })?
    }

    /// Locks the vault of this process. Keys held in memory are forgotten; what an operation in flight has opened it keeps
    /// until its end.
    pub fn lock(&self) {
        self.core.custody.lock();
        self.core.held.clear();
        self.core.emit(EngineEvent::Vault(VaultState::Locked));
        self.core.emit_changed(None);
    }

    async fn take(&self, key: VaultKey) -> Result<(), Fault> {
        idle::arm(&self.core).await?;
        self.core.custody.unlock(key)?;
        self.core.emit(EngineEvent::Vault(VaultState::Unlocked));
        if self.core.options.read_only {
            return Ok(());
        }
        let woken = after_unlock(&self.core).await?;
        self.core.desk.widen(woken);
        scheduler::ensure_started(&self.core);
        self.core.emit_changed(None);
        Ok(())
    }

    /// Who came in over SSH could name files of this host, or try passphrases.
    pub(super) fn require_no_session(&self) -> Result<(), Fault> {
        if self.core.options.only.is_none() {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::NotAllowed,
            "The vault is opened by an operator, on this host.",
        )
        .hint("Ask an operator to unlock it; keys can be entered meanwhile, and what needs one goes on then."))
    }

    async fn wrapped(&self) -> Result<Vec<Wrapped>, Fault> {
        read_wrapped(&self.core).await
    }
}

/// Whether secrets can be used at the moment.
pub(super) fn state_of(core: &Core) -> VaultState {
    if core.custody.is_unlocked() {
        VaultState::Unlocked
    } else {
        VaultState::Locked
    }
}

pub(super) async fn read_wrapped(core: &Core) -> Result<Vec<Wrapped>, Fault> {
    core.store
        .read(|reader| {
            let recipients = reader.vault_recipients()?;
            recipients.into_iter().map(wrapped).collect()
        })
        .await
}

fn wrapped(stored: VaultRecipient) -> Result<Wrapped, Fault> {
    let id = stored.id.parse::<Uuid>().map_err(|error| {
        Fault::new(
            FaultKind::Storage,
            "A recipient of the vault cannot be read.",
        )
        .hint("Restore the latest backup.")
        .detail(error)
    })?;
    Ok(Wrapped {
        id,
        kind: stored.kind.parse()?,
        label: stored.label,
        recipient: stored.recipient,
        blob: stored.wrapped,
    })
}

/// Unlocks where that needs nobody: by the agent, else by the key file. Not being able to is not a fault: everything but
/// secrets works.
pub(super) async fn unattended(core: &Arc<Core>) {
    let by_agent = agent::fetch(&agent::socket_path(&core.options.home)).await;
    if let Ok(Some(key)) = by_agent {
        match core.custody.unlock(key) {
            Ok(()) => return,
            Err(fault) => tracing::warn!(%fault, "the agent holds the key of another vault"),
        }
    }
    if let Err(fault) = by_key_file(core).await {
        tracing::warn!(%fault, detail = ?fault.detail, "the key file does not unlock the vault");
    }
}

async fn by_key_file(core: &Arc<Core>) -> Result<(), Fault> {
    let path: Option<PathBuf> = core
        .store
        .read(|reader| reader.setting(IDENTITY_FILE))
        .await?;
    let Some(path) = path else { return Ok(()) };
    let wrapped = read_wrapped(core).await?;
    let key = unwrap_any(&wrapped, &Unlocker::IdentityFile(path))?;
    core.custody.unlock(key)
}

/// Empties the inbox, countersigns the audit and queues what waited for the vault. Answers the instances concerned.
pub(super) async fn after_unlock(core: &Arc<Core>) -> Result<Vec<InstanceId>, Fault> {
    let woken = core
        .change(|writer, rules| {
            let chain = rules.custody.with(|key| Ok(chain_key(key)))?;
            writer.countersign_audit(chain.bytes())?;
            keyring::promote_inbox(writer, rules)?;
            let mut woken = Vec::new();
            loop {
                let waiting = writer.operations(&waits_for_unlock(), PAGE)?;
                if waiting.is_empty() {
                    return Ok(woken);
                }
                for operation in waiting {
                    rules.wake(writer, operation.id, operation.instance)?;
                    woken.push(operation.instance);
                }
            }
        })
        .await?;
    if let Err(fault) = wanting::resume(core).await {
        // Its step stays among the tasks, from where it is begun again.
        tracing::warn!(%fault, "accounts that are wanted could not be taken up");
    }
    Ok(woken)
}

fn waits_for_unlock() -> OperationFilter {
    OperationFilter {
        states: vec![OperationState::WaitsUnlock],
        ..Default::default()
    }
}

/// What a Guildhall whose vault is locked has left behind for one whose vault is open: keys that nobody compared yet, and
/// work that waits for a key to be opened.
pub(super) async fn on_behalf_of_others(core: &Arc<Core>) -> Result<(), Fault> {
    if core.options.read_only || !core.custody.is_unlocked() || core.desk.scope() != Scope::All {
        return Ok(());
    }
    let waits = core
        .store
        .read(|reader| {
            Ok(!reader.operations(&waits_for_unlock(), 1)?.is_empty()
                || !reader.inbox_credentials()?.is_empty())
        })
        .await?;
    if waits {
        after_unlock(core).await?;
        core.desk.ring();
    }
    Ok(())
}
