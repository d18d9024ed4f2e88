//! Operations: one verb on one instance, from the asking to the end.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis, only_these},
    fault,
};
use crate::domain::{
    CommunityId, Fault, HumanTask, InstanceId, Operation, OperationId, OperationState,
    OperationVerb,
};
use jiff::Timestamp;
use rusqlite::ToSql;

/// What is recorded of an operation when it is asked for. It begins as queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperation {
    /// On which instance.
    pub instance: InstanceId,
    /// What it does.
    pub verb: OperationVerb,
    /// Who asks, by name.
    pub actor: String,
    /// What it needs besides the instance's settings.
    pub argument: serde_json::Value,
    /// Not to be begun before this time.
    pub not_before: Option<Timestamp>,
}

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

    /// When the next operation that waits something out becomes due, if one does: the time to wake for.
    ///
    /// # Errors
    /// As the module says.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        self.one(
            "SELECT min(not_before) FROM operations WHERE state = 'queued' AND not_before > ?1",
            [millis(now)],
            |row| Columns::of(row).time_or_none(),
        )
        .map(Option::flatten)
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
}

impl Writer<'_> {
    /// Queues an operation.
    ///
    /// # Errors
    /// `Conflict` when one of the same verb is open on that instance (for connections: with the same other end),
    /// `NotFound` when there is no such instance.
    pub fn insert_operation(
        &self,
        new: &NewOperation,
        now: Timestamp,
    ) -> Result<OperationId, Fault> {
        let argument = json_text(&new.argument)?;
        self.attempt(
            "INSERT INTO operations (instance, verb, state, actor, argument, not_before, created_at, updated_at)
             VALUES (?1, ?2, 'queued', ?3, ?4, ?5, ?6, ?6)",
            (
                new.instance.0,
                new.verb.word(),
                &new.actor,
                argument,
                new.not_before.map(millis),
                millis(now),
            ),
        )
        .map(|_| OperationId(self.last_id()))
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    format!("There is an open operation to {} this instance already.", new.verb),
                    "Resume or cancel that one.",
                )
            } else if fault::is_dangling(&error) {
                fault::not_found("instance", new.instance)
            } else {
                fault::from_sqlite(&error)
            }
        })
    }

    /// Marks an operation as under way and counts the attempt; its former task, fault and wait are cleared.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn begin_operation(&self, id: OperationId, now: Timestamp) -> Result<Operation, Fault> {
        self.change_one(
            "open operation",
            id,
            "UPDATE operations SET state = 'running', attempts = attempts + 1, task = NULL, fault = NULL,
                not_before = NULL, cancel_asked = 0, updated_at = ?2
             WHERE id = ?1 AND state NOT IN ('done', 'cancelled')",
            (id.0, millis(now)),
        )?;
        self.operation(id)
    }

    /// Puts an operation into a state, with what it waits for: a person's task, the fault that stopped it, the time
    /// before which it is not to be begun again. What is `None` is cleared. A final state is never left again.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn park_operation(
        &self,
        id: OperationId,
        state: OperationState,
        task: Option<&HumanTask>,
        fault: Option<&Fault>,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let task = task.map(json_text).transpose()?;
        let fault = fault.map(json_text).transpose()?;
        self.change_one(
            "open operation",
            id,
            "UPDATE operations SET state = ?2, task = ?3, fault = ?4, not_before = ?5, updated_at = ?6
             WHERE id = ?1 AND state NOT IN ('done', 'cancelled')",
            (
                id.0,
                state.word(),
                task,
                fault,
                not_before.map(millis),
                millis(now),
            ),
        )
    }

    /// Puts an operation into a state and clears what it waited for.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn set_operation_state(
        &self,
        id: OperationId,
        state: OperationState,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.park_operation(id, state, None, None, None, now)
    }

    /// Asks an operation that another process runs to stop; its holder sees it when it renews its lease.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn ask_cancel(&self, id: OperationId, now: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "open operation",
            id,
            "UPDATE operations SET cancel_asked = 1, updated_at = ?2
             WHERE id = ?1 AND state NOT IN ('done', 'cancelled')",
            (id.0, millis(now)),
        )
    }

    /// Queues again whatever waits for one state to pass: after an unlock, after a key was stored. Answers which.
    ///
    /// # Errors
    /// As the module says.
    pub fn requeue(
        &self,
        instance: Option<InstanceId>,
        waiting: OperationState,
        now: Timestamp,
    ) -> Result<Vec<OperationId>, Fault> {
        self.many(
            "UPDATE operations SET state = 'queued', task = NULL, fault = NULL, not_before = NULL, updated_at = ?3
             WHERE state = ?2 AND state NOT IN ('done', 'cancelled') AND (?1 IS NULL OR instance = ?1)
             RETURNING id",
            (instance.map(|id| id.0), waiting.word(), millis(now)),
            |row| row.get(0).map(OperationId),
        )
    }
}
