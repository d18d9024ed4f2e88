//! A webhook alone: an address that posts to one channel, and nothing else.

use super::observe::seen;
use super::{WEBHOOK, errors};
use crate::adapters::{
    chat_keys::DISCORD_AGENT,
    contract::{Observation, Presence, Site, Standing},
    http::{Answer, Method},
};
use crate::domain::{
    Drift, DriftKind, Fault, FaultKind, Health, Identity, InstanceKind, Reach, ReachedObject,
    clean_line,
};
use secrecy::SecretString;
use serde_json::Value;

/// Asks the webhook about itself, which needs its address only and posts nothing.
async fn ask(site: &Site, address: &SecretString) -> Result<Answer, Fault> {
    let call = site.http.secret_address(Method::GET, address);
    call.header("user-agent", DISCORD_AGENT).send().await
}

fn text(shown: &Value, field: &str) -> String {
    clean_line(shown[field].as_str().unwrap_or_default())
}

fn dead() -> Fault {
    Fault::new(
        FaultKind::KeyRejected,
        "Discord does not know this webhook any more.",
    )
    .hint("Make a new webhook in the channel's settings and enter its address.")
}

pub(super) async fn verify(site: &Site, address: &SecretString) -> Result<Identity, Fault> {
    let answer = ask(site, address).await?;
    if matches!(answer.status, 401 | 404) {
        return Err(dead());
    }
    let shown: Value = errors::accept(answer, "ask the webhook")?.json()?;
    Ok(Identity {
        external_id: text(&shown, "id"),
        who: format!("the webhook {}", text(&shown, "name")),
        scopes_held: vec!["posting to one channel".into()],
        reach: Reach {
            unit: "channel".into(),
            objects: vec![ReachedObject {
                external_id: text(&shown, "channel_id"),
                name: "the one channel it belongs to".into(),
                role: "posts".into(),
                community: Some(site.community),
            }],
            ..Reach::default()
        },
        warnings: vec![
            "Whoever has this address can post in the channel, and delete the webhook.".into(),
        ],
        ..Identity::default()
    })
}

/// An instance that is only a webhook.
pub(super) async fn presence(site: &Site) -> Result<Presence, Fault> {
    let identity = verify(site, site.secret(WEBHOOK)?).await?;
    Ok(Presence {
        external_id: format!("webhook {}", identity.external_id),
        url: None,
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "only a webhook: others can announce here".into(),
    })
}

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    match verify(site, site.secret(WEBHOOK)?).await {
        Ok(_) => Ok(seen(Standing::Present, Health::Ok, "")),
        Err(fault) if fault.kind == FaultKind::KeyRejected => {
            let mut observation = seen(Standing::Gone, Health::Down, "the webhook was deleted");
            observation
                .drift
                .push(Drift::new(DriftKind::CredentialDead, fault.what));
            Ok(observation)
        }
        Err(fault) => Err(fault),
    }
}
