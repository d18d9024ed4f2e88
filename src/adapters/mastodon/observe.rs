//! Looks at the account and says how it differs from the record.

use super::{
    client::{self, Account, Client},
    errors::{self, Barred},
    notice, pause, profile,
    record::{Known, Profile, marker},
    tasks, verify,
};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health, HumanTask};

pub(super) fn seen(standing: Standing, health: Health, note: &str) -> Observation {
    Observation {
        standing,
        health,
        note: note.to_owned(),
        drift: Vec::new(),
        task: None,
        slots: Vec::new(),
        url: None,
    }
}

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let known = Known::at(site)?;
    if known.id.is_empty() {
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    }
    let server = client::probe(site).await?;
    let client = Client::reading(site)?;
    let answer = client.who_answer().await?;
    if let Some(barred) = errors::barred(&answer) {
        return Ok(shut(site, &client, &known, barred));
    }
    let account: Account = match errors::accept(answer, "say whose token it is") {
        Ok(answer) => answer.json()?,
        Err(fault) if fault.kind == FaultKind::KeyRejected => {
            return without_token(site, &known, fault).await;
        }
        Err(fault) => return Err(fault),
    };
    let mut observation = seen(
        Standing::Present,
        Health::Ok,
        &format!("@{}", account.username),
    );
    observation.url.clone_from(&account.url);
    let pinned = client.pinned(&known.id).await?;
    observation.slots = verify::slots(&account, pinned.len(), &server);
    let paused: Option<pause::Paused> = site.fact(pause::FACT)?;
    compare(site, &known, &account, paused.as_ref(), &mut observation);
    let wanted = match &paused {
        Some(paused) => paused.notice.as_ref(),
        None => known.notice.as_ref(),
    };
    if let Some(id) = wanted
        && !pinned.iter().any(|post| post.id == *id)
    {
        let what = if paused.is_some() {
            notice::pause_text(site)
        } else {
            notice::text(site)
        };
        add(
            &mut observation,
            DriftKind::Missing,
            format!("The notice is not pinned any more: {what}"),
        );
    }
    Ok(observation)
}

fn add(observation: &mut Observation, kind: DriftKind, what: String) {
    observation.drift.push(Drift::new(kind, what));
}

/// An account that exists and may do nothing.
fn shut(site: &Site, client: &Client, known: &Known, barred: Barred) -> Observation {
    if barred == Barred::Frozen && (known.frozen || known.freezing) {
        return seen(Standing::Present, Health::Ok, "frozen while switched off");
    }
    let (note, task): (&str, HumanTask) = match barred {
        Barred::Unconfirmed => (
            "its mail address is not confirmed",
            tasks::confirm(client.base()),
        ),
        Barred::Unapproved => (
            "the moderators have not approved it",
            tasks::approve(client.base()),
        ),
        Barred::Frozen => (
            "frozen by the server",
            tasks::thaw(client.base(), &known.username),
        ),
    };
    let mut observation = seen(Standing::Present, Health::Down, note);
    if barred == Barred::Frozen {
        let what = format!(
            "Somebody froze {} on {}.",
            known.username,
            client::host(client.base())
        );
        add(&mut observation, DriftKind::Archived, what);
    }
    // Put off while nothing is wanted of it.
    observation.task = site.active.then_some(task);
    observation
}

/// A dead token: either revoked, or its account is gone, which everybody can see.
async fn without_token(site: &Site, known: &Known, fault: Fault) -> Result<Observation, Fault> {
    let shown = client::look_up(site, &known.username).await?;
    if shown.is_none_or(|account| account.suspended) {
        return Ok(seen(
            Standing::Gone,
            Health::Down,
            "the account was deleted",
        ));
    }
    let mut observation = seen(Standing::Unseen, Health::Down, "the token is not accepted");
    add(&mut observation, DriftKind::CredentialDead, fault.what);
    Ok(observation)
}

fn compare(
    site: &Site,
    known: &Known,
    account: &Account,
    paused: Option<&pause::Paused>,
    observation: &mut Observation,
) {
    let mut changed = |what: String| add(observation, DriftKind::Changed, what);
    let now = profile::of(account);
    let wanted = paused.map(|paused| &paused.ours).or(known.profile.as_ref());
    if let Some(wanted) = wanted {
        for part in differences(wanted, &now) {
            changed(format!("Somebody changed the profile: {part}."));
        }
    }
    if !known.adopted && profile::marked(&now) != Some(marker(site).as_str()) {
        changed("The field Guildhall was taken off the profile.".into());
    }
    if !account.moved.is_null() {
        let to = account.moved["acct"].as_str().unwrap_or("elsewhere");
        changed(format!("The account moved to {to}."));
    }
    if account.limited {
        let what = "The account was limited by the server's moderators.";
        add(observation, DriftKind::Archived, what.into());
    }
    if account.suspended {
        let what = "The account was suspended by the server's moderators.";
        add(observation, DriftKind::Archived, what.into());
        observation.health = Health::Down;
    }
}

fn differences(wanted: &Profile, now: &Profile) -> Vec<String> {
    let mut parts = Vec::new();
    if now.display_name != wanted.display_name {
        parts.push(format!("its name is {:?} now", now.display_name));
    }
    if now.note != wanted.note {
        parts.push("its bio".to_owned());
    }
    if now.locked != wanted.locked {
        parts.push("whether followers need approval".to_owned());
    }
    if now.bot != wanted.bot {
        parts.push("whether it is marked as automated".to_owned());
    }
    if let (Some(now), Some(wanted)) = (now.discoverable, wanted.discoverable)
        && now != wanted
    {
        parts.push("whether it can be discovered".to_owned());
    }
    let other = |field: &&client::Field| field.name != super::record::MARKER;
    if !now
        .fields
        .iter()
        .filter(other)
        .eq(wanted.fields.iter().filter(other))
    {
        parts.push("its fields".to_owned());
    }
    parts
}
