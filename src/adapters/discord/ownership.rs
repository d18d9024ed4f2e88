//! Whose server it is. Discord passes a server on by its owner alone, never by a bot (sheet: discord 3).

use super::client::Client;
use super::record::Places;
use super::{permissions, server};
use crate::adapters::{
    contract::Site,
    http::required,
    ownership::{OurHold, Ownership},
};
use crate::domain::{Fault, FaultKind};

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let client = Client::at(site)?;
    let guild = server::guild_of(site, &Places::at(site)?)?;
    let (bot, _) = server::who(&client).await?;
    let doing = "see whose server it is";
    let shown = client.get(&format!("/guilds/{guild}"), doing).await?;
    let owner = required(&shown["owner_id"], "Discord", "whose server it is")?;
    if owner == bot {
        return Ok(Ownership::of([], OurHold::Above));
    }
    let ours = match server::look(&client, &guild, &bot).await? {
        Some(server) if permissions::is_administrator(server.bits) => OurHold::Beside,
        _ => OurHold::Nothing,
    };
    let path = format!("/guilds/{guild}/members/{owner}");
    let name = match client.get(&path, doing).await {
        Ok(member) => member["user"]["username"].as_str().map(str::to_owned),
        // Discord may still name an owner who deleted the account.
        Err(fault) if fault.kind == FaultKind::NotFound => None,
        Err(fault) => return Err(fault),
    };
    Ok(Ownership::of(
        [name.unwrap_or_else(|| format!("the member {owner}"))],
        ours,
    ))
}
