//! Instances, changed: each axis by itself, so that two writers of different axes never undo each other.

use super::{
    Writer,
    columns::{json_text, millis},
    fault,
};
use crate::domain::{
    CommunityId, Desired, Drift, Fault, Health, InstanceId, InstanceKind, Observed, PlatformId,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is recorded of an instance when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInstance {
    /// Of which platform.
    pub platform: PlatformId,
    /// Which kind.
    pub kind: InstanceKind,
    /// What is wanted.
    pub desired: Desired,
    /// What is known: absent, or waiting for a key at once.
    pub observed: Observed,
    /// One short phrase beside the state.
    pub note: String,
    /// Settings given at once.
    pub settings: BTreeMap<String, String>,
}

/// Where an instance is, once it is somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstancePlace {
    /// Which kind it turned out to be.
    pub kind: InstanceKind,
    /// The name of the object on the platform.
    pub external_id: Option<String>,
    /// Where a person finds it, or where it listens.
    pub url: Option<String>,
    /// Whether Guildhall made it.
    pub made_by_us: bool,
    /// Whether it may only be looked at.
    pub observe_only: bool,
}

impl Writer<'_> {
    /// Records instances of a community, in the order of its template.
    ///
    /// # Errors
    /// `Conflict` when one of the platforms has an instance there already, `NotFound` when there is no such community;
    /// then none is recorded.
    pub fn insert_instances(
        &self,
        community: CommunityId,
        instances: &[NewInstance],
        now: Timestamp,
    ) -> Result<Vec<InstanceId>, Fault> {
        instances
            .iter()
            .map(|new| {
                let settings = json_text(&new.settings)?;
                self.attempt(
                    "INSERT INTO instances
                        (community, platform, kind, desired, observed, note, settings, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    (
                        community.0,
                        new.platform.as_str(),
                        new.kind.word(),
                        new.desired.word(),
                        new.observed.word(),
                        &new.note,
                        settings,
                        millis(now),
                    ),
                )
                .map(|_| InstanceId(self.last_id()))
                .map_err(|error| {
                    if fault::is_duplicate(&error) {
                        fault::conflict(
                            format!(
                                "This community has an instance of {} already.",
                                new.platform
                            ),
                            "Configure or activate that one.",
                        )
                    } else if fault::is_dangling(&error) {
                        fault::not_found("community", community)
                    } else {
                        fault::from_sqlite(&error)
                    }
                })
            })
            .collect()
    }

    /// Changes what is wanted.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_desired(&self, id: InstanceId, desired: Desired) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET desired = ?2 WHERE id = ?1",
            (id.0, desired.word()),
        )
    }

    /// Changes what is known, with the short phrase beside it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_observed(
        &self,
        id: InstanceId,
        observed: Observed,
        note: &str,
    ) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET observed = ?2, note = ?3 WHERE id = ?1",
            (id.0, observed.word(), note),
        )
    }

    /// Records how well it did at a look.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_health(&self, id: InstanceId, health: Health, at: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET health = ?2, checked_at = ?3 WHERE id = ?1",
            (id.0, health.word(), millis(at)),
        )
    }

    /// Records the differences that a look found; none clears them.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_drift(&self, id: InstanceId, drift: &[Drift]) -> Result<(), Fault> {
        let drift = json_text(&drift)?;
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET drift = ?2 WHERE id = ?1",
            (id.0, drift),
        )
    }

    /// Records where it is and whose making.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_place(&self, id: InstanceId, place: &InstancePlace) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances
             SET kind = ?2, external_id = ?3, url = ?4, made_by_us = ?5, observe_only = ?6 WHERE id = ?1",
            (
                id.0,
                place.kind.word(),
                &place.external_id,
                &place.url,
                place.made_by_us,
                place.observe_only,
            ),
        )
    }

    /// Records as which kind it will be made.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_kind(&self, id: InstanceId, kind: InstanceKind) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET kind = ?2 WHERE id = ?1",
            (id.0, kind.word()),
        )
    }

    /// Merges settings into those that are there; an empty value takes its field out. Answers all of them.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn merge_settings(
        &self,
        id: InstanceId,
        settings: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let mut all = self.instance(id)?.settings;
        for (field, value) in settings {
            if value.is_empty() {
                all.remove(field);
            } else {
                all.insert(field.clone(), value.clone());
            }
        }
        self.change(
            "UPDATE instances SET settings = ?2 WHERE id = ?1",
            (id.0, json_text(&all)?),
        )?;
        Ok(all)
    }

    /// Takes an instance out of every list and makes room for another of its platform. Its row, its operations and its
    /// audit stay; what it remembered, its ports and its connections go.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove_instance(&self, id: InstanceId, now: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "instance",
            id,
            "UPDATE instances SET desired = 'removed', observed = 'absent', note = '',
                removed_at = coalesce(removed_at, ?2) WHERE id = ?1",
            (id.0, millis(now)),
        )?;
        for leftover in [
            "DELETE FROM facts WHERE instance = ?1",
            "DELETE FROM ports WHERE instance = ?1",
            "DELETE FROM account_uses WHERE instance = ?1",
            "DELETE FROM connections WHERE ?1 IN (from_instance, to_instance)",
        ] {
            self.change(leftover, [id.0])?;
        }
        Ok(())
    }
}
