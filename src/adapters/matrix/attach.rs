//! What others connect to: the first room of the space.

use super::client::Client;
use super::record::{Place, Places};
use super::{ACCESS_TOKEN, address, bot};
use crate::adapters::{
    contract::{Peer, Probe, Site, Target},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, HumanTask, OperationKey};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// The setting of a peer that names its own Matrix user.
const PEER_USER: &str = "matrix_user";

fn room(places: &Places) -> Result<&Place, Fault> {
    places
        .rooms
        .first()
        .or(places.space.as_ref())
        .ok_or_else(|| {
            Fault::new(FaultKind::NotFound, "There is no room to connect to yet.")
                .hint("Activate the instance first, so that its rooms are made.")
        })
}

/// The room, with the bot's own token to speak in it.
pub(super) async fn offer(op: &Op) -> Result<Target, Halt> {
    let base = address::base(op.site()).await?;
    let places = Places::of(op)?;
    Ok(Target::Room {
        room: room(&places)?.id.clone(),
        token: op.secret(ACCESS_TOKEN)?,
        server: base,
    })
}

/// Lets the other tool's own user in. Accepting is for their side.
pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let room = room(&places)?;
    if let Some(user) = peer.settings.get(PEER_USER) {
        client.invite(&room.id, user).await?;
        return Ok(format!("{user} is invited to {}.", room.name));
    }
    let task = HumanTask {
        step: format!("connect {}", peer.platform),
        title: format!("invite the user of {} to {}", peer.platform, room.name),
        why: "Guildhall does not know which Matrix user it has.".into(),
        who: "somebody in the room who may invite".into(),
        url: Some(super::record::link(room)),
        instructions: vec![
            format!("Open {} in your Matrix client.", room.name),
            format!(
                "Invite the user with which {} signs in to Matrix.",
                peer.platform
            ),
            "Let it accept the invitation there.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    };
    let before = format!("members before {}", peer.platform);
    let members = client.members(&room.id, "join").await?;
    let known: Option<Vec<String>> = op.fact(&before)?;
    if known.is_none() {
        op.remember(&before, &members).await?;
    }
    let known = known.unwrap_or_else(|| members.clone());
    let newcomer = members.into_iter().find(|member| !known.contains(member));
    let user: String = op.human(task, || async { Ok(newcomer) }).await?;
    Ok(format!("{user} is in {}.", room.name))
}

/// Takes the other tool's own user out again.
pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    op.forget(&format!("members before {}", peer.platform))
        .await?;
    let Some(user) = peer.settings.get(PEER_USER) else {
        return Ok(());
    };
    let base = address::base(op.site()).await?;
    let places = Places::of(op)?;
    let client = Client::of(op, &base, ACCESS_TOKEN)?;
    client
        .kick(&room(&places)?.id, user, "The connection was removed.")
        .await?;
    Ok(())
}

/// Sends a notice into the room and reads it back.
pub(super) async fn probe(op: &Op) -> Result<Probe, Halt> {
    let base = address::base(op.site()).await?;
    let places = Places::of(op)?;
    let client = Client::of(op, &base, ACCESS_TOKEN)?;
    let room = room(&places)?;
    let key = OperationKey::fresh();
    let text = format!("Test of a connection ({key})");
    client.notice(&room.id, key.as_str(), &text).await?;
    let arrived = sees(&client, room, &text, Timestamp::UNIX_EPOCH).await?;
    let what = if arrived {
        format!(
            "A notice was sent to {} and is to be read there.",
            room.name
        )
    } else {
        format!(
            "A notice was sent to {} and is not to be read there.",
            room.name
        )
    };
    Ok(Probe {
        arrived,
        sent: true,
        look_for: None,
        what,
    })
}

/// Whether a message with this text is among the newest in the room, and not older than this by the server's clock.
pub(super) async fn announce(site: &Site, text: &str, key: &str) -> Result<(), Fault> {
    let base = address::base(site).await?;
    let places = Places::at(site)?;
    let token = site.secret(ACCESS_TOKEN)?.clone();
    let client = Client::new(site, &base, token, &CancellationToken::new());
    client.notice(&room(&places)?.id, key, text).await
}

pub(super) async fn saw(site: &Site, text: &str, since: Timestamp) -> Result<bool, Fault> {
    let base = address::base(site).await?;
    let token = site.secret(ACCESS_TOKEN)?.clone();
    let client = Client::new(site, &base, token, &CancellationToken::new());
    sees(&client, room(&Places::at(site)?)?, text, since).await
}

async fn sees(client: &Client, room: &Place, text: &str, since: Timestamp) -> Result<bool, Fault> {
    let texts = client.texts(&room.id, 50, since).await?;
    Ok(texts.iter().any(|said| said.contains(text)))
}
