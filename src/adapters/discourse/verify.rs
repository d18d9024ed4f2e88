//! Who a key is, whether it may act as anybody, what its user may do, and which categories it reaches.

use super::{
    API_KEY, RUNTIME_KEY,
    category::{self, Seen},
    client::{self, Client, host},
    errors,
    record::{PREFIX, Places},
};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, Slots, clean_line};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The most categories that are named one by one.
const MOST_NAMED: usize = 40;
/// The user that every forum has.
const SYSTEM: &str = "system";

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    let Some(key) = request.entered.get(API_KEY) else {
        if request.entered.get(RUNTIME_KEY).is_some() {
            return Err(Fault::new(
                FaultKind::BadInput,
                "The run-time key is made by Guildhall and cannot be entered.",
            )
            .hint("Enter the API key; the run-time key is made with it."));
        }
        return Err(Fault::new(FaultKind::NeedsKey, "No key was entered.")
            .hint("Enter the API key of the bot."));
    };
    let user = site.settings.require("api_username")?;
    client::probe(site).await?;
    let client = Client::new(site, key.clone(), user, &CancellationToken::new())?;
    let scopes = held_scopes(&client).await?;
    if let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) {
        return Ok(too_narrow(&client, scopes));
    }
    let answer = client.look("/session/current.json").await?;
    if answer.status == 403 && errors::is_json(&answer) {
        if client.is_alive().await? {
            return Ok(too_narrow(&client, vec!["less than a global key".into()]));
        }
        return Err(errors::dead(client.base(), key, user));
    }
    let who = client.whoami().await?;
    if acts_as_anybody(&client, &who.username).await? {
        let first: String = key.expose_secret().chars().take(4).collect();
        return Err(Fault::new(
            FaultKind::Refused,
            format!("The key {first}… is for all users: whoever has it can act as any member of the forum."),
        )
        .hint("Make a key with the user level Single User for the bot, and revoke this one."));
    }
    let seen = category::list(&client).await?;
    let mut identity = Identity {
        external_id: who.id.to_string(),
        scopes_held: vec!["global".into()],
        slots: vec![communities(&seen)],
        ..Identity::default()
    };
    let forum = host(client.base());
    if who.admin {
        identity.who = format!("{}, an administrator of {forum}", who.username);
        identity.reach = reach(site, &seen)?;
        identity.reach.everything = Some(format!("the whole forum {forum}, as that user"));
        identity.warnings.push(
            "This key owns every community of the forum and can make further keys: revoke it there when the run is over.".into(),
        );
    } else if who.moderator {
        identity.who = format!("{}, a moderator of {forum}", who.username);
        identity.reach = reach(site, &seen)?;
        identity.warnings.push(
            "A moderator cannot make webhooks, keys or groups: the group is a person's task, and there is no run-time key.".into(),
        );
    } else {
        identity.who = format!("{}, a member of {forum} without rights", who.username);
        identity
            .scopes_missing
            .push("administrator, or moderator with moderators_manage_categories".into());
        identity.reach = reach(site, &seen)?;
    }
    if who.username == SYSTEM {
        identity.warnings.push(
            "The key acts as the forum's own user system; a bot of its own shows in the forum's log who did what.".into(),
        );
    }
    Ok(identity)
}

/// The scopes of the key; empty for a global one, none for an older forum that does not tell.
async fn held_scopes(client: &Client) -> Result<Option<Vec<String>>, Fault> {
    let answer = client.look("/session/scopes.json").await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let shown: Value = client
        .accept(answer, "say what the key may do")
        .await?
        .json()?;
    let named = |scope: &Value| -> Option<String> {
        let resource = scope["resource"].as_str()?;
        let action = scope["action"].as_str().or(scope["key"].as_str())?;
        Some(format!("{resource}:{action}"))
    };
    let listed = client.entries(&shown["scopes"], "what the key may do")?;
    Ok(Some(listed.iter().filter_map(named).collect()))
}

fn too_narrow(client: &Client, scopes: Vec<String>) -> Identity {
    Identity {
        external_id: client.user().to_owned(),
        who: format!("{}, with a key that may do only some things", client.user()),
        scopes_held: scopes,
        scopes_missing: vec!["global".into()],
        reach: Reach {
            unit: "category".into(),
            ..Reach::default()
        },
        warnings: vec![
            "No scope of this platform covers making categories, webhooks or keys; only a global key does.".into(),
        ],
        ..Identity::default()
    }
}

/// The same key in the name of another user: a key for a single user is refused (sheet: discourse 2).
async fn acts_as_anybody(client: &Client, own: &str) -> Result<bool, Fault> {
    if own == SYSTEM {
        return Ok(false);
    }
    let other = client.in_the_name_of(SYSTEM);
    let answer = other.look("/session/current.json").await?;
    if answer.status >= 500 {
        return Err(errors::fault(&answer, "say who the key is", SYSTEM));
    }
    Ok(answer.is_success())
}

/// The communities on the forum: no limit is known (sheet: discourse 3).
pub(super) fn communities(seen: &[Seen]) -> Slots {
    let ours = seen
        .iter()
        .filter(|seen| seen.category.slug.starts_with(PREFIX));
    Slots {
        unit: "communities".into(),
        max: None,
        used: u64::try_from(ours.count()).ok(),
        source: "measured".into(),
    }
}

fn reach(site: &Site, seen: &[Seen]) -> Result<Reach, Fault> {
    let own = Places::at(site)?.category.map(|category| category.id);
    let objects = seen.iter().take(MOST_NAMED).map(|seen| ReachedObject {
        external_id: seen.category.id.to_string(),
        name: clean_line(&seen.category.name),
        role: "manager".into(),
        community: (Some(seen.category.id) == own).then_some(site.community),
    });
    Ok(Reach {
        unit: "category".into(),
        objects: objects.collect(),
        total: (seen.len() > MOST_NAMED)
            .then(|| u64::try_from(seen.len()).ok())
            .flatten(),
        everything: None,
    })
}
