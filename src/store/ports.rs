//! Ports on this host, each given to one instance for as long as it lives.

use super::{Reader, Writer, columns::Columns};
use crate::domain::{Fault, FaultKind, InstanceId};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

impl Reader<'_> {
    /// The ports of an instance, by the names it took them under.
    ///
    /// # Errors
    /// As the module says.
    pub fn ports(&self, instance: InstanceId) -> Result<BTreeMap<String, u16>, Fault> {
        self.many(
            "SELECT name, port FROM ports WHERE instance = ?1",
            [instance.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok((columns.value()?, columns.value()?))
            },
        )
        .map(BTreeMap::from_iter)
    }
}

impl Writer<'_> {
    /// The port that an instance has under a name; where it has none, the lowest of the range that no instance has and
    /// that is not unusable (somebody else listens there).
    ///
    /// # Errors
    /// `Host` when none is left.
    pub fn take_port(
        &self,
        instance: InstanceId,
        name: &str,
        range: RangeInclusive<u16>,
        unusable: &BTreeSet<u16>,
    ) -> Result<u16, Fault> {
        if let Some(port) = self.ports(instance)?.remove(name) {
            return Ok(port);
        }
        let taken: BTreeSet<u16> = self
            .many(
                "SELECT port FROM ports WHERE port BETWEEN ?1 AND ?2",
                (*range.start(), *range.end()),
                |row| row.get(0),
            )?
            .into_iter()
            .collect();
        let free = range
            .clone()
            .find(|port| !taken.contains(port) && !unusable.contains(port))
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Host,
                    format!(
                        "No port between {} and {} is free on this host.",
                        range.start(),
                        range.end()
                    ),
                )
                .hint("Stop or remove an instance that you do not need, or widen the range.")
            })?;
        self.change(
            "INSERT INTO ports (port, instance, name) VALUES (?1, ?2, ?3)",
            (free, instance.0, name),
        )?;
        Ok(free)
    }

    /// Gives every port of an instance back, and says how many.
    ///
    /// # Errors
    /// As the module says.
    pub fn free_ports(&self, instance: InstanceId) -> Result<usize, Fault> {
        self.change("DELETE FROM ports WHERE instance = ?1", [instance.0])
    }
}
