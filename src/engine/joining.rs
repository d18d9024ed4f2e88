//! Making, undoing and testing a connection: both ends are asked, each through its own adapter.

use super::{
    connection_work,
    core::Core,
    ending::{Effect, brief},
    journal::StoreJournal,
    keyring,
    scene::Scene,
    trial::TrialJournal,
};
use crate::{
    adapters::{Adapter, Halt, Journal, Op, Peer, Probe, Site, Target, contract},
    domain::{
        Connection, ConnectionId, ConnectionState, Desired, Fault, FaultKind, Instance, InstanceId,
        Operation, OperationVerb, PlatformId, Progress, clean_line,
    },
};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// The pause after the first look for what a test sent; it doubles each time.
const FIRST_LOOK: Duration = Duration::from_millis(250);
/// By how much the clock of a platform may be behind ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(30);

/// The other end of a connection, ready for its adapter.
async fn other_end(core: &Core, peer: InstanceId) -> Result<(Instance, Scene), Fault> {
    let rules = core.rules();
    core.store
        .read(move |reader| {
            let peer = reader.instance(peer)?;
            Ok((peer.clone(), Scene::read(reader, &rules, peer)?))
        })
        .await
}

async fn connection(core: &Core, id: ConnectionId) -> Result<Connection, Fault> {
    core.store
        .read(move |reader| reader.connection_by_id(id))
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
    let Some(id) = connection_work::of(operation) else {
        return Err(Fault::new(
            FaultKind::Internal,
            "The operation does not say which connection it is about.",
        )
        .hint("Cancel it, and ask for the connection anew.")
        .into());
    };
    let there = match connection(core, id).await {
        Ok(connection) => connection.to,
        Err(fault) if fault.kind == FaultKind::NotFound => {
            match connection_work::peer_of(operation) {
                Some(peer) if operation.verb == OperationVerb::Disconnect => peer,
                _ => return Err(left().into()),
            }
        }
        Err(fault) => return Err(fault.into()),
    };
    let (peer, scene) = other_end(core, there).await?;
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let mut other = peer_of(&site, &peer);
    if operation.verb == OperationVerb::Disconnect {
        adapter.disconnect(op, &other).await?;
        if peer.desired == Desired::Removed {
            return Ok(Effect::Joined("undone".to_owned()));
        }
    }
    let journal = journal_of(core, operation, &peer, &site);
    if operation.verb == OperationVerb::Disconnect {
        let stays = withdrawn(core, &peer, site, journal, op, &operation.platform).await?;
        return Ok(Effect::Joined(match stays {
            Some(stays) => format!("undone; {stays}"),
            None => "undone".to_owned(),
        }));
    }
    other.target = Some(offered(core, &peer, site, journal, op, &operation.platform).await?);
    let sentence = adapter.connect(op, &other).await?;
    tracing::debug!(connection = %id, "a connection was made");
    Ok(Effect::Joined(sentence))
}

fn journal_of(
    core: &Arc<Core>,
    operation: &Operation,
    peer: &Instance,
    site: &Site,
) -> Arc<StoreJournal> {
    Arc::new(StoreJournal {
        core: core.clone(),
        operation: operation.id,
        steps_of: operation.instance,
        instance: peer.id,
        community: peer.community,
        platform: peer.platform.clone(),
        marker: site.marker.clone(),
        prefix: format!("{}:", peer.platform),
    })
}

/// Lets every other end take away what it had made for an instance that is being removed. Answers what stays there.
pub(super) async fn leave(
    core: &Arc<Core>,
    operation: &Operation,
    op: &Op,
) -> Result<Vec<String>, Halt> {
    let leaving = operation.instance;
    let made_for_it = core
        .store
        .read(move |reader| {
            let mut tried = Vec::new();
            for connection in reader.connections_at(leaving)? {
                if connection.from == leaving && connection_work::was_tried(reader, &connection)? {
                    tried.push(connection.to);
                }
            }
            Ok(tried)
        })
        .await?;
    let mut stays = Vec::new();
    for there in made_for_it {
        let (peer, scene) = other_end(core, there).await?;
        if peer.desired == Desired::Removed {
            continue;
        }
        let (site, bad) = scene.open(core);
        keyring::mark_bad(core, bad).await?;
        let journal = journal_of(core, operation, &peer, &site);
        stays.extend(withdrawn(core, &peer, site, journal, op, &operation.platform).await?);
    }
    Ok(stays)
}

/// The other end went away while the operation waited.
fn left() -> Fault {
    Fault::new(
        FaultKind::Cancelled,
        "The other end of the connection was removed, so there is nothing to connect to.",
    )
    .hint("Nothing is to be done.")
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
    journal: Arc<dyn Journal>,
    op: &Op,
    for_platform: &PlatformId,
) -> Result<Target, Halt> {
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

/// Lets the other end take away what it had made for the connection. Where it is refused, the connection is undone all the
/// same: whoever asked for it cannot mend the other end's key, and is told what stays there.
async fn withdrawn(
    core: &Core,
    peer: &Instance,
    site: Site,
    journal: Arc<dyn Journal>,
    op: &Op,
    for_platform: &PlatformId,
) -> Result<Option<String>, Halt> {
    let Some(adapter) = core.options.registry.get(&peer.platform) else {
        return Ok(None);
    };
    let progress = watch::Sender::new(Progress::default());
    let there = Op::new(site, journal, progress, op.cancel().clone());
    match adapter.withdraw_target(&there, for_platform).await {
        Ok(stays) => Ok(stays),
        Err(Halt::Stopped(fault)) if is_refusal(&fault) => Ok(Some(format!(
            "what {} had made for it stays there: {}",
            peer.platform,
            brief(&fault)
        ))),
        Err(halt) => Err(halt),
    }
}

/// Whether the other end said no, which neither time nor an unlocked vault changes.
fn is_refusal(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::NeedsKey
            | FaultKind::KeyRejected
            | FaultKind::ScopeMissing
            | FaultKind::NotFound
            | FaultKind::Refused
    )
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
                    Ok((state, note)) => (*state, clean_line(note)),
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

/// What the test found out, and that in words.
async fn probe(core: &Arc<Core>, id: ConnectionId) -> Result<(ConnectionState, String), Halt> {
    let connection = connection(core, id).await?;
    let (peer, scene) = other_end(core, connection.to).await?;
    let last_test = connection.tested_at;
    let rules = core.rules();
    let here = core
        .store
        .read(move |reader| Scene::read(reader, &rules, reader.instance(connection.from)?))
        .await?;
    let (from, instance) = (here.instance.platform.clone(), here.instance.id);
    let (site, _) = here.open(core);
    let (there, _) = scene.open(core);
    let Some(adapter) = core.options.registry.get(&from) else {
        return Err(contract::unsupported(&site, "be tested from").into());
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
    let target = offered(core, &peer, there.clone(), journal(peer.id), &op, &from).await;
    other.target = target.ok();
    let since = not_before(core, last_test);
    let Probe {
        arrived,
        sent,
        look_for,
        what,
    } = adapter.probe_connection(&op, &other).await?;
    match look_for {
        _ if arrived => Ok((ConnectionState::Ok, what)),
        _ if !sent => Ok((ConnectionState::Failed, what)),
        None => Ok((ConnectionState::Made, what)),
        Some(text) => {
            let arrival = await_arrival(core, &there, &text, since).await?;
            let seen = match arrival {
                ConnectionState::Ok => "It was seen there.",
                ConnectionState::Failed => "It was not seen there.",
                _ => "Whether it arrived cannot be seen there.",
            };
            Ok((arrival, format!("{what} {seen}")))
        }
    }
}

/// Messages from before this time are of former tests. The clocks of two servers differ a little.
fn not_before(core: &Core, last_test: Option<Timestamp>) -> Timestamp {
    let now = core.now();
    let earliest = now.checked_sub(CLOCKS_DIFFER).unwrap_or(now);
    last_test.map_or(earliest, |last| last.max(earliest))
}

/// Asks the other end, with growing pauses, whether a text has arrived: `Ok`, `Failed` when it has not in time, `Made` when
/// nobody can tell.
async fn await_arrival(
    core: &Core,
    there: &Site,
    text: &str,
    since: Timestamp,
) -> Result<ConnectionState, Fault> {
    let Some(adapter) = core.options.registry.get(&there.platform) else {
        return Ok(ConnectionState::Made);
    };
    let mut left = core.options.limits.arrival;
    let mut pause = FIRST_LOOK;
    loop {
        match adapter.saw_message(there, text, since).await {
            Ok(true) => return Ok(ConnectionState::Ok),
            Ok(false) => {}
            Err(fault) if fault.kind == FaultKind::Unsupported => return Ok(ConnectionState::Made),
            Err(fault) if fault.is_passing() && !left.is_zero() => {}
            Err(fault) => return Err(fault),
        }
        if left.is_zero() {
            return Ok(ConnectionState::Failed);
        }
        let next = pause.min(left);
        tokio::select! {
            () = core.desk.closing().cancelled() => {
                return Err(Fault::new(
                    FaultKind::Cancelled,
                    "Guildhall was ended before the test had arrived.",
                )
                .hint("Test the connection again."));
            }
            () = tokio::time::sleep(next) => {}
        }
        left -= next;
        pause *= 2;
    }
}
