//! Keeping the installation: backing it up, restoring it, and walking its audit.

use super::{Engine, init::IDENTITY_FILE, keyring, rules::Rules};
use crate::{
    domain::{Actor, AuditResult, Fault, FaultKind, IntentKind},
    store::{AuditVerdict, Store},
    vault::chain_key,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What a walk along the audit found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Entries walked, up to a break.
    pub entries: u64,
    /// How many of them bear a seal of the vault.
    pub sealed: u64,
    /// Whether the seals were checked: only while the vault is open.
    pub seals_checked: bool,
    /// The digest of the last good entry. Kept elsewhere, it proves later that nothing before it was changed.
    pub head: String,
    /// The last entry that tells of keys that were changed by somebody else than Guildhall.
    pub keys_differed: Option<i64>,
    /// The first entry that does not hold, and why.
    pub broken: Option<(i64, String)>,
}

/// How many of the stored keys open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeysTried {
    /// How many are stored.
    pub stored: usize,
    /// How many of them open with the vault as it is now; none while it is locked.
    pub open: usize,
}

/// What a restoration did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// The former database, kept under a dated name.
    pub former: Option<PathBuf>,
    /// Whose installation the backup is.
    pub installation: String,
    /// The key file that the restored vault expects for unattended start, where it is missing here.
    pub missing_key_file: Option<PathBuf>,
}

impl Engine {
    /// Walks the audit from its beginning.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`. A chain that does not hold is no error but the report.
    pub async fn audit_verify(&self, actor: &Actor) -> Result<AuditReport, Fault> {
        let asking = actor.clone();
        let key = self.core.custody.with(|key| Ok(chain_key(key))).ok();
        let verdict: AuditVerdict = self
            .core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAudit, None)?;
                reader.verify_audit(key.as_ref().map(crate::vault::ChainKey::bytes))
            })
            .await?;
        Ok(AuditReport {
            entries: verdict.entries,
            sealed: verdict.sealed,
            seals_checked: verdict.seals_checked,
            head: verdict.head,
            keys_differed: verdict.keys_differed.map(|sequence| sequence.0),
            broken: verdict
                .broken
                .map(|broken| (broken.sequence.0, broken.what)),
        })
    }

    /// Writes a whole, checked copy of the database to a new file. Keys are in it sealed, as they are here; before it ends
    /// each of them is opened from the copy. The answer says how many open; none while the vault is locked, since then
    /// nobody can try.
    ///
    /// # Errors
    /// `NotAllowed`; `Conflict` when the file exists; `Storage`.
    pub async fn backup(&self, actor: &Actor, path: &Path) -> Result<Option<KeysTried>, Fault> {
        let core = &self.core;
        let (asking, target) = (actor.clone(), path.display().to_string());
        core.require_writable()?;
        core.change(move |writer, rules| {
            let actor = Rules::require(writer, &asking, IntentKind::Backup, None)?;
            rules.audit(
                writer,
                &super::submit::label(&actor),
                IntentKind::Backup.word(),
                &target,
                None,
                AuditResult::Permitted,
                "",
            )
        })
        .await?;
        core.store.backup_to(path).await?;
        if !core.custody.is_unlocked() {
            return Ok(None);
        }
        let (copy, rules) = (path.to_owned(), core.rules());
        let tried = tokio::task::spawn_blocking(move || {
            Store::read_copy(&copy, |reader| {
                let keys = keyring::every_sealed(reader, &rules)?;
                let open = keys
                    .iter()
                    .filter(|key| keyring::opens(&rules.custody, key));
                Ok(KeysTried {
                    stored: keys.len(),
                    open: open.count(),
                })
            })
        });
        let tried = tried.await.map_err(|error| {
            Fault::new(
                FaultKind::Internal,
                "The copy is written, and its keys were not tried.",
            )
            .hint("Try them with: guildhall restore, which tells before it changes anything.")
            .detail(error)
        })?;
        tried.map(Some)
    }

    /// Whether a head of the audit that was noted elsewhere is part of the chain still.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn audit_bears(&self, actor: &Actor, head: &str) -> Result<bool, Fault> {
        let (asking, head) = (actor.clone(), head.trim().to_lowercase());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAudit, None)?;
                reader.audit_bears(&head)
            })
            .await
    }

    /// Opens every stored key, one after the other, and forgets each at once.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`. A key that does not open is no error but part of the answer.
    pub async fn try_keys(&self, actor: &Actor) -> Result<KeysTried, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                let keys = keyring::every_sealed(reader, &rules)?;
                let open = keys
                    .iter()
                    .filter(|key| keyring::opens(&rules.custody, key));
                Ok(KeysTried {
                    stored: keys.len(),
                    open: open.count(),
                })
            })
            .await
    }

    /// Refuses an actor who may not put a backup in the place of this installation.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn may_restore(&self, actor: &Actor) -> Result<(), Fault> {
        self.core.require_writable()?;
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| Rules::require(reader, &asking, IntentKind::Backup, None))
            .await
            .map(drop)
    }

    /// Puts a backup in the place of an installation's database. Nothing may have it open; the former one is kept. There may
    /// be no installation to ask for anybody's right: where there is one, ask [`Engine::may_restore`] first.
    ///
    /// # Errors
    /// `Storage` when the backup is not ours, damaged or of a later Guildhall; `InUse` while a Guildhall is open there.
    pub fn restore(backup: &Path, home: &Path) -> Result<Restored, Fault> {
        let former = Store::restore_from(backup, home)?;
        let store = Store::open(home)?;
        let (installation, key_file): (_, Option<PathBuf>) = store
            .read_now(|reader| Ok((reader.installation()?, reader.setting(IDENTITY_FILE)?)))?;
        let installation = installation.ok_or_else(|| {
            Fault::new(
                FaultKind::Storage,
                "The backup holds no installation; the former database is kept beside it.",
            )
            .hint("Restore another backup.")
        })?;
        Ok(Restored {
            former,
            installation: installation.name,
            missing_key_file: key_file.filter(|path| !path.exists()),
        })
    }
}
