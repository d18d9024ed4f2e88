//! Switching off and on, honestly: Loomio has no pause. What we switch off is our announcements; only on an own server,
//! where a script may be run, the group itself can be suspended (sheet: loomio 4.6).

use super::{
    API_KEY,
    chat::{self, Chatbot},
    client::Client,
    record::{self, Integration},
    script,
};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::json;

/// The state that Guildhall gives a suspended group's subscription: none that Loomio's own clean-up of ended trials knows.
const SUSPENDED: &str = "paused";

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let site = op.site();
    let group = record::group_id(site)?;
    let client = Client::of(op)?;
    op.progress("announcements", 0, 0, "");
    let present = chat::ours(&client, site, group).await?;
    // Saved first: a kill between two deletions must not lose the rest.
    save(op, &present).await?;
    for (done, chatbot) in present.iter().enumerate() {
        op.progress("announcements", done, present.len(), "");
        chat::delete(&client, chatbot.id).await?;
    }
    let stopped = match record::integrations(op)?.len() {
        0 => "There were no announcements to stop".to_owned(),
        1 => "Announcements into one chat are stopped".to_owned(),
        several => format!("Announcements into {several} chats are stopped"),
    };
    if suspends(op) {
        suspend(op, &client, group).await?;
        return Ok(format!(
            "{stopped}, and the group is suspended: members see that it is not enabled."
        ));
    }
    Ok(format!(
        "{stopped}; the group itself stays open, Loomio has no pause."
    ))
}

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let site = op.site();
    let group = record::group_id(site)?;
    let client = Client::of(op)?;
    let restored = restore(op, &client, group).await?;
    let all = record::integrations(op)?;
    for (done, wanted) in all.values().enumerate() {
        op.progress("announcements", done, all.len(), "");
        chat::put(op, &client, group, wanted).await?;
    }
    let again = if restored {
        "The group is open again"
    } else {
        "The group is open"
    };
    Ok(match all.len() {
        0 => format!("{again}; connect it to a chat to have it announce there."),
        1 => format!("{again}, and it announces in one chat."),
        several => format!("{again}, and it announces in {several} chats."),
    })
}

/// Remembers our integrations as they are now, changes by other people included.
async fn save(op: &Op, present: &[Chatbot]) -> Result<(), Halt> {
    let mut all = record::integrations(op)?;
    for chatbot in present {
        let known = all.get(&chatbot.name);
        let peer = chatbot.name.rsplit('-').next().unwrap_or_default();
        let secret_field = known.map_or_else(
            || format!("integration_{peer}"),
            |known| known.secret_field.clone(),
        );
        let now = Integration {
            name: chatbot.name.clone(),
            secret_field,
            kind: chatbot.kind.clone(),
            webhook_kind: chatbot.webhook_kind.clone(),
            event_kinds: chatbot.event_kinds.clone(),
            notification_only: chatbot.notification_only,
            room: known.and_then(|known| known.room.clone()),
        };
        keep_address(op, chatbot, &now).await?;
        all.insert(now.name.clone(), now);
    }
    op.remember(record::INTEGRATIONS, &all).await
}

/// Puts a webhook's present address into the vault, where it is not there already.
async fn keep_address(op: &Op, chatbot: &Chatbot, now: &Integration) -> Result<(), Halt> {
    let stored = op.secret(&now.secret_field).ok();
    match (&chatbot.server, stored) {
        (_, Some(secret)) if now.room.is_some() || chatbot.sends_to(now, &secret) => Ok(()),
        (Some(server), _) if now.room.is_none() && now.kind == "webhook" => {
            let address = SecretString::from(server.clone());
            op.keep_secret(&now.secret_field, address, None).await
        }
        _ => Err(Fault::new(
            FaultKind::Refused,
            "A chat integration of ours could not be made again later, so nothing was switched off.",
        )
        .hint("Delete that integration in the group's Chat integrations, or connect the chat again.")
        .into()),
    }
}

/// Whether this instance's group can be, and is to be, suspended as a whole.
fn suspends(op: &Op) -> bool {
    let site = op.site();
    site.made_by_us
        && record::container(site).is_some()
        && site.settings.get("pause") == Some("group")
}

async fn suspend(op: &Op, client: &Client, group: u64) -> Result<(), Halt> {
    let site = op.site();
    op.progress("group", 0, 2, "script in the container");
    let base = json!({"group_id": group, "bot_email": record::bot_email(site)?});
    let mut look = base.clone();
    look["do"] = json!("look");
    let told: script::Told = script::run(site, &look, op.cancel()).await?;
    if let Some(state) = told.state.filter(|state| state != SUSPENDED) {
        op.remember(record::SUBSCRIPTION, &state).await?;
    }
    let mut part = base;
    part["do"] = json!("suspend");
    part["state"] = json!(SUSPENDED);
    let _: script::Told = script::run(site, &part, op.cancel()).await?;
    op.progress("group", 1, 2, "reading back");
    require_enabled(client, group, false).await
}

/// Gives a suspended group its subscription's state back; says whether there was one to restore.
async fn restore(op: &Op, client: &Client, group: u64) -> Result<bool, Halt> {
    let Some(state) = op.fact::<String>(record::SUBSCRIPTION)? else {
        return Ok(false);
    };
    let site = op.site();
    op.progress("group", 0, 2, "script in the container");
    let part = json!({
        "do": "restore", "group_id": group, "bot_email": record::bot_email(site)?, "state": state,
    });
    let _: script::Told = script::run(site, &part, op.cancel()).await?;
    require_enabled(client, group, true).await?;
    op.forget(record::SUBSCRIPTION).await?;
    Ok(true)
}

/// Believes only what the server says of the group itself.
async fn require_enabled(client: &Client, group: u64, wanted: bool) -> Result<(), Halt> {
    let listing = client.groups().await?;
    let is = listing
        .groups
        .iter()
        .find(|row| row.id == group)
        .map(super::model::Group::is_enabled);
    if is == Some(wanted) {
        return Ok(());
    }
    let (done, is_so) = if wanted {
        ("restored", "still not enabled")
    } else {
        ("suspended", "still enabled")
    };
    Err(Fault::new(
        FaultKind::Refused,
        format!("The script says that the group is {done}, but Loomio shows it as {is_so}."),
    )
    .hint("This Loomio decides otherwise than version 3.8; set pause to announcements.")
    .into())
}

/// Forgets a stored secret, whether or not there is one.
pub(super) async fn drop_quietly(op: &Op, field: &str) -> Result<(), Halt> {
    debug_assert_ne!(field, API_KEY, "the key is the engine's to forget");
    match op.drop_secret(field).await {
        Err(Halt::Stopped(fault)) if fault.kind == FaultKind::NotFound => Ok(()),
        other => other,
    }
}
