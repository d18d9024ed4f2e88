//! Looks at the collective and says how it differs from the record (sheet: opencollective 4.7). Looks by id, so a rename is
//! no loss.

use super::account::{Account, Owner};
use super::client::{Client, Reply};
use super::record::{self, Collective};
use super::{hooks, host, pause, verify, web_page};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health};
use jiff::{SignedDuration, Timestamp};

/// How long before a token expires it is said (sheet: opencollective 2).
const WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let Some(collective) = Collective::at(site)? else {
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    };
    let client = Client::at(site)?;
    let reply = match client.observe(&[collective.id.as_str()]).await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(dead_key(fault.what)),
        other => other?,
    };
    if let Some(refusal) = reply.refusals.first() {
        let damaged = refusal.says("invalid account id");
        if !damaged {
            client.accept(reply, "look at the collective").await?;
            return Ok(seen(Standing::Unseen, Health::Unknown, ""));
        }
        let mut observation = seen(Standing::Unseen, Health::Unknown, "our record is damaged");
        observation.drift.push(changed(
            "The recorded id is none of the platform's; adopt the collective again.".into(),
        ));
        return Ok(observation);
    }
    judge(site, &client, &collective, &reply).await
}

async fn judge(
    site: &Site,
    client: &Client,
    collective: &Collective,
    reply: &Reply,
) -> Result<Observation, Fault> {
    let Some(account) = Account::read(&reply.data["a0"])? else {
        return Ok(seen(Standing::Gone, Health::Down, "deleted there"));
    };
    if reply.anonymous {
        return Ok(dead_key(
            "The platform answers as to a stranger: the token does not arrive there.".into(),
        ));
    }
    let mut drift = texts(collective, &account);
    let is_link = site.kind == crate::domain::InstanceKind::Link;
    if !account.is_admin && !is_link {
        drift.push(Drift::new(
            DriftKind::ScopeShrank,
            "Our user is no longer an administrator of the collective.",
        ));
    }
    if !collective.adopted && account.owner(site) != Owner::Us {
        drift.push(changed(
            "It does not carry our marker any more; nothing is written to it.".into(),
        ));
    }
    drift.extend(switches(site, collective, &account)?);
    let money = money(site, client, collective, &account).await?;
    drift.extend(money);
    if account.is_admin {
        drift.extend(missing_hooks(site, client, collective).await?);
    }
    let health = if account.is_archived || account.is_frozen {
        Health::Down
    } else {
        Health::Ok
    };
    let mut observation = seen(Standing::Present, health, "");
    observation.note = note(site, &account)?;
    observation.task = host::pending(site, client, &account).await?;
    observation.drift = drift;
    observation.slots = verify::slots(&reply.data["me"]);
    observation.url = web_page(site, &account.slug).filter(|_| account.slug != collective.slug);
    Ok(observation)
}

fn texts(collective: &Collective, account: &Account) -> Vec<Drift> {
    // Without a record of our own there is nothing to compare with.
    if collective.slug.is_empty() {
        return Vec::new();
    }
    let mut drift = Vec::new();
    for (what, ours, theirs) in [
        ("short name", &collective.slug, &account.slug),
        ("name", &collective.name, &account.name),
        ("description", &collective.description, &account.description),
    ] {
        if ours != theirs {
            drift.push(changed(format!(
                "The {what} was changed there: \"{theirs}\" instead of \"{ours}\"."
            )));
        }
    }
    if collective.tags != account.tags {
        drift.push(changed(format!(
            "The tags were changed there: {}.",
            account.tags.join(", ")
        )));
    }
    drift
}

fn switches(site: &Site, collective: &Collective, account: &Account) -> Result<Vec<Drift>, Fault> {
    let paused: Option<pause::Pause> = site.fact(pause::FACT)?;
    let by_us = paused.unwrap_or_default();
    let mut drift = Vec::new();
    let expected_archived = collective.archived || by_us.archived;
    if account.is_archived && !expected_archived {
        drift.push(Drift::new(
            DriftKind::Archived,
            "It was archived by somebody else.",
        ));
    } else if !account.is_archived && collective.archived {
        drift.push(changed("It was brought back from the archive.".into()));
    }
    match (account.is_frozen, by_us.frozen) {
        (true, false) => drift.push(Drift::new(
            DriftKind::Archived,
            "It was frozen by its host.",
        )),
        (false, true) => drift.push(changed("It was unfrozen by its host.".into())),
        _ => {}
    }
    if account.is_frozen || account.is_archived {
        return Ok(drift);
    }
    for (key, _) in by_us.saved {
        if account.settings[&key] != true {
            drift.push(changed(format!("The setting {key} was changed back.")));
        }
    }
    Ok(drift)
}

/// The host may change without us: a left-behind application can be approved later and attach it again.
async fn money(
    site: &Site,
    client: &Client,
    collective: &Collective,
    account: &Account,
) -> Result<Vec<Drift>, Fault> {
    let wanted = site.settings.get("host");
    let mut drift = Vec::new();
    match (account.host_slug(), collective.host.as_deref()) {
        (Some(host), recorded) if recorded != Some(host) && wanted != Some(host) => {
            drift.push(changed(format!("It has the host {host} now.")));
        }
        (None, Some(host)) if account.is_admin && !account.is_archived => {
            let last = host::last_with(client, &account.id, host).await?;
            let status = last.map(|application| application.status);
            drift.push(changed(match status.as_deref() {
                Some("REJECTED") => format!("{host} rejected the application."),
                Some("EXPIRED") => format!("The application to {host} expired."),
                _ => format!("{host} is not its host any more."),
            }));
        }
        (None, Some(host)) if !account.is_archived => {
            drift.push(changed(format!("{host} is not its host any more.")));
        }
        _ => {}
    }
    Ok(drift)
}

async fn missing_hooks(
    site: &Site,
    client: &Client,
    collective: &Collective,
) -> Result<Vec<Drift>, Fault> {
    let ours = record::hooks_at(site)?;
    if ours.iter().all(|hook| hook.id.is_none()) {
        return Ok(Vec::new());
    }
    let standing = match hooks::list(client, &collective.id).await {
        Err(fault) if fault.kind == FaultKind::ScopeMissing => {
            return Ok(vec![Drift::new(DriftKind::ScopeShrank, fault.what)]);
        }
        other => other?,
    };
    Ok(ours
        .into_iter()
        .filter(|hook| {
            hook.id.is_some() && !standing.iter().any(|row| Some(&row.id) == hook.id.as_ref())
        })
        .map(|hook| {
            Drift::new(
                DriftKind::Missing,
                format!("The webhook to {} was deleted there.", hook.host),
            )
        })
        .collect())
}

fn note(site: &Site, account: &Account) -> Result<String, Fault> {
    let ends = verify::expiry(site)?;
    let soon = ends.filter(|ends| ends.duration_since(Timestamp::now()) < WARNING);
    if let Some(ends) = soon {
        let day = ends.strftime("%Y-%m-%d");
        return Ok(format!("the token expires on {day}"));
    }
    Ok(if account.is_archived {
        "archived".into()
    } else if account.is_frozen {
        "frozen by its host".into()
    } else {
        account.money_note()
    })
}

fn dead_key(what: String) -> Observation {
    let mut observation = seen(Standing::Unseen, Health::Down, "the token is not accepted");
    observation
        .drift
        .push(Drift::new(DriftKind::CredentialDead, what));
    observation
}

fn changed(what: String) -> Drift {
    Drift::new(DriftKind::Changed, what)
}

fn seen(standing: Standing, health: Health, note: &str) -> Observation {
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
