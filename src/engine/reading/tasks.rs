//! What waits for a person, over the whole installation: steps on the platforms, and keys to be entered here.

use super::{Rules, only};
use crate::{
    catalog::Manifest,
    domain::{Actor, Fault, HumanTask, Instance, IntentKind, Subject, WantedAccount, permits},
    engine::{
        Engine, rules, titles,
        views::{KeyWanted, TaskRow, TaskSubject},
        wanting,
    },
    store::{Reader, WaitingTask},
};

impl Engine {
    /// Everything that waits for a person, those first that have waited longest.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn tasks(&self, actor: &Actor) -> Result<Vec<TaskRow>, Fault> {
        let (asking, rules) = (actor.id, self.core.rules());
        self.core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                let mut rows = reader
                    .waiting_tasks(only(&actor).as_deref())?
                    .into_iter()
                    .map(|row| told(reader, &rules, row))
                    .collect::<Result<Vec<_>, _>>()?;
                if permits(&actor, IntentKind::ViewAccounts, Subject::Installation) {
                    for wanted in reader.wanted_accounts()? {
                        rows.push(account(reader, &rules, wanted)?);
                    }
                    rows.sort_by_key(|row| (row.since, row.operation));
                }
                Ok(rows)
            })
            .await
    }
}

fn told(reader: &Reader<'_>, rules: &Rules, row: WaitingTask) -> Result<TaskRow, Fault> {
    let (task, key) = if let Some(task) = row.task {
        (task, None)
    } else {
        let instance = reader.instance(row.instance)?;
        let manifest = rules.manifest(&instance.platform)?;
        let task = entering(manifest, &instance, row.field.as_ref());
        let key = KeyWanted {
            field: row.field,
            made: instance.external_id.is_some(),
            settings: instance.settings,
        };
        (task, Some(key))
    };
    Ok(TaskRow {
        subject: TaskSubject::Instance {
            instance: row.instance,
            community: row.community,
            slug: row.slug,
            name: row.name,
        },
        operation: row.operation,
        platform_name: titles::platform(&rules.catalog, &row.platform),
        platform: row.platform,
        task,
        key,
        since: row.since,
    })
}

/// The step for an account that is wanted.
fn account(reader: &Reader<'_>, rules: &Rules, wanted: WantedAccount) -> Result<TaskRow, Fault> {
    let manifest = rules.manifest(&wanted.platform)?;
    let settings = wanting::shared_settings(reader, &wanted.platform)?;
    Ok(TaskRow {
        task: wanting::task(rules, &settings, manifest, &wanted),
        operation: None,
        platform_name: manifest.name.clone(),
        platform: wanted.platform.clone(),
        key: Some(KeyWanted {
            field: None,
            made: false,
            settings,
        }),
        since: wanted.asked_at,
        subject: TaskSubject::Account(wanted),
    })
}

/// The entering of a key, as a step for a person.
fn entering(manifest: &Manifest, instance: &Instance, missing: Option<&String>) -> HumanTask {
    let settings = &instance.settings;
    let alone: Vec<_> = missing
        .map(|field| vec![field.clone()])
        .into_iter()
        .collect();
    let needs = if missing.is_some() {
        &alone
    } else if instance.external_id.is_some() {
        manifest.needs.to_operate(settings)
    } else {
        manifest.needs.to_provision(settings)
    };
    let enter = match rules::name_keys(manifest, needs) {
        none if none.is_empty() => "enter a key that is accepted".to_owned(),
        keys => format!("enter {keys}"),
    };
    let first = needs
        .first()
        .and_then(|fields| fields.first())
        .and_then(|field| manifest.credential(field));
    let filled = |text: &String| {
        manifest
            .fill(text, settings)
            .unwrap_or_else(|| text.clone())
    };
    HumanTask {
        step: "key".to_owned(),
        why: match instance.note.as_str() {
            _ if missing.is_some() => {
                "It is there, and something that was to be done with it waits for this key."
                    .to_owned()
            }
            note if note.is_empty() || note == enter => {
                "Without a key of its own nothing can be done for it there.".to_owned()
            }
            note => note.to_owned(),
        },
        title: enter,
        who: first.map_or_else(String::new, |field| field.who.clone()),
        url: first
            .and_then(|field| field.url.as_ref())
            .and_then(|url| manifest.fill(url, settings)),
        instructions: first.map_or_else(Vec::new, |field| {
            field.where_to_get.iter().map(filled).collect()
        }),
        asks_for: first.map_or_else(Vec::new, |field| field.scopes.clone()),
        others_decide: false,
    }
}
