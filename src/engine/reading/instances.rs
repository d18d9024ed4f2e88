//! Everything about one platform of one community, with what to do next.

use super::{communities::connections_at, seen};
use crate::{
    catalog::Manifest,
    domain::{
        Actor, CredentialMeta, CredentialState, Desired, DriftKind, Fault, HumanTask, Instance,
        IntentKind, Observed, Operation, OperationState, PlatformId, Role, SlotUse, Slug, Subject,
        permits,
    },
    engine::{
        Engine, drift, facts, key_age, keyring, reach,
        rules::{self, Rules},
        slots,
        views::{Due, InstanceDetail, TaskRow, TaskSubject},
    },
    store::{OperationFilter, Reader},
};
use std::collections::BTreeSet;

/// Operations that the details show.
const LATEST: u32 = 10;

impl Engine {
    /// Everything about one platform of one community.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of, or a platform not in the catalog.
    pub async fn instance(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
    ) -> Result<InstanceDetail, Fault> {
        let (asking, slug, platform) = (actor.clone(), slug.clone(), platform.clone());
        let (core, rules) = (self.core.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &slug)?;
                let manifest = rules.manifest(&platform)?;
                let adapter = core.options.registry.get(&platform).is_some();
                let instance = reader.instance_of(community.id, &platform)?;
                let mut keys = keyring::current(reader, &rules, &platform, community.id)?;
                let asking = reader.actor(asking.id)?;
                if !permits(&asking, IntentKind::ViewAccounts, Subject::Installation) {
                    hide_shared(reader, &mut keys)?;
                }
                let unlock = if asking.role == Role::Operator {
                    UNLOCK
                } else {
                    WAIT_FOR_UNLOCK
                };
                let (operations, connections) = match &instance {
                    Some(instance) => {
                        let filter = OperationFilter {
                            instance: Some(instance.id),
                            ..Default::default()
                        };
                        (
                            reader.operations(&filter, LATEST)?,
                            connections_at(reader, instance.id, &core)?,
                        )
                    }
                    None => (Vec::new(), Vec::new()),
                };
                let task = match &instance {
                    Some(instance) => {
                        let named = (
                            &community.slug,
                            community.name.as_str(),
                            manifest.name.as_str(),
                        );
                        task_of(reader, instance, &operations, named)?
                    }
                    None => None,
                };
                let advice = match &instance {
                    Some(instance) => {
                        let open = Open {
                            unlock,
                            task: task.as_ref().map(|row| &row.task),
                            operations: &operations,
                            keys: &keys,
                        };
                        advice(reader, &rules, manifest, instance, &open)?
                    }
                    None => vec![format!(
                        "{} is off; switch it on to have it made.",
                        manifest.name
                    )],
                };
                Ok(InstanceDetail {
                    slug: community.slug,
                    community: community.name,
                    platform_name: manifest.name.clone(),
                    meaning: manifest.instance.clone(),
                    adapter,
                    advice,
                    task,
                    healthy_at: match &instance {
                        Some(instance) => facts::recall(reader, instance.id, facts::HEALTHY_AT)?,
                        None => None,
                    },
                    answered: match &instance {
                        Some(instance) => drift::answered(reader, &rules, instance.id)?,
                        None => Vec::new(),
                    },
                    keys_reach: keys_reach(reader, &keys)?,
                    due: due(reader, &rules, &asking, &keys)?,
                    keys,
                    connections,
                    operations,
                    warnings: manifest.warnings.clone(),
                    capabilities: manifest
                        .capabilities
                        .iter()
                        .map(|(verb, note)| (verb.to_string(), note.how, note.note.clone()))
                        .collect(),
                    platform,
                    instance,
                })
            })
            .await
    }
}

/// The keys that should be replaced, for who may do that.
fn due(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    keys: &[CredentialMeta],
) -> Result<Vec<Due>, Fault> {
    let mut due = Vec::new();
    if permits(actor, IntentKind::RotateKey, Subject::Installation) {
        for key in keys {
            let platform = reader.account(key.account)?.platform;
            due.extend(key_age::of(reader, rules, &platform, key)?);
        }
    }
    Ok(due)
}

/// How many communities the keys reach together.
fn keys_reach(reader: &Reader<'_>, keys: &[CredentialMeta]) -> Result<u64, Fault> {
    let mut reached = BTreeSet::new();
    for key in keys {
        let account = reader.account(key.account)?;
        reached.extend(reach::communities(
            reader,
            &account,
            std::slice::from_ref(key),
        )?);
    }
    Ok(u64::try_from(reached.len()).unwrap_or(u64::MAX))
}

/// The step that waits for a person: where an operation stands at one, that; else what the last look found.
fn task_of(
    reader: &Reader<'_>,
    instance: &Instance,
    operations: &[Operation],
    (slug, community, platform_name): (&Slug, &str, &str),
) -> Result<Option<TaskRow>, Fault> {
    let waiting = operations
        .iter()
        .filter(|operation| operation.state == OperationState::WaitsHuman)
        .find_map(|operation| Some((operation, operation.task.clone()?)));
    let found = match waiting {
        Some((operation, task)) => Some((Some(operation.id), task, operation.updated_at)),
        None => facts::found_task(reader, instance.id)?.map(|(task, since)| (None, task, since)),
    };
    Ok(found.map(|(operation, task, since)| TaskRow {
        subject: TaskSubject::Instance {
            instance: instance.id,
            community: instance.community,
            slug: slug.clone(),
            name: community.to_owned(),
        },
        operation,
        platform: instance.platform.clone(),
        platform_name: platform_name.to_owned(),
        task,
        key: None,
        since,
    }))
}

/// Takes away what a key of the installation tells of other communities: who it is and what it reaches.
fn hide_shared(reader: &Reader<'_>, keys: &mut [CredentialMeta]) -> Result<(), Fault> {
    for key in keys {
        if reader.account(key.account)?.community.is_none() {
            key.identity = None;
            key.last_four.clear();
            key.fingerprint.clear();
        }
    }
    Ok(())
}

/// What an operator does about a locked vault, and what everybody else can.
const UNLOCK: &str = "Unlock the vault; the work goes on by itself.";
const WAIT_FOR_UNLOCK: &str =
    "The vault is locked. An operator has to unlock it; the work goes on by itself then.";

struct Open<'a> {
    unlock: &'static str,
    task: Option<&'a HumanTask>,
    operations: &'a [Operation],
    keys: &'a [CredentialMeta],
}

/// What to do next, one sentence each, the most pressing first.
fn advice(
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
    instance: &Instance,
    open: &Open<'_>,
) -> Result<Vec<String>, Fault> {
    let mut advice = Vec::new();
    if rules.registry.get(&instance.platform).is_none() {
        advice.push(format!(
            "The adapter of {} is not there yet: what you choose and enter is recorded, and nothing is made.",
            manifest.name
        ));
        return Ok(advice);
    }
    if let Some(task) = open.task {
        advice.push(format!("{}: {}.", task.who, task.title));
        advice.extend(task.instructions.iter().cloned());
    }
    if open
        .operations
        .iter()
        .any(|operation| operation.state == OperationState::WaitsUnlock)
    {
        advice.push(open.unlock.to_owned());
    }
    for operation in open.operations {
        if let (OperationState::Failed | OperationState::WaitsKey, Some(fault)) =
            (operation.state, &operation.fault)
        {
            advice.push(fault.to_string());
        }
    }
    if instance.observed == Observed::NeedsKey {
        advice.extend(key_advice(reader, rules, manifest, instance, open.keys)?);
    }
    if instance.observed == Observed::Gone {
        advice.push(
            "It is not there any more: put it back, which makes another, or take that over, which removes it here."
                .to_owned(),
        );
    }
    for drift in &instance.drift {
        advice.push(match drift.kind {
            DriftKind::CredentialDead => format!("{} Enter a new key.", drift.what),
            _ => format!(
                "{} Take over what is there, put back what was, or ignore it until a day.",
                ended(&drift.what)
            ),
        });
    }
    let mut looked_at = Vec::new();
    for key in open.keys {
        if looked_at.contains(&key.account) {
            continue;
        }
        looked_at.push(key.account);
        let account = reader.account(key.account)?;
        if let Some(row) = slots::pressing(&slots::rows(reader, rules, &account)?) {
            advice.push(format!(
                "Its account {} is {}: {}. Make another there in time.",
                account.name,
                if row.slots.level() == SlotUse::Full {
                    "full"
                } else {
                    "nearly full"
                },
                row.words()
            ));
        }
    }
    if advice.is_empty() && instance.observe_only {
        advice.push(
            "It is only looked at; manage it from here when you have seen enough.".to_owned(),
        );
    }
    if advice.is_empty()
        && instance.observed == Observed::Ready
        && instance.desired == Desired::Inactive
    {
        advice.push("It is made and switched off; switch it on when it is wanted.".to_owned());
    }
    Ok(advice)
}

/// A sentence with its full stop.
fn ended(sentence: &str) -> String {
    let sentence = sentence.trim_end();
    if sentence.ends_with(['.', '!', '?']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}

fn key_advice(
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
    instance: &Instance,
    keys: &[CredentialMeta],
) -> Result<Vec<String>, Fault> {
    let mut advice = Vec::new();
    for key in keys {
        let label = manifest
            .credential(&key.field)
            .map_or(key.field.as_str(), |field| field.label.as_str());
        match key.state {
            CredentialState::NeedsReentry => {
                advice.push(format!("{label} does not open any more: enter it again."));
            }
            CredentialState::Rejected => {
                advice.push(format!(
                    "{label} is not accepted any more: enter a new one."
                ));
            }
            _ => {}
        }
    }
    let situation = rules.situation(reader, instance)?;
    let needs = if situation.present {
        manifest.needs.to_operate(&instance.settings)
    } else {
        manifest.needs.to_provision(&instance.settings)
    };
    if !needs.is_empty() {
        advice.push(format!("Enter {}.", rules::name_keys(manifest, needs)));
    }
    let first = needs.first().and_then(|fields| fields.first());
    if let Some(field) = first.and_then(|field| manifest.credential(field)) {
        advice.extend(field.where_to_get.iter().map(|step| {
            manifest
                .fill(step, &instance.settings)
                .unwrap_or_else(|| step.clone())
        }));
    }
    Ok(advice)
}
