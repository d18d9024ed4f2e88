//! Taking the instance away. Soft: our marks off the profile, the token revoked; the account stays. Hard: deleted by an
//! administrator's token, or by its own person.

use super::{
    ACCESS_TOKEN, ADMIN_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE, admin,
    client::{Client, base, look_up, page},
    notice, pause, profile,
    record::{Known, MARKER, marker},
    revoke, tasks,
};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind, RemoveMode};

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let mut left = Vec::new();
    let known = Known::of(op)?;
    let nothing = known.id.is_empty() && !op.site().locked;
    if nothing {
        // A person may have let Guildhall in before it knew the account.
        if op.has_secret(ACCESS_TOKEN) && revoke::can(op) {
            end_token(op, &mut left).await?;
        }
    } else if op.site().kind != InstanceKind::Link {
        match mode {
            RemoveMode::Soft => soft(op, &known, &mut left).await?,
            RemoveMode::Hard => hard(op, known, &mut left).await?,
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
        Err(Halt::Stopped(fault)) if fault.kind == FaultKind::KeyRejected => {
            left.extend(uncleaned(op, known)?);
            return Ok(());
        }
        other => other?,
    }
    end_token(op, left).await
}

/// What stays on the account where its token was not accepted any more.
fn uncleaned(op: &Op, known: &Known) -> Result<Option<String>, Halt> {
    let mut parts = Vec::new();
    if known.frozen {
        parts.push("that it is frozen");
    }
    if op.fact::<pause::Paused>(pause::FACT)?.is_some() {
        parts.push("that it is locked, with the words and the pinned post that it is paused");
    }
    if !known.adopted {
        parts.push("the field Guildhall on its profile");
    }
    if known.notice.is_some() {
        parts.push("the pinned post that Guildhall looks after it");
    }
    Ok((!parts.is_empty()).then(|| {
        format!(
            "The token of {} was not accepted any more, so this stays there until its person takes it away: {}.",
            known.username,
            parts.join("; ")
        )
    }))
}

/// Takes our marks off: the pause, the marker, the notice. What else was written stays the account's.
async fn clean(op: &Op, client: &Client, known: &Known) -> Result<(), Halt> {
    if known.frozen || known.freezing || op.fact::<pause::Paused>(pause::FACT)?.is_some() {
        pause::resume(op).await?;
    }
    let mut current = profile::of(&client.whoami().await?);
    let fields = current.fields.len();
    let marker = marker(op.site());
    current
        .fields
        .retain(|field| field.name != MARKER || (known.adopted && field.value != marker));
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

async fn hard(op: &Op, mut known: Known, left: &mut Vec<String>) -> Result<(), Halt> {
    let base = base(op.site())?;
    match admin::client(op)? {
        Some(client) => admin::delete(op, &client, &mut known).await?,
        None => {
            op.human(tasks::delete(&base, &known.username), || {
                is_gone(op, &known)
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

/// Whether the account was deleted by its person. The server keeps the name and shows it as suspended; what moderators have
/// suspended looks the same to everybody, and its token lives.
async fn is_gone(op: &Op, known: &Known) -> Result<Option<()>, Fault> {
    let site = op.site();
    let gone = match look_up(site, &known.username).await? {
        None => true,
        Some(account) if account.suspended && op.has_secret(ACCESS_TOKEN) => {
            !revoke::lives(site, &op.secret(ACCESS_TOKEN)?).await?
        }
        Some(account) => account.suspended,
    };
    Ok(gone.then_some(()))
}
