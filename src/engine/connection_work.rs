//! The operations about connections: which are open, what they are about, and where a connection stands for them.

use super::rules::Rules;
use crate::{
    domain::{
        Connection, ConnectionId, ConnectionState, Fault, FaultKind, InstanceId, Operation,
        OperationId, OperationVerb,
    },
    store::{NewOperation, OperationFilter, Reader, Writer},
};
use serde_json::{Value, json};

/// Puts an operation about a connection into the queue of its acting end. The other end stands in it too: it outlives the
/// connection.
pub(super) fn enqueue(
    writer: &Writer<'_>,
    rules: &Rules,
    connection: &Connection,
    verb: OperationVerb,
    actor: &str,
) -> Result<OperationId, Fault> {
    if verb == OperationVerb::Connect {
        // Both ends are there: what it waited for until now is not so any more.
        let waits = ConnectionState::Waiting;
        writer.set_connection_state(connection.id, waits, "about to be made", None)?;
    }
    put(writer, rules, connection, verb, (actor, false))
}

/// Puts the undoing of a connection into the queue, after which it is made again.
pub(super) fn enqueue_again(
    writer: &Writer<'_>,
    rules: &Rules,
    connection: &Connection,
    actor: &str,
) -> Result<OperationId, Fault> {
    let (state, note) = (connection.state, "about to be made anew");
    writer.set_connection_state(connection.id, state, note, connection.tested_at)?;
    put(
        writer,
        rules,
        connection,
        OperationVerb::Disconnect,
        (actor, true),
    )
}

fn put(
    writer: &Writer<'_>,
    rules: &Rules,
    connection: &Connection,
    verb: OperationVerb,
    (actor, again): (&str, bool),
) -> Result<OperationId, Fault> {
    let new = NewOperation {
        instance: connection.from,
        verb,
        actor: actor.to_owned(),
        argument: json!({ "connection": connection.id, "peer": connection.to, "again": again }),
        not_before: None,
    };
    writer.insert_operation(&new, rules.now)
}

/// Whether the connection that an operation undoes is made again afterwards.
pub(super) fn is_made_again(operation: &Operation) -> bool {
    operation.verb == OperationVerb::Disconnect && operation.argument["again"] == true
}

/// The open operations about a connection.
pub(super) fn open_for(
    reader: &Reader<'_>,
    connection: &Connection,
) -> Result<Vec<Operation>, Fault> {
    about(reader, connection, true)
}

/// Whether anything may have been made for a connection: an operation about it was begun at least once.
pub(super) fn was_tried(reader: &Reader<'_>, connection: &Connection) -> Result<bool, Fault> {
    let all = about(reader, connection, false)?;
    Ok(connection.state != ConnectionState::Waiting || all.iter().any(|one| one.attempts > 0))
}

fn about(
    reader: &Reader<'_>,
    connection: &Connection,
    open: bool,
) -> Result<Vec<Operation>, Fault> {
    let filter = OperationFilter {
        open,
        instance: Some(connection.from),
        ..Default::default()
    };
    let mut all = reader.operations(&filter, 256)?;
    all.retain(|operation| of(operation) == Some(connection.id));
    Ok(all)
}

/// Which connection an operation is about.
pub(super) fn of(operation: &Operation) -> Option<ConnectionId> {
    match operation.verb {
        OperationVerb::Connect | OperationVerb::Disconnect => operation
            .argument
            .get("connection")
            .and_then(Value::as_i64)
            .map(ConnectionId),
        _ => None,
    }
}

/// The other end that an operation is about.
pub(super) fn peer_of(operation: &Operation) -> Option<InstanceId> {
    let id = operation.argument.get("peer").and_then(Value::as_i64);
    id.map(InstanceId)
}

/// Records where a connection stands, unless it went away with one of its ends meanwhile.
pub(super) fn stand(
    writer: &Writer<'_>,
    id: ConnectionId,
    state: ConnectionState,
    note: &str,
) -> Result<(), Fault> {
    unless_gone(writer.set_connection_state(id, state, note, None))
}

/// Forgets a connection; one that went away with one of its ends is forgotten already.
pub(super) fn forget(writer: &Writer<'_>, id: ConnectionId) -> Result<(), Fault> {
    unless_gone(writer.remove_connection(id))
}

fn unless_gone(done: Result<(), Fault>) -> Result<(), Fault> {
    match done {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
        other => other,
    }
}
