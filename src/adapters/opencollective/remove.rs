//! Forgets the collective (soft), or deletes it (hard), which works only while it never handled money
//! (sheet: opencollective 4.8). The typed confirmation is asked for before this is called.

use super::client::Client;
use super::errors::Refusal;
use super::record::{self, Addresses, Collective};
use super::{documents, pause, web_page};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
};
use crate::domain::{FaultKind, RemoveMode};
use serde_json::json;

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let left = match (Collective::of(op)?, mode) {
        (None, _) => Vec::new(),
        (Some(collective), RemoveMode::Soft) => soft(op, &collective).await?,
        (Some(collective), RemoveMode::Hard) => hard(op, &collective).await?,
    };
    forget(op).await?;
    Ok(Removed { left })
}

async fn soft(op: &Op, collective: &Collective) -> Result<Vec<String>, Halt> {
    let page = web_page(op.site(), &collective.slug).unwrap_or_default();
    let mut left = vec![format!("The collective is still public at {page}.")];
    if record::hooks(op)?.is_empty() {
        return Ok(left);
    }
    // Forgetting must be possible with a dead key, too: then our webhooks stay and are named.
    let silenced = match Client::of(op) {
        Ok(client) => pause::silence(op, &client).await,
        Err(fault) => Err(fault.into()),
    };
    match silenced {
        Ok(()) => {}
        Err(Halt::Stopped(fault)) if is_key_trouble(&fault.kind) => left.push(format!(
            "Our webhooks are still there, because the key could not be used: delete them at {}.",
            web_page(
                op.site(),
                &format!("dashboard/{}/webhooks", collective.slug)
            )
            .unwrap_or_default()
        )),
        Err(halt) => return Err(halt),
    }
    Ok(left)
}

fn is_key_trouble(kind: &FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::KeyRejected | FaultKind::NeedsKey | FaultKind::ScopeMissing
    )
}

async fn hard(op: &Op, collective: &Collective) -> Result<Vec<String>, Halt> {
    let client = Client::of(op)?;
    let Some(account) = client.account(&collective.id).await? else {
        return Ok(Vec::new());
    };
    let account = collective.check(op.site(), Some(account))?;
    let variables = json!({"a": {"id": collective.id}});
    let reply = client.send(documents::DELETE, variables).await?;
    let Some(refusal) = reply.refusals.first() else {
        return Ok(Vec::new());
    };
    if refusal.code == "NotFound" {
        return Ok(Vec::new());
    }
    if has_history(refusal) {
        let archived = account.is_archived;
        op.human(pause::archiving(op, collective), || async {
            Ok(archived.then_some(()))
        })
        .await?;
        let page = web_page(op.site(), &collective.slug).unwrap_or_default();
        return Ok(vec![format!(
            "The collective handled money and can only be archived: it is still to be seen at {page}."
        )]);
    }
    client
        .accept(reply, "delete the collective")
        .await
        .map(|_| Vec::new())
        .map_err(Halt::from)
}

/// Children, expenses, transactions or paid orders.
fn has_history(refusal: &Refusal) -> bool {
    refusal.says("You can't delete") || refusal.says("archive it instead")
}

async fn forget(op: &Op) -> Result<(), Halt> {
    let mut addresses = match Addresses::of(op) {
        Ok(addresses) => Some(addresses),
        // Locked: what is sealed cannot be read, and goes with the instance's record.
        Err(fault) if fault.kind == FaultKind::Locked => None,
        Err(fault) => return Err(fault.into()),
    };
    for hook in record::hooks(op)? {
        if let Some(addresses) = &mut addresses {
            addresses.take(op, &hook).await?;
        }
    }
    record::save_hooks(op, &[]).await?;
    op.forget(pause::FACT).await?;
    op.forget(super::host::APPLIED).await?;
    Collective::forget(op).await
}
