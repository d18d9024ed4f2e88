//! From nothing to a group that the bot administers: by a person's steps on hosted Loomio, by one script on an own server.

use super::{
    API_KEY,
    client::{self, Client},
    configure,
    group::{self, Sight, Stage},
    model::{Group, Version},
    record::{self, Known},
    script, tasks, verify,
};
use crate::adapters::{
    contract::Presence,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind};
use secrecy::SecretString;
use serde_json::json;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let version = supported(op).await?;
    if record::container(op.site()).is_some() && op.site().settings.get("group").is_none() {
        return make(op, version).await;
    }
    let wanted = op.site().settings.get("group");
    prove(op, version, wanted).await
}

/// Takes over a group that exists.
pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let version = supported(op).await?;
    prove(op, version, Some(reference)).await
}

/// Proves again that the bot administers a group, and records it as it is now.
pub(super) async fn prove_again(op: &Op, wanted: &str) -> Result<Presence, Halt> {
    let version = supported(op).await?;
    prove(op, version, Some(wanted)).await
}

/// Reads the version before anything else, and refuses what is too old.
async fn supported(op: &Op) -> Result<Version, Halt> {
    op.progress("server", 0, 3, "version");
    let base = client::base(op.site())?;
    let version = client::version(op.site(), op.cancel()).await?;
    version.require(client::host(&base))?;
    Ok(version)
}

/// Finds the group that people made, and asks them for what is missing until the bot administers it.
async fn prove(op: &Op, version: Version, wanted: Option<&str>) -> Result<Presence, Halt> {
    if !op.has_secret(API_KEY) && !op.site().locked {
        return Err(no_key(op).into());
    }
    let client = Client::of(op)?;
    op.progress("group", 1, 3, wanted.unwrap_or_default());
    let slug = &op.site().slug;
    let sight = group::look(&client, wanted, slug).await?;
    let handle = sight
        .group
        .as_ref()
        .map(|group| group.handle.as_str())
        .filter(|handle| !handle.is_empty())
        .or(wanted);
    for stage in [
        Stage::Nothing,
        Stage::Outside,
        Stage::Invited,
        Stage::Member,
    ] {
        let Some(task) = tasks::beyond(stage, client.base(), handle, slug) else {
            continue;
        };
        let passed = sight.stage > stage;
        let again = task.clone();
        op.human(task, || async move { Ok(passed.then_some(())) })
            .await?;
        if !passed {
            // It was done once and has been undone since.
            return Err(Halt::Human(Box::new(again)));
        }
    }
    let group = administered(op, sight)?;
    let made_by_us = op.site().made_by_us
        && op.site().external_id.as_deref() == Some(group.id.to_string().as_str());
    present(op, version, &group, made_by_us).await
}

fn administered(op: &Op, sight: Sight) -> Result<Group, Halt> {
    let group = sight.group.ok_or_else(|| {
        Fault::new(
            FaultKind::BadAnswer,
            "Loomio lists the bot's role in a group, but not the group.",
        )
        .hint("Check the instance again in a while.")
    })?;
    let suspended_by_us = op.fact::<String>(record::SUBSCRIPTION)?.is_some();
    if group.is_enabled() || suspended_by_us {
        return Ok(group);
    }
    let ended = group
        .expires_at()
        .map(|at| format!(" on {}", at.strftime("%Y-%m-%d")))
        .unwrap_or_default();
    Err(Fault::new(
        FaultKind::Refused,
        format!(
            "The subscription or trial of the group {} ended{ended}; nobody can work in it.",
            group.title()
        ),
    )
    .hint("Renew it in the group's settings, then resume the operation.")
    .into())
}

/// Makes bot and group on the operator's own server. The key goes to the vault before anything is recorded.
async fn make(op: &Op, version: Version) -> Result<Presence, Halt> {
    op.progress("group", 1, 3, "script in the container");
    let site = op.site();
    let input = json!({
        "do": "make",
        "bot_email": record::bot_email(site)?,
        "bot_name": format!("{} (Guildhall)", site.community_name),
        "name": site.settings.get("group_name").unwrap_or(&site.community_name),
        "handle": site.slug.as_str(),
    });
    let made: Known = op
        .step("make", || async {
            let made: script::Made = script::run(site, &input, op.cancel()).await?;
            keep(op, made.api_key).await?;
            Ok(Known {
                id: made.group_id,
                key: made.key,
                handle: made.handle,
                name: String::new(),
            })
        })
        .await?;
    let client = Client::of(op)?;
    let sight = group::look(&client, Some(&made.id.to_string()), &site.slug).await?;
    if sight.stage != Stage::Admin {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            "Loomio's container made the group, but the bot's key does not show it as its administrator.",
        )
        .hint("Check that base_url is the address of the Loomio in that container, then resume the operation.")
        .into());
    }
    present(op, version, &administered(op, sight)?, true).await
}

/// Stores the bot's key with what can be found out about it.
async fn keep(op: &Op, key: String) -> Result<(), Fault> {
    let key = SecretString::from(key);
    let client = Client::new(op.site(), key.clone(), op.cancel())?;
    // A server that cannot be reached at the moment must not lose the key: without an identity it is stored all the same.
    let identity = match client.groups().await {
        Ok(listing) => Some(verify::identity(op.site(), &listing)),
        Err(fault) => {
            tracing::warn!(%fault, "the bot's new key could not be looked at");
            None
        }
    };
    match op.keep_secret(API_KEY, key, identity).await {
        Ok(()) => Ok(()),
        Err(Halt::Stopped(fault)) => Err(*fault),
        Err(Halt::Human(task)) => Err(Fault::new(
            FaultKind::Internal,
            format!("Storing a key asked for a person: {}.", task.title),
        )
        .hint("This is a mistake of Guildhall; please report it.")),
    }
}

/// Records the group as it is.
async fn present(
    op: &Op,
    version: Version,
    group: &Group,
    made_by_us: bool,
) -> Result<Presence, Halt> {
    op.progress("group", 2, 3, group.title());
    let known = Known::from(group);
    op.remember(record::GROUP, &known).await?;
    op.remember(record::VERSION, &version).await?;
    let base = client::base(op.site())?;
    let mut notes = Vec::new();
    if let Some(ends) = group.expires_at() {
        notes.push(format!("the plan ends {}", ends.strftime("%Y-%m-%d")));
    }
    if group.parent_id.is_some() {
        notes.push("the parent group's administrators can enter".to_owned());
    }
    configure::furnish(op, group.id).await?;
    op.progress("group", 3, 3, group.title());
    Ok(Presence {
        external_id: group.id.to_string(),
        url: Some(known.url(&base)),
        kind: if record::is_self_hosted(op.site()) {
            InstanceKind::Tenant
        } else {
            InstanceKind::Account
        },
        made_by_us,
        note: notes.join("; "),
    })
}

/// The steps up to the key: the key itself is their proof, so they are told with the request for it.
fn no_key(op: &Op) -> Fault {
    let base = op.site().settings.get("base_url").unwrap_or_default();
    Fault::new(
        FaultKind::NeedsKey,
        "Loomio needs the key of a bot user made for this community.",
    )
    .hint(format!(
        "Sign a bot user up at {base} with an address of its own, copy its key from {}/profile/api_access, and enter it.",
        base.trim_end_matches('/')
    ))
}
