//! Who administers the community in its own database. Nobody of ours does: we hold the files.

use super::SERVICE;
use crate::{
    adapters::{
        contract::{Site, unsupported},
        django::{self, Place},
        ownership::{OurHold, Ownership},
    },
    domain::{Fault, FaultKind, InstanceKind},
};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[derive(Deserialize)]
struct Community {
    slug: String,
    administrators: Vec<String>,
}

pub async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    if site.kind == InstanceKind::Link {
        return Err(unsupported(site, "say who owns what is only pointed at"));
    }
    let gone = || {
        Fault::new(
            FaultKind::NotFound,
            "The community is not in a database of this host any more.",
        )
        .hint("Check the instance to see what is missing.")
    };
    if !Place::of(site).is_ours(site)? {
        return Err(gone());
    }
    let order = json!({ "do": "look" });
    let found = django::give(site, &SERVICE, order.into(), &CancellationToken::new()).await?;
    let communities: Vec<Community> = django::part(site, &found, "communities")?;
    let own = communities
        .into_iter()
        .find(|community| community.slug == site.slug.as_str())
        .ok_or_else(gone)?;
    Ok(Ownership::of(own.administrators, OurHold::Nothing))
}
