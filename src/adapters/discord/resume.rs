//! Switching on again: each overwrite exactly as it was; where somebody edited one meanwhile, only the bits of the pause.

use super::client::Client;
use super::pause::{self, Paused, overwrites, put};
use super::permissions::Overwrite;
use super::record::Places;
use super::server;
use crate::adapters::durable::{Halt, Op};
use crate::domain::Fault;
use serde_json::Value;

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let known: Vec<Paused> = op.fact(pause::FACT)?.unwrap_or_default();
    if known.is_empty() {
        return Ok("The channels are open.".into());
    }
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    server::enter(op, &client, &mut places).await?;
    let all = server::channels(&client, &places.guild).await?;
    let (mut missing, mut edited) = (Vec::new(), Vec::new());
    for (at, one) in known.iter().enumerate() {
        op.progress("channels opened", at, known.len(), &one.place.name);
        let now = all.iter().find(|now| now["id"] == one.place.id.as_str());
        match now {
            None => missing.push(one.place.name.clone()),
            Some(now) => {
                if open(&client, one, now, &places.bot).await? {
                    edited.push(one.place.name.clone());
                }
            }
        }
    }
    op.forget(pause::FACT).await?;
    let mut text = "Members can write again".to_owned();
    if !edited.is_empty() {
        text.push_str("; what others changed meanwhile was kept in ");
        text.push_str(&edited.join(", "));
    }
    if !missing.is_empty() {
        text.push_str("; gone: ");
        text.push_str(&missing.join(", "));
    }
    text.push('.');
    Ok(text)
}

/// Opens one channel; says whether somebody had edited it.
async fn open(client: &Client, one: &Paused, now: &Value, bot: &str) -> Result<bool, Fault> {
    let present = overwrites(now)?;
    let mut is_edited = false;
    // The bot's own last, so that it never shuts itself out.
    let mut ours: Vec<&Overwrite> = one.ours.iter().collect();
    ours.sort_by_key(|wanted| wanted.id == bot);
    for wanted in ours {
        let of = |all: &[Overwrite]| all.iter().find(|held| held.id == wanted.id).cloned();
        let (now, saved) = (of(&present), of(&one.saved));
        if now == saved || one.refused.contains(&wanted.id) {
            continue;
        }
        match (now, saved) {
            (Some(now), Some(saved)) if now == *wanted => put(client, &one.place, &saved).await?,
            (Some(now), None) if now == *wanted => {
                let path = format!("/channels/{}/permissions/{}", one.place.id, wanted.id);
                let doing = format!("open {}", one.place.name);
                client.delete(&path, &doing).await?;
            }
            (Some(now), saved) => {
                is_edited = true;
                let back = now.with_mask_of(saved.as_ref());
                if back != now {
                    put(client, &one.place, &back).await?;
                }
            }
            // Somebody took it away, which is theirs to decide.
            (None, _) => is_edited = true,
        }
    }
    Ok(is_edited)
}
