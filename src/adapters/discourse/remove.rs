//! Taking the instance away. Soft: hidden from all but staff, webhook off, key revoked, invite ended. Hard: deleted, once
//! a person has emptied the category; the forum deletes no category with topics (sheet: discourse 4).

use super::{
    RUNTIME_KEY, WEBHOOK_SECRET,
    category::{self, FULL, STAFF},
    chat,
    client::{Client, page},
    errors, hooks, invite, pause,
    provision::address,
    record::{self, Category, Hook, Permissions, Places},
    runtime,
};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{FaultKind, HumanTask, InstanceKind, RemoveMode};
use serde_json::Value;

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let mut left = Vec::new();
    let mut places = Places::of(op)?;
    if op.site().kind == InstanceKind::Link || nothing_made(op, &places) {
        return finish(op, left).await;
    }
    let client = Client::of(op)?;
    find_unrecorded(op, &client, &mut places).await?;
    invite::end(op, &client, &mut places).await?;
    match (mode, is_ours(op, &places)) {
        (RemoveMode::Hard, true) => hard(op, &client, &places, &mut left).await?,
        (RemoveMode::Soft, true) => soft(op, &client, &places, &mut left).await?,
        // What people made is opened again and left to them.
        (_, false) => {
            if op.fact::<Value>(pause::FACT)?.is_some() {
                pause::resume(op).await?;
                places = Places::of(op)?;
                invite::end(op, &client, &mut places).await?;
            }
            take_hooks(op, &client, &places).await?;
            left.push("The category was there before and stays as it is.".into());
        }
    }
    finish(op, left).await
}

fn is_ours(op: &Op, places: &Places) -> bool {
    !places.adopted && (op.site().made_by_us || op.site().external_id.is_none())
}

/// An instance that never had a key made nothing.
fn nothing_made(op: &Op, places: &Places) -> bool {
    places.group.is_none()
        && places.category.is_none()
        && !op.site().locked
        && !op.has_secret(super::API_KEY)
}

async fn finish(op: &Op, left: Vec<String>) -> Result<Removed, Halt> {
    for field in [RUNTIME_KEY, WEBHOOK_SECRET] {
        if op.has_secret(field) {
            op.drop_secret(field).await?;
        }
    }
    op.forget(pause::FACT).await?;
    Places::forget(op).await?;
    Ok(Removed { left })
}

/// Adds what an interrupted run made and did not record.
async fn find_unrecorded(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    if places.adopted {
        return Ok(());
    }
    let mark = record::mark(op.site());
    if places.group.is_none() {
        places.group = super::group::find(client, &mark).await?;
    }
    if places.category.is_none() {
        places.category = category::find(client, &mark).await?;
    }
    places.save(op).await
}

/// The webhooks and channels: made by us, and of no use without the instance.
async fn take_hooks(op: &Op, client: &Client, places: &Places) -> Result<(), Halt> {
    drop_hooks(client, places.webhook, record::hooks(op)?).await?;
    record::save_hooks(op, &[]).await
}

/// Deletes webhooks, and channels of the chat integration with their rules; those that are gone are fine.
pub(super) async fn drop_hooks(
    client: &Client,
    webhook: Option<u64>,
    hooks: Vec<Hook>,
) -> Result<(), Halt> {
    if let Some(id) = webhook {
        hooks::delete(client, id).await?;
    }
    for hook in hooks {
        match hook {
            Hook::Webhook { id: Some(id), .. } => hooks::delete(client, id).await?,
            Hook::Channel { channel, rule, .. } => {
                if let Some(rule) = rule {
                    chat::drop_rule(client, rule).await?;
                }
                chat::drop_channel(client, channel).await?;
            }
            Hook::Webhook { id: None, .. } | Hook::Reader { .. } => {}
        }
    }
    Ok(())
}

async fn soft(
    op: &Op,
    client: &Client,
    places: &Places,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    let staff_only: Permissions = [(STAFF.to_owned(), FULL)].into();
    if let Some(category) = &places.category {
        for seen in category::with_children(client, category.id).await? {
            category::put(client, &seen.category, &staff_only).await?;
            left.push(format!(
                "The category {} stays on the forum, seen by its staff only: {}",
                seen.category.name,
                address(client.base(), &seen.category)
            ));
        }
    }
    if let Some(group) = &places.group {
        left.push(format!(
            "The group {} and its members stay: {}",
            group.name,
            page(client.base(), &format!("/g/{}", group.name))
        ));
    }
    take_hooks(op, client, places).await?;
    if let Some(runtime) = &places.runtime {
        runtime::set_revoked(client, runtime.key, true).await?;
        left.push(format!(
            "The run-time key {}… is revoked, and its user {} stays.",
            runtime.first, runtime.user
        ));
    }
    Ok(())
}

async fn hard(
    op: &Op,
    client: &Client,
    places: &Places,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    if let Some(topic) = places.notice {
        let path = format!("/t/{topic}.json");
        client
            .delete(&path, &Value::Null, "delete the notice")
            .await?;
    }
    take_hooks(op, client, places).await?;
    if let Some(category) = &places.category {
        delete_category(op, client, category).await?;
    }
    if let Some(group) = &places.group {
        let path = format!("/admin/groups/{}.json", group.id);
        let answer = client.try_send(Method::DELETE, &path, &Value::Null).await?;
        if answer.status == 404 && errors::is_json(&answer) {
            if super::group::find(client, &group.name).await?.is_some() {
                left.push(format!(
                    "The group {} stays: only an administrator of the forum can delete it.",
                    group.name
                ));
            }
        } else {
            client.accept(answer, "delete the group").await?;
        }
    }
    if let Some(runtime) = &places.runtime {
        runtime::delete(client, runtime.key).await?;
        left.push(format!(
            "The user {} stays, without key and group; an administrator can delete it at {}.",
            runtime.user,
            page(client.base(), "/admin/users/list/active")
        ));
    }
    Ok(())
}

/// Deletes the category once it is empty; until then it is a person's task.
async fn delete_category(op: &Op, client: &Client, category: &Category) -> Result<(), Halt> {
    op.human(empty(client, category), || async {
        let family = category::with_children(client, category.id).await?;
        let topics: u64 = family.iter().map(|seen| seen.topics).sum();
        let free = family.len() <= 1 && topics == 0;
        let refused = family
            .first()
            .is_some_and(|own| !own.can_delete && own.topics > 0);
        Ok((free && !refused).then_some(()))
    })
    .await?;
    let path = format!("/categories/{}.json", category.id);
    let answer = client.try_send(Method::DELETE, &path, &Value::Null).await?;
    if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
        return Ok(());
    }
    match client.accept(answer, "delete the category").await {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind == FaultKind::ScopeMissing => Err(fault
            .hint("The forum deletes no category with topics or sub-categories; empty it, then resume.")
            .into()),
        Err(fault) => Err(fault.into()),
    }
}

fn empty(client: &Client, category: &Category) -> HumanTask {
    HumanTask {
        step: "empty category".into(),
        title: format!("move or delete the topics of {}", category.name),
        why: "The forum deletes no category that holds topics or sub-categories, and what members wrote is theirs."
            .into(),
        who: "a moderator of the forum".into(),
        url: Some(address(client.base(), category)),
        instructions: vec![
            "Open the category and select all topics.".into(),
            "Move them to another category, or delete them.".into(),
            "Do the same with its sub-categories, then delete those.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}
