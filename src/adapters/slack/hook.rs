//! An incoming webhook: an address that posts to one channel, and nothing else.

use super::WEBHOOK;
use crate::adapters::{
    contract::{Presence, Site},
    http::Method,
};
use crate::domain::{Fault, FaultKind, Identity, InstanceKind, Reach, ReachedObject, clean_line};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

/// Workspace and webhook in an address: the two parts that are no secret (sheet: slack 6).
fn parts(address: &SecretString) -> Result<(String, String), Fault> {
    let wrong = || {
        Fault::new(
            FaultKind::BadInput,
            "This is not the address of a Slack webhook; nothing was sent.",
        )
        .hint("It begins with https://hooks.slack.com/services/ and has three parts more.")
    };
    let url = Url::parse(address.expose_secret()).map_err(|_| wrong())?;
    let mut path = url.path_segments().ok_or_else(wrong)?;
    match (url.host_str(), path.next(), path.next(), path.next()) {
        (Some("hooks.slack.com"), Some("services"), Some(team), Some(hook)) => {
            Ok((clean_line(team), clean_line(hook)))
        }
        _ => Err(wrong()),
    }
}

/// Asks the webhook without posting: an empty message is refused by a living one in other words than by a dead one. That
/// Slack answers 400 `no_text` is believed, not checked.
pub(super) async fn verify(site: &Site, address: &SecretString) -> Result<Identity, Fault> {
    let (team, hook) = parts(address)?;
    if let Some(wanted) = site
        .settings
        .get("team_id")
        .filter(|wanted| *wanted != team)
    {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "This webhook is of the workspace {team}, and this instance belongs to {wanted}."
            ),
        )
        .hint("Make a webhook in the right workspace and enter its address."));
    }
    let call = site.http.secret_address(Method::POST, address);
    let answer = call.json(&json!({})).send().await?;
    let word = answer.text();
    if answer.status != 400 || word.trim() != "no_text" {
        return Err(dead(answer.status, &word));
    }
    Ok(Identity {
        external_id: hook.clone(),
        who: format!("the incoming webhook {hook} of the workspace {team}"),
        scopes_held: vec![super::app::WEBHOOK_SCOPE.to_owned()],
        reach: Reach {
            unit: "channel".into(),
            objects: vec![ReachedObject {
                external_id: hook,
                name: "the one channel a person picked for it".into(),
                role: "posts".into(),
                community: Some(site.community),
            }],
            ..Reach::default()
        },
        warnings: vec!["Whoever has this address can post in the channel.".into()],
        ..Identity::default()
    })
}

/// What a webhook's refusal means.
fn dead(status: u16, word: &str) -> Fault {
    let word = clean_line(word.trim());
    let (kind, what) = match (status, word.as_str()) {
        (410, _) | (_, "channel_is_archived") => (
            FaultKind::Conflict,
            "The channel of this webhook is archived.",
        ),
        (500.., _) => (
            FaultKind::Unreachable,
            "Slack is out of order; nothing was changed.",
        ),
        (404 | 403, _) => (
            FaultKind::KeyRejected,
            "Slack does not know this webhook any more: it was removed, or the app was.",
        ),
        _ => (FaultKind::Refused, "Slack refused the webhook's address."),
    };
    Fault::new(kind, what)
        .hint("Make a new incoming webhook and enter its address.")
        .detail(format!("HTTP {status} {word}"))
}

/// An instance that is only a webhook.
pub(super) fn presence(site: &Site) -> Result<Presence, Fault> {
    let (team, hook) = parts(site.secret(WEBHOOK)?)?;
    Ok(Presence {
        external_id: format!("webhook {team}/{hook}"),
        url: None,
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "only a webhook: others can announce here".into(),
    })
}
