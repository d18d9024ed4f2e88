//! Forgetting and destroying (sheet: loomio 4.8). Discarding is the road to destruction and used for nothing else.

use super::{
    chat,
    client::{self, Client, Shown},
    pause,
    record::{self, Known},
    script, tasks,
};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
};
use crate::domain::{FaultKind, InstanceKind, RemoveMode};
use serde_json::json;

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let site = op.site();
    let mut removed = Removed::default();
    if site.kind == InstanceKind::Link {
        removed
            .left
            .push("The group that was pointed at stays as it is.".to_owned());
        return Ok(removed);
    }
    let Ok(group) = record::group_id(site) else {
        // Nothing was recorded; a bot or group that people prepared is theirs.
        return Ok(removed);
    };
    let known: Option<Known> = op.fact(record::GROUP)?;
    let base = client::base(site)?;
    let (name, url) = known.as_ref().map_or_else(
        || (group.to_string(), base.to_string()),
        |known| (known.name.clone(), known.url(&base)),
    );
    if mode == RemoveMode::Soft {
        match unwire(op, group).await {
            Ok(()) => {}
            // Forgetting must be possible with a dead key too; what stays is said.
            Err(Halt::Stopped(fault)) if is_powerless(&fault.kind) => {
                removed.left.push(format!(
                    "Our chat integrations in the group {name} may still be there: {}",
                    fault.what
                ));
            }
            Err(halt) => return Err(halt),
        }
        forget(op).await?;
        removed
            .left
            .push(format!("The group {name} stays as it is at {url}."));
        removed
            .left
            .push("The bot user stays a member of it, and its key stays valid.".to_owned());
        return Ok(removed);
    }
    destroy(op, group, known.as_ref(), &name, &mut removed).await?;
    forget(op).await?;
    Ok(removed)
}

/// Whether a refusal means that this key can do nothing there any more.
fn is_powerless(kind: &FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::KeyRejected
            | FaultKind::NeedsKey
            | FaultKind::ScopeMissing
            | FaultKind::NotFound
    )
}

/// Deletes every chat integration of this instance, remembered or not.
async fn unwire(op: &Op, group: u64) -> Result<(), Halt> {
    let client = Client::of(op)?;
    for chatbot in chat::ours(&client, op.site(), group).await? {
        chat::delete(&client, chatbot.id).await?;
    }
    Ok(())
}

async fn forget(op: &Op) -> Result<(), Halt> {
    for integration in record::integrations(op)?.values() {
        pause::drop_quietly(op, &integration.secret_field).await?;
    }
    op.forget(record::INTEGRATIONS).await
}

async fn destroy(
    op: &Op,
    group: u64,
    known: Option<&Known>,
    name: &str,
    removed: &mut Removed,
) -> Result<(), Halt> {
    let site = op.site();
    if site.made_by_us && record::container(site).is_some() {
        op.progress("group", 0, 1, "script in the container");
        let part = json!({
            "do": "discard", "group_id": group, "bot_email": record::bot_email(site)?,
        });
        op.step("discard", || async {
            script::run::<serde_json::Value>(site, &part, op.cancel()).await
        })
        .await?;
        removed.left.push(format!(
            "Loomio keeps the discarded group {name} for a while, and destroys it only where its clean-up is switched on."
        ));
        removed
            .left
            .push("The bot user stays there, deactivated, and its key is dead.".to_owned());
        return Ok(());
    }
    let client = Client::of(op)?;
    let handle = known.map_or("", |known| known.handle.as_str());
    op.human(tasks::delete(client.base(), handle, name), || async {
        let listing = client.groups().await?;
        if listing.groups.iter().any(|row| row.id == group) {
            return Ok(None);
        }
        let shown = client.show(&group.to_string()).await?;
        Ok(matches!(shown, Shown::Missing).then_some(()))
    })
    .await?;
    removed.left.push(
        "The bot user and its key stay valid on Loomio; delete it in its profile if nothing else uses it.".to_owned(),
    );
    Ok(())
}
