//! Taking over what exists: a space or room in which the bot is, or to which somebody invites it. Nothing is written.

use super::client::{Client, Door, at_the_door, bad_answer};
use super::pause::{number, own_level};
use super::record::{MARKER, Place, Places, link};
use super::{ACCESS_TOKEN, address, bot, errors, hierarchy};
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind, HumanTask, InstanceKind, clean_line, counted};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The most rooms that are looked at.
const MOST_ROOMS: usize = 100;

/// What a room tells about itself.
struct Found {
    name: String,
    is_space: bool,
    /// The level the bot has and the one it needs; none for a creator.
    short_of: Option<(i64, i64)>,
    marker: Value,
}

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let base = address::base(site).await?;
    let token = site.secret(ACCESS_TOKEN)?.clone();
    let client = Client::new(site, &base, token, &CancellationToken::new());
    let bot = client.whoami().await?.user_id;
    let mut found = Vec::new();
    for room in client.joined_rooms().await?.into_iter().take(MOST_ROOMS) {
        let Some(seen) = look(&client, &room, &bot).await? else {
            continue;
        };
        found.push(Discovered {
            name: seen.name.clone(),
            what: if seen.is_space { "space" } else { "room" }.into(),
            obstacle: obstacle(site, &seen),
            reference: room,
        });
    }
    // Spaces first: they bring their rooms along.
    found.sort_by(|one, other| other.what.cmp(&one.what).then(one.name.cmp(&other.name)));
    Ok(found)
}

/// Whose it is already. What a former instance of this community left behind is nobody's: it has one of each platform.
fn obstacle(site: &Site, seen: &Found) -> Option<String> {
    let marked = seen.marker["instance"].as_str()?;
    let is_of_ours = seen.marker["installation"] == site.installation.as_str()
        && seen.marker["community"] == site.slug.as_str();
    if is_of_ours && marked != site.marker {
        return None;
    }
    if marked == site.marker {
        return Some("It is this instance's already.".into());
    }
    let community = seen.marker["community"]
        .as_str()
        .unwrap_or("another community");
    Some(format!(
        "Guildhall looks after it for {}.",
        clean_line(community)
    ))
}

async fn look(client: &Client, room: &str, bot: &str) -> Result<Option<Found>, Fault> {
    let creation = match client.state_event(room, "m.room.create").await {
        Ok(Some(creation)) => creation,
        Ok(None) => return Ok(None),
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let name = client.state(room, "m.room.name", "").await?;
    let name = name.as_ref().and_then(|content| content["name"].as_str());
    let levels = client.state(room, "m.room.power_levels", "").await?;
    let levels = levels.unwrap_or_else(|| json!({}));
    let needed = number(&levels["events"]["m.room.power_levels"])
        .or_else(|| number(&levels["state_default"]))
        .unwrap_or(50);
    let own = own_level(&creation, &levels, bot);
    Ok(Some(Found {
        name: clean_line(name.unwrap_or(room)),
        is_space: creation["content"]["type"] == "m.space",
        short_of: own.filter(|own| *own < needed).map(|own| (own, needed)),
        marker: client.state(room, MARKER, "").await?.unwrap_or(Value::Null),
    }))
}

pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let reference = reference.trim();
    if !reference.starts_with(['!', '#']) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{reference:?} names no Matrix room."),
        )
        .hint("Write its id, beginning with !, or an alias such as #commons:example.org.")
        .into());
    }
    let base = address::base(site).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let room: String = op
        .human(invitation(reference, &places.bot), || {
            enter(&client, reference)
        })
        .await?;
    let Some(seen) = look(&client, &room, &places.bot).await? else {
        return Err(errors_gone(reference).into());
    };
    if let Some(obstacle) =
        obstacle(site, &seen).filter(|_| seen.marker["instance"] != site.marker.as_str())
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} cannot be taken over. {obstacle}", seen.name),
        )
        .hint("Remove it from the other community first.")
        .into());
    }
    let alias = client.state(&room, "m.room.canonical_alias", "").await?;
    let alias = alias.as_ref().and_then(|content| content["alias"].as_str());
    let space = Place {
        name: seen.name.clone(),
        id: room.clone(),
        alias: alias.map(str::to_owned),
    };
    let mut of_others = Vec::new();
    places.rooms.clear();
    if seen.is_space {
        of_others = take_children(site, &client, &mut places, &room).await?;
    }
    places.adopted = true;
    places.space = Some(space.clone());
    places.save(op).await?;
    let (kind, mut note) = match seen.short_of {
        None => (
            InstanceKind::Account,
            counted(places.rooms.len(), "room", "rooms"),
        ),
        Some((has, needs)) => (
            InstanceKind::Link,
            format!("only watched: the bot's level is {has}, switching needs {needs}"),
        ),
    };
    if !of_others.is_empty() {
        note = format!("{note}; left to other instances: {}", of_others.join(", "));
    }
    Ok(Presence {
        external_id: room,
        url: Some(link(&space)),
        kind,
        made_by_us: false,
        note,
    })
}

/// Takes the rooms directly in a space along, where the bot is in them. Returns the names of those that another instance
/// has: that one looks after them.
async fn take_children(
    site: &Site,
    client: &Client,
    places: &mut Places,
    space: &str,
) -> Result<Vec<String>, Fault> {
    let joined = client.joined_rooms().await?;
    let mut of_others = Vec::new();
    for child in hierarchy::shown(client, space).await?.children {
        if !joined.contains(&child) {
            continue;
        }
        let Some(seen) = look(client, &child, &places.bot).await? else {
            continue;
        };
        // A space in it is not closed with it.
        if seen.is_space {
            continue;
        }
        let is_ours = seen.marker["instance"] == site.marker.as_str();
        if !is_ours && obstacle(site, &seen).is_some() {
            of_others.push(seen.name);
            continue;
        }
        places.rooms.push(Place {
            name: seen.name,
            id: child,
            alias: None,
        });
    }
    Ok(of_others)
}

fn errors_gone(reference: &str) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("The bot does not see {reference} any more."),
    )
    .hint("Invite the bot again, then resume the operation.")
}

fn invitation(reference: &str, bot: &str) -> HumanTask {
    HumanTask {
        step: "invitation".into(),
        title: format!("invite {bot} to {reference}"),
        why: "A bot comes into a private room only when somebody in it invites it.".into(),
        who: "somebody in the room who may invite".into(),
        url: Some(format!("https://matrix.to/#/{}", segment(reference))),
        instructions: vec![
            format!("Open {reference} in your Matrix client."),
            format!("Invite {bot}."),
            "Give it the level of an administrator there if Guildhall shall switch it on and off."
                .into(),
        ],
        asks_for: vec!["level 100 in the room, to switch it on and off".into()],
        others_decide: false,
    }
}

/// The room's id once the bot is in it; joins where it was invited or may join.
async fn enter(client: &Client, reference: &str) -> Result<Option<String>, Fault> {
    let path = format!("/_matrix/client/v3/join/{}", segment(reference));
    let call = client.call(Method::POST, &path).keyed().json(&json!({}));
    let answer = call.send().await?;
    if errors::code(&answer) == "M_NOT_FOUND" {
        return Err(errors::fault(&answer, "find the room"));
    }
    let joined = answer.value()["room_id"].as_str().map(str::to_owned);
    match at_the_door(answer)? {
        Door::In => joined.ok_or_else(|| bad_answer("the room's id")).map(Some),
        Door::Shut | Door::Nowhere => Ok(None),
    }
}
