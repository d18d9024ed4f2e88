//! Sends changed settings. Discord lets a channel's name or topic be changed about twice in ten minutes.

use super::client::Client;
use super::record::{Place, Places, topic};
use super::{parts, pause, provision, server};
use crate::adapters::{
    contract::{Presence, puts_back},
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
    if puts_back(changed) && !places.adopted {
        names_and_topics(op, &client, &places).await?;
    }
    if !site.active {
        pause::pause_places(op, &client, &places).await?;
    }
    provision::presence(site, &places)
}

/// Gives the category and the channels the names and topics on record again.
async fn names_and_topics(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    let all = server::channels(client, &places.guild).await?;
    for place in places.all() {
        let Some(now) = all.iter().find(|one| one["id"] == place.id.as_str()) else {
            continue;
        };
        let mut body = json!({});
        if now["name"] != place.name.as_str() {
            body["name"] = json!(place.name);
        }
        let wanted = topic(op.site(), &place.name);
        let is_channel = places.category.as_ref() != Some(place);
        if is_channel && now["topic"] != wanted.as_str() {
            body["topic"] = json!(wanted);
        }
        if body == json!({}) {
            continue;
        }
        let doing = format!("put back the name and topic of {}", place.name);
        let path = format!("/channels/{}", place.id);
        client.change(&path, &body, &doing).await?;
    }
    Ok(())
}
