//! Looks at the space and its rooms and says how they differ from the record.

use super::alias::Shown;
use super::client::Client;
use super::hierarchy::{self, InSpace};
use super::pause::{self, Paused};
use super::record::{MARKER, Place, Places, link};
use super::{ACCESS_TOKEN, address, alias, entry, gone, verify};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health, HumanTask, Slots, counted};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let base = address::base(site).await?;
    let places = Places::at(site)?;
    let Some(space) = &places.space else {
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    };
    let token = site.secret(ACCESS_TOKEN)?.clone();
    let client = Client::new(site, &base, token, &CancellationToken::new());
    let joined = match client.joined_rooms().await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => {
            let mut observation = seen(Standing::Unseen, Health::Down, "the token is not accepted");
            observation
                .drift
                .push(Drift::new(DriftKind::CredentialDead, fault.what));
            return Ok(observation);
        }
        other => other?,
    };
    let slots = vec![verify::rooms_joined(joined.len())];
    if !joined.contains(&space.id) {
        let mut observation = outside(site, &base, &client, space).await?;
        observation.slots = slots;
        return Ok(observation);
    }
    let (mut drift, mut task) = (Vec::new(), None);
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    let shown = match hierarchy::shown(&client, &space.id).await {
        // Deleted between two calls; the server lists a room for a moment longer than it can be read.
        Err(fault) if fault.kind == FaultKind::NotFound => {
            return outside(site, &base, &client, space).await;
        }
        shown => shown?,
    };
    for place in places.all() {
        let looked = if joined.contains(&place.id) {
            look_at(site, &client, &places, place, &paused, &mut drift).await
        } else {
            Err(Fault::new(FaultKind::NotFound, "not in the room"))
        };
        match looked {
            Err(fault) if fault.kind == FaultKind::NotFound => {
                drift.push(missing(site, &base, place).await?);
                continue;
            }
            looked => task = task.or(looked?),
        }
        drift.extend(renamed(site, &places, place, &shown));
        if site.made_by_us {
            let address = match shown.rooms.get(&place.id) {
                None => Shown::Unknown,
                Some(room) => room.alias.as_deref().map_or(Shown::Nothing, Shown::Alias),
            };
            drift.extend(alias::changed(&client, place, address).await?);
        }
        if place.id != space.id && !shown.children.contains(&place.id) {
            drift.push(Drift::new(
                DriftKind::Missing,
                format!(
                    "The room {} is not shown in the space any more.",
                    place.name
                ),
            ));
        }
    }
    let mut observation = verdict(&places, drift, slots);
    observation.task = task;
    Ok(observation)
}

fn verdict(places: &Places, drift: Vec<Drift>, slots: Vec<Slots>) -> Observation {
    let missing = drift
        .iter()
        .filter(|drift| drift.kind == DriftKind::Missing)
        .count();
    let note = match missing {
        0 => counted(places.rooms.len(), "room", "rooms"),
        missing => format!(
            "{missing} of {} missing",
            counted(places.rooms.len(), "room", "rooms")
        ),
    };
    Observation {
        drift,
        slots,
        url: places.space.as_ref().map(link),
        ..seen(Standing::Present, Health::Ok, &note)
    }
}

fn seen(standing: Standing, health: Health, note: &str) -> Observation {
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

/// Whether somebody gave a room of ours another name.
fn renamed(site: &Site, places: &Places, place: &Place, shown: &InSpace) -> Option<Drift> {
    let is_space = places.space.as_ref().is_some_and(|space| space == place);
    let (what, ours) = if is_space {
        ("space", &site.community_name)
    } else {
        ("room", &place.name)
    };
    let now = shown.rooms.get(&place.id)?.name.as_ref()?;
    (site.made_by_us && now != ours).then(|| {
        Drift::new(
            DriftKind::Changed,
            format!("Somebody renamed the {what} {ours}: it is called {now} there."),
        )
    })
}

/// One room that the bot is in: power, marker, replacement. Answers what a person has to do there.
async fn look_at(
    site: &Site,
    client: &Client,
    places: &Places,
    place: &Place,
    paused: &[Paused],
    drift: &mut Vec<Drift>,
) -> Result<Option<HumanTask>, Fault> {
    let mut task = None;
    let mut changed = |kind: DriftKind, what: String| {
        let about = format!("{} {}", kind.word(), place.id);
        let found = Drift::new(kind, what);
        // Levels are numbers; of the rest each is told in its own sentence.
        let is_level = kind == DriftKind::ScopeShrank;
        drift.push(if is_level { found.about(about) } else { found });
    };
    let levels = client.state(&place.id, "m.room.power_levels", "").await?;
    let levels = levels.unwrap_or(Value::Null);
    if let Some(pause) = paused.iter().find(|pause| pause.place.id == place.id) {
        // Where all of it is closed, it was not switched on yet.
        let is_closed = |place: &Place| paused.iter().any(|pause| pause.place.id == place.id);
        if site.active && !places.all().all(is_closed) {
            changed(
                DriftKind::Changed,
                format!("{} is still closed since it was switched off.", place.name),
            );
        } else if pause.sent && levels != pause.ours {
            changed(
                DriftKind::Changed,
                format!(
                    "Somebody changed who may write in {}, which is switched off.",
                    place.name
                ),
            );
        }
    } else {
        let creation = client.state_event(&place.id, "m.room.create").await?;
        let own = pause::own_level(&creation.unwrap_or(Value::Null), &levels, &places.bot);
        let is_space = places.space.as_ref() == Some(place);
        let needed = entry::needed(&levels, is_space);
        if let Some(own) = own.filter(|own| site.made_by_us && *own < needed) {
            changed(
                DriftKind::ScopeShrank,
                format!(
                    "The bot's level in {} fell to {own}; it needs {needed}.",
                    place.name
                ),
            );
            task = Some(entry::raise(place, &places.bot, own, needed));
        }
    }
    if site.made_by_us {
        let marker = client
            .state(&place.id, MARKER, "")
            .await?
            .unwrap_or(Value::Null);
        if marker["instance"] != site.marker.as_str() {
            changed(
                DriftKind::Changed,
                format!("The marker of {} was taken away or changed.", place.name),
            );
        }
    }
    if let Some(end) = client.state(&place.id, "m.room.tombstone", "").await?
        && end.get("replacement_room").is_some()
    {
        changed(
            DriftKind::Archived,
            format!(
                "Somebody closed the room {} and replaced it by a newer one.",
                place.name
            ),
        );
    }
    Ok(task)
}

async fn outside(
    site: &Site,
    base: &Url,
    client: &Client,
    space: &Place,
) -> Result<Observation, Fault> {
    if gone::exists(site, base, Some(client), space).await? == Some(false) {
        return Ok(seen(Standing::Gone, Health::Down, "the space was deleted"));
    }
    let mut observation = seen(
        Standing::Present,
        Health::Down,
        "the bot is not in the space",
    );
    observation.drift.push(Drift::new(
        DriftKind::Missing,
        "The bot was taken out of the space: invite it again, or remove the instance.",
    ));
    Ok(observation)
}

async fn missing(site: &Site, base: &Url, place: &Place) -> Result<Drift, Fault> {
    let what = match gone::exists(site, base, None, place).await? {
        Some(true) => format!("The bot was taken out of the room {}.", place.name),
        Some(false) => format!("The room {} was deleted.", place.name),
        None => format!(
            "The room {} was deleted, or the bot was taken out of it.",
            place.name
        ),
    };
    Ok(Drift::new(DriftKind::Missing, what))
}
