//! A look (sheet: metagov, health): the community's row first, because the schemas go on being 200 without it.

use super::{SERVICE, joins::Joined};
use crate::{
    adapters::{
        contract::{Discovered, Observation, Site, Standing},
        django::{self, Look, Place, blank},
    },
    domain::{DriftKind, Fault, Health, clean_line},
    services::{database, supervisor::Supervisor},
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

const COMMUNITY: &str = "SELECT id FROM core_community WHERE slug = ?1";
const PLUGINS: &str = "SELECT p.name, coalesce(p.community_platform_id, '') FROM core_plugin p \
    JOIN core_community c ON c.id = p.community_id WHERE c.slug = ?1";

pub async fn observe(site: &Site, supervisor: &Supervisor) -> Result<Observation, Fault> {
    let place = Place::of(site);
    let gone = |note: &str| blank(Standing::Gone, Health::Unknown, note);
    if !place.is_ours(site)? {
        return Ok(gone("its folder is not there any more"));
    }
    let rows = database::rows(&place.database(), COMMUNITY, &[site.slug.as_str()])?;
    match rows {
        None => return Ok(gone("its database is missing or empty")),
        Some(rows) if rows.is_empty() => {
            return Ok(gone("its community is not in the database any more"));
        }
        Some(_) => {}
    }
    let mut look = Look::begin();
    let joined: Joined = site.fact("joined")?.unwrap_or_default();
    let found = plugins(site)?;
    for (name, id) in &joined {
        if !found.contains(&(name.clone(), id.clone())) {
            look.drift(
                DriftKind::Missing,
                format!("the plugin {name} ({id}) was taken out"),
            );
            look.find(Health::Degraded, format!("its plugin {name} is missing"));
        }
    }
    for (name, id) in &found {
        if joined.get(name) != Some(id) {
            look.drift(
                DriftKind::Changed,
                format!("a plugin {name} ({id}) was put in elsewhere"),
            );
        }
    }
    if site.active && look.processes(site, supervisor, "web").await?.is_some() {
        look.page(site, "api/internal/plugin-schemas", "sourcecred")
            .await?;
    }
    Ok(look.seen)
}

/// The plugins that are in it: name, and what each works on.
pub fn plugins(site: &Site) -> Result<BTreeSet<(String, String)>, Fault> {
    let database = Place::of(site).database();
    let rows = database::rows(&database, PLUGINS, &[site.slug.as_str()])?;
    let rows = rows.unwrap_or_default().into_iter();
    Ok(rows
        .filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone())))
        .collect())
}

#[derive(Deserialize)]
struct Community {
    slug: String,
    name: String,
}

/// The communities of the database that is there.
pub async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    if !Place::of(site).is_ours(site)? {
        return Ok(Vec::new());
    }
    let order = json!({ "do": "look" });
    let found = django::give(site, &SERVICE, order.into(), &CancellationToken::new()).await?;
    let communities: Vec<Community> = django::part(site, &found, "communities")?;
    Ok(communities
        .into_iter()
        .map(|community| Discovered {
            reference: community.slug,
            name: clean_line(&community.name),
            what: "community".to_owned(),
            obstacle: Some("it is in this instance's own database".to_owned()),
        })
        .collect())
}
