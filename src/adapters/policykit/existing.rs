//! What exists already: communities in this instance's own database, and other people's PolicyKit.

use super::{ID, SERVICE};
use crate::{
    adapters::{
        contract::{Discovered, Observation, Presence, Site, Standing},
        django::{self, Place, blank, shared},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind, Health, InstanceKind, clean_line},
};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

#[derive(Deserialize)]
struct Community {
    slug: String,
    name: Option<String>,
}

/// The communities of the database that is there.
pub async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    if site.kind == InstanceKind::Link || !Place::of(site).is_ours(site)? {
        return Ok(Vec::new());
    }
    let order = json!({ "do": "look" });
    let found = django::give(site, &SERVICE, order.into(), &CancellationToken::new()).await?;
    let communities: Vec<Community> = django::part(site, &found, "communities")?;
    let others = shared::others(site)?;
    Ok(communities
        .into_iter()
        // Who else is in a shared service is nothing that each of them is told.
        .filter(|community| {
            !others
                .iter()
                .any(|other| other.slug.as_str() == community.slug)
        })
        .map(|community| Discovered {
            name: clean_line(&community.name.unwrap_or_default()),
            what: "community".to_owned(),
            obstacle: Some(if community.slug == site.slug.as_str() {
                "it is this instance's own".to_owned()
            } else {
                "it shares a database with this instance's own community".to_owned()
            }),
            reference: community.slug,
        })
        .collect())
}

/// Takes over somebody else's PolicyKit by its address: it is only looked at.
pub async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let Ok(address) = Url::parse(reference) else {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "Only somebody else's PolicyKit can be taken over, by its address, to be looked at.",
        )
        .hint("Give an address that begins with https://.")
        .into());
    };
    op.remember("link", &address).await?;
    Ok(look_at(op.site(), &address).await?)
}

/// The presence of a link.
pub async fn link(site: &Site) -> Result<Presence, Fault> {
    look_at(site, &address(site)?).await
}

fn address(site: &Site) -> Result<Url, Fault> {
    match site.fact::<Url>("link")? {
        Some(address) => Ok(address),
        None => site.settings.url("server_url"),
    }
}

async fn look_at(site: &Site, address: &Url) -> Result<Presence, Fault> {
    let answer = site.http.get(address, "login/").send().await?.success()?;
    if !answer.text().contains("PolicyKit") {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            format!("What answers at {address} is no {ID}."),
        )
        .hint("Give the address of its first page."));
    }
    Ok(Presence {
        external_id: address.to_string(),
        url: Some(address.to_string()),
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "somebody else's; only looked at".to_owned(),
    })
}

/// Whether it answers.
pub async fn observe_link(site: &Site) -> Observation {
    match link(site).await {
        Ok(presence) => Observation {
            url: presence.url,
            ..blank(Standing::Present, Health::Ok, "")
        },
        Err(fault) => blank(Standing::Unseen, Health::Down, &fault.what),
    }
}
