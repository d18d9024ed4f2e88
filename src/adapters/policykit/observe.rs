//! A look (sheet: policykit, health): the community's row in the database first, because pages go on saying 200 without it.

use super::{
    existing,
    joins::{AllJoined, has_plugin},
};
use crate::{
    adapters::{
        contract::{Observation, Site, Standing},
        django::{Look, Place, blank, log_tail, shared},
    },
    domain::{DriftKind, Fault, Health, InstanceKind},
    services::{
        database,
        supervisor::{ServiceState, Supervisor},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The clock sends a task each minute; after so long without one the worker counts as silent (sheet: policykit, health).
const SILENT: SignedDuration = SignedDuration::from_secs(150);

const COMMUNITY: &str = "SELECT c.id, \
    (SELECT count(*) FROM policyengine_policy p WHERE p.community_id = c.id), \
    (SELECT count(*) FROM policyengine_communityplatform p WHERE p.community_id = c.id) \
    FROM policyengine_community c WHERE c.metagov_slug = ?1";
const PLUGINS: &str = "SELECT p.name, coalesce(p.community_platform_id, '') FROM core_plugin p \
    JOIN core_community c ON c.id = p.community_id WHERE c.slug = ?1";

pub async fn observe(site: &Site, supervisor: &Supervisor) -> Result<Observation, Fault> {
    if site.kind == InstanceKind::Link {
        return Ok(existing::observe_link(site).await);
    }
    let place = Place::of(site);
    if !place.is_ours(site)? {
        return Ok(gone("its folder is not there any more"));
    }
    let rows = database::rows(&place.database(), COMMUNITY, &[site.slug.as_str()])?;
    let Some(row) = rows.as_ref().and_then(|rows| rows.first()) else {
        return Ok(gone(if rows.is_some() {
            "its community is not in the database any more"
        } else {
            "its database is missing or empty"
        }));
    };
    let mut look = Look::begin();
    compare_plugins(site, &place, &mut look)?;
    if site.active
        && let Some(state) = look.processes(site, supervisor, "web").await?
    {
        look.page(site, "login/", "PolicyKit").await?;
        worker(&place, &state, &mut look)?;
    }
    let number = |at: usize| row.get(at).and_then(|text| text.parse::<u64>().ok());
    // One of its platforms is always its own constitution.
    if number(2).unwrap_or(0) < 2 {
        look.find(
            Health::Degraded,
            "no platform is connected, so it decides nothing",
        );
    } else if number(1) == Some(0) {
        look.find(Health::Degraded, "it has no policies");
    }
    if !site.active && shared::others_on(site)? > 0 {
        "off here, but the service that it shares runs for others, so its policies go on"
            .clone_into(&mut look.seen.note);
    }
    Ok(look.seen)
}

fn gone(note: &str) -> Observation {
    blank(Standing::Gone, Health::Unknown, note)
}

/// Plugins that are not as recorded: taken out or put in by somebody in the browser.
fn compare_plugins(site: &Site, place: &Place, look: &mut Look) -> Result<(), Fault> {
    let joined: AllJoined = site.fact("joined")?.unwrap_or_default();
    let found = database::rows(&place.database(), PLUGINS, &[site.slug.as_str()])?;
    let found: BTreeSet<(String, String)> = found
        .unwrap_or_default()
        .into_iter()
        .filter_map(|row| Some((row.first()?.clone(), row.get(1)?.clone())))
        .collect();
    for (platform, entry) in joined.iter().filter(|(platform, _)| has_plugin(platform)) {
        if !found.contains(&(platform.clone(), entry.team_id.clone())) {
            look.drift(
                DriftKind::Missing,
                format!(
                    "the plugin for {platform} ({}) was taken out",
                    entry.team_name
                ),
            );
            look.find(
                Health::Degraded,
                format!("its plugin for {platform} is missing"),
            );
        }
    }
    for (platform, team) in found {
        if joined
            .get(&platform)
            .is_none_or(|entry| entry.team_id != team)
        {
            look.drift(
                DriftKind::Changed,
                format!("a plugin for {platform} ({team}) was put in elsewhere"),
            );
        }
    }
    Ok(())
}

/// Whether the worker's clock ticks: without it nobody looks at open proposals again.
fn worker(place: &Place, state: &ServiceState, look: &mut Look) -> Result<(), Fault> {
    let now = Timestamp::now();
    let is_young = |at: Timestamp| now.duration_since(at) < SILENT;
    let since = state
        .processes
        .get("worker")
        .and_then(|process| process.since);
    let ticked = log_tail(place, "worker")?
        .lines()
        .rev()
        .find(|line| line.contains("Sending due task"))
        .and_then(stamp);
    if !since.into_iter().chain(ticked).any(is_young) {
        look.find(
            Health::Degraded,
            "its worker is silent, so open proposals are not looked at",
        );
    }
    Ok(())
}

/// When a line of the worker's log was written: each is an object with its date.
fn stamp(line: &str) -> Option<Timestamp> {
    let start = line.find('{')?;
    let told: serde_json::Value = serde_json::from_str(line.get(start..)?).ok()?;
    told["date"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_worker_tells_its_time() {
        let line = r#"{"message": "Scheduler: Sending due task x", "date": "2026-11-22T16:15:54.226907+00:00"}"#;
        assert_eq!(
            stamp(line).unwrap().to_string(),
            "2026-11-22T16:15:54.226907Z"
        );
        assert_eq!(stamp("beat: Starting..."), None);
    }
}
