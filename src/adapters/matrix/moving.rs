//! Another bot takes the community's rooms over: the present one invites it and gives it its level, and leaves once the
//! other is seen to have both. What was there before is remembered room by room before anything is changed, so that the
//! move can be gone on with, or taken back, from wherever it was cut off.

use super::client::{Client, Door};
use super::levels;
use super::pause::own_level;
use super::record::{Place, Places};
use super::{ACCESS_TOKEN, address, entry};
use crate::adapters::{
    contract::HALF_MOVED,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, counted};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// A move that was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Moving {
    /// The bot that had the rooms.
    pub from: String,
    /// Whether Guildhall made that one along with the space.
    pub from_made: bool,
    /// The bot that is to have them.
    pub to: String,
    /// The rooms that were touched, as they were for the bot that comes.
    pub rooms: Vec<Was>,
}

/// How the bot that comes stood in a room before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Was {
    pub place: Place,
    /// Whether it was in it.
    pub member: bool,
    /// The level that was set for it.
    pub level: Option<i64>,
}

/// A bot and the client that speaks as it.
pub(super) struct Bot {
    pub id: String,
    pub client: Client,
}

impl Bot {
    /// None where the token is not accepted any more.
    pub async fn of(op: &Op, base: &Url, token: &SecretString) -> Result<Option<Self>, Fault> {
        let client = Client::new(op.site(), base, token.clone(), op.cancel());
        match client.whoami().await {
            Ok(who) => Ok(Some(Self {
                id: who.user_id,
                client,
            })),
            Err(fault) if fault.kind == FaultKind::KeyRejected => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// Brings the rooms to the bot whose token is in the site. Answers what is now so.
pub(super) async fn carry(op: &Op, former: Option<&SecretString>) -> Result<String, Halt> {
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let token = op.secret(ACCESS_TOKEN)?;
    let client = Client::new(op.site(), &base, token, op.cancel());
    let to = Bot {
        id: client.whoami().await?.user_id,
        client,
    };
    let from = match former {
        Some(token) => Bot::of(op, &base, token).await?,
        None => None,
    };
    let mut moving: Moving = match op.fact(HALF_MOVED)? {
        Some(begun) => begun,
        None if places.bot == to.id => return Ok("It works with the new key.".to_owned()),
        None => Moving {
            from: places.bot.clone(),
            from_made: places.bot_made,
            to: to.id.clone(),
            rooms: Vec::new(),
        },
    };
    if moving.to != to.id {
        return Err(half_moved(&moving).into());
    }
    let from = from.filter(|from| from.id == moving.from);
    if places.bot != to.id {
        bring_all(op, from.as_ref(), &to, &mut places, &mut moving).await?;
    }
    let stays = leave_all(op, from.as_ref(), &to, &places, &moving.from).await?;
    let former = if stays.is_empty() {
        format!("{} left them", moving.from)
    } else {
        format!(
            "{} could not be made to leave {}: take it out there by hand",
            moving.from,
            stays.join(", ")
        )
    };
    Ok(format!(
        "{} looks after {} now; {former}.",
        to.id,
        counted(places.rooms.len(), "room", "rooms")
    ))
}

/// The space and its rooms, also those that the settings do not name any more.
pub(super) fn every_room(places: &Places) -> Vec<Place> {
    places.all().chain(&places.unlinked).cloned().collect()
}

/// Lets the bot that comes into every room. From the end of this on it is the one that has them.
async fn bring_all(
    op: &Op,
    from: Option<&Bot>,
    to: &Bot,
    places: &mut Places,
    moving: &mut Moving,
) -> Result<(), Halt> {
    let rooms = every_room(places);
    for (at, place) in rooms.iter().enumerate() {
        op.progress("rooms handed over", at, rooms.len(), &place.name);
        remember(op, from, to, place, moving).await?;
        hand_over(op, from, to, place).await?;
    }
    if let Some(space) = &places.space {
        stands(to, space).await?;
    }
    to.id.clone_into(&mut places.bot);
    // Whose other rooms may be anybody's: it is neither signed out nor taken away with this instance.
    places.bot_made = false;
    places.save(op).await
}

/// The former bot leaves every room. Answers the names of those where it stays.
async fn leave_all(
    op: &Op,
    from: Option<&Bot>,
    to: &Bot,
    places: &Places,
    former: &str,
) -> Result<Vec<String>, Halt> {
    let rooms = every_room(places);
    let mut stays = Vec::new();
    for (at, place) in rooms.iter().rev().enumerate() {
        op.progress("rooms left", at, rooms.len(), &place.name);
        let gone = match from {
            Some(from) => part(op, from, place).await,
            None => is_out(to, place, former).await,
        };
        match gone {
            Ok(true) => {}
            Ok(false) => stays.push(place.name.clone()),
            Err(Halt::Stopped(fault))
                if !fault.is_passing() && fault.kind != FaultKind::Cancelled =>
            {
                stays.push(place.name.clone());
            }
            Err(halt) => return Err(halt),
        }
    }
    Ok(stays)
}

/// Whether a bot that nobody can speak as is out of a room, as the other sees it.
async fn is_out(to: &Bot, place: &Place, former: &str) -> Result<bool, Halt> {
    match to.client.members(&place.id, "join").await {
        Ok(members) => Ok(!members.iter().any(|member| member == former)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(true),
        Err(fault) => Err(fault.into()),
    }
}

fn half_moved(moving: &Moving) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        format!(
            "A move to {} was begun and is neither finished nor taken back, so none to another bot was begun.",
            moving.to
        ),
    )
    .hint("Move it to the account of that bot first; from there it can be moved on, or back.")
}

/// Writes down how the bot that comes stands in a room, once, before anything is changed for it there.
async fn remember(
    op: &Op,
    from: Option<&Bot>,
    to: &Bot,
    place: &Place,
    moving: &mut Moving,
) -> Result<(), Halt> {
    if moving.rooms.iter().any(|was| was.place.id == place.id) {
        return Ok(());
    }
    let looking = from.unwrap_or(to);
    let Some(levels) = levels::of(&looking.client, place).await? else {
        return Ok(());
    };
    moving.rooms.push(Was {
        place: place.clone(),
        member: to.client.joined_rooms().await?.contains(&place.id),
        level: levels["users"][&to.id].as_i64(),
    });
    op.remember(HALF_MOVED, moving).await
}

/// Lets a bot into a room with the level of the one that lets it in, and sees that it has it. Repeating is harmless.
pub(super) async fn hand_over(
    op: &Op,
    from: Option<&Bot>,
    to: &Bot,
    place: &Place,
) -> Result<(), Halt> {
    let Some(from) = from else {
        return stands(to, place).await;
    };
    let Some(levels) = levels::of(&from.client, place).await? else {
        // A room that neither sees was missing before, and is told as that; of the others the new one tells.
        return match levels::of(&to.client, place).await? {
            Some(_) => stands(to, place).await,
            None => Ok(()),
        };
    };
    if !to.client.joined_rooms().await?.contains(&place.id) {
        from.client.invite(&place.id, &to.id).await?;
        if to.client.join(&place.id).await? != Door::In {
            return Err(Fault::new(
                FaultKind::Refused,
                format!("{} was invited to {} and is not let in.", to.id, place.name),
            )
            .hint(
                "Look at who may join there, and whether it is banned; then resume the operation.",
            )
            .into());
        }
    }
    let creation = from.client.state_event(&place.id, "m.room.create").await?;
    let creation = creation.unwrap_or_else(|| json!({}));
    if let Some(now) = own_level(&creation, &levels, &to.id) {
        let wanted = own_level(&creation, &levels, &from.id)
            .unwrap_or_else(|| levels::above_all(&levels, &to.id));
        if now < wanted {
            levels::set(op, &from.client, place, &levels, &to.id, Some(wanted)).await?;
        } else {
            levels::note(op, place, &to.id, levels["users"][&to.id].as_i64()).await?;
        }
    }
    stands(to, place).await
}

/// Whether the bot is in the room with what it needs there, as the room itself tells it.
async fn stands(bot: &Bot, place: &Place) -> Result<(), Halt> {
    let short = |what: String| {
        Fault::new(FaultKind::Refused, what).hint(format!(
            "Enter a token of the former bot that is accepted, or have an administrator of {} invite {} and give it the level; then resume the operation.",
            place.name, bot.id
        ))
    };
    let Some(levels) = levels::of(&bot.client, place).await? else {
        return Err(short(format!(
            "{} is not in {}, and nobody of ours is there to invite it.",
            bot.id, place.name
        ))
        .into());
    };
    let creation = bot.client.state_event(&place.id, "m.room.create").await?;
    let creation = creation.unwrap_or_else(|| json!({}));
    let is_space = creation["content"]["type"] == "m.space";
    let needed = entry::needed(&levels, is_space);
    match own_level(&creation, &levels, &bot.id) {
        Some(own) if own < needed => Err(short(format!(
            "{} has the level {own} in {} and needs {needed}.",
            bot.id, place.name
        ))
        .into()),
        _ => Ok(()),
    }
}

/// Gives up a bot's level in a room and takes it out. One that is out already is fine.
async fn part(op: &Op, bot: &Bot, place: &Place) -> Result<bool, Halt> {
    let Some(levels) = levels::of(&bot.client, place).await? else {
        return Ok(true);
    };
    // Nobody else may lower who stands as high, and whoever is invited again would have the level at once.
    if levels["users"].get(&bot.id).is_some() {
        levels::set(op, &bot.client, place, &levels, &bot.id, None).await?;
    }
    bot.client.leave(&place.id).await?;
    Ok(true)
}
