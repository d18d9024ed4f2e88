//! A move to another bot that came to no end is taken back: that bot is in each room what it was before.

use super::moving::{Bot, Moving, Was, every_room, hand_over};
use super::record::Places;
use super::{ACCESS_TOKEN, address, levels};
use crate::adapters::{
    contract::HALF_MOVED,
    durable::{Halt, Op},
};
use crate::domain::FaultKind;
use secrecy::SecretString;

/// Takes back what [`super::moving::carry`] had begun, with the former bot's token in the site. Answers what stays.
pub(super) async fn take_back(op: &Op, other: Option<&SecretString>) -> Result<Vec<String>, Halt> {
    let Some(moving) = op.fact::<Moving>(HALF_MOVED)? else {
        return Ok(Vec::new());
    };
    // A call that was cut off may still be under way on the server, and would be done after this.
    op.pause(op.site().settling).await?;
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let from = Bot::of(op, &base, &op.secret(ACCESS_TOKEN)?).await?;
    let to = match other {
        Some(token) => Bot::of(op, &base, token).await?,
        None => None,
    };
    let from = from.filter(|from| from.id == moving.from);
    let to = to.filter(|to| to.id == moving.to);
    if places.bot == moving.to {
        // The former one was leaving already: it is let in again as the other was.
        let Some(back) = &from else {
            return Ok(vec![format!("{} has the rooms.", moving.to)]);
        };
        for place in &every_room(&places) {
            hand_over(op, to.as_ref(), back, place).await?;
        }
        moving.from.clone_into(&mut places.bot);
        places.bot_made = moving.from_made;
        places.save(op).await?;
    }
    let mut stays = Vec::new();
    for was in moving.rooms.iter().rev() {
        levels::note(op, &was.place, &moving.to, was.level).await?;
        let undone = match (&to, &from) {
            (Some(to), Some(from)) => together(op, from, to, was).await,
            (Some(to), None) => undo(op, to, was).await,
            (None, Some(from)) => put_out(op, from, &moving.to, was).await,
            (None, None) => Ok(false),
        };
        match undone {
            Ok(true) => {}
            Err(Halt::Stopped(fault))
                if matches!(fault.kind, FaultKind::Refused | FaultKind::ScopeMissing) =>
            {
                stays.push(stayed(&moving.to, was));
            }
            Ok(false) => stays.push(stayed(&moving.to, was)),
            Err(halt) => return Err(halt),
        }
    }
    op.forget(HALF_MOVED).await?;
    Ok(stays)
}

fn stayed(bot: &str, was: &Was) -> String {
    format!(
        "{bot} stays in {}, where nobody of ours can take it out.",
        was.place.name
    )
}

/// The bot that came makes itself what it was, and the former one sees that it is so.
async fn together(op: &Op, from: &Bot, to: &Bot, was: &Was) -> Result<bool, Halt> {
    let undone = undo(op, to, was).await?;
    let Some(levels) = levels::of(&from.client, &was.place).await? else {
        return Ok(undone);
    };
    if levels["users"][&to.id].as_i64() != was.level {
        // A call that was cut off came late, after the bot had left; nobody else may lower whoever stands as high.
        from.client.invite(&was.place.id, &to.id).await?;
        to.client.join(&was.place.id).await?;
        undo(op, to, was).await?;
    }
    put_out(op, from, &to.id, was).await?;
    Ok(undone)
}

/// The bot that came makes itself what it was in a room.
async fn undo(op: &Op, to: &Bot, was: &Was) -> Result<bool, Halt> {
    if let Some(levels) = levels::of(&to.client, &was.place).await?
        && levels["users"][&to.id].as_i64() != was.level
    {
        levels::set(op, &to.client, &was.place, &levels, &to.id, was.level).await?;
    }
    if !was.member {
        to.client.leave(&was.place.id).await?;
    }
    Ok(true)
}

/// The former bot takes the one that came out, where it stands above it.
async fn put_out(op: &Op, from: &Bot, other: &str, was: &Was) -> Result<bool, Halt> {
    let Some(levels) = levels::of(&from.client, &was.place).await? else {
        return Ok(false);
    };
    if levels["users"][other].as_i64() != was.level {
        levels::set(op, &from.client, &was.place, &levels, other, was.level).await?;
    }
    if was.member {
        return Ok(true);
    }
    let members = from.client.members(&was.place.id, "join").await?;
    let invited = from.client.members(&was.place.id, "invite").await?;
    if !members.iter().chain(&invited).any(|member| member == other) {
        return Ok(true);
    }
    let reason = "The move to this bot was given up.";
    Ok(from.client.kick(&was.place.id, other, reason).await?)
}
