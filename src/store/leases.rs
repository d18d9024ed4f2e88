//! Leases: who works on an instance. Never two on one, whatever the number of processes.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
};
use crate::domain::{Fault, FaultKind, InstanceId, OperationId};
use jiff::Timestamp;

/// A right to work on an instance, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// On which instance.
    pub instance: InstanceId,
    /// For which operation; none for work that is no operation.
    pub operation: Option<OperationId>,
    /// Which process, in words of its own choosing.
    pub holder: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

const LEASE: &str = "SELECT instance, operation, holder, taken_at, expires_at FROM leases";

fn lease(row: &rusqlite::Row<'_>) -> rusqlite::Result<Lease> {
    let mut columns = Columns::of(row);
    Ok(Lease {
        instance: InstanceId(columns.value()?),
        operation: columns.value::<Option<i64>>()?.map(OperationId),
        holder: columns.value()?,
        taken_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

impl Reader<'_> {
    /// The lease on an instance, expired or not.
    ///
    /// # Errors
    /// As the module says.
    pub fn lease(&self, instance: InstanceId) -> Result<Option<Lease>, Fault> {
        self.one(&format!("{LEASE} WHERE instance = ?1"), [instance.0], lease)
    }

    /// Every lease, expired or not.
    ///
    /// # Errors
    /// As the module says.
    pub fn leases(&self) -> Result<Vec<Lease>, Fault> {
        self.many(&format!("{LEASE} ORDER BY instance"), [], lease)
    }

    /// Leases that ended without being released: their processes died.
    ///
    /// # Errors
    /// As the module says.
    pub fn expired_leases(&self, now: Timestamp) -> Result<Vec<Lease>, Fault> {
        self.many(
            &format!("{LEASE} WHERE expires_at <= ?1 ORDER BY instance"),
            [millis(now)],
            lease,
        )
    }

    /// Refuses when a holder does not hold the lease of an operation any more. Ask it in the transaction that records
    /// a result, so that a process that slept through its lease cannot write over its successor.
    ///
    /// # Errors
    /// `InUse`.
    pub fn require_lease(&self, operation: OperationId, holder: &str) -> Result<(), Fault> {
        let held = self.one(
            "SELECT holder = ?2 FROM leases WHERE operation = ?1",
            (operation.0, holder),
            |row| row.get(0),
        )?;
        if held == Some(true) {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::InUse,
            format!("Operation {operation} is in other hands now; nothing was recorded here."),
        )
        .hint("Look at it again in a moment."))
    }
}

impl Writer<'_> {
    /// Takes the lease of an operation's instance, and says whether it was free: not leased, expired, or this holder's
    /// for this operation already.
    ///
    /// # Errors
    /// As the module says; an operation that does not exist is simply not leased.
    pub fn take_lease(
        &self,
        operation: OperationId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        self.change(
            "INSERT INTO leases (instance, operation, holder, taken_at, expires_at)
             SELECT instance, id, ?2, ?3, ?4 FROM operations WHERE id = ?1
             ON CONFLICT (instance) DO UPDATE SET operation = excluded.operation, holder = excluded.holder,
                taken_at = excluded.taken_at, expires_at = excluded.expires_at
             WHERE leases.expires_at <= ?3 OR (leases.holder = ?2 AND leases.operation = excluded.operation)",
            (operation.0, holder, millis(now), millis(until)),
        )
        .map(|changed| changed > 0)
    }

    /// Takes the lease of an instance for work that is no operation, or holds it for longer; says whether it was free: not
    /// leased, expired, or this holder's for such work already.
    ///
    /// # Errors
    /// As the module says.
    pub fn hold_instance(
        &self,
        instance: InstanceId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        self.change(
            "INSERT INTO leases (instance, operation, holder, taken_at, expires_at) VALUES (?1, NULL, ?2, ?3, ?4)
             ON CONFLICT (instance) DO UPDATE SET operation = NULL, holder = excluded.holder,
                taken_at = excluded.taken_at, expires_at = excluded.expires_at
             WHERE leases.expires_at <= ?3 OR (leases.holder = ?2 AND leases.operation IS NULL)",
            (instance.0, holder, millis(now), millis(until)),
        )
        .map(|changed| changed > 0)
    }

    /// Holds a lease for longer, and says whether it was still this holder's.
    ///
    /// # Errors
    /// As the module says.
    pub fn renew_lease(
        &self,
        operation: OperationId,
        holder: &str,
        until: Timestamp,
    ) -> Result<bool, Fault> {
        self.change(
            "UPDATE leases SET expires_at = ?3 WHERE operation = ?1 AND holder = ?2",
            (operation.0, holder, millis(until)),
        )
        .map(|changed| changed > 0)
    }

    /// Gives a lease back, and says whether it was still this holder's.
    ///
    /// # Errors
    /// As the module says.
    pub fn release_lease(&self, operation: OperationId, holder: &str) -> Result<bool, Fault> {
        self.change(
            "DELETE FROM leases WHERE operation = ?1 AND holder = ?2",
            (operation.0, holder),
        )
        .map(|changed| changed > 0)
    }

    /// Takes a lease from its holder, and says whether it was its: from one that is known to be dead (its process is gone
    /// from this host; whoever calls this puts the reason into the audit), or that has ended work that is no operation.
    ///
    /// # Errors
    /// As the module says.
    pub fn break_lease(&self, instance: InstanceId, holder: &str) -> Result<bool, Fault> {
        self.change(
            "DELETE FROM leases WHERE instance = ?1 AND holder = ?2",
            (instance.0, holder),
        )
        .map(|changed| changed > 0)
    }
}
