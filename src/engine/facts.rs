//! What the engine itself remembers of an instance, beside what its adapter remembers. Names that begin with `@` are the
//! engine's: an adapter neither sees nor writes them.

use crate::{
    domain::{Fault, FaultKind, HumanTask, InstanceId},
    store::{Reader, Writer},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

/// The random, stable id of this incarnation of the instance.
pub(super) const MARKER: &str = "@marker";
/// What the last activation or deactivation reached.
pub(super) const REACHED: &str = "@reached";
/// When a look last found it well.
pub(super) const HEALTHY_AT: &str = "@healthy-at";
/// Settings that were changed and not sent yet.
pub(super) const UNSENT: &str = "@unsent";
/// A person's step that a look found to be needed, without an operation.
pub(super) const TASK: &str = Reader::FOUND_TASK;
/// Accounts that were full when the instance was to be made, so that it was made without them.
pub(super) const LEFT_ACCOUNTS: &str = "@left-accounts";
/// The accounts that an instance worked with before it was moved to another, while that is under way.
pub(super) const FORMER_ACCOUNTS: &str = "@former-accounts";
/// The operation that has moved the instance to another account, and what is now so, until that is written down as its ending.
pub(super) const MOVED: &str = "@moved";
/// Differences that somebody has decided about.
pub(super) const ANSWERED: &str = "@answered";
/// Set while what differed is put back, and when the instance was moved to another account: a look follows when that is done.
pub(super) const LOOK_AFTER: &str = "@look-after";
/// Who owned it when its platform last said so.
pub(super) const OWNED: &str = "@owned";
/// The operation that somebody asks its holder to stop.
pub(super) const CANCEL: &str = "@cancel";

/// A fact of the engine.
pub(super) fn recall<T: DeserializeOwned>(
    reader: &Reader<'_>,
    instance: InstanceId,
    name: &str,
) -> Result<Option<T>, Fault> {
    reader
        .fact(instance, name)?
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| unreadable(name, &error))
}

/// Writes a fact of the engine.
pub(super) fn remember(
    writer: &Writer<'_>,
    instance: InstanceId,
    name: &str,
    value: &impl Serialize,
) -> Result<(), Fault> {
    let value = serde_json::to_value(value).map_err(|error| unreadable(name, &error))?;
    writer.remember(instance, name, &value)
}

/// Deletes a fact of the engine.
pub(super) fn forget(writer: &Writer<'_>, instance: InstanceId, name: &str) -> Result<(), Fault> {
    writer.forget(instance, name).map(drop)
}

/// A step that a look found, as it is remembered. Read by the store's list of tasks too.
#[derive(Serialize, Deserialize)]
struct FoundTask {
    #[serde(flatten)]
    task: HumanTask,
    /// Since when it is known to be needed, in milliseconds since 1970.
    since: i64,
}

/// The step for a person that the last look found, and since when it is known to be needed.
pub(super) fn found_task(
    reader: &Reader<'_>,
    instance: InstanceId,
) -> Result<Option<(HumanTask, Timestamp)>, Fault> {
    let found: Option<FoundTask> = recall(reader, instance, TASK)?;
    Ok(found.map(|found| {
        let since = Timestamp::from_millisecond(found.since).unwrap_or(Timestamp::UNIX_EPOCH);
        (found.task, since)
    }))
}

/// Remembers the step that a look found. The same step goes on waiting since it was first found.
pub(super) fn remember_task(
    writer: &Writer<'_>,
    instance: InstanceId,
    task: &HumanTask,
    now: Timestamp,
) -> Result<(), Fault> {
    let since = found_task(writer, instance)?
        .filter(|(known, _)| known.step == task.step)
        .map_or(now, |(_, since)| since);
    let found = FoundTask {
        task: task.clone(),
        since: since.as_millisecond(),
    };
    remember(writer, instance, TASK, &found)
}

/// What the adapter remembered.
pub(super) fn of_adapter(
    reader: &Reader<'_>,
    instance: InstanceId,
) -> Result<BTreeMap<String, Value>, Fault> {
    let mut facts = reader.facts(instance)?;
    facts.retain(|name, _| !is_ours(name));
    Ok(facts)
}

/// Refuses a name that an adapter may not use.
pub(super) fn require_adapters(name: &str) -> Result<(), Fault> {
    if is_ours(name) {
        return Err(Fault::new(
            FaultKind::Internal,
            format!("The fact {name} belongs to the engine; the adapter may not touch it."),
        )
        .hint("This is a mistake of Guildhall; please report it."));
    }
    Ok(())
}

fn is_ours(name: &str) -> bool {
    name.starts_with('@')
}

fn unreadable(name: &str, error: &serde_json::Error) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The recorded fact {name} has another form than expected."),
    )
    .hint("Remove the instance here and adopt it again; what exists on the platform stays.")
    .detail(error)
}
