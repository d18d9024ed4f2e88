//! Looks at the server, the bot's place in it, and each part.

use super::client::Client;
use super::pause::{self, Paused, overwrites};
use super::permissions::missing;
use super::record::{Place, Places, marker};
use super::server::{self, Server};
use super::{BOT_TOKEN, WEBHOOK, tasks, verify, webhook};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::adapters::http::required;
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health};
use serde_json::Value;

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let places = Places::at(site)?;
    if places.all().next().is_none() {
        if site.secrets.get(BOT_TOKEN).is_none() && site.secrets.get(WEBHOOK).is_some() {
            return webhook::observe(site).await;
        }
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    }
    let client = Client::at(site)?;
    let bot = match server::who(&client).await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => {
            let mut observation = seen(Standing::Unseen, Health::Down, "the token is not accepted");
            observation
                .drift
                .push(Drift::new(DriftKind::CredentialDead, fault.what));
            return Ok(observation);
        }
        other => other?.0,
    };
    let Some(server) = server::look(&client, &places.guild, &bot).await? else {
        let mut observation = seen(
            Standing::Unseen,
            Health::Down,
            "the bot is not in the server",
        );
        observation.drift.push(Drift::new(
            DriftKind::Missing,
            format!(
                "The bot was taken out of {}, or the server was deleted.",
                places.guild_name
            ),
        ));
        observation.task = Some(tasks::invite(&bot, &places.guild));
        return Ok(observation);
    };
    let all = server::channels(&client, &places.guild).await?;
    let mut observation = seen(Standing::Present, Health::Ok, "");
    look_at_power(&places, &server, &mut observation);
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    let mut gone = 0;
    for place in places.all() {
        if let Some(now) = all.iter().find(|one| one["id"] == place.id.as_str()) {
            compare(site, &places, place, now, &paused, &mut observation.drift)?;
        } else {
            gone += 1;
            observation.drift.push(Drift::new(
                DriftKind::Missing,
                format!("{} was deleted.", place.name),
            ));
        }
    }
    if gone == places.all().count() {
        observation.standing = Standing::Gone;
        observation.health = Health::Down;
        observation.note = "no channel is left".into();
        return Ok(observation);
    }
    look_at_webhooks(&client, &places, &mut observation.drift).await?;
    observation.url = Some(places.link());
    observation.slots = vec![verify::slots(verify::servers(&client).await?.len())];
    Ok(observation)
}

fn look_at_power(places: &Places, server: &Server, observation: &mut Observation) {
    let lacks = missing(server.bits);
    if !lacks.is_empty() {
        observation.drift.push(Drift::new(
            DriftKind::ScopeShrank,
            format!("The bot lacks permissions now: {}.", lacks.join(", ")),
        ));
        observation.task = Some(tasks::permit(
            &places.bot,
            &places.guild,
            &server.name,
            &lacks,
        ));
    }
    let Some(role) = &places.role else {
        return;
    };
    match server.roles.iter().find(|one| one["id"] == role.as_str()) {
        None => observation.drift.push(Drift::new(
            DriftKind::Missing,
            "The community's role was deleted.",
        )),
        Some(one) if one["position"].as_i64() >= Some(server.height) => {
            let name = one["name"].as_str().unwrap_or("the community's role");
            observation.drift.push(Drift::new(
                DriftKind::ScopeShrank,
                format!("The bot's role stands below {name}, so it cannot manage it."),
            ));
            observation.task = Some(tasks::lift(&server.name, name));
        }
        Some(_) => {}
    }
}

fn compare(
    site: &Site,
    places: &Places,
    place: &Place,
    now: &Value,
    paused: &[Paused],
    drift: &mut Vec<Drift>,
) -> Result<(), Fault> {
    let mut changed = |what: String| {
        drift.push(Drift::new(DriftKind::Changed, what));
    };
    let name = required(&now["name"], "Discord", "the name of a channel")?;
    if name != place.name {
        changed(format!("{} is now called {name}.", place.name));
    }
    let is_channel = places.category.as_ref() != Some(place);
    if is_channel && !places.adopted {
        let topic = now["topic"].as_str().unwrap_or_default();
        if !topic.contains(&marker(site, &place.name)) {
            changed(format!(
                "The marker was taken out of the topic of {}.",
                place.name
            ));
        }
    }
    if let Some(category) = places.category.as_ref().filter(|_| is_channel)
        && now["parent_id"] != category.id.as_str()
    {
        changed(format!("{} was moved out of its category.", place.name));
    }
    let Some(pause) = paused
        .iter()
        .find(|one| one.place.id == place.id && one.done)
    else {
        return Ok(());
    };
    let held = overwrites(now)?;
    let differs = pause
        .ours
        .iter()
        .filter(|wanted| !pause.refused.contains(&wanted.id))
        .any(|wanted| !held.contains(wanted));
    if differs {
        changed(format!(
            "Somebody changed who may write in {}, which is switched off.",
            place.name
        ));
    }
    Ok(())
}

/// One list instead of a call for each: calls to a webhook that is gone get the address shut out (sheet: discord 4).
async fn look_at_webhooks(
    client: &Client,
    places: &Places,
    drift: &mut Vec<Drift>,
) -> Result<(), Fault> {
    if places.webhooks.is_empty() {
        return Ok(());
    }
    let path = format!("/guilds/{}/webhooks", places.guild);
    let all = match client.list(&path, "the webhooks").await {
        Err(fault) if fault.kind == FaultKind::ScopeMissing => return Ok(()),
        all => all?,
    };
    for (platform, id) in &places.webhooks {
        if !all.iter().any(|one| one["id"] == id.as_str()) {
            drift.push(Drift::new(
                DriftKind::Missing,
                format!(
                    "The webhook for {platform} was deleted; undo the connection and make it anew."
                ),
            ));
        }
    }
    Ok(())
}

pub(super) fn seen(standing: Standing, health: Health, note: &str) -> Observation {
    Observation {
        standing,
        health,
        note: note.to_owned(),
        drift: Vec::new(),
        task: None,
        slots: Vec::new(),
        url: None,
    }
}
