//! A look (sheet: kybern, health): the group's row first, then the front page with its name. Its pages say 200 to
//! everything, its own error page included.

use super::{SERVICE, life};
use crate::{
    adapters::{
        contract::{Discovered, Observation, Site, Standing},
        django::{self, Look, Place, blank, log_tail},
    },
    domain::{DriftKind, Fault, Health, clean_line},
    services::{database, supervisor::Supervisor},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The clock ticks every five minutes (sheet: kybern, health: younger than fifteen).
const OVERDUE: SignedDuration = SignedDuration::from_mins(15);
/// What its error page says, with status 200.
const BROKEN: &str = "There was a problem with our server";

pub async fn observe(site: &Site, supervisor: &Supervisor) -> Result<Observation, Fault> {
    let place = Place::of(site);
    let gone = |note: &str| blank(Standing::Gone, Health::Unknown, note);
    if !place.is_ours(site)? {
        return Ok(gone("its folder is not there any more"));
    }
    let group = site.external_id.clone().unwrap_or_default();
    let query = "SELECT name, group_description FROM groups_group WHERE id = ?1";
    let rows = database::rows(&place.database(), query, &[&group])?;
    let Some(row) = rows.as_ref().and_then(|rows| rows.first()) else {
        return Ok(gone(if rows.is_some() {
            "its group is not in the database any more"
        } else {
            "its database is missing or empty"
        }));
    };
    let mut look = Look::begin();
    let name = row.first().map_or("", String::as_str);
    if name != life::name(site) {
        look.drift(
            DriftKind::Changed,
            format!("the group is called {} now", clean_line(name)),
        );
    }
    if site.active && look.processes(site, supervisor, "web").await?.is_some() {
        let shown = look
            .page(site, "?hide_info=1", &life::escaped(name))
            .await?;
        if shown.is_some_and(|text| text.contains(BROKEN)) {
            look.find(Health::Down, "its page shows its own error");
        }
        clock(&place, &mut look)?;
    }
    Ok(look.seen)
}

fn clock(place: &Place, look: &mut Look) -> Result<(), Fault> {
    let tail = log_tail(place, "clock")?;
    let last: Option<Value> = tail
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok())
        .find(|told: &Value| !told["tick"].is_null());
    let Some(last) = last else {
        // The first tick comes right after the start.
        return Ok(());
    };
    if last["tick"] != 0 {
        look.find(Health::Degraded, "its clock fails, so votes do not close");
    }
    let at: Option<Timestamp> = last["date"].as_str().and_then(|date| date.parse().ok());
    if at.is_some_and(|at| Timestamp::now().duration_since(at) > OVERDUE) {
        look.find(
            Health::Degraded,
            "its clock is overdue, so votes do not close",
        );
    }
    Ok(())
}

#[derive(Deserialize)]
struct Group {
    group: i64,
    name: String,
}

/// The groups of the database that is there.
pub async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    if !Place::of(site).is_ours(site)? {
        return Ok(Vec::new());
    }
    let order = json!({ "do": "look" });
    let found = django::give(site, &SERVICE, order.into(), &CancellationToken::new()).await?;
    let groups: Vec<Group> = django::part(site, &found, "groups")?;
    Ok(groups
        .into_iter()
        .map(|group| Discovered {
            reference: group.group.to_string(),
            name: clean_line(&group.name),
            what: "group".to_owned(),
            obstacle: Some("it is in this instance's own database".to_owned()),
        })
        .collect())
}
