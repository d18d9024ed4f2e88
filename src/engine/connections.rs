//! Connections between instances of one community: recorded at once, made when both ends are there, tested end to end.

use super::{
    core::Core,
    ending::{Effect, brief},
    instances,
    journal::StoreJournal,
    rules::{Rules, subject_of},
    scene::Scene,
    submit::{After, Applied},
    titles,
    trial::TrialJournal,
    views::Receipt,
};
use crate::{
    adapters::{Adapter, Halt, Op, Peer, Probe, Site},
    catalog::ConnectionOffer,
    domain::{
        Actor, Capability, CommunityId, Connection, ConnectionId, ConnectionState, Fault,
        FaultKind, Instance, InstanceId, Operation, OperationState, OperationVerb, PlatformId,
        Progress, clean_line,
    },
    store::{NewOperation, OperationFilter, Reader, Writer},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::watch;

/// Whose connection it is. One that the actor may not know of does not exist.
pub(super) fn community_of(
    reader: &Reader<'_>,
    actor: &Actor,
    id: ConnectionId,
) -> Result<CommunityId, Fault> {
    let connection = reader.connection_by_id(id)?;
    let community = reader.instance(connection.from)?.community;
    if reader.actor(actor.id)?.sees(community) {
        return Ok(community);
    }
    Err(Fault::new(
        FaultKind::NotFound,
        format!("There is no connection {id} here."),
    )
    .hint("The community's details list its connections."))
}

fn offer<'a>(
    rules: &'a Rules,
    from: &PlatformId,
    to: &PlatformId,
) -> Result<&'a ConnectionOffer, Fault> {
    let manifest = rules.manifest(from)?;
    let target = rules.manifest(to)?;
    manifest
        .connections
        .iter()
        .find(|offer| offer.to.contains(to) && offer.how != Capability::Unsupported)
        .ok_or_else(|| {
            let known: Vec<String> = manifest
                .connections
                .iter()
                .filter(|offer| offer.how != Capability::Unsupported)
                .flat_map(|offer| offer.to.iter())
                .map(|platform| titles::platform(&rules.catalog, platform))
                .collect();
            Fault::new(
                FaultKind::Unsupported,
                format!("{} cannot be connected to {}.", manifest.name, target.name),
            )
            .hint(if known.is_empty() {
                format!("{} connects to nothing.", manifest.name)
            } else {
                format!("It connects to {}.", known.join(", "))
            })
        })
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
    let (begun, waits) = match open_for(writer, &connection)? {
        Some(operation) => (vec![operation.id], String::new()),
        None => (Vec::new(), format!("; it waits: {}", connection.note)),
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

fn names(rules: &Rules, from: &PlatformId, verb: &str, to: &PlatformId) -> String {
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
        if connection.state != ConnectionState::Waiting || open_for(writer, &connection)?.is_some()
        {
            continue;
        }
        let missing = [connection.from, connection.to]
            .into_iter()
            .map(|end| writer.instance(end))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .find(|end| end.external_id.is_none() || rules.registry.get(&end.platform).is_none());
        if let Some(end) = missing {
            let note = format!(
                "{} is not made yet",
                titles::platform(&rules.catalog, &end.platform)
            );
            writer.set_connection_state(connection.id, ConnectionState::Waiting, &note, None)?;
            continue;
        }
        enqueue(writer, rules, &connection, OperationVerb::Connect, actor)?;
    }
    Ok(())
}

fn enqueue(
    writer: &Writer<'_>,
    rules: &Rules,
    connection: &Connection,
    verb: OperationVerb,
    actor: &str,
) -> Result<crate::domain::OperationId, Fault> {
    let new = NewOperation {
        instance: connection.from,
        verb,
        actor: actor.to_owned(),
        argument: json!({ "connection": connection.id }),
        not_before: None,
    };
    writer.insert_operation(&new, rules.now)
}

/// The open operation about a connection.
fn open_for(reader: &Reader<'_>, connection: &Connection) -> Result<Option<Operation>, Fault> {
    let filter = OperationFilter {
        open: true,
        instance: Some(connection.from),
        ..Default::default()
    };
    let open = reader.operations(&filter, 64)?;
    Ok(open
        .into_iter()
        .find(|operation| of(operation) == Some(connection.id)))
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
    let open = open_for(writer, &connection)?;
    if let Some(open) = &open {
        if open.state == OperationState::Running {
            return Err(Fault::new(
                FaultKind::Conflict,
                "That connection is being worked on at this moment.",
            )
            .hint("Wait until that is done, or cancel its operation."));
        }
        writer.set_operation_state(open.id, OperationState::Cancelled, rules.now)?;
    }
    let untouched =
        connection.state == ConnectionState::Waiting && open.is_none_or(|open| open.attempts == 0);
    let message = if untouched || rules.registry.get(&from.platform).is_none() {
        writer.remove_connection(id)?;
        format!("{names}: forgotten; it was not made yet.")
    } else {
        begun.push(enqueue(
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

/// The two ends of a connection, ready for their adapters.
struct Ends {
    connection: Connection,
    peer: Instance,
    scene: Scene,
}

async fn ends(core: &Core, id: ConnectionId) -> Result<Ends, Fault> {
    let rules = core.rules();
    core.store
        .read(move |reader| {
            let connection = reader.connection_by_id(id)?;
            let peer = reader.instance(connection.to)?;
            Ok(Ends {
                scene: Scene::read(reader, &rules, peer.clone())?,
                connection,
                peer,
            })
        })
        .await
}

/// Makes or undoes a connection, as the operation of the acting end. The other end is asked what it offers; steps done
/// there are journaled here, under its name.
pub(super) async fn work(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
) -> Result<Effect, Halt> {
    let Some(id) = of(operation) else {
        return Err(Fault::new(
            FaultKind::Internal,
            "The operation does not say which connection it is about.",
        )
        .hint("Cancel it, and ask for the connection anew.")
        .into());
    };
    let Ends {
        connection,
        peer,
        scene,
    } = ends(core, id).await?;
    let (site, bad) = scene.open(core);
    super::keyring::mark_bad(core, bad).await?;
    let mut other = peer_of(&site, &peer);
    if operation.verb == OperationVerb::Disconnect {
        adapter.disconnect(op, &other).await?;
        return Ok(Effect::Joined("undone".to_owned()));
    }
    let journal = Arc::new(StoreJournal {
        core: core.clone(),
        operation: operation.id,
        steps_of: operation.instance,
        instance: peer.id,
        community: peer.community,
        platform: peer.platform.clone(),
        marker: site.marker.clone(),
        prefix: format!("{}:", peer.platform),
    });
    other.target = Some(offered(core, &peer, site, journal, op, &operation.platform).await?);
    let sentence = adapter.connect(op, &other).await?;
    tracing::debug!(connection = %connection.id, "a connection was made");
    Ok(Effect::Joined(sentence))
}

fn peer_of(site: &Site, peer: &Instance) -> Peer {
    Peer {
        platform: peer.platform.clone(),
        instance: peer.id,
        url: peer.url.clone(),
        settings: site.settings.clone(),
        target: None,
    }
}

async fn offered(
    core: &Core,
    peer: &Instance,
    site: Site,
    journal: Arc<dyn crate::adapters::Journal>,
    op: &Op,
    for_platform: &PlatformId,
) -> Result<crate::adapters::Target, Halt> {
    let Some(adapter) = core.options.registry.get(&peer.platform) else {
        return Err(Fault::new(
            FaultKind::Unsupported,
            format!("The adapter of {} is not there yet.", peer.platform),
        )
        .hint("A later Guildhall can connect to it.")
        .into());
    };
    let progress = watch::Sender::new(Progress::default());
    let there = Op::new(site, journal, progress, op.cancel().clone());
    adapter.offer_target(&there, for_platform).await
}

/// Begins the test of a connection in the background.
pub(super) fn begin_probe(core: &Arc<Core>, id: ConnectionId) {
    let looking = core.desk.look();
    let core = core.clone();
    tokio::spawn(async move {
        let _looking = looking;
        let found = probe(&core, id).await;
        let written = core
            .change(move |writer, rules| {
                let (state, note) = match &found {
                    Ok(probe) if probe.arrived => (ConnectionState::Ok, clean_line(&probe.what)),
                    Ok(probe) => (ConnectionState::Failed, clean_line(&probe.what)),
                    Err(Halt::Human(task)) => (ConnectionState::Failed, clean_line(&task.title)),
                    Err(Halt::Stopped(fault)) => (ConnectionState::Failed, brief(fault)),
                };
                writer.set_connection_state(id, state, &note, Some(rules.now))?;
                let connection = writer.connection_by_id(id)?;
                Ok(writer.instance(connection.from)?.community)
            })
            .await;
        match written {
            Ok(community) => core.emit_changed(Some(community)),
            Err(fault) => {
                tracing::warn!(connection = %id, %fault, "a test could not be recorded");
            }
        }
    });
}

async fn probe(core: &Arc<Core>, id: ConnectionId) -> Result<Probe, Halt> {
    let Ends {
        connection,
        peer,
        scene,
    } = ends(core, id).await?;
    let rules = core.rules();
    let here = core
        .store
        .read(move |reader| Scene::read(reader, &rules, reader.instance(connection.from)?))
        .await?;
    let (from, instance) = (here.instance.platform.clone(), here.instance.id);
    let (site, _) = here.open(core);
    let (there, _) = scene.open(core);
    let Some(adapter) = core.options.registry.get(&from) else {
        return Err(crate::adapters::contract::unsupported(&site, "be tested from").into());
    };
    let mut other = peer_of(&there, &peer);
    let journal = |instance| {
        Arc::new(TrialJournal {
            core: core.clone(),
            instance,
        })
    };
    let progress = watch::Sender::new(Progress::default());
    let op = Op::new(
        site,
        journal(instance),
        progress,
        core.desk.closing().child_token(),
    );
    let target = offered(core, &peer, there, journal(peer.id), &op, &from).await;
    other.target = target.ok();
    adapter.probe_connection(&op, &other).await
}
