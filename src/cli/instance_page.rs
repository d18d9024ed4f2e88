//! `guildhall instance show`: everything about one platform of one community.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    output::{Output, fault_json},
    shapes::{ConnectionLine, InstanceLine},
    table::Page,
    words,
};
use crate::{
    domain::{CredentialMeta, Fault},
    engine::views::InstanceDetail,
};
use serde_json::{Value, json};

/// Shows it.
///
/// # Errors
/// `BadInput`, `NotFound`.
pub async fn show(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &platform)
        .await?;
    let group = hall
        .engine
        .catalog()
        .get(&platform)
        .map_or_else(String::new, |manifest| manifest.group.to_string());
    let line = InstanceLine::of_detail(&detail, group);
    context
        .out
        .data(&object(&detail, &line), |out| text(out, &detail, &line))?;
    Ok(Exit::Done)
}

/// What is known of a key, without its number in the database.
pub fn key_json(key: &CredentialMeta) -> Value {
    json!({
        "field": key.field,
        "state": key.state,
        "length": key.length,
        "last_four": key.last_four,
        "fingerprint": key.fingerprint,
        "version": key.version,
        "created_at": key.created_at,
        "verified_at": key.verified_at,
        "expires_at": key.expires_at,
        "identity": key.identity,
    })
}

/// A key in a few words.
pub fn key_words(key: &CredentialMeta) -> String {
    let mut text = format!("{}, {} characters", key.state, key.length);
    if !key.last_four.is_empty() {
        text = format!("{text}, ends in {}", key.last_four);
    }
    if let Some(identity) = &key.identity
        && !identity.who.is_empty()
    {
        text = format!("{text}; {}", identity.who);
    }
    if let Some(at) = key.verified_at {
        text = format!("{text}; verified {}", words::when(at));
    }
    if let Some(at) = key.expires_at {
        text = format!("{text}; expires {}", words::when(at));
    }
    text
}

fn object(detail: &InstanceDetail, line: &InstanceLine) -> Value {
    let operations: Vec<Value> = detail
        .operations
        .iter()
        .map(|operation| {
            json!({
                "id": operation.id,
                "verb": operation.verb,
                "state": operation.state,
                "actor": operation.actor,
                "fault": operation.fault.as_ref().map(fault_json),
                "not_before": operation.not_before,
                "created_at": operation.created_at,
                "updated_at": operation.updated_at,
            })
        })
        .collect();
    let instance = detail.instance.as_ref();
    json!({
        "instance": line,
        "healthy_at": detail.healthy_at,
        "meaning": detail.meaning,
        "kind": instance.map(|known| known.kind),
        "external_id": instance.and_then(|known| known.external_id.as_ref()),
        "made_by_us": instance.is_some_and(|known| known.made_by_us),
        "observe_only": instance.is_some_and(|known| known.observe_only),
        "settings": instance.map(|known| &known.settings),
        "drift": instance.map(|known| &known.drift),
        "advice": detail.advice,
        "task": detail.task.as_ref().map(|row| json!({ "operation": row.operation, "task": row.task })),
        "keys": detail.keys.iter().map(key_json).collect::<Vec<_>>(),
        "keys_reach": detail.keys_reach,
        "connections": detail.connections.iter().map(ConnectionLine::of).collect::<Vec<_>>(),
        "operations": operations,
        "warnings": detail.warnings,
        "capabilities": detail.capabilities.iter().map(|(verb, how, note)| {
            json!({ "verb": verb, "how": how, "note": note })
        }).collect::<Vec<_>>(),
    })
}

fn text(out: &Output, detail: &InstanceDetail, line: &InstanceLine) -> String {
    let mut page = Page::default();
    page.heading(&format!("{}, {}", detail.platform_name, detail.community));
    let mark = line.mark.parse().unwrap_or(crate::domain::Mark::Inactive);
    page.field(out, "state", &format!("{} {}", out.mark(mark), line.state));
    page.field(out, "note", &line.note);
    page.field(out, "what it is", &detail.meaning);
    if let Some(instance) = &detail.instance {
        page.field(out, "kind", instance.kind.word());
        page.field(out, "health", &health(detail, instance));
        page.field(
            out,
            "there",
            instance.external_id.as_deref().unwrap_or_default(),
        );
        page.field(out, "address", instance.url.as_deref().unwrap_or_default());
        for (field, value) in &instance.settings {
            page.field(out, field, value);
        }
    }
    for key in &detail.keys {
        page.field(out, &format!("key {}", key.field), &key_words(key));
    }
    if detail.keys_reach > 1 {
        let reached = crate::domain::counted(detail.keys_reach, "community", "communities");
        page.field(out, "keys reach", &reached);
    }
    if !detail.advice.is_empty() {
        page.heading("What to do");
        for (number, advice) in detail.advice.iter().enumerate() {
            page.item(out, &(number + 1).to_string(), advice);
        }
    }
    if let Some(row) = &detail.task {
        let task = &row.task;
        page.heading(&format!("Waits for a person: {}", task.title));
        page.field(out, "why", &task.why);
        page.field(out, "who", &task.who);
        page.field(out, "open", task.url.as_deref().unwrap_or_default());
        page.field(out, "asks for", &task.asks_for.join(", "));
        let then = format!("guildhall task done {}", super::task::which(row));
        page.field(out, "then", &then);
    }
    if !detail.connections.is_empty() {
        page.heading("Connections");
        for row in &detail.connections {
            let line = ConnectionLine::of(row);
            let text = format!("{} {} {}  {}", line.from, line.verb, line.to, line.note);
            page.field(out, line.state, &text);
        }
    }
    if !detail.operations.is_empty() {
        page.heading("Last");
        for operation in &detail.operations {
            let fault = operation.fault.as_ref();
            let text = format!(
                "{} {} {}  {}",
                operation.verb,
                operation.state,
                operation.actor,
                fault.map_or("", |fault| fault.what.as_str())
            );
            page.field(out, &words::when(operation.created_at), &text);
        }
    }
    if !detail.warnings.is_empty() {
        page.heading("Know before");
        for warning in &detail.warnings {
            page.item(out, "-", warning);
        }
    }
    page.render()
}

fn health(detail: &InstanceDetail, instance: &crate::domain::Instance) -> String {
    let last_ok = detail
        .healthy_at
        .filter(|_| instance.health != crate::domain::Health::Ok)
        .map_or_else(String::new, |at| format!("; last ok {}", words::ago(at)));
    match instance.checked_at {
        Some(at) => format!("{}, {}{last_ok}", instance.health, words::ago(at)),
        None => "not looked at yet".to_owned(),
    }
}
