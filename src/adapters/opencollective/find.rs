//! Finds what an interrupted run made: by its id, by its short name, by its marker (sheet: opencollective 4.2).

use super::account::{Account, Owner};
use super::client::Client;
use crate::adapters::contract::Site;
use crate::domain::{Fault, FaultKind};

/// What stands under a short name.
pub(super) enum Under {
    Nothing,
    Ours(Box<Account>),
    Theirs(Box<Account>),
}

pub(super) async fn under(client: &Client, site: &Site, slug: &str) -> Result<Under, Fault> {
    Ok(match client.account_named(slug).await? {
        None => Under::Nothing,
        Some(account) if account.owner(site) == Owner::Us && account.is_admin => {
            Under::Ours(Box::new(account))
        }
        Some(account) => Under::Theirs(Box::new(account)),
    })
}

/// The collective with our marker: under the short name, else wherever a person renamed it to.
pub(super) async fn marked(
    client: &Client,
    site: &Site,
    slug: &str,
) -> Result<Option<Account>, Fault> {
    if let Under::Ours(account) = under(client, site, slug).await? {
        return Ok(Some(*account));
    }
    let administered = client.administered().await?;
    let Some(found) = administered
        .into_iter()
        .find(|account| account.owner(site) == Owner::Us)
    else {
        return Ok(None);
    };
    client.account(&found.id).await
}

/// Why a short name cannot be had.
pub(super) fn taken(slug: &str, account: &Account) -> Fault {
    let fault = Fault::new(
        FaultKind::Conflict,
        format!("The short name {slug} is taken on the platform; nothing was made."),
    );
    if account.is_admin && account.is_collective() {
        fault.hint(
            "Our user administers it: adopt it, or choose another short name in the settings.",
        )
    } else {
        fault.hint("Choose another short name in the settings of the instance.")
    }
}
