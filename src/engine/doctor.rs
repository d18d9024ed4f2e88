//! What is well and what is not with this installation on this host, each with what to do about it.

use super::{Engine, rules::Rules, slots, titles, unlocking, views::VaultState};
use crate::{
    domain::{Actor, Fault, IntentKind, OperationState, mebibytes},
    store::{Depth, OperationFilter},
};
use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub what: String,
    /// Whether it is well.
    pub well: bool,
    /// What was found.
    pub found: String,
    /// What to do; empty where it is well.
    pub hint: String,
}

impl Check {
    fn well(what: &str, found: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            well: true,
            found: found.into(),
            hint: String::new(),
        }
    }

    fn not(what: &str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            well: false,
            found: found.into(),
            hint: hint.into(),
        }
    }
}

/// Less than this many MiB on the disk is told.
const LITTLE_DISK_MIB: u64 = 512;
/// Less than this many MiB of free memory is told.
const LITTLE_MEMORY_MIB: u64 = 256;

impl Engine {
    /// Looks at everything that can be looked at without changing anything.
    ///
    /// # Errors
    /// `NotAllowed`; `Storage` when not even the database can be read.
    pub async fn doctor(&self, actor: &Actor) -> Result<Vec<Check>, Fault> {
        let (store, asking) = (&self.core.store, actor.clone());
        store
            .read(move |reader| Rules::require(reader, &asking, IntentKind::View, None))
            .await?;
        let mut checks = Vec::new();
        let problems = store.check(Depth::Whole).await?;
        checks.push(match problems.first() {
            None => Check::well("database", "every page, index and reference is good"),
            Some(first) => Check::not(
                "database",
                first.clone(),
                "Stop Guildhall and restore the latest backup.",
            ),
        });
        for warning in store.warnings() {
            checks.push(Check::not(
                "disk",
                warning.clone(),
                "Move the folder to a local disk.",
            ));
        }
        let free = store.free_bytes()? / (1024 * 1024);
        checks.push(if free < LITTLE_DISK_MIB {
            Check::not(
                "disk",
                format!("{} are free", mebibytes(free)),
                "Free some space.",
            )
        } else {
            Check::well("disk", format!("{} are free", mebibytes(free)))
        });
        let memory = super::planner::free_memory_mib();
        checks.push(if memory > 0 && memory < LITTLE_MEMORY_MIB {
            Check::not(
                "memory",
                format!("{} are free", mebibytes(memory)),
                "Switch off an instance that runs on this host.",
            )
        } else {
            Check::well("memory", format!("{} are free", mebibytes(memory)))
        });
        let options = &self.core.options;
        let hidden = options.registry.supervisor().cannot_run_in(&options.home);
        checks.extend(hidden.map(|(found, hint)| Check::not("services", found, hint)));
        let lacks = options.registry.supervisor().lacks();
        checks.extend(lacks.map(|(found, hint)| Check::not("services", found, hint)));
        // What stands in for others' programs is this one.
        let root = options.registry.supervisor().runs_as_root(&options.home);
        let root = root.filter(|_| !options.sandbox);
        checks.extend(root.map(|(found, hint)| Check::not("rights", found, hint)));
        checks.push(match unlocking::state_of(&self.core) {
            VaultState::Unlocked => Check::well("vault", "open"),
            VaultState::Locked => Check::not(
                "vault",
                "locked: whatever needs a key waits",
                "Unlock it, or set up a key file for unattended start.",
            ),
        });
        checks.extend(self.work().await?);
        checks.extend(self.fullness().await?);
        Ok(checks)
    }

    /// Accounts that are full or nearly so, one line each.
    async fn fullness(&self) -> Result<Vec<Check>, Fault> {
        let rules = self.core.rules();
        let pressed = self
            .core
            .store
            .read(move |reader| {
                let mut pressed = Vec::new();
                for account in reader.accounts()? {
                    if let Some(row) = slots::pressing(&slots::rows(reader, &rules, &account)?) {
                        let platform = titles::platform(&rules.catalog, &account.platform);
                        pressed.push((format!("{} on {platform}", account.name), row.clone()));
                    }
                }
                Ok(pressed)
            })
            .await?;
        if pressed.is_empty() {
            return Ok(vec![Check::well("accounts", "none is nearly full")]);
        }
        Ok(pressed
            .into_iter()
            .map(|(account, row)| {
                let found = format!("{account}: {}", row.words());
                Check::not("accounts", found, "Make another account there in time.")
            })
            .collect())
    }

    async fn work(&self) -> Result<Vec<Check>, Fault> {
        let now = self.core.now();
        let (failed, stale) = self
            .core
            .store
            .read(move |reader| {
                let filter = OperationFilter {
                    states: vec![OperationState::Failed],
                    ..Default::default()
                };
                Ok((
                    reader.operations(&filter, 1000)?.len(),
                    reader.expired_leases(now)?.len(),
                ))
            })
            .await?;
        let count = |count, hint: &str| {
            if count == 0 {
                Check::well("operations", "none failed")
            } else {
                Check::not("operations", format!("{count} failed"), hint)
            }
        };
        let mut checks = vec![count(
            failed,
            "Look at the operations; each says what to do.",
        )];
        if stale > 0 {
            checks.push(Check::not(
                "leases",
                format!("{stale} of processes that are gone"),
                "Start Guildhall; it takes up what they left.",
            ));
        }
        Ok(checks)
    }
}
