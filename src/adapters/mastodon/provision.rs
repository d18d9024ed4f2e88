//! Fills the account's profile, marks it, and pins a notice. The account itself is a person's.

use super::{
    client::{self, Account, Client, page},
    errors::{self, Barred},
    link, notice, pause, profile,
    record::Known,
    sign_in, tasks,
};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind};

const PARTS: usize = 4;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return link::point_at(op, "").await;
    }
    let server = client::probe(site).await?;
    op.progress("token", 0, PARTS, "");
    sign_in::ensure(op).await?;
    let client = Client::of(op)?;
    let account = enter(op, &client).await?;
    let mut known = Known::of(op)?;
    check_account(site, &known, &account)?;
    op.progress("profile", 1, PARTS, &account.username);
    take_up(op, &mut known, &account).await?;
    if op.fact::<pause::Paused>(pause::FACT)?.is_none() {
        fill(op, &client, &mut known, &account, server.fields).await?;
    }
    op.progress("notice", 2, PARTS, &account.username);
    notice::ensure(op, &client, &mut known).await?;
    if !site.active {
        op.progress("switching off", 3, PARTS, &account.username);
        pause::quieten(op, &client, &mut known).await?;
    }
    op.progress("done", PARTS, PARTS, "");
    Ok(presence(site, &known))
}

/// The account behind the token, once people have done what keeps it shut.
async fn enter(op: &Op, client: &Client) -> Result<Account, Halt> {
    let base = client.base().clone();
    let not = |barred: Barred| async move {
        let answer = client.who_answer().await?;
        Ok((errors::barred(&answer) != Some(barred)).then_some(()))
    };
    op.human(tasks::confirm(&base), || not(Barred::Unconfirmed))
        .await?;
    op.human(tasks::approve(&base), || not(Barred::Unapproved))
        .await?;
    Ok(client.whoami().await?)
}

/// Remembers which account it is, and how its profile was before anything is written.
async fn take_up(op: &Op, known: &mut Known, account: &Account) -> Result<(), Halt> {
    known.id.clone_from(&account.id);
    known.username.clone_from(&account.username);
    known.url.clone_from(&account.url);
    let now = profile::of(account);
    if known.before.is_none() && profile::marked(&now).is_none() {
        known.before = Some(now);
    }
    known.save(op).await
}

/// Writes the profile. What is wanted is told by the settings of now and recorded once it stands: a run that stopped before
/// that begins anew with what is there.
async fn fill(
    op: &Op,
    client: &Client,
    known: &mut Known,
    account: &Account,
    most: usize,
) -> Result<(), Halt> {
    let site = op.site();
    let current = profile::of(account);
    let wanted = profile::with_settings(site, &current, known, |_| true);
    let wanted = profile::ours(site, wanted, most)?;
    if wanted != current {
        profile::write(client, &wanted).await?;
    }
    known.profile = Some(wanted);
    known.save(op).await
}

/// Refuses the token of another account than the one that is recorded or named.
pub(super) fn check_account(site: &Site, known: &Known, account: &Account) -> Result<(), Fault> {
    let other = |named: &str| {
        Fault::new(
            FaultKind::KeyRejected,
            format!(
                "The token is that of {}, and this instance is {named}.",
                account.username
            ),
        )
        .hint(format!("Enter a token of {named}."))
    };
    if !known.id.is_empty() && known.id != account.id {
        return Err(other(&known.username));
    }
    if let Some(named) = site.settings.get("username")
        && !named.eq_ignore_ascii_case(&account.username)
    {
        return Err(other(named));
    }
    if profile::of_another(site, &profile::of(account)) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} speaks for another community of a Guildhall.", account.username),
        )
        .hint("Use another account: one account speaks for one community. If that community is gone, empty the field Guildhall in the account's profile."));
    }
    Ok(())
}

/// What is known of the instance.
pub(super) fn presence(site: &Site, known: &Known) -> Presence {
    let url = known.url.clone().or_else(|| {
        let base = client::base(site).ok()?;
        Some(page(&base, &format!("/@{}", known.username)))
    });
    Presence {
        external_id: known.id.clone(),
        url,
        kind: match site.kind {
            InstanceKind::Dedicated => InstanceKind::Dedicated,
            _ => InstanceKind::Account,
        },
        // A person signed it up: Guildhall only fills it.
        made_by_us: false,
        note: format!("@{}", known.username),
    }
}
