//! Makes the channels, marks them, writes what stands above them, invites people, pins a notice.

use super::channel::{self, Channel};
use super::client::Client;
use super::record::{Place, Places};
use super::{
    BOT_TOKEN, WEBHOOK, hook, make_app,
    pause::{self, Paused, Way},
    session, tasks,
};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind, InstanceKind};
use serde::Deserialize;
use serde_json::json;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if !op.has_secret(BOT_TOKEN) && op.has_secret(WEBHOOK) {
        return Ok(hook::presence(site)?);
    }
    let parts = channel::parts(site)?;
    make_app::ensure(op).await?;
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    op.progress("workspace", 0, parts.len() + 1, "");
    session::begin(op, &client, &mut places).await?;
    for (at, part) in parts.iter().enumerate() {
        op.progress(
            "channels",
            at + 1,
            parts.len() + 1,
            &channel::name_of(site, part),
        );
        make(op, &client, &mut places, part).await?;
    }
    let refused = invite(op, &client, &places).await?;
    if site.active {
        notice(op, &client, &places).await?;
    } else {
        // Whoever opens the channel reads that it is switched off, and nothing else until it is switched on.
        pause::pause_places(op, &client, &places).await?;
    }
    let mut presence = presence(site, &places)?;
    presence.note = note(&places, &refused);
    Ok(presence)
}

/// Makes the channel of a part, unless it is remembered, and sets what stands above it.
pub(super) async fn make(
    op: &Op,
    client: &Client,
    places: &mut Places,
    part: &str,
) -> Result<Place, Halt> {
    let site = op.site();
    if let Some(known) = places.channels.iter().find(|place| place.part == part) {
        let known = known.clone();
        let mut found = channel::look(client, &known.id).await?;
        if found.is_none() && known.private {
            op.human(tasks::back_in(places, &known), || async {
                let now = channel::look(client, &known.id).await?;
                Ok(now.map(|_| ()))
            })
            .await?;
            found = channel::look(client, &known.id).await?;
        }
        if let Some(now) = found {
            opened(op, client, places, &known, &now).await?;
            inside(op, client, places, &known, &now).await?;
            above(op, client, &known).await?;
            return Ok(known);
        }
    }
    let bot = places.bot.clone();
    let bot = &bot;
    let found: Found = op
        .ensure(
            &format!("channel {part}"),
            |_| async move { Ok(channel::find(client, site, bot, part).await?.map(Found::of)) },
            |_| async move { Ok(Found::of(channel::create(client, site, bot, part).await?)) },
        )
        .await?;
    let place = Place {
        part: part.to_owned(),
        id: found.id,
        name: found.name,
        member: true,
        private: site.settings.is_on("private"),
    };
    // The marker first of all: until it stands, only name and maker tell that the channel is ours.
    op.step(&format!("marker {part}"), || {
        channel::mark(client, site, &place)
    })
    .await?;
    places.add(place.clone());
    places.save(op).await?;
    above(op, client, &place).await?;
    Ok(place)
}

/// A channel that somebody archived is opened by a person, who alone can do that (sheet: slack 4). Those that were archived
/// from here come back when the instance is switched on.
async fn opened(
    op: &Op,
    client: &Client,
    places: &Places,
    place: &Place,
    now: &Channel,
) -> Result<(), Halt> {
    let paused: Vec<Paused> = op.fact(pause::FACT)?.unwrap_or_default();
    if !now.is_archived || paused.iter().any(|one| one.id == place.id) {
        return Ok(());
    }
    op.human(tasks::unarchive(places, place), || async {
        let now = channel::look(client, &place.id).await?;
        Ok(now.filter(|now| !now.is_archived).map(|_| ()))
    })
    .await
}

/// The bot comes back into a channel that it was taken out of: into a public one by itself, into a private one when somebody
/// invites it.
async fn inside(
    op: &Op,
    client: &Client,
    places: &Places,
    place: &Place,
    now: &Channel,
) -> Result<(), Halt> {
    if now.is_member || now.is_archived || !place.member {
        return Ok(());
    }
    if !now.is_private {
        return Ok(channel::join(client, now).await?);
    }
    op.human(tasks::back_in(places, place), || async {
        let now = channel::look(client, &place.id).await?;
        Ok(now.filter(|now| now.is_member).map(|_| ()))
    })
    .await
}

/// As much of a channel as the journal keeps.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
struct Found {
    id: String,
    name: String,
}

impl Found {
    fn of(channel: Channel) -> Self {
        Self {
            id: channel.id,
            name: channel.name,
        }
    }
}

async fn above(op: &Op, client: &Client, place: &Place) -> Result<(), Halt> {
    let Some(topic) = channel::topic(op.site()) else {
        return Ok(());
    };
    if pause::known(op)?.iter().any(|one| one.id == place.id) {
        return pause::topic_later(op, &place.id, &topic).await;
    }
    op.step(&format!("topic {}", place.part), || async move {
        let now = channel::look(client, &place.id).await?;
        // Each change of a topic is a message in the channel.
        let same = now.is_some_and(|now| now.topic() == topic || is_paused(&now, &topic));
        if same {
            return Ok(());
        }
        channel::set_topic(client, &place.id, &place.name, &topic).await
    })
    .await
}

fn is_paused(now: &Channel, topic: &str) -> bool {
    now.topic() == channel::paused_topic(topic)
}

/// Invites the people of the settings into each channel; those Slack did not take are returned.
pub(super) async fn invite(op: &Op, client: &Client, places: &Places) -> Result<Vec<String>, Halt> {
    let people = op.site().settings.list("members");
    let mut refused = Vec::new();
    if people.is_empty() {
        return Ok(refused);
    }
    let paused = pause::known(op)?;
    for place in &places.channels {
        // Nobody is let into an archived channel; they come in when it is opened.
        let shut = |one: &&Paused| one.id == place.id && one.way != Way::Marked;
        if paused.iter().any(|one| shut(&one)) {
            pause::members_later(op, &place.id, &people).await?;
            continue;
        }
        let people = &people;
        let not_taken: Vec<String> = op
            .step(
                &format!("invite {} {}", place.part, people.join(",")),
                || async move { channel::invite(client, &place.id, people).await },
            )
            .await?;
        refused.extend(not_taken);
    }
    refused.sort();
    refused.dedup();
    Ok(refused)
}

/// The name of the fact that tells in which channel the notice is pinned.
const NOTICE: &str = "notice";

/// Posts a notice in the first channel and pins it, once. A message cannot be sent with a key: on doubt the pins are looked at,
/// and one that was posted and not yet pinned when Guildhall was killed stands twice, once without a pin.
pub(super) async fn notice(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    let Some(place) = places.channels.first() else {
        return Ok(());
    };
    let pinned_in: Option<String> = op.fact(NOTICE)?;
    if places.adopted || pinned_in.as_ref() == Some(&place.id) {
        return Ok(());
    }
    let text = format!(
        "This channel belongs to {}. Guildhall made it and looks after it.",
        op.site().community_name
    );
    let text = &text;
    let when: String = op
        .ensure(
            "notice",
            |_| async move { pinned(client, place, text).await },
            |_| async move {
                let body = json!({"channel": place.id, "text": text});
                let reply = client.post(&place.id, &body).await?;
                let posted = reply.accept("post the notice", &[])?;
                posted["ts"]
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(no_stamp)
            },
        )
        .await?;
    op.step("pin", || async move {
        let body = json!({"channel": place.id, "timestamp": when});
        let reply = client.set("pins.add", &body).await?;
        reply
            .accept("pin the notice", &["already_pinned"])
            .map(|_| ())
    })
    .await?;
    op.remember(NOTICE, &place.id).await
}

async fn pinned(client: &Client, place: &Place, text: &str) -> Result<Option<String>, Fault> {
    let reply = client.read("pins.list", &[("channel", &place.id)]).await?;
    let body = reply.accept("look at the pins", &[])?;
    let items = entries(&body["items"], "Slack", "the pins")?;
    Ok(items
        .iter()
        .map(|item| &item["message"])
        .find(|message| message["text"] == text)
        .and_then(|message| message["ts"].as_str())
        .map(str::to_owned))
}

fn no_stamp() -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown,
        "Slack took the notice and does not say where it stands.",
    )
    .hint("Resume the operation: the pins are looked at first.")
}

/// What is known of the instance once its channels are there.
pub(super) fn presence(site: &Site, places: &Places) -> Result<Presence, Fault> {
    let first = places.channels.first().ok_or_else(|| {
        Fault::new(FaultKind::NotFound, "There is no channel yet.")
            .hint("Activate the instance first, so that its channels are made.")
    })?;
    Ok(Presence {
        external_id: first.id.clone(),
        url: Some(places.link(first)),
        kind: match site.kind {
            InstanceKind::Dedicated => InstanceKind::Dedicated,
            _ => InstanceKind::Tenant,
        },
        made_by_us: !places.adopted,
        note: note(places, &[]),
    })
}

fn note(places: &Places, refused: &[String]) -> String {
    let mut text = match places.channels.len() {
        1 => format!("#{} in {}", places.channels[0].name, places.team.name),
        many => format!("{many} channels in {}", places.team.name),
    };
    if !refused.is_empty() {
        text.push_str("; not invited, unknown to Slack: ");
        text.push_str(&refused.join(", "));
    }
    text
}
