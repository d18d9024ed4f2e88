//! Operations, changed: from the asking to the end. A final state is never left again.

use super::{
    Writer,
    columns::{json_text, millis},
    fault,
};
use crate::domain::{
    Fault, HumanTask, InstanceId, Operation, OperationId, OperationState, OperationVerb,
};
use jiff::Timestamp;

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
