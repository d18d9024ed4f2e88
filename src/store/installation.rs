//! The installation itself, and its settings by name.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis},
    fault,
};
use crate::domain::Fault;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// This Guildhall, as it was set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Made at set-up and never changed: seals are bound to it.
    pub uuid: String,
    /// What the operator calls it.
    pub name: String,
    /// When it was set up.
    pub created_at: Timestamp,
}

impl Reader<'_> {
    /// The installation; none before the set-up.
    ///
    /// # Errors
    /// As the module says.
    pub fn installation(&self) -> Result<Option<Installation>, Fault> {
        self.one(
            "SELECT uuid, name, created_at FROM installation",
            [],
            |row| {
                let mut columns = Columns::of(row);
                Ok(Installation {
                    uuid: columns.value()?,
                    name: columns.value()?,
                    created_at: columns.time()?,
                })
            },
        )
    }

    /// A setting of the installation, by its name; none when it was never set.
    ///
    /// # Errors
    /// `Storage` also when what is stored has another form than `T`.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        self.one(
            "SELECT value FROM settings WHERE name = ?1",
            [name],
            |row| Columns::of(row).json(),
        )
    }
}

impl Writer<'_> {
    /// Records that the installation is set up, with a name and a new id.
    ///
    /// # Errors
    /// `Conflict` when it is set up already.
    pub fn insert_installation(&self, name: &str, now: Timestamp) -> Result<Installation, Fault> {
        if let Some(existing) = self.installation()? {
            return Err(fault::conflict(
                format!("This installation is set up already: {}.", existing.name),
                "Start Guildhall to use it, or name another folder with --home.",
            ));
        }
        let installation = Installation {
            uuid: Uuid::new_v4().to_string(),
            name: name.to_owned(),
            created_at: now,
        };
        self.change(
            "INSERT INTO installation (id, uuid, name, created_at) VALUES (1, ?1, ?2, ?3)",
            (&installation.uuid, name, millis(now)),
        )?;
        Ok(installation)
    }

    /// Forgets a setting of the installation; one that is not set is fine.
    ///
    /// # Errors
    /// As the module says.
    pub fn forget_setting(&self, name: &str) -> Result<(), Fault> {
        self.change("DELETE FROM settings WHERE name = ?1", [name])
            .map(drop)
    }

    /// Stores a setting of the installation under a name.
    ///
    /// # Errors
    /// As the module says.
    pub fn set_setting(&self, name: &str, value: &impl Serialize) -> Result<(), Fault> {
        self.change(
            "INSERT INTO settings (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json_text(value)?),
        )
        .map(drop)
    }
}
