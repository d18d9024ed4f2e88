//! Sends changed settings: names, channels, topic, people. What is as wanted already makes no message in a channel.

use super::client::Client;
use super::record::{Place, Places};
use super::{channel, pause, provision, session};
use crate::adapters::{
    contract::{Presence, puts_back},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};

/// Settings that were decided when the channels were made.
const FIXED: [&str; 2] = ["team_id", "private"];

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    let parts = channel::parts(site)?;
    if let Some(field) = changed.iter().find(|field| FIXED.contains(&field.as_str())) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{field} was decided when the channels were made and cannot be changed."),
        )
        .hint("Remove the instance and make it anew to change it.")
        .into());
    }
    let mut places = Places::of(op)?;
    if places.channels.is_empty() {
        return Err(
            Fault::new(FaultKind::NotFound, "There is no channel to configure yet.")
                .hint("Activate the instance first, so that its channels are made.")
                .into(),
        );
    }
    let client = Client::of(op)?;
    session::begin(op, &client, &mut places).await?;
    let is_changed = |field: &str| changed.iter().any(|name| name == field);
    let mut remarks = if places.adopted {
        not_sent(changed)
    } else {
        of_made(op, &client, &mut places, &parts, changed).await?
    };
    if is_changed("topic") || is_changed("members") {
        enter(op, &client, &mut places).await?;
    }
    if is_changed("topic") {
        let topic = channel::topic(site).unwrap_or_default();
        for place in places.channels.clone() {
            topic_of(op, &client, &place, &topic).await?;
        }
    }
    if is_changed("members") || is_changed("channels") {
        let refused = provision::invite(op, &client, &places).await?;
        if !refused.is_empty() {
            remarks.push(format!("unknown to Slack: {}", refused.join(", ")));
        }
    }
    if !site.active {
        pause::pause_places(op, &client, &places).await?;
    }
    let mut presence = provision::presence(site, &places)?;
    if !remarks.is_empty() {
        presence.note = format!("{}; {}", presence.note, remarks.join("; "));
    }
    Ok(presence)
}

/// Lets the bot into public channels that it only watched so far: from outside it can change nothing about them.
async fn enter(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    for at in 0..places.channels.len() {
        if places.channels[at].member {
            continue;
        }
        let Some(now) = channel::look(client, &places.channels[at].id).await? else {
            continue;
        };
        channel::join(client, &now).await?;
        places.channels[at].member = now.is_member || !(now.is_private || now.is_archived);
        places.save(op).await?;
    }
    Ok(())
}

/// What is not changed about a channel that was taken over.
fn not_sent(changed: &[String]) -> Vec<String> {
    let fields = changed
        .iter()
        .filter(|field| ["channels", "channel_name"].contains(&field.as_str()));
    fields
        .map(|field| format!("{field} is not sent: the channel was taken over and keeps its name"))
        .collect()
}

/// What only channels get that were made here: which there are, their names and their markers. Returns what was not done.
async fn of_made(
    op: &Op,
    client: &Client,
    places: &mut Places,
    parts: &[String],
    changed: &[String],
) -> Result<Vec<String>, Halt> {
    let is_changed = |field: &str| changed.iter().any(|name| name == field);
    let mut remarks = Vec::new();
    if is_changed("channels") {
        choose(op, client, places, parts).await?;
    }
    if is_changed("channel_name") {
        remarks = rename(op, client, places).await?;
    }
    if puts_back(changed) {
        remarks.extend(name_again(op, client, places).await?);
        mark_again(op, client, places).await?;
    }
    Ok(remarks)
}

/// Makes channels that are named newly; those not named any more are kept as they are and only not looked after.
async fn choose(
    op: &Op,
    client: &Client,
    places: &mut Places,
    parts: &[String],
) -> Result<(), Halt> {
    for part in parts {
        if let Some(at) = places.unused.iter().position(|place| place.part == *part) {
            let known = places.unused[at].clone();
            places.add(known);
            places.save(op).await?;
        }
        provision::make(op, client, places, part).await?;
    }
    let (kept, unused): (Vec<Place>, Vec<Place>) = places
        .channels
        .drain(..)
        .partition(|place| parts.contains(&place.part));
    places.channels = kept;
    places.unused.extend(unused);
    places.save(op).await
}

async fn rename(op: &Op, client: &Client, places: &mut Places) -> Result<Vec<String>, Halt> {
    let paused = pause::known(op)?;
    let mut remarks = Vec::new();
    for at in 0..places.channels.len() {
        let place = places.channels[at].clone();
        let name = channel::name_of(op.site(), &place.part);
        if name == place.name {
            continue;
        }
        // A paused channel gets its new name when it is opened again.
        if paused.iter().any(|paused| paused.id == place.id) {
            pause::rename_later(op, &place.id, &name).await?;
        } else if let Some(reason) = channel::rename(client, &place.id, &name).await? {
            remarks.push(reason);
            continue;
        }
        places.channels[at].name = name;
        places.save(op).await?;
    }
    Ok(remarks)
}

/// Gives the channels the names on record again; those that are switched off get theirs when they are opened.
async fn name_again(op: &Op, client: &Client, places: &Places) -> Result<Vec<String>, Halt> {
    let paused = pause::known(op)?;
    let mut remarks = Vec::new();
    for place in &places.channels {
        if paused.iter().any(|paused| paused.id == place.id) {
            continue;
        }
        let now = channel::look(client, &place.id).await?;
        if now.is_some_and(|now| now.name != place.name && !now.is_archived) {
            remarks.extend(channel::rename(client, &place.id, &place.name).await?);
        }
    }
    Ok(remarks)
}

/// Writes the purpose with the marker again where somebody took it away; Slack lets nobody change that of an archived channel.
async fn mark_again(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    let site = op.site();
    for place in &places.channels {
        let Some(now) = channel::look(client, &place.id).await? else {
            continue;
        };
        let is_marked = now.marker().as_deref() == Some(&channel::marker(site, &place.part));
        if !is_marked && !now.is_archived {
            channel::mark(client, site, place).await?;
        }
    }
    Ok(())
}

async fn topic_of(op: &Op, client: &Client, place: &Place, topic: &str) -> Result<(), Halt> {
    if pause::known(op)?.iter().any(|paused| paused.id == place.id) {
        return pause::topic_later(op, &place.id, topic).await;
    }
    Ok(channel::set_topic(client, &place.id, &place.name, topic).await?)
}
