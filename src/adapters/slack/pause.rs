//! Switching off. With a person's token the channels are archived, and nobody writes. With the bot's alone it is soft: a
//! notice, a mark in topic and name; people can go on writing, and the sentence says so (sheet: slack 4).
//! What stood there before is remembered before anything is changed.

use super::channel::{self, Channel};
use super::client::Client;
use super::record::Places;
use super::{USER_TOKEN, session};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The name of the fact.
pub(super) const FACT: &str = "pause";

/// One paused channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub id: String,
    /// As it was.
    pub saved: Look,
    /// As we set it.
    pub ours: Look,
    pub way: Way,
    /// Who was in it, where it was archived: after that only who unarchives it is surely back.
    pub members: Vec<String>,
    /// Whether all of it was done.
    pub done: bool,
}

/// What people see of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    pub name: String,
    pub topic: String,
}

/// How it was switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Way {
    /// Marked only.
    Marked,
    /// Archived by a person's token.
    Archived,
    /// It was archived already, by somebody else, and stays so.
    Left,
}

/// What is paused.
pub(super) fn known(op: &Op) -> Result<Vec<Paused>, Halt> {
    Ok(op.fact(FACT)?.unwrap_or_default())
}

async fn save(op: &Op, known: &[Paused]) -> Result<(), Halt> {
    op.remember(FACT, &known).await
}

/// Lets a channel come back under another name.
pub(super) async fn rename_later(op: &Op, id: &str, name: &str) -> Result<(), Halt> {
    let mut all = known(op)?;
    for paused in all.iter_mut().filter(|paused| paused.id == id) {
        name.clone_into(&mut paused.saved.name);
    }
    save(op, &all).await
}

/// Lets a channel come back with another topic.
pub(super) async fn topic_later(op: &Op, id: &str, topic: &str) -> Result<(), Halt> {
    let mut all = known(op)?;
    for paused in all.iter_mut().filter(|paused| paused.id == id) {
        topic.clone_into(&mut paused.saved.topic);
    }
    save(op, &all).await
}

/// Lets people come back into a channel that is archived, besides those who were in it.
pub(super) async fn members_later(op: &Op, id: &str, people: &[String]) -> Result<(), Halt> {
    let mut all = known(op)?;
    for paused in all.iter_mut().filter(|paused| paused.id == id) {
        for person in people {
            if !paused.members.contains(person) {
                paused.members.push(person.clone());
            }
        }
    }
    save(op, &all).await
}

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let mut places = Places::of(op)?;
    if places.channels.is_empty() {
        return Ok(
            "Only a webhook is kept here: whoever has its address can still post with it.".into(),
        );
    }
    let client = Client::of(op)?;
    session::begin(op, &client, &mut places).await?;
    close_again(op, &client).await?;
    pause_places(op, &client, &places).await
}

/// What somebody opened or changed while it was switched off is closed once more: switching off again is how that is put
/// back.
async fn close_again(op: &Op, client: &Client) -> Result<(), Halt> {
    let mut all = known(op)?;
    for one in all.iter_mut().filter(|one| one.done) {
        let Some(now) = channel::look(client, &one.id).await? else {
            continue;
        };
        let differs = match one.way {
            Way::Archived => !now.is_archived,
            Way::Marked => {
                !now.is_archived && (now.topic() != one.ours.topic || now.name != one.ours.name)
            }
            Way::Left => false,
        };
        one.done = !differs;
    }
    save(op, &all).await
}

/// Pauses these channels; those paused already are left as they are. Returns what is now so.
pub(super) async fn pause_places(
    op: &Op,
    client: &Client,
    places: &Places,
) -> Result<String, Halt> {
    let person = if op.has_secret(USER_TOKEN) {
        Some(person(op).await?)
    } else {
        None
    };
    let mut all = known(op)?;
    let mut missing = Vec::new();
    for place in &places.channels {
        let Some(now) = channel::look(client, &place.id).await? else {
            missing.push(format!("#{}", place.name));
            if !place.private {
                all.retain(|paused| paused.id != place.id);
            }
            continue;
        };
        if !all.iter().any(|paused| paused.id == place.id) {
            all.push(plan(client, &now, person.is_some()).await?);
        }
    }
    // Saved for all channels before the first is touched.
    save(op, &all).await?;
    let by_person = |one: &Paused| !one.done && one.way == Way::Archived;
    if person.is_none() && all.iter().any(by_person) {
        return Err(needs_person(
            "Switching off was begun with a person's token, and only such a token goes on with it.",
        )
        .into());
    }
    let (of, mut remarks) = (all.len(), Vec::new());
    for at in 0..of {
        if all[at].done {
            continue;
        }
        op.progress("channels closed", at, of, &all[at].saved.name);
        let mut one = all[at].clone();
        if let (Way::Archived, Some(person)) = (one.way, &person) {
            archive(person, &mut one, &mut remarks).await?;
        }
        // Also what could not be archived.
        let seen = one.way != Way::Marked || mark(op, client, &mut one, &mut remarks).await?;
        one.done = seen;
        all[at] = one;
        save(op, &all).await?;
    }
    Ok(sentence(&all, &missing, &remarks))
}

/// The person's token is missing for a channel that only it can close or open.
pub(super) fn needs_person(what: &str) -> Fault {
    Fault::new(FaultKind::NeedsKey, what)
        .hint("Enter user_token again; the work goes on by itself.")
        .field(USER_TOKEN)
}

/// The client of the person, whose token must be of the same workspace.
pub(super) async fn person(op: &Op) -> Result<Client, Halt> {
    let person = Client::person(op)?;
    let who = session::who(&person).await?;
    session::check_team(op.site(), &who)?;
    Ok(person)
}

async fn plan(client: &Client, now: &Channel, can_archive: bool) -> Result<Paused, Fault> {
    let saved = Look {
        name: now.name.clone(),
        topic: now.topic(),
    };
    let way = if now.is_archived {
        Way::Left
    } else if can_archive && !now.is_general {
        Way::Archived
    } else {
        Way::Marked
    };
    let members = if way == Way::Archived {
        channel::members(client, &now.id).await?
    } else {
        Vec::new()
    };
    Ok(Paused {
        id: now.id.clone(),
        ours: saved.clone(),
        saved,
        way,
        members,
        done: way == Way::Left,
    })
}

/// Archives by the person's token; falls back to marking where Slack or the workspace does not let them.
async fn archive(
    person: &Client,
    one: &mut Paused,
    remarks: &mut Vec<String>,
) -> Result<(), Fault> {
    const NOT_FOR_THEM: [&str; 6] = [
        "cant_archive_general",
        "cant_archive_required",
        "restricted_action",
        "not_in_channel",
        "channel_not_found",
        "missing_scope",
    ];
    let reply = person
        .set("conversations.archive", &json!({"channel": one.id}))
        .await?;
    let doing = format!("archive #{}", one.saved.name);
    if reply.is(&NOT_FOR_THEM) {
        remarks.push(reply.fault(&doing).what);
        one.way = Way::Marked;
        return Ok(());
    }
    reply.accept(&doing, &["already_archived"]).map(|_| ())
}

/// Marks a channel as paused. False where it is not seen, so that nothing was done.
async fn mark(
    op: &Op,
    client: &Client,
    one: &mut Paused,
    remarks: &mut Vec<String>,
) -> Result<bool, Halt> {
    let Some(now) = channel::look(client, &one.id).await? else {
        return Ok(false);
    };
    if now.is_archived {
        one.way = Way::Left;
        return Ok(true);
    }
    channel::join(client, &now).await?;
    op.step(&format!("pause notice {}", one.id), || async {
        let text =
            "This channel is switched off for now. Please do not write here; nothing was lost.";
        let body = json!({"channel": one.id, "text": text});
        let reply = client.post(&one.id, &body).await?;
        reply.accept("post the notice", &[]).map(|_| ())
    })
    .await?;
    let topic = channel::paused_topic(&one.saved.topic);
    if now.topic() != topic {
        channel::set_topic(client, &one.id, &one.saved.name, &topic).await?;
    }
    one.ours.topic = topic;
    let name = channel::name_with(&one.saved.name, "-paused");
    if now.name == name {
        one.ours.name = name;
        return Ok(true);
    }
    match channel::rename(client, &one.id, &name).await? {
        None => one.ours.name = name,
        Some(reason) => remarks.push(reason),
    }
    Ok(true)
}

fn sentence(all: &[Paused], missing: &[String], remarks: &[String]) -> String {
    let of = |way: Way| all.iter().filter(move |one| one.done && one.way == way);
    let count = |way: Way| of(way).count();
    let names = |way: Way| {
        let names: Vec<String> = of(way).map(|one| format!("#{}", one.saved.name)).collect();
        names.join(", ")
    };
    let mut said = Vec::new();
    if count(Way::Archived) > 0 {
        said.push(format!(
            "Archived, so that nobody can write: {}",
            names(Way::Archived)
        ));
    }
    if count(Way::Marked) > 0 {
        said.push(format!(
            "Marked as paused: {}; people can still write there, because a bot cannot stop them",
            names(Way::Marked)
        ));
    }
    if count(Way::Left) > 0 {
        said.push(format!(
            "Archived by somebody else already: {}",
            names(Way::Left)
        ));
    }
    if !missing.is_empty() {
        said.push(format!(
            "Not seen, because it was deleted or the bot was taken out of it: {}",
            missing.join(", ")
        ));
    }
    if said.is_empty() {
        said.push("There is no channel to close".into());
    }
    let mut text = format!("{}.", said.join(". "));
    for remark in remarks {
        text.push(' ');
        text.push_str(remark);
    }
    text
}
