//! The vault's public parts: whom its key is wrapped to, its inbox, and the value that tells the right key.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::Fault;
use jiff::Timestamp;
use std::fmt;

/// What is kept of the vault itself. None of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultRecord {
    /// The public key that secrets are sealed to while the vault is locked.
    pub inbox_public: Vec<u8>,
    /// Tells whether a vault key is the right one.
    pub check_value: String,
}

/// Somebody who may open the vault, with the vault key wrapped to them.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultRecipient {
    /// Its own id.
    pub id: String,
    /// How it is opened, in the vault's word.
    pub kind: String,
    /// What the operator calls it.
    pub label: String,
    /// The public recipient; empty for a passphrase.
    pub recipient: String,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

impl fmt::Debug for VaultRecipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VaultRecipient")
            .field("kind", &self.kind)
            .field("label", &self.label)
            .field("recipient", &self.recipient)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    /// The vault; none before the set-up.
    ///
    /// # Errors
    /// As the module says.
    pub fn vault(&self) -> Result<Option<VaultRecord>, Fault> {
        self.one("SELECT inbox_public, check_value FROM vault", [], |row| {
            let mut columns = Columns::of(row);
            Ok(VaultRecord {
                inbox_public: columns.value()?,
                check_value: columns.value()?,
            })
        })
    }

    /// Everybody who may open it, in the order in which they were added.
    ///
    /// # Errors
    /// As the module says.
    pub fn vault_recipients(&self) -> Result<Vec<VaultRecipient>, Fault> {
        self.many(
            "SELECT id, kind, label, recipient, wrapped FROM vault_recipients ORDER BY created_at, id",
            [],
            |row| {
                let mut columns = Columns::of(row);
                Ok(VaultRecipient {
                    id: columns.value()?,
                    kind: columns.value()?,
                    label: columns.value()?,
                    recipient: columns.value()?,
                    wrapped: columns.value()?,
                })
            },
        )
    }
}

impl Writer<'_> {
    /// Records the vault. There is one for ever: another key means sealing everything anew.
    ///
    /// # Errors
    /// `Conflict` when there is one.
    pub fn insert_vault(&self, record: &VaultRecord) -> Result<(), Fault> {
        if self.vault()?.is_some() {
            return Err(fault::conflict(
                "This installation has a vault already.",
                "Unlock it with its passphrase, key file or recovery key.",
            ));
        }
        self.change(
            "INSERT INTO vault (id, inbox_public, check_value) VALUES (1, ?1, ?2)",
            (&record.inbox_public, &record.check_value),
        )
        .map(drop)
    }

    /// Gives the vault another key. Everything must be sealed anew under it in the same transaction.
    ///
    /// # Errors
    /// `NotFound` before the set-up.
    pub fn replace_vault(&self, record: &VaultRecord) -> Result<(), Fault> {
        self.change_one(
            "vault",
            1,
            "UPDATE vault SET inbox_public = ?1, check_value = ?2 WHERE id = 1",
            (&record.inbox_public, &record.check_value),
        )
    }

    /// Adds somebody who may open the vault, or wraps its key to them anew.
    ///
    /// # Errors
    /// As the module says.
    pub fn put_vault_recipient(
        &self,
        recipient: &VaultRecipient,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change(
            "INSERT INTO vault_recipients (id, kind, label, recipient, wrapped, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, label = excluded.label,
                recipient = excluded.recipient, wrapped = excluded.wrapped",
            (
                &recipient.id,
                &recipient.kind,
                &recipient.label,
                &recipient.recipient,
                &recipient.wrapped,
                millis(now),
            ),
        )
        .map(drop)
    }

    /// Takes a wrapped key away that is of no use any more: the vault has another key, wrapped anew in the same
    /// transaction.
    ///
    /// # Errors
    /// As the module says.
    pub fn forget_vault_recipient(&self, id: &str) -> Result<(), Fault> {
        self.change("DELETE FROM vault_recipients WHERE id = ?1", [id])
            .map(drop)
    }

    /// Takes somebody's wrapped key away. Who unwrapped it before still knows the vault key.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when nobody else could open the vault.
    pub fn remove_vault_recipient(&self, id: &str) -> Result<(), Fault> {
        self.change_one(
            "recipient of the vault",
            id,
            "DELETE FROM vault_recipients WHERE id = ?1",
            [id],
        )?;
        if self.vault_recipients()?.is_empty() {
            return Err(fault::conflict(
                "That is the last one who can open the vault, so it stays.",
                "Add another first.",
            ));
        }
        Ok(())
    }
}
