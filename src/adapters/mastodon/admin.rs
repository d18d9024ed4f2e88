//! What an administrator's token can do to the account: freeze, thaw, delete. Never used for anything else.

use super::{ADMIN_TOKEN, client::Client, errors, record::Known};
use crate::adapters::{
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind};
use serde_json::{Value, json};

/// The client of the administrator, when the token is at hand.
pub(super) fn client(op: &Op) -> Result<Option<Client>, Fault> {
    match op.secret(ADMIN_TOKEN) {
        Ok(token) => Client::new(op.site(), token, ADMIN_TOKEN, op.cancel()).map(Some),
        Err(fault) if fault.kind == FaultKind::NeedsKey => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The client of the administrator, which must be at hand to do something.
pub(super) fn required(op: &Op, doing: &str) -> Result<Client, Fault> {
    client(op)?.ok_or_else(|| {
        Fault::new(
            FaultKind::NeedsKey,
            format!("To {doing} takes the token of an administrator of the server."),
        )
        .hint("Enter admin_token for this step.")
    })
}

async fn act(client: &Client, account: &str, kind: &str, doing: &str) -> Result<(), Fault> {
    let path = format!("/api/v1/admin/accounts/{}/action", segment(account));
    let call = client
        .call(Method::POST, &path)
        .keyed()
        .json(&json!({"type": kind}));
    client.send(call, doing).await.map(|_| ())
}

/// Freezes: reversible, the content stays (sheet: mastodon 4).
pub(super) async fn freeze(client: &Client, account: &str) -> Result<(), Fault> {
    act(client, account, "disable", "freeze the account").await
}

pub(super) async fn thaw(client: &Client, account: &str) -> Result<(), Fault> {
    let path = format!("/api/v1/admin/accounts/{}/enable", segment(account));
    let call = client.call(Method::POST, &path).keyed().json(&json!({}));
    client.send(call, "thaw the account").await.map(|_| ())
}

/// Suspends, then deletes: the server deletes only what is suspended (sheet: mastodon 4), and deletes it later. What it is
/// deleting already looks as if it were only suspended, and is refused a second time.
pub(super) async fn delete(op: &Op, client: &Client, known: &mut Known) -> Result<(), Halt> {
    let path = format!("/api/v1/admin/accounts/{}", segment(&known.id));
    let shown = client.call(Method::GET, &path).send().await?;
    if matches!(shown.status, 404 | 410) && errors::is_json(&shown) {
        return Ok(());
    }
    let shown: Value = errors::accept(shown, "look at the account")?.json()?;
    if shown["suspended"] != true {
        act(client, &known.id, "suspend", "suspend the account").await?;
    }
    let was_asked = known.deleting;
    known.deleting = true;
    known.save(op).await?;
    // Repeated at once, a deletion whose answer was lost would look like a refusal.
    let answer = client.call(Method::DELETE, &path).once().send().await?;
    if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
        return Ok(());
    }
    if answer.status == 403 && errors::is_json(&answer) {
        if was_asked && shown["suspended"] == true {
            return Ok(());
        }
        known.deleting = false;
        known.save(op).await?;
    }
    errors::accept(answer, "delete the account")?;
    Ok(())
}
