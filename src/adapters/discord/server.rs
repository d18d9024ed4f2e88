//! The server: whether the bot is in it, what it may there, and what stands there.

use super::client::Client;
use super::permissions::{bits, missing};
use super::record::Places;
use super::{errors, tasks};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{entries, required},
};
use crate::domain::{Fault, clean_line};
use jiff::Timestamp;
use serde_json::Value;

/// By how much Discord's clock may be behind ours.
const CLOCKS_DIFFER_MS: i64 = 60_000;

/// A server as the bot sees it.
pub(super) struct Server {
    pub name: String,
    pub roles: Vec<Value>,
    /// What the bot's roles allow it in the whole server.
    pub bits: u64,
    /// How high its highest role stands.
    pub height: i64,
}

/// The id of the bot, and its name.
pub(super) async fn who(client: &Client) -> Result<(String, String), Fault> {
    let me = client.get("/users/@me", "say whose token it is").await?;
    let text = |field: &str| required(&me[field], "Discord", "whose token it is").map(clean_line);
    Ok((text("id")?, text("username")?))
}

/// The server; none while the bot is not in it.
pub(super) async fn look(client: &Client, guild: &str, bot: &str) -> Result<Option<Server>, Fault> {
    let answer = client.raw(&format!("/guilds/{guild}")).await?;
    if matches!(
        (answer.status, errors::code(&answer)),
        (404, _) | (403, 50001)
    ) {
        return Ok(None);
    }
    let shown: Value = errors::accept(answer, "look at the server")?.json()?;
    // Discord shows a server with all of its roles (its published description).
    let roles = entries(&shown["roles"], "Discord", "the server's roles")?;
    let path = format!("/guilds/{guild}/members/{bot}");
    let member = client.get(&path, "look at the bot's roles").await?;
    let held: Vec<&str> = entries(&member["roles"], "Discord", "the bot's roles")?
        .iter()
        .filter_map(Value::as_str)
        .chain([guild])
        .collect();
    let own = || {
        roles
            .iter()
            .filter(|role| role["id"].as_str().is_some_and(|id| held.contains(&id)))
    };
    Ok(Some(Server {
        name: clean_line(shown["name"].as_str().unwrap_or(guild)),
        bits: own().fold(0, |all, role| all | bits(&role["permissions"])),
        height: own()
            .filter_map(|role| role["position"].as_i64())
            .max()
            .unwrap_or(0),
        roles: roles.to_vec(),
    }))
}

/// The server with the bot in it and all it needs; else what a person has to do.
pub(super) async fn enter(op: &Op, client: &Client, places: &mut Places) -> Result<Server, Halt> {
    let site = op.site();
    let guild = site.settings.require("guild_id")?.to_owned();
    let (bot, _) = who(client).await?;
    let server = match look(client, &guild, &bot).await? {
        Some(server) if missing(server.bits).is_empty() => server,
        Some(server) => {
            let lacks = missing(server.bits);
            return Err(Halt::Human(Box::new(tasks::permit(
                &bot,
                &guild,
                &server.name,
                &lacks,
            ))));
        }
        None => return Err(Halt::Human(Box::new(tasks::invite(&bot, &guild)))),
    };
    if places.guild != guild || places.bot != bot || places.guild_name != server.name {
        places.guild = guild;
        places.bot = bot;
        places.guild_name.clone_from(&server.name);
        if places.began_ms == 0 {
            places.began_ms = Timestamp::now().as_millisecond() - CLOCKS_DIFFER_MS;
        }
        places.save(op).await?;
    }
    Ok(server)
}

/// Every channel and category of the server.
pub(super) async fn channels(client: &Client, guild: &str) -> Result<Vec<Value>, Fault> {
    client
        .list(&format!("/guilds/{guild}/channels"), "the channels")
        .await
}

/// The server of an instance: recorded, or in the settings.
pub(super) fn guild_of(site: &Site, places: &Places) -> Result<String, Fault> {
    if places.guild.is_empty() {
        site.settings.require("guild_id").map(str::to_owned)
    } else {
        Ok(places.guild.clone())
    }
}
