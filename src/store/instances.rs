//! Instances, read: one row for each platform of each community.

use super::{
    Reader,
    columns::{Columns, json_text, millis, only_these},
    fault,
};
use crate::domain::{CommunityId, Fault, Instance, InstanceId, InstanceSummary, PlatformId, Slug};
use jiff::Timestamp;
use std::collections::BTreeMap;

const INSTANCE: &str =
    "SELECT id, community, platform, kind, desired, observed, note, health, checked_at, drift,
    observe_only, made_by_us, external_id, url, settings, created_at FROM instances";

const SUMMARY: &str =
    "SELECT id, platform, kind, desired, observed, health, checked_at, drift <> '[]', note, url";

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
        kind: columns.word()?,
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

    /// The summaries of every community in the order of its list, archived ones last, with its short name; with `only` for
    /// an actor of those communities.
    ///
    /// # Errors
    /// As the module says.
    pub fn every_instance(
        &self,
        only: Option<&[CommunityId]>,
    ) -> Result<Vec<(Slug, InstanceSummary)>, Fault> {
        self.many(
            "SELECT i.id, i.platform, i.kind, i.desired, i.observed, i.health, i.checked_at, i.drift <> '[]', i.note, i.url, c.slug
             FROM communities c JOIN instances i ON i.community = c.id
             WHERE i.removed_at IS NULL AND (?1 IS NULL OR c.id IN (SELECT value FROM json_each(?1)))
             ORDER BY c.archived, c.sort_key, c.id, i.id",
            [only_these(only)?],
            |row| {
                let mut columns = Columns::of(row);
                let summary = summary(&mut columns)?;
                Ok((columns.slug()?, summary))
            },
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
               AND (i.observed IN ('ready', 'failed', 'gone')
                   OR i.observed IN ('needs-human', 'needs-others') AND i.external_id IS NOT NULL)
               AND NOT c.archived
             ORDER BY i.checked_at LIMIT ?3",
            (platform.as_str(), millis(before), limit),
            |row| row.get(0).map(InstanceId),
        )
    }

    /// The instances of a platform that wait for a key, in the order in which they were recorded.
    ///
    /// # Errors
    /// As the module says.
    pub fn instances_without_key(&self, platform: &PlatformId) -> Result<Vec<InstanceId>, Fault> {
        self.many(
            "SELECT i.id FROM instances i JOIN communities c ON c.id = i.community
             WHERE i.platform = ?1 AND i.removed_at IS NULL AND i.observed = 'needs-key' AND NOT c.archived
             ORDER BY i.id",
            [platform.as_str()],
            |row| row.get(0).map(InstanceId),
        )
    }

    /// Every instance of a platform that is there.
    ///
    /// # Errors
    /// As the module says.
    pub fn all_instances_of(&self, platform: &PlatformId) -> Result<Vec<InstanceId>, Fault> {
        self.many(
            "SELECT id FROM instances WHERE platform = ?1 AND removed_at IS NULL ORDER BY id",
            [platform.as_str()],
            |row| row.get(0).map(InstanceId),
        )
    }

    /// How many communities have an instance of a platform.
    ///
    /// # Errors
    /// As the module says.
    pub fn instances_of_platform(&self, platform: &PlatformId) -> Result<u32, Fault> {
        let found = self.one(
            "SELECT count(*) FROM instances WHERE platform = ?1 AND removed_at IS NULL",
            [platform.as_str()],
            |row| row.get(0),
        )?;
        Ok(found.unwrap_or(0))
    }
}
