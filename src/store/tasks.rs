//! What waits for a person: steps an operation stands at, steps that a look at an instance found, and missing keys.

use super::{
    Reader,
    columns::{Columns, only_these},
};
use crate::domain::{CommunityId, Fault, HumanTask, InstanceId, OperationId, PlatformId, Slug};
use jiff::Timestamp;

/// A step that waits for a person, with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingTask {
    /// On which instance.
    pub instance: InstanceId,
    /// Of which community.
    pub community: CommunityId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// On which platform.
    pub platform: PlatformId,
    /// The operation that stands at it; none where a look found it.
    pub operation: Option<OperationId>,
    /// What to do on the platform; none where a key is missing, which is entered here.
    pub task: Option<HumanTask>,
    /// Which key is missing, where an operation misses another one than the instance itself.
    pub field: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// The tasks of operations; those that looks left as the fact [`Reader::FOUND_TASK`] on instances where no operation stands at
/// a task of its own; the keys that instances wait for, and those that one of their operations waits for beside. A found
/// task bears its time as `since`, in milliseconds.
const TASKS: &str = "
    SELECT i.id, i.community, c.slug, c.name, i.platform, o.id AS operation, o.task AS task, NULL AS field, o.updated_at AS since
    FROM operations o JOIN instances i ON i.id = o.instance JOIN communities c ON c.id = i.community
    WHERE o.state = 'waits-human' AND o.task IS NOT NULL
        AND (?1 IS NULL OR i.community IN (SELECT value FROM json_each(?1)))
    UNION ALL
    SELECT i.id, i.community, c.slug, c.name, i.platform, NULL, f.value, NULL, f.value ->> 'since'
    FROM facts f JOIN instances i ON i.id = f.instance JOIN communities c ON c.id = i.community
    WHERE f.name = '@task' AND i.removed_at IS NULL
        AND (?1 IS NULL OR i.community IN (SELECT value FROM json_each(?1)))
        AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.instance = i.id AND o.state = 'waits-human')
    UNION ALL
    SELECT i.id, i.community, c.slug, c.name, i.platform, NULL, NULL, NULL, coalesce(
        (SELECT max(o.updated_at) FROM operations o WHERE o.instance = i.id AND o.state = 'waits-key'),
        i.checked_at, i.created_at)
    FROM instances i JOIN communities c ON c.id = i.community
    WHERE i.observed = 'needs-key' AND i.removed_at IS NULL AND c.archived_at IS NULL
        AND (?1 IS NULL OR i.community IN (SELECT value FROM json_each(?1)))
    UNION ALL
    SELECT i.id, i.community, c.slug, c.name, i.platform, min(o.id), NULL, o.fault ->> 'field', min(o.updated_at)
    FROM operations o JOIN instances i ON i.id = o.instance JOIN communities c ON c.id = i.community
    WHERE o.state = 'waits-key' AND o.fault ->> 'field' IS NOT NULL AND i.observed <> 'needs-key'
        AND i.removed_at IS NULL AND c.archived_at IS NULL
        AND (?1 IS NULL OR i.community IN (SELECT value FROM json_each(?1)))
    GROUP BY i.id, o.fault ->> 'field'
    ORDER BY since, operation";

impl Reader<'_> {
    /// The name of the fact as which a look leaves the step that it found: a task with `since`.
    pub const FOUND_TASK: &'static str = "@task";

    /// Steps that wait for a person, those first that have waited longest; with `only` for an actor of those communities.
    ///
    /// # Errors
    /// As the module says.
    pub fn waiting_tasks(&self, only: Option<&[CommunityId]>) -> Result<Vec<WaitingTask>, Fault> {
        self.many(TASKS, (only_these(only)?,), |row| {
            let mut columns = Columns::of(row);
            Ok(WaitingTask {
                instance: InstanceId(columns.value()?),
                community: CommunityId(columns.value()?),
                slug: columns.slug()?,
                name: columns.value()?,
                platform: columns.platform()?,
                operation: columns.value::<Option<i64>>()?.map(OperationId),
                task: columns.json_or_none()?,
                field: columns.value()?,
                since: columns.time()?,
            })
        })
    }
}
