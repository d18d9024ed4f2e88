//! The journal of steps: an intent is on disk before its call is made, a result before anybody is told of it.
//!
//! A step goes from intended (or waiting) to recorded and never back; what was recorded is never changed.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis},
    fault,
};
use crate::domain::{Fault, InstanceId, OperationId, OperationKey, StepRecord, StepState};
use jiff::Timestamp;

const STEP: &str = "SELECT name, state, key, result, intended_at, recorded_at FROM steps";

fn step(row: &rusqlite::Row<'_>) -> rusqlite::Result<StepRecord> {
    let mut columns = Columns::of(row);
    Ok(StepRecord {
        name: columns.value()?,
        state: columns.word()?,
        key: OperationKey::recorded(columns.value::<String>()?),
        result: columns.json_or_none()?,
        intended_at: columns.time()?,
        recorded_at: columns.time_or_none()?,
    })
}

impl Reader<'_> {
    /// A step of an operation, if it was ever intended.
    ///
    /// # Errors
    /// As the module says.
    pub fn step(&self, operation: OperationId, name: &str) -> Result<Option<StepRecord>, Fault> {
        self.one(
            &format!("{STEP} WHERE operation = ?1 AND name = ?2"),
            (operation.0, name),
            step,
        )
    }

    /// The steps of an operation, in the order in which they were intended.
    ///
    /// # Errors
    /// As the module says.
    pub fn steps(&self, operation: OperationId) -> Result<Vec<StepRecord>, Fault> {
        self.many(
            &format!("{STEP} WHERE operation = ?1 ORDER BY rowid"),
            [operation.0],
            step,
        )
    }

    /// The same step in every operation on an instance, the newest first: an operation that was cancelled may have left
    /// something under its key, which its successor has to find.
    ///
    /// # Errors
    /// As the module says.
    pub fn step_on_instance(
        &self,
        instance: InstanceId,
        name: &str,
    ) -> Result<Vec<(OperationId, StepRecord)>, Fault> {
        self.many(
            "SELECT s.name, s.state, s.key, s.result, s.intended_at, s.recorded_at, s.operation
             FROM steps s JOIN operations o ON o.id = s.operation
             WHERE o.instance = ?1 AND s.name = ?2 ORDER BY s.operation DESC",
            (instance.0, name),
            |row| Ok((OperationId(row.get(6)?), step(row)?)),
        )
    }
}

impl Writer<'_> {
    /// Writes down that a step is about to be done, under a key; where that was written before, answers the record that
    /// is there. The step is new exactly when the answer bears the key that was given.
    ///
    /// # Errors
    /// `NotFound` when there is no such operation.
    pub fn intend_step(
        &self,
        operation: OperationId,
        name: &str,
        key: &OperationKey,
        now: Timestamp,
    ) -> Result<StepRecord, Fault> {
        self.insert_step(operation, name, StepState::Intended, key, now)?;
        self.existing_step(operation, name)
    }

    /// Writes down that a step that has no result yet is tried once more.
    ///
    /// # Errors
    /// As the module says.
    pub fn intend_step_again(
        &self,
        operation: OperationId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change(
            "UPDATE steps SET intended_at = ?3
             WHERE operation = ?1 AND name = ?2 AND state <> 'recorded'",
            (operation.0, name, millis(now)),
        )
        .map(drop)
    }

    /// Writes down what a step returned. The same result may be recorded again.
    ///
    /// # Errors
    /// `NotFound` when the step was never intended, `Conflict` when it has another result.
    pub fn record_step(
        &self,
        operation: OperationId,
        name: &str,
        result: &serde_json::Value,
        now: Timestamp,
    ) -> Result<StepRecord, Fault> {
        let changed = self.change(
            "UPDATE steps SET state = 'recorded', result = ?3, recorded_at = ?4
             WHERE operation = ?1 AND name = ?2 AND state <> 'recorded'",
            (operation.0, name, json_text(result)?, millis(now)),
        )?;
        let record = self.existing_step(operation, name)?;
        if changed == 0 && record.result.as_ref() != Some(result) {
            return Err(fault::conflict(
                format!(
                    "Step {name} of operation {operation} was recorded with another result; that one stays."
                ),
                "Two processes may have worked on it; check the instance.",
            ));
        }
        Ok(record)
    }

    /// Writes down that a step waits for a person; where it was never intended, under this key. A recorded step stays
    /// recorded, which the answer shows.
    ///
    /// # Errors
    /// `NotFound` when there is no such operation.
    pub fn await_step(
        &self,
        operation: OperationId,
        name: &str,
        key: &OperationKey,
        now: Timestamp,
    ) -> Result<StepRecord, Fault> {
        self.insert_step(operation, name, StepState::Waiting, key, now)?;
        self.change(
            "UPDATE steps SET state = 'waiting' WHERE operation = ?1 AND name = ?2 AND state = 'intended'",
            (operation.0, name),
        )?;
        self.existing_step(operation, name)
    }

    fn insert_step(
        &self,
        operation: OperationId,
        name: &str,
        state: StepState,
        key: &OperationKey,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.attempt(
            "INSERT INTO steps (operation, name, state, key, intended_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (operation, name) DO NOTHING",
            (operation.0, name, state.word(), key.as_str(), millis(now)),
        )
        .map(drop)
        .map_err(|error| {
            if fault::is_dangling(&error) {
                fault::not_found("operation", operation)
            } else {
                fault::from_sqlite(&error)
            }
        })
    }

    fn existing_step(&self, operation: OperationId, name: &str) -> Result<StepRecord, Fault> {
        self.step(operation, name)?
            .ok_or_else(|| fault::not_found("step", format!("{name} of operation {operation}")))
    }
}
