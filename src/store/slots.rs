//! How full accounts were when their platforms last told, and which instances use them.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
};
use crate::domain::{AccountId, Fault, InstanceId, Slots};
use jiff::Timestamp;

/// A limit of an account as its platform told it.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredSlots {
    /// What was told.
    pub slots: Slots,
    /// When.
    pub at: Timestamp,
}

impl Reader<'_> {
    /// What was measured of an account, by unit.
    ///
    /// # Errors
    /// As the module says.
    pub fn measured_slots(&self, account: AccountId) -> Result<Vec<MeasuredSlots>, Fault> {
        self.many(
            "SELECT unit, most, used, source, measured_at FROM account_slots WHERE account = ?1 ORDER BY unit",
            [account.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok(MeasuredSlots {
                    slots: Slots {
                        unit: columns.value()?,
                        max: columns.value::<Option<i64>>()?.and_then(count),
                        used: columns.value::<Option<i64>>()?.and_then(count),
                        source: columns.value()?,
                    },
                    at: columns.time()?,
                })
            },
        )
    }

    /// How many accounts had four fifths of a limit in use, or more, when they were last measured.
    ///
    /// # Errors
    /// As the module says.
    pub fn accounts_near_full(&self) -> Result<u64, Fault> {
        let found = self.one(
            "SELECT count(DISTINCT account) FROM account_slots WHERE most > 1 AND used * 5 >= most * 4",
            [],
            |row| row.get(0),
        )?;
        Ok(found.and_then(count).unwrap_or(0))
    }

    /// The accounts that an instance was made with.
    ///
    /// # Errors
    /// As the module says.
    pub fn accounts_used(&self, instance: InstanceId) -> Result<Vec<AccountId>, Fault> {
        self.many(
            "SELECT account FROM account_uses WHERE instance = ?1 ORDER BY account",
            [instance.0],
            |row| row.get(0).map(AccountId),
        )
    }

    /// How many instances use an account; with a time, only those that began to after it.
    ///
    /// # Errors
    /// As the module says.
    pub fn account_uses(&self, account: AccountId, after: Option<Timestamp>) -> Result<u64, Fault> {
        let found = self.one(
            "SELECT count(*) FROM account_uses WHERE account = ?1 AND since > ?2",
            (account.0, after.map_or(i64::MIN, millis)),
            |row| row.get(0),
        )?;
        Ok(found.and_then(count).unwrap_or(0))
    }
}

impl Writer<'_> {
    /// Records what was measured of an account; units that were not measured this time keep what they had.
    ///
    /// # Errors
    /// `Conflict` when there is no such account.
    pub fn set_measured_slots(
        &self,
        account: AccountId,
        measured: &[Slots],
        at: Timestamp,
    ) -> Result<(), Fault> {
        for slots in measured {
            self.change(
                "INSERT INTO account_slots (account, unit, most, used, source, measured_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (account, unit) DO UPDATE SET
                    most = excluded.most, used = excluded.used, source = excluded.source,
                    measured_at = excluded.measured_at",
                (
                    account.0,
                    &slots.unit,
                    slots.max.map(stored),
                    slots.used.map(stored),
                    &slots.source,
                    millis(at),
                ),
            )?;
        }
        Ok(())
    }

    /// Forgets what was measured: another identity stands behind the account now.
    ///
    /// # Errors
    /// As the module says.
    pub fn forget_measured_slots(&self, account: AccountId) -> Result<(), Fault> {
        self.change("DELETE FROM account_slots WHERE account = ?1", [account.0])
            .map(drop)
    }

    /// Records which accounts an instance uses from now on; one that it used before keeps its time.
    ///
    /// # Errors
    /// `Conflict` when there is no such account or instance.
    pub fn use_accounts(
        &self,
        instance: InstanceId,
        accounts: &[AccountId],
        since: Timestamp,
    ) -> Result<(), Fault> {
        for account in accounts {
            self.change(
                "INSERT INTO account_uses (instance, account, since) VALUES (?1, ?2, ?3)
                 ON CONFLICT (instance, account) DO NOTHING",
                (instance.0, account.0, millis(since)),
            )?;
        }
        Ok(())
    }
}

impl Writer<'_> {
    /// Records that an instance does not use an account any more.
    ///
    /// # Errors
    /// As the module says.
    pub fn stop_using(&self, instance: InstanceId, account: AccountId) -> Result<(), Fault> {
        self.change(
            "DELETE FROM account_uses WHERE instance = ?1 AND account = ?2",
            (instance.0, account.0),
        )
        .map(drop)
    }
}

/// SQLite counts in 64 bits with a sign; a platform's number beyond that is as good as no limit.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(stored: i64) -> Option<u64> {
    u64::try_from(stored).ok()
}
