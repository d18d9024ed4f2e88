//! An account that is only read: what everybody sees of it (sheet: mastodon 1).

use super::{client, observe::seen};
use crate::adapters::{
    contract::{Observation, Presence, Site, Standing, unsupported},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, Health, InstanceKind};

/// What begins a reference that is to be pointed at only.
pub(super) const PREFIX: &str = "link:";

pub(super) async fn point_at(op: &Op, name: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let base = client::base(site)?;
    client::probe(site).await?;
    let name = name.trim().trim_start_matches('@');
    let name = if name.is_empty() {
        site.settings.require("username")?
    } else {
        name
    };
    let Some(account) = client::look_up(site, name).await? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("Nobody on {} is called {name}.", client::host(&base)),
        )
        .hint("Check how the name is written.")
        .into());
    };
    Ok(Presence {
        external_id: account.username.clone(),
        url: account
            .url
            .or_else(|| Some(client::page(&base, &format!("/@{}", account.username)))),
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "only read".to_owned(),
    })
}

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    client::probe(site).await?;
    let name = site.external_id.as_deref().unwrap_or_default();
    Ok(match client::look_up(site, name).await? {
        None => seen(Standing::Gone, Health::Down, "the account is gone"),
        Some(account) if !account.moved.is_null() => seen(
            Standing::Present,
            Health::Degraded,
            "the account moved elsewhere",
        ),
        // Of a deleted account the name stays, and it is shown as suspended too: which of the two is not told.
        Some(account) if account.suspended => seen(
            Standing::Present,
            Health::Down,
            "the account is suspended or deleted",
        ),
        Some(_) => seen(Standing::Present, Health::Ok, "only read"),
    })
}

/// Refuses a verb where an account is only read.
pub(super) fn refuse(site: &Site, verb: &str) -> Result<(), Fault> {
    if site.kind == InstanceKind::Link {
        return Err(unsupported(
            site,
            &format!("{verb} where an account is only read"),
        ));
    }
    Ok(())
}
