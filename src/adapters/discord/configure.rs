//! Sends changed settings. Discord lets a channel's name or topic be changed about twice in ten minutes.

use super::client::Client;
use super::record::{Place, Places, topic};
use super::{parts, pause, provision, server};
use crate::adapters::{
    contract::Presence,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use serde_json::json;

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    let fixed = ["guild_id", "private"];
    if let Some(field) = changed.iter().find(|field| fixed.contains(&field.as_str())) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{field} was decided when the channels were made and cannot be changed."),
        )
        .hint("Remove the instance and make it anew to change it.")
        .into());
    }
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    server::enter(op, &client, &mut places).await?;
    let is_changed = |field: &str| changed.iter().any(|name| name == field);
    if is_changed("channels") && !places.adopted {
        let category = parts::category(op, &client, &mut places).await?;
        let names = parts::names(site);
        for name in &names {
            if let Some(at) = places.unused.iter().position(|place| place.name == *name) {
                let known = places.unused[at].clone();
                places.add(known);
                places.save(op).await?;
            }
            parts::channel(op, &client, &mut places, &category, name).await?;
        }
        // Those not named any more are kept as they are and only not looked after.
        let (kept, unused): (Vec<Place>, Vec<Place>) = places
            .channels
            .drain(..)
            .partition(|place| names.contains(&place.name));
        places.channels = kept;
        places.unused.extend(unused);
        places.save(op).await?;
    }
    if is_changed("topic") && !places.adopted {
        for place in &places.channels {
            let body = json!({"topic": topic(site, &place.name)});
            let doing = format!("change the topic of {}", place.name);
            op.step(&format!("topic {} {}", place.id, body["topic"]), || async {
                client
                    .change(&format!("/channels/{}", place.id), &body, &doing)
                    .await
            })
            .await?;
        }
    }
    if !site.active {
        pause::pause_places(op, &client, &places).await?;
    }
    provision::presence(site, &places)
}
