//! Looks at the token and at each channel, and says how they differ from the record.

use super::app::BOT_SCOPES;
use super::channel::{self, Channel};
use super::client::Client;
use super::pause::{self, Paused, Way};
use super::record::{Place, Places};
use super::{BOT_TOKEN, WEBHOOK, session, tasks};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health, Slots};

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let places = Places::at(site)?;
    if places.channels.is_empty() {
        if site.secrets.get(BOT_TOKEN).is_none() && site.secrets.get(WEBHOOK).is_some() {
            // Looking would mean posting.
            return Ok(seen(
                Standing::Present,
                Health::Unknown,
                "a webhook only; it cannot be looked at without posting",
            ));
        }
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    }
    let client = Client::at(site)?;
    let who = match session::who(&client).await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(dead(fault)),
        other => other?,
    };
    if who.team.id != places.team.id {
        let mut observation = seen(
            Standing::Unseen,
            Health::Down,
            "the token is of another workspace",
        );
        observation.drift.push(Drift::new(
            DriftKind::CredentialDead,
            format!(
                "The token is of the workspace {}, and the channels are in {}.",
                who.team.name, places.team.name
            ),
        ));
        return Ok(observation);
    }
    let mut drift = Vec::new();
    let missing = who.missing(&BOT_SCOPES);
    if !missing.is_empty() {
        drift.push(Drift::new(
            DriftKind::ScopeShrank,
            format!("The app lacks scopes now: {}.", missing.join(", ")),
        ));
    }
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    let (mut gone, mut hidden) = (0, None);
    for place in &places.channels {
        let found = match channel::look(&client, &place.id).await {
            Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(dead(fault)),
            found => found?,
        };
        if let Some(now) = found {
            compare(site, &places, place, &now, &paused, &mut drift);
        } else {
            gone += 1;
            if place.private {
                hidden.get_or_insert(place);
            }
            drift.push(Drift::new(DriftKind::Missing, format!(
                    "The channel #{} was deleted, or it is private and the bot was taken out of it.",
                    place.name
                )));
        }
    }
    if let Some(place) = hidden.filter(|_| gone == places.channels.len()) {
        // Not seeing a private channel is not knowing that it is gone.
        let mut observation = seen(
            Standing::Unseen,
            Health::Down,
            "the bot was taken out, or the channel was deleted",
        );
        observation.drift = drift;
        observation.task = Some(tasks::back_in(&places, place));
        return Ok(observation);
    }
    if gone == places.channels.len() {
        let mut observation = seen(Standing::Gone, Health::Down, "no channel is left");
        observation.drift = drift;
        return Ok(observation);
    }
    let mut observation = seen(Standing::Present, Health::Ok, "");
    observation.url = places.channels.first().map(|place| places.link(place));
    observation.drift = drift;
    observation.slots = slots(channel::joined(&client).await?.len());
    Ok(observation)
}

/// What is known of the account's limits. Whether the plan caps apps at ten no token can ask (sheet: slack 3).
pub(super) fn slots(joined: usize) -> Vec<Slots> {
    vec![
        Slots {
            unit: "channels".into(),
            max: None,
            used: u64::try_from(joined).ok(),
            source: "measured".into(),
        },
        Slots {
            unit: "apps installed".into(),
            max: Some(10),
            used: None,
            source: "Slack's documentation, for a free workspace; no program can count them".into(),
        },
    ]
}

fn compare(
    site: &Site,
    places: &Places,
    place: &Place,
    now: &Channel,
    paused: &[Paused],
    drift: &mut Vec<Drift>,
) {
    let mut differs = |kind, what: String| drift.push(Drift::new(kind, what));
    let pause = paused.iter().find(|one| one.id == place.id && one.done);
    let ours_archived = pause.is_some_and(|one| matches!(one.way, Way::Archived | Way::Left));
    if now.is_archived && !ours_archived {
        differs(
            DriftKind::Archived,
            format!(
                "#{} was archived by somebody else; only a person can unarchive it.",
                now.name
            ),
        );
    }
    if !now.is_archived && pause.is_some_and(|one| one.way == Way::Archived) {
        differs(
            DriftKind::Changed,
            format!(
                "Somebody unarchived #{}, which is switched off here.",
                now.name
            ),
        );
    }
    if place.member && !now.is_member && !now.is_archived {
        differs(
            DriftKind::Missing,
            format!("The bot was taken out of #{}.", now.name),
        );
    }
    let name = pause.map_or(&place.name, |one| &one.ours.name);
    if now.name != *name {
        differs(
            DriftKind::Changed,
            format!("#{name} is now called #{}.", now.name),
        );
    }
    if let Some(one) = pause.filter(|one| one.way == Way::Marked)
        && now.topic() != one.ours.topic
    {
        differs(
            DriftKind::Changed,
            format!(
                "Somebody changed the topic of #{}, which is switched off here.",
                now.name
            ),
        );
    }
    if !places.adopted && now.marker().as_deref() != Some(&channel::marker(site, &place.part)) {
        differs(
            DriftKind::Changed,
            format!("The marker was taken out of the purpose of #{}.", now.name),
        );
    }
}

fn dead(fault: Fault) -> Observation {
    let mut observation = seen(Standing::Unseen, Health::Down, "the token is not accepted");
    observation
        .drift
        .push(Drift::new(DriftKind::CredentialDead, fault.what));
    observation
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
