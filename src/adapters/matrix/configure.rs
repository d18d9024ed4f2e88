//! Sends changed settings: topic, rooms, invitations. What is there already makes no new event.

use super::client::Client;
use super::provision::{add_link, check_settings, invite_all, make_room, plan, presence};
use super::record::{MARKER, Place, Places, marker};
use super::{address, alias, bot, entry, gone, resume};
use crate::adapters::{
    contract::{Presence, Site, puts_back},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::json;

/// Settings that were decided when the space was made.
const FIXED: [&str; 4] = ["homeserver", "bot_name", "owner", "room_version"];

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    let names = check_settings(site)?;
    if let Some(field) = changed.iter().find(|field| FIXED.contains(&field.as_str())) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{field} was decided when the space was made and cannot be changed."),
        )
        .hint("Remove the instance and make it anew to change it.")
        .into());
    }
    let is_changed = |field: &str| changed.iter().any(|name| name == field);
    let base = address::base(site).await?;
    let mut places = Places::of(op)?;
    let Some(space) = places.space.clone() else {
        return Err(
            Fault::new(FaultKind::NotFound, "There is no space to configure yet.")
                .hint("Activate the instance first, so that the space is made.")
                .into(),
        );
    };
    let client = bot::client(op, &base, &mut places).await?;
    if puts_back(changed) {
        gone::forget_rooms(op, &base, &client, &mut places).await?;
        entry::come_back(op, &client, &places).await?;
    }
    if is_changed("topic") {
        let text = clean_line(site.settings.get("topic").unwrap_or(&site.description));
        op.step("topic", || async {
            let content = json!({"topic": text});
            client
                .put_state(&space.id, "m.room.topic", "", &content, "change the topic")
                .await
        })
        .await?;
    }
    if is_changed("rooms") && site.made_by_us {
        choose_rooms(op, &client, &mut places, &space, &names).await?;
    }
    if puts_back(changed) && site.made_by_us {
        as_they_were(site, &client, &places).await?;
    }
    if puts_back(changed) || is_changed("rooms") {
        resume::as_wanted(op, &base, &client, &places).await?;
    }
    if is_changed("invite") {
        invite_all(op, &client, &space, &site.settings.list("invite")).await?;
    }
    let mut presence = presence(site, &places, &space);
    presence.made_by_us = site.made_by_us;
    presence.kind = site.kind;
    if is_changed("rooms") && !site.made_by_us {
        presence
            .note
            .push_str("; rooms is not sent: the space was taken over and keeps its rooms");
    }
    Ok(presence)
}

/// Makes rooms that are named newly, and takes those that are not named any more out of the space.
async fn choose_rooms(
    op: &Op,
    client: &Client,
    places: &mut Places,
    space: &Place,
    names: &[String],
) -> Result<(), Halt> {
    let site = op.site();
    let plan = plan(site, client, places).await?;
    for (at, name) in names.iter().enumerate() {
        op.progress("rooms", at, names.len(), name);
        let room = make_room(op, client, &plan, places, space, name).await?;
        add_link(
            client,
            space,
            &room,
            &places.server,
            format!("{:02}", at + 1),
        )
        .await?;
    }
    let gone = |room: &&Place| !names.contains(&room.name);
    let unwanted: Vec<Place> = places.rooms.iter().filter(gone).cloned().collect();
    for room in unwanted {
        // Taken out of the space only; its members and messages stay, and it is taken up when it is named again.
        client
            .put_state(
                &space.id,
                "m.space.child",
                &room.id,
                &json!({}),
                "take a room out of the space",
            )
            .await?;
        places.rooms.retain(|known| known.id != room.id);
        places.unlinked.push(room);
        places.save(op).await?;
    }
    Ok(())
}

/// Gives the space and its rooms the names on record, their markers and their addresses again.
async fn as_they_were(site: &Site, client: &Client, places: &Places) -> Result<(), Halt> {
    for place in places.all() {
        let is_space = places.space.as_ref() == Some(place);
        let name = if is_space {
            &site.community_name
        } else {
            &place.name
        };
        if let Some(key) = place.key() {
            let part = if is_space { "space" } else { &place.name };
            let doing = format!("put back the marker of {name}");
            let (now, ours) = (
                client.state(&place.id, MARKER, "").await?,
                marker(site, key, part),
            );
            if now.as_ref() != Some(&ours) {
                client
                    .put_state(&place.id, MARKER, "", &ours, &doing)
                    .await?;
            }
        }
        alias::put_back(client, place).await?;
        let now = client.state(&place.id, "m.room.name", "").await?;
        if now.is_some_and(|now| now["name"] != name.as_str()) {
            let doing = format!("put back the name of {name}");
            let content = json!({"name": name});
            client
                .put_state(&place.id, "m.room.name", "", &content, &doing)
                .await?;
        }
    }
    Ok(())
}
