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
    let known = pause::known(op)?;
    if known.is_empty() {
        return Ok("The channels are open.".into());
    }
    let mut places = Places::of(op)?;
    let client = Client::of(op)?;
    session::begin(op, &client, &mut places).await?;
    let person = if known.iter().any(|one| one.way == Way::Archived) {
        Some(person(op).await?)
    } else {
        None
    };
    let mut remarks = Vec::new();
    for (at, one) in known.iter().enumerate() {
        op.progress("channels opened", at, known.len(), &one.saved.name);
        match (one.way, &person) {
            (Way::Archived, Some(person)) => {
                unarchive(&client, person, &places, one, &mut remarks).await?;
            }
            (Way::Left, _) => remarks.push(format!(
                "#{} was archived by somebody else before and stays so.",
                one.saved.name
            )),
            _ => {}
        }
        if one.way != Way::Left {
            restore(&client, one, &mut remarks).await?;
        }
    }
    notice(op, &client, &places).await?;
    op.forget(pause::FACT).await?;
    let mut text = "The channels are open again, as they were.".to_owned();
    for remark in remarks {
        text.push(' ');
        text.push_str(&remark);
    }
    Ok(text)
}

/// A bot's token cannot unarchive (sheet: slack 4), so the person's must be at hand once more.
async fn person(op: &Op) -> Result<Client, Halt> {
    if !op.has_secret(USER_TOKEN) && !op.site().locked {
        return Err(Fault::new(
            FaultKind::NeedsKey,
            "The channels were archived with a person's token, and only such a token can unarchive them.",
        )
        .hint("Enter user_token again; the work goes on by itself.")
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
        remarks.push(format!("#{name} is gone."));
        return Ok(());
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

/// Puts name and topic back where they are still ours.
async fn restore(client: &Client, one: &Paused, remarks: &mut Vec<String>) -> Result<(), Halt> {
    let name = &one.saved.name;
    let Some(now) = channel::look(client, &one.id).await? else {
        remarks.push(format!("#{name} is gone."));
        return Ok(());
    };
    if now.is_archived {
        remarks.push(format!(
            "Somebody archived #{name} meanwhile; a person must unarchive it."
        ));
        return Ok(());
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
    Ok(())
}
