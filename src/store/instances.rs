//! Instances: one row for each platform of each community.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis},
    fault,
};
use crate::domain::{
    CommunityId, Desired, Drift, Fault, Health, Instance, InstanceId, InstanceKind,
    InstanceSummary, Observed, PlatformId,
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

const INSTANCE: &str =
    "SELECT id, community, platform, kind, desired, observed, note, health, checked_at, drift,
    observe_only, made_by_us, external_id, url, settings, created_at FROM instances";

const SUMMARY: &str =
    "SELECT id, platform, desired, observed, health, checked_at, drift <> '[]', note, url";

fn instance(row: &rusqlite::Row<'_>) -> rusqlite::Result<Instance> {
    let mut columns = Columns::of(row);
    Ok(Instance {
        id: InstanceId(columns.value()?),
        community: CommunityId(columns.value()?),
        platform: columns.platform()?,
        kind: columns.word()?,
        desired: columns.word()?,
        observed: columns.word()?,
        note: columns.value()?,
        health: columns.word()?,
        checked_at: columns.time_or_none()?,
        drift: columns.json()?,
        observe_only: columns.value()?,
        made_by_us: columns.value()?,
        external_id: columns.value()?,
        url: columns.value()?,
        settings: columns.json()?,
        created_at: columns.time()?,
    })
}

fn summary(columns: &mut Columns<'_>) -> rusqlite::Result<InstanceSummary> {
    Ok(InstanceSummary {
        id: InstanceId(columns.value()?),
        platform: columns.platform()?,
        desired: columns.word()?,
        observed: columns.word()?,
        health: columns.word()?,
        checked_at: columns.time_or_none()?,
        drifted: columns.value()?,
        note: columns.value()?,
        url: columns.value()?,
    })
}

impl Reader<'_> {
    /// An instance by its row, also one that was removed.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn instance(&self, id: InstanceId) -> Result<Instance, Fault> {
        self.one(&format!("{INSTANCE} WHERE id = ?1"), [id.0], instance)?
            .ok_or_else(|| fault::not_found("instance", id))
    }

    /// The instance of a platform for a community, if there is one that was not removed.
    ///
    /// # Errors
    /// As the module says.
    pub fn instance_of(
        &self,
        community: CommunityId,
        platform: &PlatformId,
    ) -> Result<Option<Instance>, Fault> {
        self.one(
            &format!("{INSTANCE} WHERE community = ?1 AND platform = ?2 AND removed_at IS NULL"),
            (community.0, platform.as_str()),
            instance,
        )
    }

    /// The instances of a community that were not removed, in the order in which they were recorded.
    ///
    /// # Errors
    /// As the module says.
    pub fn instances(&self, community: CommunityId) -> Result<Vec<Instance>, Fault> {
        self.many(
            &format!("{INSTANCE} WHERE community = ?1 AND removed_at IS NULL ORDER BY id"),
            [community.0],
            instance,
        )
    }

    /// As much of a community's instances as a list shows, in the order in which they were recorded.
    ///
    /// # Errors
    /// As the module says.
    pub fn instance_summaries(
        &self,
        community: CommunityId,
    ) -> Result<Vec<InstanceSummary>, Fault> {
        self.many(
            &format!(
                "{SUMMARY} FROM instances WHERE community = ?1 AND removed_at IS NULL ORDER BY id"
            ),
            [community.0],
            |row| summary(&mut Columns::of(row)),
        )
    }

    /// The summaries of several communities at once, for a page of the list.
    ///
    /// # Errors
    /// As the module says.
    pub fn instance_summaries_of(
        &self,
        communities: &[CommunityId],
    ) -> Result<BTreeMap<CommunityId, Vec<InstanceSummary>>, Fault> {
        let ids: Vec<i64> = communities.iter().map(|id| id.0).collect();
        let rows = self.many(
            &format!(
                "{SUMMARY}, community FROM instances
                 WHERE community IN (SELECT value FROM json_each(?1)) AND removed_at IS NULL ORDER BY id"
            ),
            [json_text(&ids)?],
            |row| {
                let mut columns = Columns::of(row);
                let summary = summary(&mut columns)?;
                Ok((CommunityId(columns.value()?), summary))
            },
        )?;
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (community, summary) in rows {
            found.entry(community).or_default().push(summary);
        }
        Ok(found)
    }

    /// Instances of a platform that are there and were not looked at since a time, the longest unseen first. Archived
    /// communities are left alone.
    ///
    /// # Errors
    /// As the module says.
    pub fn instances_to_check(
        &self,
        platform: &PlatformId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<InstanceId>, Fault> {
        self.many(
            "SELECT i.id FROM instances i JOIN communities c ON c.id = i.community
             WHERE i.platform = ?1 AND i.removed_at IS NULL AND (i.checked_at IS NULL OR i.checked_at < ?2)
               AND i.observed IN ('ready', 'failed', 'gone') AND NOT c.archived
             ORDER BY i.checked_at LIMIT ?3",
            (platform.as_str(), millis(before), limit),
            |row| row.get(0).map(InstanceId),
        )
    }
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
            "DELETE FROM connections WHERE ?1 IN (from_instance, to_instance)",
        ] {
            self.change(leftover, [id.0])?;
        }
        Ok(())
    }
}
