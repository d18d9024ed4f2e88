//! Lists what the token's user administers, and takes one of it over (sheet: opencollective 4.2). What is adopted carries
//! no marker, which can only be given at creation: it is held by its id.

use super::account::{Account, Owner};
use super::client::Client;
use super::record::Collective;
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let client = Client::at(site)?;
    let administered = client.administered().await?;
    Ok(administered
        .into_iter()
        .filter(|account| account.kind != "INDIVIDUAL")
        .map(|account| Discovered {
            obstacle: obstacle(&account, site),
            what: account.kind.to_lowercase(),
            name: format!("{} ({})", account.name, account.slug),
            reference: account.id,
        })
        .collect())
}

fn obstacle(account: &Account, site: &Site) -> Option<String> {
    if !account.is_collective() {
        return Some(format!(
            "It is of the kind {}; only a collective can be adopted.",
            account.kind.to_lowercase()
        ));
    }
    if account.owner(site) == Owner::Other {
        return Some("It carries the marker of another instance.".into());
    }
    account.is_archived.then(|| "It is archived.".into())
}

/// Takes over a collective by id, short name or address of its page. One that our user does not administer is a link:
/// it is only looked at.
pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let client = Client::of(op)?;
    let account = named(&client, reference).await?;
    if let Some(obstacle) = obstacle(&account, site) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} cannot be adopted. {obstacle}", account.slug),
        )
        .hint("Choose another collective; discovering lists them.")
        .into());
    }
    let ours = account.owner(site) == Owner::Us;
    let collective = Collective::from_account(&account, !ours);
    collective.save(op).await?;
    Ok(collective.presence(site, &account))
}

async fn named(client: &Client, reference: &str) -> Result<Account, Fault> {
    let reference = reference.trim().trim_end_matches('/');
    let name = reference
        .strip_prefix(client.web.as_str())
        .map_or(reference, |path| path.trim_start_matches('/'));
    let found = if looks_like_id(name) {
        client.account(name).await?
    } else {
        client.account_named(name).await?
    };
    found.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "There is no such account on the platform.",
        )
        .hint("Give the short name as it stands in the address of its page.")
    })
}

/// New ids are `acc_` and 21 characters, old ones have four parts of eight (sheet: opencollective 1).
fn looks_like_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    text.strip_prefix("acc_")
        .is_some_and(|rest| rest.len() == 21)
        || parts.len() == 4 && parts.iter().all(|part| part.len() == 8)
}
