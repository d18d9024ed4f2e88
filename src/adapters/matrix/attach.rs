//! What others connect to: the first room of the space.

use super::client::{Client, Person};
use super::record::{Place, Places};
use super::{ACCESS_TOKEN, address, bot};
use crate::adapters::{
    contract::{Peer, Probe, Site, Target},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, HumanTask, OperationKey, PlatformId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
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

/// The user of the other tool as it came in.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Guest {
    user: String,
    room: String,
    /// Whether it was in the room before it was asked for: then it stays when the connection goes.
    was_there: bool,
}

fn guest(peer: &Peer) -> String {
    format!("guest {}", peer.instance)
}

/// Lets the other tool's own user in. Accepting is for their side.
pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let room = room(&places)?;
    let members = client.people(&room.id, "join").await?;
    let before: Vec<String> = op
        .step(&format!("members before {}", peer.instance), || async {
            Ok(members.iter().map(|member| member.id.clone()).collect())
        })
        .await?;
    let named = peer.settings.get(PEER_USER);
    let user = if let Some(user) = named {
        if !before.iter().any(|member| member == user) {
            client.invite(&room.id, user).await?;
        }
        user.to_owned()
    } else {
        let tool = &peer.platform;
        let found = of_tool(&members, &places.bot, tool);
        op.human(invitation(room, tool), || async { Ok(found) })
            .await?
    };
    let known = op.fact::<Guest>(&guest(peer))?;
    let came = match known.filter(|known| known.user == user && known.room == room.id) {
        Some(known) => known,
        None => Guest {
            was_there: before.contains(&user),
            room: room.id.clone(),
            user,
        },
    };
    op.remember(&guest(peer), &came).await?;
    let how = if named.is_some() && !came.was_there {
        "is invited to"
    } else {
        "is in"
    };
    Ok(format!("{} {how} {}.", came.user, room.name))
}

/// The member that bears the tool's name. Nobody else passes for it: people come in meanwhile, and no homeserver tells them
/// from bots.
fn of_tool(members: &[Person], bot: &str, tool: &PlatformId) -> Option<String> {
    let mut named = members.iter().filter(|member| {
        let names = format!("{} {}", member.id, member.display_name).to_lowercase();
        member.id != bot && names.contains(tool.as_str())
    });
    let found = named.next()?;
    named.next().is_none().then(|| found.id.clone())
}

fn invitation(room: &Place, tool: &PlatformId) -> HumanTask {
    HumanTask {
        step: format!("connect {tool}"),
        title: format!("invite the user of {tool} to {}", room.name),
        why: "Guildhall does not know which Matrix user it has.".into(),
        who: "somebody in the room who may invite".into(),
        url: Some(super::record::link(room)),
        instructions: vec![
            format!("Open {} in your Matrix client.", room.name),
            format!("Invite the user with which {tool} signs in to Matrix."),
            "Let it accept the invitation there.".into(),
            format!(
                "It is known by its name: one member's, and no other's, must contain {tool}. A display name will do."
            ),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// Takes the other tool's own user out again, where it came for the connection.
pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let Some(came) = op.fact::<Guest>(&guest(peer))? else {
        return Ok(());
    };
    if !came.was_there {
        let base = address::base(op.site()).await?;
        let client = Client::of(op, &base, ACCESS_TOKEN)?;
        let reason = "The connection was removed.";
        client.kick(&came.room, &came.user, reason).await?;
    }
    op.forget(&guest(peer)).await
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
