//! A look: one listing tells nearly everything; the chat integrations are read only where there should be some
//! (sheet: loomio 4.7).

use super::{
    chat,
    client::{self, Client, Shown, Versions},
    group::{Stage, stage},
    model::{Group, Listing, Version},
    record::{self, Integration, Known},
    script, tasks,
};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health, SlotUse};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long before its end a plan is spoken of (sheet: loomio 3).
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) async fn observe(site: &Site, versions: &Versions) -> Result<Observation, Fault> {
    let id = record::group_id(site)?;
    let client = Client::reading(site)?;
    let listing = match client.groups().await {
        Ok(listing) => listing,
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(dead(&fault)),
        Err(fault) => return Err(fault),
    };
    let Some(group) = listing.groups.iter().find(|group| group.id == id) else {
        return absent(site, &client, id).await;
    };
    let mut seen = blank(Standing::Present, Health::Ok);
    compare(site, &client, &listing, group, &mut seen)?;
    limits(group, &mut seen);
    upgraded(site, &client, versions, &mut seen).await?;
    if stage(&listing, id) == Stage::Admin {
        integrations(site, &client, id, &mut seen).await?;
    }
    workers(site, &mut seen).await;
    Ok(seen)
}

pub(super) fn blank(standing: Standing, health: Health) -> Observation {
    Observation {
        standing,
        health,
        note: String::new(),
        drift: Vec::new(),
        task: None,
        slots: Vec::new(),
        url: None,
    }
}

fn drift(seen: &mut Observation, kind: DriftKind, what: impl Into<String>) {
    seen.drift.push(Drift::new(kind, what.into()));
}

/// Adds a phrase to the note.
fn note(seen: &mut Observation, text: &str) {
    if !seen.note.is_empty() {
        seen.note.push_str("; ");
    }
    seen.note.push_str(text);
}

fn dead(fault: &Fault) -> Observation {
    let mut seen = blank(Standing::Unseen, Health::Unknown);
    drift(&mut seen, DriftKind::CredentialDead, fault.what.clone());
    note(&mut seen, "key not accepted");
    seen
}

/// The group is not among the bot's: deleted, or the bot was taken out of it.
async fn absent(site: &Site, client: &Client, id: u64) -> Result<Observation, Fault> {
    let shown = client.show(&id.to_string()).await?;
    let known: Option<Known> = site.fact(record::GROUP)?;
    let handle = known.as_ref().map(|known| known.handle.as_str());
    Ok(match shown {
        Shown::Missing => {
            let mut seen = blank(Standing::Gone, Health::Down);
            note(&mut seen, "the group was deleted on Loomio");
            seen
        }
        Shown::Hidden | Shown::Found(_) => {
            let mut seen = blank(Standing::Unseen, Health::Down);
            drift(
                &mut seen,
                DriftKind::ScopeShrank,
                "The bot was taken out of the group.",
            );
            note(&mut seen, "the bot is no longer a member");
            seen.task = tasks::beyond(Stage::Outside, client.base(), handle, &site.slug);
            seen
        }
    })
}

/// Role, state and names against the record.
fn compare(
    site: &Site,
    client: &Client,
    listing: &Listing,
    group: &Group,
    seen: &mut Observation,
) -> Result<(), Fault> {
    let now = Known::from(group);
    let known: Known = site.fact(record::GROUP)?.unwrap_or_else(|| now.clone());
    match stage(listing, group.id) {
        Stage::Admin => {}
        Stage::Invited => {
            seen.health = Health::Degraded;
            note(seen, "the bot's invitation is not accepted");
            drift(
                seen,
                DriftKind::ScopeShrank,
                "The bot is only invited into the group.",
            );
        }
        _ => {
            seen.health = Health::Degraded;
            note(seen, "the bot is no administrator any more");
            drift(
                seen,
                DriftKind::ScopeShrank,
                "The bot is no administrator of the group: chat integrations cannot be read or changed.",
            );
        }
    }
    let handle = Some(now.handle.as_str()).filter(|handle| !handle.is_empty());
    seen.task = tasks::beyond(stage(listing, group.id), client.base(), handle, &site.slug);
    if !known.name.is_empty() && known.name != now.name {
        let what = format!(
            "The group is named {} now; it was {}.",
            now.name, known.name
        );
        drift(seen, DriftKind::Changed, what);
    }
    if known.handle != now.handle {
        let what = format!(
            "The group's handle is {} now; it was {}.",
            now.handle, known.handle
        );
        drift(seen, DriftKind::Changed, what);
        seen.url = Some(now.url(client.base()));
    }
    enabled(site, group, seen)
}

fn enabled(site: &Site, group: &Group, seen: &mut Observation) -> Result<(), Fault> {
    let suspended: Option<String> = site.fact(record::SUBSCRIPTION)?;
    let ends = group.expires_at();
    match (group.is_enabled(), suspended.is_some()) {
        (false, true) => note(seen, "suspended by Guildhall"),
        (false, false) => {
            seen.health = Health::Degraded;
            let at = ends.map_or_else(String::new, |at| format!(" {}", at.strftime("%Y-%m-%d")));
            note(seen, &format!("its subscription or trial ended{at}"));
            drift(
                seen,
                DriftKind::Archived,
                "The group was closed by somebody else, or its plan ended: nobody can read or write in it.",
            );
        }
        (true, true) if !site.active => {
            let what = "The group was suspended by Guildhall, and somebody opened it again.";
            drift(seen, DriftKind::Changed, what);
        }
        (true, _) => {
            let soon = Timestamp::now()
                .checked_add(WARNING)
                .is_ok_and(|soon| ends.is_some_and(|ends| ends < soon));
            if let Some(at) = ends.filter(|_| soon) {
                note(seen, &format!("its plan ends {}", at.strftime("%Y-%m-%d")));
            }
        }
    }
    Ok(())
}

fn limits(group: &Group, seen: &mut Observation) {
    seen.slots = group.slots();
    let over: Vec<String> = seen
        .slots
        .iter()
        .filter(|slots| slots.level() == SlotUse::Full && slots.used > slots.max)
        .map(|slots| format!("More {} than the plan of the group allows.", slots.unit))
        .collect();
    for what in over {
        drift(seen, DriftKind::OverQuota, what);
    }
}

/// Says when the server is another version than the one the group was recorded on.
async fn upgraded(
    site: &Site,
    client: &Client,
    versions: &Versions,
    seen: &mut Observation,
) -> Result<(), Fault> {
    let Some(before) = site.fact::<Version>(record::VERSION)? else {
        return Ok(());
    };
    let now = versions.of(site).await?;
    if now < Version::OLDEST {
        seen.health = Health::Degraded;
        let what = format!(
            "Loomio on {} is version {now}, which is too old for Guildhall.",
            client::host(client.base())
        );
        drift(seen, DriftKind::Changed, what);
    } else if (now.0, now.1) != (before.0, before.1) {
        let what = format!("Loomio was changed from version {before} to {now}.");
        drift(seen, DriftKind::Changed, what);
    }
    Ok(())
}

async fn integrations(
    site: &Site,
    client: &Client,
    group: u64,
    seen: &mut Observation,
) -> Result<(), Fault> {
    let wanted: BTreeMap<String, Integration> =
        site.fact(record::INTEGRATIONS)?.unwrap_or_default();
    if wanted.is_empty() {
        return Ok(());
    }
    let there = chat::ours(client, site, group).await?;
    if !site.active {
        if !there.is_empty() {
            let what = "Announcements go out although this instance is switched off.";
            drift(seen, DriftKind::Changed, what);
        }
        return Ok(());
    }
    for integration in wanted.values() {
        let label = integration
            .name
            .strip_prefix(&record::prefix(site))
            .unwrap_or(&integration.name);
        let Some(found) = there.iter().find(|one| one.name == integration.name) else {
            let what = format!("The chat integration for {label} is missing.");
            drift(seen, DriftKind::Missing, what);
            continue;
        };
        let elsewhere = site
            .secrets
            .get(&integration.secret_field)
            .is_some_and(|secret| !found.sends_to(integration, secret));
        if elsewhere || !found.is_like(integration) {
            let what = format!("The chat integration for {label} was changed.");
            drift(seen, DriftKind::Changed, what);
        }
    }
    Ok(())
}

/// On an own server: whether what sends announcements and mail runs, while the web answers.
async fn workers(site: &Site, seen: &mut Observation) {
    let Some(stem) = record::container(site).and_then(|name| name.strip_suffix("app")) else {
        return;
    };
    let states = match script::containers(site).await {
        Ok(states) => states,
        Err(fault) => {
            note(seen, "the state of its containers is not known");
            tracing::warn!(%fault, "the containers could not be listed");
            return;
        }
    };
    for (name, state) in states {
        let part = name.strip_prefix(stem).unwrap_or_default();
        if matches!(part, "app" | "worker" | "db" | "redis") && state != "running" {
            seen.health = Health::Degraded;
            note(seen, &format!("{name} is {state}"));
            if part == "worker" {
                let what = "The worker is down: announcements and mail stop while the web answers.";
                drift(seen, DriftKind::Changed, what);
            }
        }
    }
}
