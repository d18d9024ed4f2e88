//! Who owns the group in its own database.

use super::{SERVICE, life::ADMINISTRATOR};
use crate::{
    adapters::{
        contract::Site,
        django::{self, Place},
        ownership::{OurHold, Ownership},
    },
    domain::{Fault, FaultKind},
};
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[derive(Deserialize)]
struct Group {
    group: i64,
    owners: Vec<String>,
}

pub async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let gone = || {
        Fault::new(
            FaultKind::NotFound,
            "The group is not in a database of this host any more.",
        )
        .hint("Check the instance to see what is missing.")
    };
    if !Place::of(site).is_ours(site)? {
        return Err(gone());
    }
    let order = json!({ "do": "look" });
    let found = django::give(site, &SERVICE, order.into(), &CancellationToken::new()).await?;
    let groups: Vec<Group> = django::part(site, &found, "groups")?;
    let own = site.external_id.as_deref().unwrap_or_default();
    let group = groups
        .into_iter()
        .find(|group| group.group.to_string() == own)
        .ok_or_else(gone)?;
    let ours = if group.owners.iter().any(|name| name == ADMINISTRATOR) {
        OurHold::Beside
    } else {
        OurHold::Nothing
    };
    let people = group
        .owners
        .into_iter()
        .filter(|name| name != ADMINISTRATOR);
    Ok(Ownership::of(people, ours))
}
