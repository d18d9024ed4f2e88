//! Switching off by overwrites: everybody stays and reads, nobody but the bot writes (sheet: discord 4). All overwrites as
//! they were are remembered before the first is touched.

use super::client::Client;
use super::permissions::{Overwrite, closed};
use super::record::{Place, Places};
use super::server;
use crate::adapters::{
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the fact.
pub(super) const FACT: &str = "pause";

/// One paused channel or category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub place: Place,
    pub saved: Vec<Overwrite>,
    pub ours: Vec<Overwrite>,
    /// The overwrites Discord did not let the bot change.
    pub refused: Vec<String>,
    pub done: bool,
}

/// The overwrites of a channel. Without the list nothing is switched: what was so could not be restored.
pub(super) fn overwrites(channel: &Value) -> Result<Vec<Overwrite>, Fault> {
    let all = &channel["permission_overwrites"];
    let all = entries(all, "Discord", "who may what in a channel")?;
    Ok(all.iter().filter_map(Overwrite::read).collect())
}

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let mut places = Places::of(op)?;
    if places.all().next().is_none() {
        return Ok(
            "Only a webhook is kept here: whoever has its address can still post with it.".into(),
        );
    }
    let client = Client::of(op)?;
    server::enter(op, &client, &mut places).await?;
    pause_places(op, &client, &places).await
}

/// Closes the category and its channels; those closed already are left as they are.
pub(super) async fn pause_places(
    op: &Op,
    client: &Client,
    places: &Places,
) -> Result<String, Halt> {
    let mut known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    let all = server::channels(client, &places.guild).await?;
    let mut missing = Vec::new();
    for place in places.all() {
        let Some(now) = all.iter().find(|one| one["id"] == place.id.as_str()) else {
            missing.push(place.name.clone());
            known.retain(|paused| paused.place.id != place.id);
            continue;
        };
        if !known.iter().any(|paused| paused.place.id == place.id) {
            let saved = overwrites(now)?;
            known.push(Paused {
                place: place.clone(),
                ours: closed(&saved, &places.guild, &places.bot),
                saved,
                refused: Vec::new(),
                done: false,
            });
        }
    }
    op.remember(FACT, &known).await?;
    let of = known.len();
    for at in 0..of {
        if known[at].done {
            continue;
        }
        op.progress("channels closed", at, of, &known[at].place.name);
        let mut one = known[at].clone();
        close(client, &mut one).await?;
        one.done = true;
        known[at] = one;
        op.remember(FACT, &known).await?;
    }
    Ok(sentence(&known, &missing))
}

async fn close(client: &Client, one: &mut Paused) -> Result<(), Fault> {
    one.refused.clear();
    for wanted in &one.ours {
        if one.saved.contains(wanted) {
            continue;
        }
        match put(client, &one.place, wanted).await {
            // An overwrite may hold a bit the bot does not have: then it cannot be changed at all.
            Err(fault) if fault.kind == FaultKind::ScopeMissing => {
                one.refused.push(wanted.id.clone());
            }
            other => other?,
        }
    }
    if one.refused.len() == one.ours.len() {
        return Err(Fault::new(
            FaultKind::ScopeMissing,
            format!("The bot may not change who writes in {}.", one.place.name),
        )
        .hint("Invite it again with the permissions 378762497105, then try again."));
    }
    Ok(())
}

pub(super) async fn put(client: &Client, place: &Place, wanted: &Overwrite) -> Result<(), Fault> {
    let path = format!("/channels/{}/permissions/{}", place.id, wanted.id);
    let doing = format!("change who may write in {}", place.name);
    client.put(&path, &wanted.body(), &doing).await
}

fn sentence(known: &[Paused], missing: &[String]) -> String {
    let mut text = format!(
        "Members stay and can read; writing is switched off in {} places. The server's owner and members with Administrator can still write, and so can webhooks.",
        known.len()
    );
    let refused: Vec<&str> = known
        .iter()
        .filter(|one| !one.refused.is_empty())
        .map(|one| one.place.name.as_str())
        .collect();
    if !refused.is_empty() {
        text.push_str(" Some roles or members can still write in ");
        text.push_str(&refused.join(", "));
        text.push_str(", because their overwrites hold permissions the bot does not have.");
    }
    if !missing.is_empty() {
        text.push_str(" Gone: ");
        text.push_str(&missing.join(", "));
        text.push('.');
    }
    text
}
