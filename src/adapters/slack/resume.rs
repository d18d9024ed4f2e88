//! Switching on again: what switching off saved is put back, and what others changed meanwhile is kept and told.

use super::channel;
use super::client::Client;
use super::pause::{self, Paused, Way};
use super::record::Places;
use super::{USER_TOKEN, provision::notice, session};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use serde_json::json;

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    if pause::known(op)?.is_empty() {
        return Ok("The channels are open.".into());
    }
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    session::begin(op, &client, &mut places).await?;
    let said = reopen(op, &client, &places).await?;
    notice(op, &client, &places).await?;
    Ok(said)
}

/// Puts back what switching off saved, as far as that is possible now: what is not open by then stays remembered.
pub(super) async fn reopen(op: &Op, client: &Client, places: &Places) -> Result<String, Halt> {
    let known = pause::known(op)?;
    let person = if needs_person(client, &known).await? {
        Some(person(op).await?)
    } else {
        None
    };
    let (mut remarks, mut opened, mut shut) = (Vec::new(), Vec::new(), None);
    let mut left = known.clone();
    for (at, one) in known.iter().enumerate() {
        op.progress("channels opened", at, known.len(), &one.saved.name);
        let done = match open(client, person.as_ref(), places, one, &mut remarks).await {
            Ok(is_open) => {
                opened.extend(is_open.then(|| format!("#{}", one.saved.name)));
                true
            }
            // The person may be in the other channels.
            Err(Halt::Stopped(fault)) if fault.kind == FaultKind::ScopeMissing => {
                shut.get_or_insert(fault);
                false
            }
            Err(halt) => return Err(halt),
        };
        if done {
            left.retain(|kept| kept.id != one.id);
        }
    }
    if let Some(fault) = shut {
        op.remember(pause::FACT, &left).await?;
        return Err(Halt::Stopped(fault));
    }
    op.forget(pause::FACT).await?;
    let mut said = Vec::new();
    if opened.len() == known.len() {
        said.push("The channels are open again, as they were.".to_owned());
    } else if !opened.is_empty() {
        said.push(format!("Open again, as before: {}.", opened.join(", ")));
    }
    said.append(&mut remarks);
    Ok(said.join(" "))
}

/// Whether a channel is archived from here: only a person's token opens it again (sheet: slack 4).
async fn needs_person(client: &Client, known: &[Paused]) -> Result<bool, Fault> {
    for one in known.iter().filter(|one| one.way == Way::Archived) {
        // One that the bot does not see may be archived, too.
        let now = channel::look(client, &one.id).await?;
        if now.is_none_or(|now| now.is_archived) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Opens one channel. False where it stays shut, and why is among the remarks.
async fn open(
    client: &Client,
    person: Option<&Client>,
    places: &Places,
    one: &Paused,
    remarks: &mut Vec<String>,
) -> Result<bool, Halt> {
    match (one.way, person) {
        (Way::Archived, Some(person)) => {
            unarchive(client, person, places, one, remarks).await?;
        }
        (Way::Left, _) => {
            remarks.push(format!(
                "#{} was archived by somebody else before and stays so.",
                one.saved.name
            ));
            return Ok(false);
        }
        _ => {}
    }
    restore(client, one, remarks).await
}

/// A bot's token cannot unarchive (sheet: slack 4), so the person's must be at hand once more.
async fn person(op: &Op) -> Result<Client, Halt> {
    if !op.has_secret(USER_TOKEN) && !op.site().locked {
        return Err(pause::needs_person(
            "The channels were archived with a person's token, and only such a token can unarchive them.",
        )
        .into());
    }
    pause::person(op).await
}

async fn unarchive(
    client: &Client,
    person: &Client,
    places: &Places,
    one: &Paused,
    remarks: &mut Vec<String>,
) -> Result<(), Halt> {
    let name = &one.saved.name;
    let body = json!({"channel": one.id});
    let reply = person.set("conversations.unarchive", &body).await?;
    if reply.is(&["channel_not_found"]) {
        // Private channels are not shown to who is not in them: the bot still is.
        return match channel::look(client, &one.id).await? {
            Some(now) if now.is_archived => Err(Fault::new(
                FaultKind::ScopeMissing,
                format!("#{name} is private, and the person whose token was entered was not in it, so it stays archived."),
            )
            .hint("Enter the user_token of somebody who was in the channel, then resume.")
            .field(USER_TOKEN)
            .into()),
            _ => Ok(()),
        };
    }
    reply.accept(&format!("unarchive #{name}"), &["not_archived"])?;
    // The bot first: it invites the others.
    match channel::look(client, &one.id).await? {
        Some(now) => channel::join(client, &now).await?,
        None => {
            channel::invite(person, &one.id, std::slice::from_ref(&places.bot)).await?;
        }
    }
    if let Some(now) = channel::look(client, &one.id).await?
        && !now.is_member
    {
        channel::invite(person, &one.id, std::slice::from_ref(&places.bot)).await?;
    }
    let here = channel::members(client, &one.id).await?;
    let absent: Vec<String> = one
        .members
        .iter()
        .filter(|member| !here.contains(member))
        .cloned()
        .collect();
    let refused = channel::invite(client, &one.id, &absent).await?;
    if !refused.is_empty() {
        remarks.push(format!(
            "Not back in #{name}, because Slack does not take them: {}.",
            refused.join(", ")
        ));
    }
    Ok(())
}

/// Puts name and topic back where they are still ours. False where the channel is not open.
async fn restore(client: &Client, one: &Paused, remarks: &mut Vec<String>) -> Result<bool, Halt> {
    let name = &one.saved.name;
    let Some(now) = channel::look(client, &one.id).await? else {
        remarks.push(format!(
            "#{name} is not seen: it was deleted, or is private and the bot was taken out of it."
        ));
        return Ok(false);
    };
    if now.is_archived {
        remarks.push(format!(
            "Somebody archived #{name} meanwhile; a person must unarchive it."
        ));
        return Ok(false);
    }
    // What an interrupted run set and did not record carries our marks all the same.
    let marked = channel::paused_topic(&one.saved.topic);
    if now.topic() == one.ours.topic || now.topic() == marked {
        if now.topic() != one.saved.topic {
            channel::set_topic(client, &one.id, name, &one.saved.topic).await?;
        }
    } else if now.topic() != one.saved.topic {
        remarks.push(format!(
            "The topic of #{name} was changed meanwhile and kept."
        ));
    }
    let paused_name = channel::name_with(name, "-paused");
    if now.name == one.ours.name || now.name == paused_name {
        if now.name != *name
            && let Some(reason) = channel::rename(client, &one.id, name).await?
        {
            remarks.push(reason);
        }
    } else if now.name != *name {
        remarks.push(format!(
            "#{name} was renamed to #{} meanwhile, and keeps that name.",
            now.name
        ));
    }
    Ok(true)
}
