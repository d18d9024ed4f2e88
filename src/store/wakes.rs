//! Operations that are to be begun again, or with more to do.

use super::{
    Writer,
    columns::{json_text, millis},
};
use crate::domain::{Fault, OperationId};
use jiff::Timestamp;
use serde_json::Value;

impl Writer<'_> {
    /// Queues an open operation to be begun at once, because somebody did something for it: what it waited for is
    /// cleared, and its attempts are counted anew.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn requeue_operation(&self, id: OperationId, now: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "open operation",
            id,
            "UPDATE operations SET state = 'queued', attempts = 0, task = NULL, fault = NULL, not_before = NULL,
                updated_at = ?2 WHERE id = ?1 AND state NOT IN ('done', 'cancelled')",
            (id.0, millis(now)),
        )
    }

    /// Changes what an open operation needs besides the instance's settings.
    ///
    /// # Errors
    /// `NotFound`, also when it is done or cancelled.
    pub fn set_operation_argument(
        &self,
        id: OperationId,
        argument: &Value,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change_one(
            "open operation",
            id,
            "UPDATE operations SET argument = ?2, updated_at = ?3
             WHERE id = ?1 AND state NOT IN ('done', 'cancelled')",
            (id.0, json_text(argument)?, millis(now)),
        )
    }
}
