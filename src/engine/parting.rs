//! What becomes of connections when one of their ends is removed: what is under way comes to nothing, so that it holds up
//! nobody, and the end that stays undoes what it had made for the other.

use super::{
    connection_work, facts,
    rules::{self, Rules},
    submit::After,
    titles,
};
use crate::{
    domain::{
        Connection, ConnectionState, Desired, Fault, Instance, InstanceId, OperationState,
        OperationVerb,
    },
    store::{Reader, Writer},
};

/// The instances that act on connections to this one.
pub(super) fn acting(reader: &Reader<'_>, instance: InstanceId) -> Result<Vec<InstanceId>, Fault> {
    let joined = reader.connections_at(instance)?;
    let acting = joined.iter().map(|connection| connection.from);
    Ok(acting.filter(|from| *from != instance).collect())
}

/// Cancels what other instances have begun or are to begin for their connection to an instance that is being removed;
/// what runs is asked to stop.
pub(super) fn stop_joining(
    writer: &Writer<'_>,
    rules: &Rules,
    leaving: &Instance,
) -> Result<Vec<After>, Fault> {
    let mut after = Vec::new();
    for connection in writer.connections_at(leaving.id)? {
        if connection.from == leaving.id {
            continue;
        }
        let name = titles::platform(&rules.catalog, &leaving.platform);
        for open in connection_work::open_for(writer, &connection)? {
            if open.verb == OperationVerb::Disconnect {
                continue;
            }
            if open.state == OperationState::Running {
                facts::remember(writer, open.instance, facts::CANCEL, &open.id)?;
                after.push(After::Stop(open.id));
            } else {
                writer.set_operation_state(open.id, OperationState::Cancelled, rules.now)?;
                rules::rest(writer, &writer.instance(open.instance)?)?;
            }
            let note = format!("{name} is being removed");
            let waits = ConnectionState::Waiting;
            writer.set_connection_state(connection.id, waits, &note, None)?;
        }
    }
    Ok(after)
}

/// Takes an instance out of every list. Who had a connection to it undoes what it had made for that; answers these.
pub(super) fn take_out(
    writer: &Writer<'_>,
    rules: &Rules,
    gone: &Instance,
    actor: &str,
) -> Result<Vec<InstanceId>, Fault> {
    let mut tried: Vec<Connection> = Vec::new();
    for connection in writer.connections_at(gone.id)? {
        if connection.to == gone.id && connection_work::was_tried(writer, &connection)? {
            tried.push(connection);
        }
    }
    stop_joining(writer, rules, gone)?;
    writer.remove_instance(gone.id, rules.now)?;
    let mut undoing = Vec::new();
    for connection in tried {
        let one = writer.instance(connection.from)?;
        if one.desired == Desired::Removed || rules.registry.get(&one.platform).is_none() {
            continue;
        }
        let undone = connection_work::open_for(writer, &connection)?
            .into_iter()
            .any(|open| open.verb == OperationVerb::Disconnect);
        if !undone {
            let verb = OperationVerb::Disconnect;
            connection_work::enqueue(writer, rules, &connection, verb, actor)?;
        }
        undoing.push(one.id);
    }
    Ok(undoing)
}
