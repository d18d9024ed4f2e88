//! `guildhall homes` and `guildhall init --home-domain`: servers on which communities live already.

use super::{exit::Exit, hall::Context, table::Table};
use crate::{
    domain::{Actor, Fault, Intent, PlatformId},
    engine::{Engine, FoundHome},
};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;

/// Look for servers of home platforms on this host and on domains, and offer one of each to new communities.
#[derive(Debug, Args)]
pub struct Homes {
    /// Domains to look at besides this host.
    domains: Vec<String>,
    /// Only list what is found.
    #[arg(long)]
    list: bool,
}

/// Looks, lists, and unless only a list is wanted offers what was found.
///
/// # Errors
/// `NotAllowed`, `BadInput`.
pub async fn run(context: &Context, homes: Homes) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let found = hall.engine.find_homes(&hall.actor, &homes.domains).await;
    let outcome = match found {
        Ok(found) if homes.list => Ok(found),
        Ok(found) => take(context, &hall.engine, &hall.actor, &found)
            .await
            .map(|()| found),
        Err(fault) => Err(fault),
    };
    hall.close().await;
    let found = outcome?;
    context.out.data(&json!({ "homes": found }), |out| {
        let mut table = Table::new(&["platform", "address", "why"]);
        for home in &found {
            table.row([
                home.platform.to_string(),
                home.address.clone(),
                home.proves.clone(),
            ]);
        }
        table.render(out)
    })?;
    if found.is_empty() {
        context.out.advise(
            "No server was found. Name the domains on which the community lives: guildhall homes DOMAIN",
        );
    }
    Ok(Exit::Done)
}

/// Offers the first server of each platform to new communities, and says so.
///
/// # Errors
/// What the engine refuses.
pub async fn take(
    context: &Context,
    engine: &Engine,
    actor: &Actor,
    found: &[FoundHome],
) -> Result<(), Fault> {
    let mut homes: BTreeMap<PlatformId, String> = BTreeMap::new();
    for home in found {
        let address = homes
            .entry(home.platform.clone())
            .or_insert_with(|| home.address.clone());
        if *address != home.address {
            context.out.advise(&format!(
                "{} is also at {}; the first is offered. Give another with --setting.",
                home.name, home.address
            ));
        }
    }
    if homes.is_empty() {
        return Ok(());
    }
    let receipt = engine.submit(actor, Intent::TakeHomes { homes }).await?;
    context.out.advise(&receipt.message);
    Ok(())
}
