//! Taking over the account of the token. Nothing is written.

use super::{
    client::{self, Client},
    profile,
    provision::{check_account, presence},
    record::{Known, marker},
};
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, clean_line};

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let account = Client::reading(site)?.whoami().await?;
    let profile = profile::of(&account);
    let obstacle = match profile::marked(&profile) {
        Some(held) if held == marker(site) => Some("It is this instance's already."),
        Some(held) if held.starts_with("gh:") => {
            Some("A Guildhall made it speak for another community.")
        }
        _ => None,
    };
    Ok(vec![Discovered {
        reference: format!("@{}", account.username),
        name: clean_line(&account.display_name),
        what: "account".into(),
        obstacle: obstacle.map(str::to_owned),
    }])
}

pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    client::probe(site).await?;
    let account = Client::of(op)?.whoami().await?;
    let name = reference.trim().trim_start_matches('@');
    if !name.is_empty() && !name.eq_ignore_ascii_case(&account.username) && name != account.id {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "The token is that of {}, so {reference} cannot be taken over with it.",
                account.username
            ),
        )
        .hint("A token reaches its own account only: enter one of that account.")
        .into());
    }
    check_account(site, &Known::default(), &account)?;
    let profile = profile::of(&account);
    let known = Known {
        id: account.id.clone(),
        username: account.username.clone(),
        url: account.url.clone(),
        profile: Some(profile.clone()),
        before: Some(profile),
        adopted: true,
        ..Known::default()
    };
    known.save(op).await?;
    Ok(presence(site, &known))
}
