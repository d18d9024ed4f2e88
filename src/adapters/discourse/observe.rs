//! Looks at the instance and says how it differs from the record: with the key that makes things where it is at hand,
//! else with the run-time key, else only at what everybody sees.

use super::{
    category::{self, Seen},
    chat,
    client::{self, Client},
    group, hooks,
    pause::{self, Paused},
    provision::{address, note},
    record::{self, Hook, Places},
    runtime, verify,
};
use crate::adapters::contract::{Observation, Site, Standing};
use crate::domain::{Drift, DriftKind, Fault, FaultKind, Health};
use serde_json::Value;

/// A webhook that failed, as the forum numbers it.
const FAILED: u64 = 2;
const DISABLED: u64 = 4;

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
    let places = Places::at(site)?;
    let Some(category) = &places.category else {
        return Ok(seen(Standing::Unseen, Health::Unknown, "not made yet"));
    };
    let making = Client::making(site)?;
    let looking = runtime::client(site, &places)?;
    let Some(client) = making.as_ref().or(looking.as_ref()) else {
        client::probe(site).await?;
        return Ok(without_key(site));
    };
    let found = match category::show(client, category.id).await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(dead_key(&fault)),
        Err(fault) if fault.kind == FaultKind::ScopeMissing => {
            let mut observation = seen(
                Standing::Unseen,
                Health::Unknown,
                "the key sees less than before",
            );
            observation
                .drift
                .push(Drift::new(DriftKind::ScopeShrank, fault.what));
            return Ok(observation);
        }
        other => other?,
    };
    let Some(found) = found else {
        let who = client.whoami_or_none().await?;
        return Ok(missing(who.as_ref(), making.is_some()));
    };
    let mut observation = seen(Standing::Present, Health::Ok, &note(&places));
    observation.url = Some(address(&client::base(site)?, &found.category));
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    compare(site, &places, &found, &paused, &mut observation);
    if let Some(making) = &making {
        with_making_key(site, making, &places, &mut observation).await?;
    }
    Ok(observation)
}

/// Nothing of a private category is seen without a key; the forum answers, and that is all that is known.
fn without_key(site: &Site) -> Observation {
    let note = if site.active {
        "the forum answers; enter the API key to look closer"
    } else {
        "switched off; enter the API key to look closer"
    };
    seen(Standing::Unseen, Health::Unknown, note)
}

fn dead_key(fault: &Fault) -> Observation {
    let mut observation = seen(Standing::Unseen, Health::Down, "the key is not accepted");
    observation
        .drift
        .push(Drift::new(DriftKind::CredentialDead, fault.what.clone()));
    observation
}

/// A category that is not shown: gone to an administrator, perhaps only hidden to others.
fn missing(who: Option<&client::Whoami>, has_making_key: bool) -> Observation {
    if has_making_key && who.is_some_and(|who| who.admin) {
        return seen(Standing::Gone, Health::Down, "the category was deleted");
    }
    let mut observation = seen(
        Standing::Present,
        Health::Degraded,
        "the category is not shown",
    );
    match who.filter(|who| has_making_key && !who.moderator) {
        Some(who) => add(
            &mut observation,
            DriftKind::ScopeShrank,
            format!(
                "{} is no administrator or moderator any more, so the category is hidden from the key.",
                who.username
            ),
        ),
        None => add(
            &mut observation,
            DriftKind::Missing,
            "The category was deleted, or hidden from the user of the key.".into(),
        ),
    }
    observation
}

fn compare(
    site: &Site,
    places: &Places,
    found: &Seen,
    paused: &[Paused],
    observation: &mut Observation,
) {
    let Some(known) = &places.category else {
        return;
    };
    let mut changed = |what: String| {
        observation.drift.push(Drift::new(DriftKind::Changed, what));
    };
    let now = &found.category;
    if now.name != known.name {
        changed(format!(
            "The category {} is now called {}.",
            known.name, now.name
        ));
    }
    if now.slug != known.slug {
        changed(format!(
            "The category's address was changed from {} to {}.",
            known.slug, now.slug
        ));
    }
    // A reader without rights is not shown who may do what.
    if !found.can_edit {
        return;
    }
    let pause = paused.iter().find(|pause| pause.category.id == now.id);
    let (wanted, state) = match pause {
        Some(pause) => (&pause.ours, ", which is switched off"),
        None => (&known.permissions, ""),
    };
    if now.permissions != *wanted {
        changed(format!(
            "Somebody changed who may read and write in {}{state}.",
            now.name
        ));
    }
    if pause.is_none() && !site.active && !places.adopted {
        changed(format!(
            "{} is open although this instance is switched off.",
            now.name
        ));
    }
}

async fn with_making_key(
    site: &Site,
    client: &Client,
    places: &Places,
    observation: &mut Observation,
) -> Result<(), Fault> {
    let who = client.whoami().await?;
    if !who.admin && !who.moderator {
        add(
            observation,
            DriftKind::ScopeShrank,
            format!(
                "{} is no administrator or moderator any more.",
                who.username
            ),
        );
        return Ok(());
    }
    observation.slots = vec![verify::communities(&category::list(client).await?)];
    if let Some(group) = &places.group
        && group::find(client, &group.name).await?.is_none()
    {
        add(
            observation,
            DriftKind::Missing,
            format!("The group {} is not there any more.", group.name),
        );
    }
    if !who.admin {
        return Ok(());
    }
    if let Some(id) = places.webhook {
        webhook(
            site,
            client,
            id,
            "to the address in the settings",
            observation,
        )
        .await?;
    }
    for hook in record::hooks_at(site)? {
        match hook {
            Hook::Webhook { id: Some(id), .. } => {
                webhook(site, client, id, "of a connection", observation).await?;
            }
            Hook::Channel { channel, .. } if !chat::stands(client, channel).await? => add(
                observation,
                DriftKind::Missing,
                "A channel of the chat integration is missing.".into(),
            ),
            _ => {}
        }
    }
    if let Some(runtime) = &places.runtime {
        let stands = runtime::stands(client, runtime.key).await?;
        if !stands && !runtime.revoked {
            add(
                observation,
                DriftKind::CredentialDead,
                format!(
                    "The run-time key {}… was revoked or deleted.",
                    runtime.first
                ),
            );
        }
        if stands && runtime.revoked {
            add(
                observation,
                DriftKind::Changed,
                format!(
                    "The run-time key {}… works although this instance is switched off.",
                    runtime.first
                ),
            );
        }
    }
    Ok(())
}

fn add(observation: &mut Observation, kind: DriftKind, what: String) {
    observation.drift.push(Drift::new(kind, what));
}

async fn webhook(
    site: &Site,
    client: &Client,
    id: u64,
    which: &str,
    observation: &mut Observation,
) -> Result<(), Fault> {
    let Some(hook) = hooks::show(client, id).await? else {
        add(
            observation,
            DriftKind::Missing,
            format!("The webhook {which} is missing."),
        );
        return Ok(());
    };
    if hook.active != site.active {
        let is = if hook.active { "on" } else { "off" };
        add(
            observation,
            DriftKind::Changed,
            format!("The webhook {which} was switched {is}."),
        );
    }
    if hook.active && matches!(hook.last, FAILED | DISABLED) {
        observation.health = Health::Degraded;
        observation.note = format!("the last delivery of the webhook {which} failed");
    }
    Ok(())
}

impl Client {
    /// Who the key acts as; none where it may not say.
    async fn whoami_or_none(&self) -> Result<Option<client::Whoami>, Fault> {
        let answer = self.look("/session/current.json").await?;
        if !answer.is_success() {
            return Ok(None);
        }
        let shown: Value = answer.json()?;
        let user = &shown["current_user"];
        Ok(Some(client::Whoami {
            id: user["id"].as_u64().unwrap_or_default(),
            username: user["username"].as_str().unwrap_or_default().to_owned(),
            admin: user["admin"] == true,
            moderator: user["moderator"] == true,
        }))
    }
}
