//! Looking at instances: read-only, a few at a time on each platform, never in a storm. Records health, drift and what is
//! gone, and enqueues nothing.

use super::{
    core::Core,
    ending::brief,
    facts, keyring,
    rules::{self, Rules},
    scene::Scene,
    slots,
    submit::{After, Applied},
    views::{EngineEvent, Receipt},
};
use crate::{
    adapters::{Observation, Standing},
    domain::{
        Actor, CommunityId, Drift, DriftKind, Fault, FaultKind, Health, Instance, InstanceId,
        Observed, PlatformId, clean_line,
    },
    store::{InstancePlace, Reader, Writer},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Semaphore;

/// The most instances of one platform that one request looks at, those first that were not looked at for longest.
const MOST: u32 = 1000;

/// Looks at instances: of one community, of one platform, or all that the actor sees.
pub(super) fn ask(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    community: Option<CommunityId>,
    platform: Option<&PlatformId>,
) -> Result<Applied, Fault> {
    let mut found = Vec::new();
    match community {
        Some(community) => {
            if let Some(platform) = platform {
                super::instances::required(reader, rules, community, platform)?;
            }
            for instance in reader.instances(community)? {
                if platform.is_none_or(|wanted| *wanted == instance.platform) && can_look(&instance)
                {
                    found.push(instance.id);
                }
            }
        }
        None => {
            for manifest in rules.catalog.iter() {
                if platform.is_some_and(|wanted| *wanted != manifest.id)
                    || rules.registry.get(&manifest.id).is_none()
                {
                    continue;
                }
                for id in reader.instances_to_check(&manifest.id, rules.now, MOST)? {
                    if actor.sees(reader.instance(id)?.community) {
                        found.push(id);
                    }
                }
            }
        }
    }
    let subject = match (community, platform) {
        (Some(community), Some(platform)) => {
            format!("{}/{platform}", reader.community(community)?.slug)
        }
        (Some(community), None) => reader.community(community)?.slug.to_string(),
        (None, Some(platform)) => platform.to_string(),
        (None, None) => "everything".to_owned(),
    };
    Ok(Applied {
        subject,
        detail: crate::domain::counted(found.len(), "instance", "instances"),
        receipt: Receipt {
            message: match found.len() {
                0 => "Nothing that was made is there to be looked at.".to_owned(),
                count => format!(
                    "{} being looked at.",
                    crate::domain::counted(count, "instance", "instances")
                ),
            },
            community,
            operations: Vec::new(),
        },
        after: vec![After::Look(found)],
        ..Applied::default()
    })
}

fn can_look(instance: &Instance) -> bool {
    instance.external_id.is_some() && instance.observed != Observed::Working
}

/// Begins to look, in the background.
pub(super) fn begin(core: &Arc<Core>, instances: Vec<InstanceId>) {
    if instances.is_empty() {
        return;
    }
    let looking = core.desk.look();
    let core = core.clone();
    tokio::spawn(async move {
        // Held until the last one was looked at, so that whoever waits for rest waits for it.
        let _looking = looking;
        let mut gates: HashMap<PlatformId, Arc<Semaphore>> = HashMap::new();
        let mut tasks = tokio::task::JoinSet::new();
        for id in instances {
            let instance = match core.store.read(move |reader| reader.instance(id)).await {
                Ok(instance) => instance,
                Err(fault) => {
                    tracing::warn!(instance = %id, %fault, "an instance could not be read");
                    continue;
                }
            };
            let gate = gates
                .entry(instance.platform.clone())
                .or_insert_with(|| {
                    Arc::new(Semaphore::new(core.options.limits.observe_at_once.max(1)))
                })
                .clone();
            let (core, closing) = (core.clone(), core.desk.closing().clone());
            tasks.spawn(async move {
                let Ok(_turn) = gate.acquire_owned().await else {
                    return;
                };
                if closing.is_cancelled() {
                    return;
                }
                if let Err(fault) = look(&core, instance).await {
                    tracing::warn!(%fault, detail = ?fault.detail, "a look could not be recorded");
                }
            });
        }
        // A look that panicked has recorded nothing, and has shown its place in the log.
        while tasks.join_next().await.is_some() {}
    });
}

async fn look(core: &Arc<Core>, instance: Instance) -> Result<(), Fault> {
    let Some(adapter) = core.options.registry.get(&instance.platform).cloned() else {
        return Ok(());
    };
    if !can_look(&instance) {
        return Ok(());
    }
    let (id, community, rules) = (instance.id, instance.community, core.rules());
    let scene = core
        .store
        .read(move |reader| Scene::read(reader, &rules, reader.instance(id)?))
        .await?;
    let used = scene.keys();
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let seen = adapter.observe(&site).await;
    let trouble = seen.as_ref().err().cloned();
    let task = core
        .change(move |writer, rules| {
            if rules.custody.is_unlocked() {
                writer.touch_credentials(&used, rules.now)?;
            }
            let instance = writer.instance(id)?;
            // Meanwhile an operation began, or it was removed: what was seen is of the past.
            if can_look(&instance) {
                match seen {
                    Ok(observation) => record(writer, rules, &instance, &observation)?,
                    Err(fault) => record_trouble(writer, rules, &instance, &fault)?,
                }
            }
            facts::found_task(writer, id)
        })
        .await?;
    core.emit(EngineEvent::Looked {
        instance: id,
        community,
        task: task.map(|(task, _)| task),
        fault: trouble,
    });
    core.emit_changed(Some(community));
    Ok(())
}

fn record(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    seen: &Observation,
) -> Result<(), Fault> {
    let id = instance.id;
    let mut drift: Vec<Drift> = seen
        .drift
        .iter()
        .map(|drift| Drift {
            what: clean_line(&drift.what),
            ..drift.clone()
        })
        .collect();
    if !drift.iter().any(|known| known.kind == DriftKind::OverQuota) {
        drift.extend(slots::exceeded(rules, &instance.platform, &seen.slots));
    }
    let drift = super::drift::sift(writer, rules, id, drift)?;
    writer.set_drift(id, &drift)?;
    let health = health(seen.health, &drift);
    writer.set_health(id, health, rules.now)?;
    if health == Health::Ok {
        facts::remember(writer, id, facts::HEALTHY_AT, &rules.now)?;
    }
    // The row says what is so: before anything else, what differs.
    let note = match drift.first() {
        Some(first) => first.what.trim_end_matches('.').to_owned(),
        None => clean_line(&seen.note),
    };
    if let Some(url) = seen
        .url
        .as_ref()
        .filter(|url| instance.url.as_ref() != Some(*url))
    {
        writer.set_place(
            id,
            &InstancePlace {
                kind: instance.kind,
                external_id: instance.external_id.clone(),
                url: Some(clean_line(url)),
                made_by_us: instance.made_by_us,
                observe_only: instance.observe_only,
            },
        )?;
    }
    if !seen.slots.is_empty() {
        record_slots(writer, rules, instance, seen)?;
    }
    let busy = rules::is_held_up(writer, id)?;
    match (&seen.task, seen.standing) {
        (_, Standing::Gone) => {
            facts::forget(writer, id, facts::TASK)?;
            let note = if note.is_empty() {
                "not there any more; remove it here"
            } else {
                note.as_str()
            };
            writer.set_observed(id, Observed::Gone, note)
        }
        (Some(task), _) => {
            facts::remember_task(writer, id, task, rules.now)?;
            if busy {
                return Ok(());
            }
            writer.set_observed(id, Observed::of_task(task), &clean_line(&task.title))
        }
        (None, Standing::Unseen) => Ok(()),
        (None, Standing::Present) => {
            facts::forget(writer, id, facts::TASK)?;
            if busy {
                return Ok(());
            }
            writer.set_observed(id, Observed::Ready, &note)
        }
    }
}

/// What differs and nobody decided about is not well, unless it works as before, as a room that somebody renamed.
fn health(seen: Health, undecided: &[Drift]) -> Health {
    let is_severe = |drift: &Drift| drift.kind != DriftKind::Changed;
    if seen == Health::Ok && undecided.iter().any(is_severe) {
        return Health::Degraded;
    }
    seen
}

/// The limits of the account as the look told them.
fn record_slots(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    seen: &Observation,
) -> Result<(), Fault> {
    let keys = keyring::current(writer, rules, &instance.platform, instance.community)?;
    match keys.first() {
        Some(key) => slots::record(writer, rules, key.account, &instance.platform, &seen.slots),
        None => Ok(()),
    }
}

/// A look that failed says something too, unless only the vault stood in its way.
fn record_trouble(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    fault: &Fault,
) -> Result<(), Fault> {
    let health = match fault.kind {
        FaultKind::Locked | FaultKind::Cancelled | FaultKind::RateLimited { .. } => return Ok(()),
        FaultKind::Unreachable | FaultKind::OutcomeUnknown => Health::Down,
        _ => Health::Unknown,
    };
    writer.set_health(instance.id, health, rules.now)?;
    let kind = match fault.kind {
        FaultKind::KeyRejected => {
            keyring::mark_refused(writer, rules, instance)?;
            Some(DriftKind::CredentialDead)
        }
        FaultKind::ScopeMissing => Some(DriftKind::ScopeShrank),
        FaultKind::OverQuota => Some(DriftKind::OverQuota),
        _ => None,
    };
    if let Some(kind) = kind {
        let what = fault.what.clone();
        let drift = super::drift::sift(writer, rules, instance.id, vec![Drift::new(kind, what)])?;
        writer.set_drift(instance.id, &drift)?;
    }
    if instance.observed == Observed::Ready {
        writer.set_observed(instance.id, Observed::Ready, &brief(fault))?;
    }
    Ok(())
}
