//! Taking the instance away. Soft: our marks off the profile, the token revoked; the account stays. Hard: deleted by an
//! administrator's token, or by its own person.

use super::{
    ACCESS_TOKEN, ADMIN_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE, admin,
    client::{Client, base, look_up, page},
    notice, pause, profile,
    record::{Known, MARKER},
    revoke, tasks,
};
use crate::adapters::{
    contract::{Removed, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind, RemoveMode};

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let mut left = Vec::new();
    let known = Known::of(op)?;
    let nothing = known.id.is_empty() && !op.site().locked;
    if op.site().kind != InstanceKind::Link && !nothing {
        match mode {
            RemoveMode::Soft => soft(op, &known, &mut left).await?,
            RemoveMode::Hard => hard(op, &known, &mut left).await?,
        }
    }
    for field in [ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE] {
        if op.has_secret(field) {
            op.drop_secret(field).await?;
        }
    }
    op.forget(pause::FACT).await?;
    Known::forget(op).await?;
    Ok(Removed { left })
}

async fn soft(op: &Op, known: &Known, left: &mut Vec<String>) -> Result<(), Halt> {
    let base = base(op.site())?;
    left.push(format!(
        "The account {} and its posts stay: {}",
        known.username,
        known
            .url
            .clone()
            .unwrap_or_else(|| page(&base, &format!("/@{}", known.username)))
    ));
    if !op.has_secret(ACCESS_TOKEN) && !op.site().locked {
        return Ok(());
    }
    let client = Client::of(op)?;
    match clean(op, &client, known).await {
        // A dead token has nothing to revoke, and cannot change anything.
        Err(Halt::Stopped(fault)) if fault.kind == FaultKind::KeyRejected => return Ok(()),
        other => other?,
    }
    end_token(op, left).await
}

/// Takes our marks off: the pause, the marker, the notice. What else was written stays the account's.
async fn clean(op: &Op, client: &Client, known: &Known) -> Result<(), Halt> {
    if known.frozen || op.fact::<pause::Paused>(pause::FACT)?.is_some() {
        pause::resume(op).await?;
    }
    if known.adopted {
        return Ok(());
    }
    let mut current = profile::of(&client.whoami().await?);
    let fields = current.fields.len();
    current.fields.retain(|field| field.name != MARKER);
    if current.fields.len() != fields {
        profile::write(client, &current).await?;
    }
    if let Some(id) = &known.notice {
        notice::delete(client, id).await?;
    }
    Ok(())
}

/// Ends the token, where the secret of its application is known.
async fn end_token(op: &Op, left: &mut Vec<String>) -> Result<(), Halt> {
    if revoke::can(op) && revoke::revoke(op, &op.secret(ACCESS_TOKEN)?).await? {
        return Ok(());
    }
    left.push(format!(
        "The token still works: without the client secret only its person can revoke it, at {}.",
        page(&base(op.site())?, "/settings/applications")
    ));
    Ok(())
}

async fn hard(op: &Op, known: &Known, left: &mut Vec<String>) -> Result<(), Halt> {
    let base = base(op.site())?;
    match admin::client(op)? {
        Some(client) => admin::delete(&client, &known.id).await?,
        None => {
            op.human(tasks::delete(&base, &known.username), || {
                is_gone(op.site(), known)
            })
            .await?;
        }
    }
    left.push(format!(
        "The name {} cannot be used again on that server.",
        known.username
    ));
    if op.has_secret(ADMIN_TOKEN) && op.has_secret(ACCESS_TOKEN) {
        left.push(
            "The application stays in nobody's list; its token died with the account.".into(),
        );
    }
    Ok(())
}

async fn is_gone(site: &Site, known: &Known) -> Result<Option<()>, Fault> {
    Ok(look_up(site, &known.username)
        .await?
        .is_none()
        .then_some(()))
}
