//! Changed settings: what is announced, the welcome thread, invitations, the name of a group of our own making.

use super::{chat, client::Client, provision, record, script, tasks, welcome};
use crate::adapters::{
    contract::{Presence, puts_back},
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let is_changed = |field: &str| changed.iter().any(|one| one == field);
    let site = op.site();
    super::link::refuse(site, "be configured")?;
    let before = record::group_id(site)?;
    if is_changed("event_kinds") {
        announce(op, before).await?;
    }
    let known: Option<record::Known> = op.fact(record::GROUP)?;
    if is_changed("group_name") {
        let name = site.settings.get("group_name");
        rename(op, before, name.unwrap_or(&site.community_name)).await?;
    } else if let Some(known) = known.filter(|known| puts_back(changed) && !known.name.is_empty()) {
        rename(op, before, &known.name).await?;
    }
    let wanted = site
        .settings
        .get("group")
        .filter(|_| is_changed("group"))
        .map_or_else(|| before.to_string(), str::to_owned);
    let presence = provision::prove_again(op, &wanted).await?;
    if presence.external_id != before.to_string() {
        move_integrations(op, before, &presence.external_id).await?;
    }
    Ok(presence)
}

/// Sends what is announced to every integration of ours, or keeps it for the next activation.
async fn announce(op: &Op, group: u64) -> Result<(), Halt> {
    let mut all = record::integrations(op)?;
    if all.is_empty() {
        return Ok(());
    }
    for integration in all.values_mut() {
        integration.event_kinds = op.site().settings.list("event_kinds");
    }
    op.remember(record::INTEGRATIONS, &all).await?;
    if !op.site().active {
        return Ok(());
    }
    let client = Client::of(op)?;
    for chatbot in chat::ours(&client, op.site(), group).await? {
        if let Some(wanted) = all.get(&chatbot.name) {
            let secret = op.secret(&wanted.secret_field)?;
            chat::change(&client, chatbot.id, wanted, &secret).await?;
        }
    }
    Ok(())
}

async fn rename(op: &Op, group: u64, name: &str) -> Result<(), Halt> {
    let site = op.site();
    let client = Client::of(op)?;
    let known: Option<record::Known> = op.fact(record::GROUP)?;
    if site.made_by_us && record::container(site).is_some() {
        let part = json!({
            "do": "rename", "group_id": group, "bot_email": record::bot_email(site)?, "name": name,
        });
        let _: serde_json::Value = script::run(site, &part, op.cancel()).await?;
        return Ok(());
    }
    let handle = known.map(|known| known.handle).unwrap_or_default();
    let task = tasks::rename(client.base(), &handle, name);
    op.human(task, || async {
        let listing = client.groups().await?;
        let is = listing.groups.iter().find(|row| row.id == group);
        Ok(is.is_some_and(|row| row.name == name).then_some(()))
    })
    .await
}

/// Another group is meant now: our integrations leave the one before and come into it.
async fn move_integrations(op: &Op, before: u64, after: &str) -> Result<(), Halt> {
    let site = op.site();
    let client = Client::of(op)?;
    match chat::ours(&client, site, before).await {
        Ok(present) => {
            for chatbot in present {
                chat::delete(&client, chatbot.id).await?;
            }
        }
        // Not ours to look into any more: nothing of ours can be taken out.
        Err(fault) if fault.kind == FaultKind::ScopeMissing => {
            tracing::warn!(%fault, "integrations in the former group stay");
        }
        Err(fault) => return Err(fault.into()),
    }
    let Ok(after) = after.parse() else {
        return Ok(());
    };
    if site.active {
        for wanted in record::integrations(op)?.values() {
            chat::put(op, &client, after, wanted).await?;
        }
    }
    Ok(())
}

/// What the settings ask for inside a group that is ready: the welcome thread and the invitations.
pub(super) async fn furnish(op: &Op, group: u64) -> Result<(), Halt> {
    let client = Client::of(op)?;
    welcome::open(op, &client, group).await?;
    invite(op, &client, group).await
}

/// Invites the addresses of the setting that were not invited yet. Never sends `remove_absent`, which would remove
/// everybody who is not listed, the bot included (sheet: loomio 4.4). Only digests are remembered.
async fn invite(op: &Op, client: &Client, group: u64) -> Result<(), Halt> {
    const INVITED: &str = "invited";
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        added_emails: Vec<String>,
    }
    let mut invited: Vec<String> = op.fact(INVITED)?.unwrap_or_default();
    let mut emails = op.site().settings.list("invite");
    emails.retain(|email| !invited.contains(&digest(op, email)));
    if emails.is_empty() {
        return Ok(());
    }
    let call = client
        .call(Method::POST, "/api/b2/memberships")
        .json(&json!({"group_id": group, "emails": emails}));
    let doing = "invite the people listed";
    let body: Body = client.write(call, doing).await.map_err(unquoted)?;
    tracing::info!(count = body.added_emails.len(), "people were invited");
    invited.extend(emails.iter().map(|email| digest(op, email)));
    op.remember(INVITED, &invited).await
}

/// Addresses are personal data: the answer that lists them is not quoted.
fn unquoted(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::OutcomeUnknown | FaultKind::BadAnswer => Fault {
            detail: None,
            ..fault
        },
        _ => fault,
    }
}

fn digest(op: &Op, email: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(op.site().marker.as_bytes());
    hash.update(email.to_lowercase().as_bytes());
    hash.finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
