//! Connections between instances of one community: recorded at once, made when both ends are there, tested end to end.

use super::{
    connection_work, instances,
    rules::{Rules, subject_of},
    submit::{After, Applied},
    titles,
    views::Receipt,
};
use crate::{
    catalog::{ConnectionOffer, Group},
    domain::{
        Actor, Capability, CommunityId, Connection, ConnectionId, ConnectionState, Desired, Fault,
        FaultKind, Instance, InstanceId, Operation, OperationState, OperationVerb, PlatformId,
    },
    store::{Reader, Writer},
};

/// Whose connection it is. One that the actor may not know of does not exist.
pub(super) fn community_of(
    reader: &Reader<'_>,
    actor: &Actor,
    id: ConnectionId,
) -> Result<CommunityId, Fault> {
    let actor = reader.actor(actor.id)?;
    match reader.connection_by_id(id) {
        Ok(connection) => {
            let community = reader.instance(connection.from)?.community;
            if actor.sees(community) {
                return Ok(community);
            }
        }
        Err(fault) if fault.kind != FaultKind::NotFound => return Err(fault),
        Err(_) => {}
    }
    Err(Fault::new(
        FaultKind::NotFound,
        format!("There is no connection {id} here."),
    )
    .hint("The community's details list its connections."))
}

/// What the manifest of one platform offers to another. One that it cannot make says why, in the manifest's words.
pub(super) fn offer<'a>(
    rules: &'a Rules,
    from: &PlatformId,
    to: &PlatformId,
) -> Result<&'a ConnectionOffer, Fault> {
    let manifest = rules.manifest(from)?;
    let target = rules.manifest(to)?;
    let to_it = || {
        manifest
            .connections
            .iter()
            .filter(|offer| offer.to.contains(to))
    };
    if let Some(offer) = to_it().find(|offer| offer.how != Capability::Unsupported) {
        return Ok(offer);
    }
    let known: Vec<String> = manifest
        .connections
        .iter()
        .filter(|offer| offer.how != Capability::Unsupported)
        .flat_map(|offer| offer.to.iter())
        .map(|platform| titles::platform(&rules.catalog, platform))
        .collect();
    let why = to_it()
        .next()
        .map_or_else(String::new, |offer| format!(" {}", offer.note));
    Err(Fault::new(
        FaultKind::Unsupported,
        format!(
            "{} cannot be connected to {}.{why}",
            manifest.name, target.name
        ),
    )
    .hint(if known.is_empty() {
        format!("{} connects to nothing.", manifest.name)
    } else {
        format!("It connects to {}.", known.join(", "))
    }))
}

/// The connections that a community with these platforms is proposed: what its tools can do by themselves in the places
/// where it lives. What a person has to set up is left to a person's wish.
pub(super) fn proposed<'a>(
    rules: &'a Rules,
    platforms: &[PlatformId],
) -> Result<Vec<(PlatformId, &'a ConnectionOffer, PlatformId)>, Fault> {
    let mut found = Vec::new();
    for from in platforms {
        let manifest = rules.manifest(from)?;
        if manifest.group == Group::Home {
            continue;
        }
        for to in platforms {
            let offer = manifest
                .connections
                .iter()
                .find(|offer| offer.to.contains(to) && offer.how == Capability::Auto);
            if let Some(offer) = offer
                && rules.manifest(to)?.group == Group::Home
            {
                found.push((from.clone(), offer, to.clone()));
            }
        }
    }
    Ok(found)
}

/// Records the proposed connections of a new community; each is made by itself once both of its ends are there.
pub(super) fn record_proposed(
    writer: &Writer<'_>,
    rules: &Rules,
    community: CommunityId,
    platforms: &[PlatformId],
    actor: &str,
) -> Result<usize, Fault> {
    let proposed = proposed(rules, platforms)?;
    for (from, offer, to) in &proposed {
        let one = instances::required(writer, rules, community, from)?;
        let other = instances::required(writer, rules, community, to)?;
        writer.insert_connection(one.id, other.id, &offer.verb)?;
        begin_waiting(writer, rules, one.id, actor)?;
    }
    Ok(proposed.len())
}

/// Joins two instances of a community.
pub(super) fn connect(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    from: &PlatformId,
    to: &PlatformId,
) -> Result<Applied, Fault> {
    let verb = offer(rules, from, to)?.verb.clone();
    let one = instances::required(writer, rules, community, from)?;
    let other = instances::required(writer, rules, community, to)?;
    let connection = writer.insert_connection(one.id, other.id, &verb)?;
    begin_waiting(writer, rules, one.id, &actor.name)?;
    let connection = writer.connection_by_id(connection.id)?;
    let begun: Vec<_> = connection_work::open_for(writer, &connection)?
        .iter()
        .map(|operation| operation.id)
        .collect();
    let waits = if begun.is_empty() {
        format!("; it waits: {}", connection.note)
    } else {
        String::new()
    };
    let names = names(rules, from, &verb, to);
    Ok(Applied {
        subject: format!("{}/{from}", writer.community(community)?.slug),
        detail: names.clone(),
        receipt: Receipt {
            message: format!("{names}: recorded{waits}."),
            community: Some(community),
            operations: begun,
        },
        instances: vec![one.id],
        ..Applied::default()
    })
}

/// What a connection does, with the names of its ends.
pub(super) fn names(rules: &Rules, from: &PlatformId, verb: &str, to: &PlatformId) -> String {
    format!(
        "{} {verb} {}",
        titles::platform(&rules.catalog, from),
        titles::platform(&rules.catalog, to)
    )
}

/// Begins the connections of an instance that only waited for their ends to be there.
pub(super) fn begin_waiting(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
    actor: &str,
) -> Result<(), Fault> {
    for connection in writer.connections_at(instance)? {
        if connection.state != ConnectionState::Waiting
            || !connection_work::open_for(writer, &connection)?.is_empty()
        {
            continue;
        }
        let leaves = |end: &Instance| end.desired == Desired::Removed;
        let missing = [connection.from, connection.to]
            .into_iter()
            .map(|end| writer.instance(end))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .find(|end| {
                leaves(end)
                    || end.external_id.is_none()
                    || rules.registry.get(&end.platform).is_none()
            });
        if let Some(end) = missing {
            let name = titles::platform(&rules.catalog, &end.platform);
            let note = if leaves(&end) {
                format!("{name} is being removed")
            } else {
                format!("{name} is not made yet")
            };
            writer.set_connection_state(connection.id, ConnectionState::Waiting, &note, None)?;
            continue;
        }
        connection_work::enqueue(writer, rules, &connection, OperationVerb::Connect, actor)?;
    }
    Ok(())
}

/// The instances at the other end of whose connections with this one something is to be done now.
pub(super) fn begun_with(
    reader: &Reader<'_>,
    instance: InstanceId,
) -> Result<Vec<InstanceId>, Fault> {
    let mut begun = Vec::new();
    for connection in reader.connections_at(instance)? {
        if connection.from != instance
            && !connection_work::open_for(reader, &connection)?.is_empty()
        {
            begun.push(connection.from);
        }
    }
    Ok(begun)
}

/// Undoes a connection. One that was never made is forgotten at once.
pub(super) fn disconnect(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: ConnectionId,
) -> Result<Applied, Fault> {
    let connection = writer.connection_by_id(id)?;
    let from = writer.instance(connection.from)?;
    let to = writer.instance(connection.to)?;
    let names = names(rules, &from.platform, &connection.verb, &to.platform);
    let mut begun = Vec::new();
    let untouched = !connection_work::was_tried(writer, &connection)?;
    for open in connection_work::open_for(writer, &connection)? {
        if open.state == OperationState::Running {
            return Err(Fault::new(
                FaultKind::Conflict,
                "That connection is being worked on at this moment.",
            )
            .hint("Wait until that is done, or cancel its operation."));
        }
        writer.set_operation_state(open.id, OperationState::Cancelled, rules.now)?;
    }
    let message = if untouched || rules.registry.get(&from.platform).is_none() {
        writer.remove_connection(id)?;
        format!("{names}: forgotten; it was not made yet.")
    } else {
        begun.push(connection_work::enqueue(
            writer,
            rules,
            &connection,
            OperationVerb::Disconnect,
            &actor.name,
        )?);
        format!("{names}: being undone.")
    };
    Ok(Applied {
        subject: subject_of(writer, &from)?,
        detail: names,
        receipt: Receipt {
            message,
            community: Some(from.community),
            operations: begun,
        },
        instances: vec![from.id],
        ..Applied::default()
    })
}

/// Undoes a connection and makes it again, so that what it was made of on the platforms is another. Whether that was
/// begun: what was never begun is left to its own way, which makes it of what is there then. One that is being made at
/// this moment is made to its end first.
pub(super) fn remake(
    writer: &Writer<'_>,
    rules: &Rules,
    connection: &Connection,
    actor: &str,
) -> Result<bool, Fault> {
    let from = writer.instance(connection.from)?;
    let open = connection_work::open_for(writer, connection)?;
    let mut begun = connection.state != ConnectionState::Waiting;
    for making in &open {
        // What it is made with may be in its hands before it has a step to show for it.
        begun |= making.attempts > 0 || !writer.steps(making.id)?.is_empty();
    }
    let is_undone = open
        .iter()
        .any(|operation| operation.verb == OperationVerb::Disconnect);
    if !begun || is_undone || from.desired == Desired::Removed {
        return Ok(false);
    }
    give_up(writer, rules, &open)?;
    connection_work::enqueue_again(writer, rules, connection, actor)?;
    Ok(true)
}

/// Ends the operations among these that nobody is at work on.
fn give_up(writer: &Writer<'_>, rules: &Rules, open: &[Operation]) -> Result<(), Fault> {
    for making in open {
        if making.state != OperationState::Running {
            writer.set_operation_state(making.id, OperationState::Cancelled, rules.now)?;
        }
    }
    Ok(())
}

/// Queues the second half of [`remake`]; a connection that went away with one of its ends meanwhile is left alone. What was
/// being made when it was asked for, and waits now, is not gone on with.
pub(super) fn make_again(
    writer: &Writer<'_>,
    rules: &Rules,
    id: ConnectionId,
    undoing: &Operation,
) -> Result<(), Fault> {
    let connection = match writer.connection_by_id(id) {
        Ok(connection) => connection,
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(()),
        Err(fault) => return Err(fault),
    };
    let mut open = connection_work::open_for(writer, &connection)?;
    open.retain(|making| making.id != undoing.id);
    give_up(writer, rules, &open)?;
    let verb = OperationVerb::Connect;
    connection_work::enqueue(writer, rules, &connection, verb, &undoing.actor).map(drop)
}

/// Tests a connection end to end, in the background.
pub(super) fn test(
    reader: &Reader<'_>,
    id: ConnectionId,
    community: CommunityId,
) -> Result<Applied, Fault> {
    let connection = reader.connection_by_id(id)?;
    if connection.state == ConnectionState::Waiting {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("That connection is not made yet: {}.", connection.note),
        )
        .hint("It is made by itself once both ends are there."));
    }
    Ok(Applied {
        subject: reader.community(community)?.slug.to_string(),
        detail: format!("connection {id}"),
        receipt: Receipt {
            message: "The connection is being tested.".to_owned(),
            community: Some(community),
            operations: Vec::new(),
        },
        after: vec![After::Probe(id)],
        ..Applied::default()
    })
}
