//! Operations, read: one verb on one instance, journaled.

use super::{
    Reader,
    columns::{Columns, json_text, millis, only_these},
    fault,
};
use crate::domain::{
    CommunityId, Fault, InstanceId, Operation, OperationId, OperationState, OperationVerb,
    PlatformId,
};
use jiff::Timestamp;
use rusqlite::ToSql;

/// Which operations a list shows, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Only those that are neither done nor cancelled.
    pub open: bool,
    /// Only those in one of these states; empty for all.
    pub states: Vec<OperationState>,
    /// Only those of this community.
    pub community: Option<CommunityId>,
    /// Only those of these communities, for an actor who may not know of others.
    pub only: Option<Vec<CommunityId>>,
    /// Only those on this instance.
    pub instance: Option<InstanceId>,
    /// Only those older than this one: the next page.
    pub before: Option<OperationId>,
}

/// How many operations stand in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationCount {
    /// The state.
    pub state: OperationState,
    /// How many.
    pub count: u32,
}

const OPERATION: &str = "SELECT o.id, o.instance, i.community, i.platform, o.verb, o.state, o.actor, o.argument, o.task,
    o.fault, o.attempts, o.not_before, o.created_at, o.updated_at
    FROM operations o JOIN instances i ON i.id = o.instance";

/// Neither done nor cancelled, said so that an index answers it.
const OPEN: &str =
    "o.state IN ('queued', 'running', 'waits-human', 'waits-key', 'waits-unlock', 'failed')";

fn operation(row: &rusqlite::Row<'_>) -> rusqlite::Result<Operation> {
    let mut columns = Columns::of(row);
    Ok(Operation {
        id: OperationId(columns.value()?),
        instance: InstanceId(columns.value()?),
        community: CommunityId(columns.value()?),
        platform: columns.platform()?,
        verb: columns.word()?,
        state: columns.word()?,
        actor: columns.value()?,
        argument: columns.json()?,
        task: columns.json_or_none()?,
        fault: columns.json_or_none()?,
        attempts: columns.value()?,
        not_before: columns.time_or_none()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

impl Reader<'_> {
    /// An operation by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn operation(&self, id: OperationId) -> Result<Operation, Fault> {
        self.one(&format!("{OPERATION} WHERE o.id = ?1"), [id.0], operation)?
            .ok_or_else(|| fault::not_found("operation", id))
    }

    /// The newest open operation of a verb on an instance, if there is one.
    ///
    /// # Errors
    /// As the module says.
    pub fn open_operation(
        &self,
        instance: InstanceId,
        verb: OperationVerb,
    ) -> Result<Option<Operation>, Fault> {
        self.one(
            &format!(
                "{OPERATION} WHERE o.instance = ?1 AND o.verb = ?2
                 AND o.state NOT IN ('done', 'cancelled') ORDER BY o.id DESC LIMIT 1"
            ),
            (instance.0, verb.word()),
            operation,
        )
    }

    /// A page of the list, the newest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn operations(
        &self,
        filter: &OperationFilter,
        limit: u32,
    ) -> Result<Vec<Operation>, Fault> {
        let states = json_text(&filter.states)?;
        let community = filter.community.map(|id| id.0);
        let only = only_these(filter.only.as_deref())?;
        let instance = filter.instance.map(|id| id.0);
        let before = filter.before.map(|id| id.0);
        let mut conditions = vec!["TRUE"];
        let mut values: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
        if filter.open {
            conditions.push(OPEN);
        }
        if !filter.states.is_empty() {
            conditions.push("o.state IN (SELECT value FROM json_each(:states))");
            values.push((":states", &states));
        }
        if community.is_some() {
            conditions
                .push("o.instance IN (SELECT id FROM instances WHERE community = :community)");
            values.push((":community", &community));
        }
        if only.is_some() {
            conditions.push("i.community IN (SELECT value FROM json_each(:only))");
            values.push((":only", &only));
        }
        if instance.is_some() {
            conditions.push("o.instance = :instance");
            values.push((":instance", &instance));
        }
        if before.is_some() {
            conditions.push("o.id < :before");
            values.push((":before", &before));
        }
        self.many(
            &format!(
                "{OPERATION} WHERE {} ORDER BY o.id DESC LIMIT :limit",
                conditions.join(" AND ")
            ),
            values.as_slice(),
            operation,
        )
    }

    /// Operations that may be begun now, the oldest first: queued and due, or under way without a lease that holds
    /// (their process died). One whose instance is leased to another is left out.
    ///
    /// # Errors
    /// As the module says.
    pub fn due_operations(&self, now: Timestamp, limit: u32) -> Result<Vec<Operation>, Fault> {
        self.many(
            &format!(
                "{OPERATION} WHERE o.state IN ('queued', 'running') AND coalesce(o.not_before, 0) <= ?1
                 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.instance = o.instance AND l.expires_at > ?1)
                 ORDER BY o.id LIMIT ?2"
            ),
            (millis(now), limit),
            operation,
        )
    }

    /// The instances whose next operation waits something out, with the time when it becomes due.
    ///
    /// # Errors
    /// As the module says.
    pub fn due_later(&self, now: Timestamp) -> Result<Vec<(InstanceId, Timestamp)>, Fault> {
        self.many(
            "SELECT instance, not_before FROM operations WHERE state IN ('queued', 'running') AND not_before > ?1",
            [millis(now)],
            |row| {
                let mut columns = Columns::of(row);
                Ok((InstanceId(columns.value()?), columns.time()?))
            },
        )
    }

    /// Whether somebody, perhaps in another process, asked a running operation to stop.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn cancel_asked(&self, id: OperationId) -> Result<bool, Fault> {
        self.one(
            "SELECT cancel_asked FROM operations WHERE id = ?1",
            [id.0],
            |row| row.get(0),
        )?
        .ok_or_else(|| fault::not_found("operation", id))
    }

    /// How many open operations stand in each state, with `only` for an actor of those communities.
    ///
    /// # Errors
    /// As the module says.
    pub fn open_operation_counts(
        &self,
        only: Option<&[CommunityId]>,
    ) -> Result<Vec<OperationCount>, Fault> {
        self.many(
            &format!("SELECT o.state, count(*) FROM operations o WHERE {OPEN} AND (?1 IS NULL OR o.instance IN (SELECT i.id FROM instances i
                    WHERE i.community IN (SELECT value FROM json_each(?1))))
             GROUP BY o.state"),
            [only_these(only)?],
            |row| {
                let mut columns = Columns::of(row);
                Ok(OperationCount {
                    state: columns.word()?,
                    count: columns.count()?,
                })
            },
        )
    }

    /// The operations on instances of a platform that wait for a person, the oldest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn operations_at_a_person(
        &self,
        platform: &PlatformId,
    ) -> Result<Vec<(OperationId, InstanceId)>, Fault> {
        self.many(
            "SELECT o.id, o.instance FROM operations o JOIN instances i ON i.id = o.instance
             WHERE o.state = 'waits-human' AND i.platform = ?1 ORDER BY o.id",
            [platform.as_str()],
            |row| {
                let mut columns = Columns::of(row);
                Ok((OperationId(columns.value()?), InstanceId(columns.value()?)))
            },
        )
    }
}
