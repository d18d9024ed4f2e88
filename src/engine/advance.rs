//! Enqueuing what an instance lacks, inside the transaction that made it lack something.

use super::{
    reconcile::{self, Next},
    rules::{NO_ADAPTER, Rules, has_open_operation, rest},
};
use crate::{
    domain::{Fault, InstanceId, Observed, OperationId, OperationState, OperationVerb},
    store::{NewOperation, Writer},
};
use serde_json::Value;

impl Rules {
    /// Enqueues what an instance lacks to be as desired, and drops what was enqueued for a former wish. `asked`: a
    /// person did something just now, so that what failed is tried once more.
    pub fn towards_desired(
        &self,
        writer: &Writer<'_>,
        id: InstanceId,
        actor: &str,
        asked: bool,
    ) -> Result<Vec<OperationId>, Fault> {
        let instance = writer.instance(id)?;
        if instance.observed == Observed::Gone && !asked {
            return Ok(Vec::new());
        }
        let situation = self.situation(writer, &instance)?;
        let next = reconcile::next(situation);
        self.drop_superseded(writer, id, next)?;
        match next {
            Next::Run(verb) => {
                let argument = Value::Object(serde_json::Map::new());
                let operation = self.enqueue(writer, id, verb, argument, actor, asked)?;
                Ok(operation.into_iter().collect())
            }
            Next::NeedsKey(verb) => {
                if !has_open_operation(writer, id)? {
                    let note = self.key_note(&instance, verb)?;
                    writer.set_observed(id, Observed::NeedsKey, &note)?;
                }
                Ok(Vec::new())
            }
            Next::NoAdapter => {
                writer.set_observed(id, Observed::Absent, NO_ADAPTER)?;
                Ok(Vec::new())
            }
            Next::Nothing => {
                if !has_open_operation(writer, id)? {
                    rest(writer, &instance)?;
                }
                Ok(Vec::new())
            }
        }
    }

    /// Enqueues a verb, or wakes the open operation of that verb where it may go on.
    pub fn enqueue(
        &self,
        writer: &Writer<'_>,
        instance: InstanceId,
        verb: OperationVerb,
        argument: Value,
        actor: &str,
        asked: bool,
    ) -> Result<Option<OperationId>, Fault> {
        let Some(open) = writer.open_operation(instance, verb)? else {
            let new = NewOperation {
                instance,
                verb,
                actor: actor.to_owned(),
                argument,
                not_before: None,
            };
            let id = writer.insert_operation(&new, self.now)?;
            writer.set_observed(instance, Observed::Working, "")?;
            return Ok(Some(id));
        };
        let may_go_on = match open.state {
            OperationState::Running => return Ok(Some(open.id)),
            OperationState::Queued | OperationState::WaitsKey => true,
            OperationState::WaitsUnlock => self.custody.is_unlocked(),
            OperationState::Failed => asked,
            OperationState::WaitsHuman | OperationState::Done | OperationState::Cancelled => false,
        };
        if !may_go_on {
            return Ok(None);
        }
        if asked || open.state != OperationState::Queued {
            self.wake(writer, open.id, instance)?;
        }
        Ok(Some(open.id))
    }

    /// Puts an open operation back into the queue, to be begun at once, with its attempts counted anew.
    pub fn wake(
        &self,
        writer: &Writer<'_>,
        operation: OperationId,
        instance: InstanceId,
    ) -> Result<(), Fault> {
        writer.requeue_operation(operation, self.now)?;
        writer.set_observed(instance, Observed::Working, "")
    }

    fn drop_superseded(
        &self,
        writer: &Writer<'_>,
        instance: InstanceId,
        next: Next,
    ) -> Result<(), Fault> {
        for verb in [
            OperationVerb::Provision,
            OperationVerb::Activate,
            OperationVerb::Deactivate,
        ] {
            if matches!(next, Next::Run(wanted) | Next::NeedsKey(wanted) if wanted == verb) {
                continue;
            }
            match writer.open_operation(instance, verb)? {
                Some(open) if open.state != OperationState::Running => {
                    writer.set_operation_state(open.id, OperationState::Cancelled, self.now)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
