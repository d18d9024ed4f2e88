//! What an adapter remembers of an instance, by names of its own. Never secrets.

use super::{
    Reader, Writer,
    columns::{Columns, json_text},
};
use crate::domain::{Fault, InstanceId};
use serde_json::Value;
use std::collections::BTreeMap;

impl Reader<'_> {
    /// One thing that is remembered of an instance.
    ///
    /// # Errors
    /// As the module says.
    pub fn fact(&self, instance: InstanceId, name: &str) -> Result<Option<Value>, Fault> {
        self.one(
            "SELECT value FROM facts WHERE instance = ?1 AND name = ?2",
            (instance.0, name),
            |row| Columns::of(row).json(),
        )
    }

    /// Everything that is remembered of an instance.
    ///
    /// # Errors
    /// As the module says.
    pub fn facts(&self, instance: InstanceId) -> Result<BTreeMap<String, Value>, Fault> {
        self.many(
            "SELECT name, value FROM facts WHERE instance = ?1",
            [instance.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok((columns.value()?, columns.json()?))
            },
        )
        .map(BTreeMap::from_iter)
    }
}

impl Writer<'_> {
    /// Remembers something of an instance, in the place of what bore that name.
    ///
    /// # Errors
    /// `Conflict` when there is no such instance.
    pub fn remember(&self, instance: InstanceId, name: &str, value: &Value) -> Result<(), Fault> {
        self.change(
            "INSERT INTO facts (instance, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (instance, name) DO UPDATE SET value = excluded.value",
            (instance.0, name, json_text(value)?),
        )
        .map(drop)
    }

    /// Forgets something, and says whether it was there.
    ///
    /// # Errors
    /// As the module says.
    pub fn forget(&self, instance: InstanceId, name: &str) -> Result<bool, Fault> {
        self.change(
            "DELETE FROM facts WHERE instance = ?1 AND name = ?2",
            (instance.0, name),
        )
        .map(|changed| changed > 0)
    }
}
