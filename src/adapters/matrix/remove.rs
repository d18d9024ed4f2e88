//! Taking the instance away. Soft: members out, aliases freed, the bot out, in this order (sheet: matrix 4, traps).
//! Hard: purged by an administrator. A token that outlives its user is ended before the user is.

use super::client::Client;
use super::record::{MARKER, Place, Places};
use super::{ACCESS_TOKEN, ADMIN_TOKEN, address, errors, pause, resume};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind, RemoveMode};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// How often the state of a deletion is asked for, and how long it may take; under a second was seen for small rooms.
const POLL: Duration = Duration::from_millis(200);
const MOST_POLLS: u32 = 600;

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    if is_ours(op, &places) && op.has_secret(ACCESS_TOKEN) {
        add_unrecorded(op, &base, &mut places).await?;
        // Without their markers they are not found any more.
        places.save(op).await?;
    }
    let mut left = Vec::new();
    match mode {
        RemoveMode::Soft => soft(op, &base, &places, &mut left).await?,
        RemoveMode::Hard => hard(op, &base, &places, &mut left).await?,
    }
    op.forget(pause::FACT).await?;
    Places::forget(op).await?;
    Ok(Removed { left })
}

/// Whether what is there was made here. Before provisioning ended nobody has said so yet; what a person made is remembered
/// as such from the moment it is known, so that an interrupted taking-over empties nobody's rooms.
fn is_ours(op: &Op, places: &Places) -> bool {
    !places.adopted && (op.site().made_by_us || op.site().external_id.is_none())
}

/// Adds the rooms with our marker that an interrupted run made and did not record.
async fn add_unrecorded(op: &Op, base: &Url, places: &mut Places) -> Result<(), Halt> {
    let client = Client::of(op, base, ACCESS_TOKEN)?;
    let joined = match client.joined_rooms().await {
        // A dead token cannot look; an administrator's may still purge what is recorded.
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(()),
        joined => joined?,
    };
    for room in joined {
        let known = places.all().chain(&places.unlinked);
        if known.into_iter().any(|place| place.id == room) {
            continue;
        }
        let marker = client.state(&room, MARKER, "").await?;
        let Some(marker) = marker.filter(|marker| marker["instance"] == op.site().marker.as_str())
        else {
            continue;
        };
        let part = marker["part"].as_str().unwrap_or("room");
        let key = marker["key"].as_str().unwrap_or_default();
        let local = if part == "space" {
            format!("gh-{key}")
        } else {
            format!("gh-{key}-{part}")
        };
        places.unlinked.push(Place {
            name: part.to_owned(),
            id: room,
            alias: Some(format!("#{local}:{}", places.server)),
        });
    }
    Ok(())
}

/// Rooms first, the space last, so that people see what happens from the inside out.
fn inside_out(places: &Places) -> Vec<Place> {
    let rooms = places.rooms.iter().chain(&places.unlinked);
    rooms.chain(&places.space).cloned().collect()
}

async fn soft(op: &Op, base: &Url, places: &Places, left: &mut Vec<String>) -> Result<(), Halt> {
    if places.space.is_none() && !op.site().locked && !op.has_secret(ACCESS_TOKEN) {
        // The bot never had a token, so it made nothing.
        return Ok(());
    }
    let rooms = inside_out(places);
    let client = Client::of(op, base, ACCESS_TOKEN)?;
    if !is_ours(op, places) {
        // What people made is given back open.
        for place in resume::open_places(op, base, &client).await?.closed() {
            left.push(format!(
                "{} stays closed as it was switched off, because the bot may not open it; somebody with the power in the room can lower the level for writing.",
                place.name
            ));
        }
    }
    for (at, room) in rooms.iter().enumerate() {
        op.progress("rooms", at, rooms.len(), &room.name);
        if is_ours(op, places) {
            clear(op, &client, places, room, left).await?;
            unmark(&client, room).await?;
            if let Some(alias) = &room.alias {
                client.delete_alias(alias).await?;
            }
        }
        client.leave(&room.id).await?;
    }
    if is_ours(op, places) && !rooms.is_empty() {
        left.push(
            "The emptied rooms stay on the homeserver until an administrator purges them.".into(),
        );
    }
    if places.bot_made {
        end_token(op, &client).await?;
        left.push(format!(
            "The bot {} stays on {}, signed out; an administrator can deactivate it.",
            places.bot, places.server
        ));
    }
    Ok(())
}

/// Takes the marker away, so that whoever stayed in the room may give it to another instance.
async fn unmark(client: &Client, room: &Place) -> Result<(), Fault> {
    let marked = match client.state(&room.id, MARKER, "").await {
        Ok(marked) => marked,
        // Gone or left already.
        Err(fault) if fault.kind == FaultKind::NotFound => return Ok(()),
        Err(fault) => return Err(fault),
    };
    if marked.is_none_or(|marked| marked == json!({})) {
        return Ok(());
    }
    let doing = format!("take the marker of {} away", room.name);
    let unmarked = client
        .put_state(&room.id, MARKER, "", &json!({}), &doing)
        .await;
    match unmarked {
        // The bot's level fell, so that nothing of it can be changed; it goes all the same.
        Err(fault) if fault.kind == FaultKind::ScopeMissing => Ok(()),
        other => other,
    }
}

/// Takes everybody but the bot out of a room.
async fn clear(
    op: &Op,
    client: &Client,
    places: &Places,
    room: &Place,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    for membership in ["invite", "join"] {
        let members = match client.members(&room.id, membership).await {
            Ok(members) => members,
            // Gone or left already.
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(()),
            Err(fault) => return Err(fault.into()),
        };
        let of = members.len();
        for (at, member) in members.into_iter().enumerate() {
            if member == places.bot {
                continue;
            }
            op.progress(&format!("members of {}", room.name), at, of, &member);
            let reason = "This community's instance was removed.";
            if !client.kick(&room.id, &member, reason).await? {
                left.push(format!(
                    "{member} stands as high as the bot in {} and stays there.",
                    room.name
                ));
            }
        }
    }
    Ok(())
}

async fn hard(op: &Op, base: &Url, places: &Places, left: &mut Vec<String>) -> Result<(), Halt> {
    let admin = Client::new(op.site(), base, admin_token(op)?, op.cancel());
    let rooms = inside_out(places);
    for (at, room) in rooms.iter().enumerate() {
        op.progress("rooms", at, rooms.len(), &room.name);
        purge(op, &admin, room).await?;
    }
    if !places.bot_made {
        left.push("The bot user was not made by Guildhall and stays as it is.".into());
        return Ok(());
    }
    if op.has_secret(ACCESS_TOKEN) {
        end_token(op, &Client::of(op, base, ACCESS_TOKEN)?).await?;
    }
    let path = format!("/_synapse/admin/v1/deactivate/{}", segment(&places.bot));
    let call = admin.call(Method::POST, &path).keyed();
    let answer = call.json(&json!({"erase": true})).send().await?;
    if answer.status != 404 {
        errors::accept(answer, "deactivate the bot")?;
    }
    left.push(format!(
        "The name {} stays taken on {}; no user name can be used twice.",
        places.bot, places.server
    ));
    Ok(())
}

fn admin_token(op: &Op) -> Result<secrecy::SecretString, Fault> {
    op.secret(ADMIN_TOKEN).map_err(|fault| {
        if fault.kind != FaultKind::NeedsKey {
            return fault;
        }
        Fault::new(
            FaultKind::NeedsKey,
            "Purging rooms needs an administrator's token of the homeserver.",
        )
        .hint("Enter admin_token for this step, or remove the instance softly.")
    })
}

/// Ends the token, also one that no device shows and that would outlive the user, then forgets it.
async fn end_token(op: &Op, client: &Client) -> Result<(), Halt> {
    client.logout().await?;
    op.drop_secret(ACCESS_TOKEN).await
}

async fn purge(op: &Op, admin: &Client, room: &Place) -> Result<(), Halt> {
    let room_path = format!("/_synapse/admin/v2/rooms/{}", segment(&room.id));
    let call = admin.call(Method::DELETE, &room_path);
    let answer = call
        .json(&json!({"block": false, "purge": true}))
        .send()
        .await?;
    if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
        return Ok(());
    }
    let doing = format!("purge the room {}", room.name);
    // An interrupted run began it already, and the server works on it.
    let is_under_way = answer.status == 400 && answer.excerpt().contains("already in progress");
    let path = if is_under_way {
        format!("{room_path}/delete_status")
    } else {
        let begun: Value = errors::accept(answer, &doing)?.json()?;
        let Some(job) = begun["delete_id"].as_str() else {
            return Err(super::client::bad_answer("the deletion's id").into());
        };
        format!("/_synapse/admin/v2/rooms/delete_status/{}", segment(job))
    };
    for _ in 0..MOST_POLLS {
        let answer = admin.call(Method::GET, &path).send().await?;
        if answer.status == 404 {
            // Forgotten by a restart of the server: the room itself tells.
            return require_gone(admin, room, &doing).await;
        }
        let state: Value = errors::accept(answer, &doing)?.json()?;
        match status_of(&state) {
            Some("complete") => return Ok(()),
            Some("failed") => {
                return Err(Fault::new(
                    FaultKind::Refused,
                    format!("The homeserver could not {doing}."),
                )
                .hint("Look at the homeserver's log, then resume the operation.")
                .detail(&state["error"])
                .into());
            }
            _ => op.pause(POLL).await?,
        }
    }
    Err(Fault::new(
        FaultKind::OutcomeUnknown,
        format!("The homeserver still tries to {doing}."),
    )
    .hint("Resume the operation later; repeating it is harmless.")
    .into())
}

/// The state of one deletion, or of all of a room: that of the one at work.
fn status_of(state: &Value) -> Option<&str> {
    let of_room = state["results"].as_array();
    let is_at_work = |one: &&Value| !matches!(one["status"].as_str(), Some("complete" | "failed"));
    let of_room = of_room.and_then(|all| all.iter().find(is_at_work).or(all.last()));
    of_room.unwrap_or(state)["status"].as_str()
}

/// The server knows nothing of the deletion any more: what it did is seen at the room.
async fn require_gone(admin: &Client, room: &Place, doing: &str) -> Result<(), Halt> {
    let path = format!("/_synapse/admin/v1/rooms/{}", segment(&room.id));
    let answer = admin.call(Method::GET, &path).send().await?;
    if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
        return Ok(());
    }
    errors::accept(answer, doing)?;
    Err(Fault::new(
        FaultKind::OutcomeUnknown,
        format!("The homeserver was to {doing}, and the room is still there."),
    )
    .hint("Resume the operation; it begins again.")
    .into())
}
