//! What people and time do behind Guildhall's back.

use super::model::{Discord, Overwrite, Role, Slow, token_of};
use super::permissions::SEND_MESSAGES;
use serde_json::{Value, json};
use url::Url;

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `limits` | `on` |
/// | `slow` | `scope` (user, shared, global), `seconds`, `times` |
/// | `add-server` | `name`: a server with a bot of its own in it; answers `guild` and `token` |
/// | `invite-bot` | `address` of the invite page, `person` |
/// | `add-bot` | `name`, `owner`, `guild`, `bits`; answers `bot` and `token` |
/// | `pass-on` | `guild`, `user`: who owns it from now on |
/// | `kick` | `guild`, `user` |
/// | `reset-token` | `bot`; answers `token` |
/// | `public`, `code-grant` | `bot`, `on` |
/// | `permissions` | `guild`, `bot`, `bits`: of the bot's own role |
/// | `lower` | `guild`, `bot`: its role goes to the bottom |
/// | `add-role` | `guild`, `name`, `user`; answers `id` |
/// | `add-channel` | `guild`, `name`, `kind`, `parent`; answers `id` |
/// | `delete-channel`, `rename-channel`, `topic` | `channel` (id or name), `text` |
/// | `delete-role` | `guild`, `role` |
/// | `delete-webhook` | `id` |
/// | `overwrite` | `channel`, `id`, `kind`, `allow`, `deny` |
/// | `may-write` | `channel`, `user`; answers `allowed` |
pub fn act(discord: &mut Discord, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    match action {
        "limits" => discord.unlimited = input["on"] == false,
        "slow" => {
            discord.slow = Some(Slow {
                scope: text("scope")?,
                seconds: input["seconds"].as_f64().unwrap_or(1.0),
                times: u32::try_from(input["times"].as_u64().unwrap_or(1)).unwrap_or(1),
            });
        }
        "add-server" => {
            let (guild, token) = discord.add_guild_with_bot(&text("name")?)?;
            return Ok(json!({"guild": guild, "token": token}));
        }
        "add-bot" => {
            let owner = text("owner")?;
            let bot = discord.add_app(&text("name")?, &owner);
            let bits = input["bits"].as_u64().ok_or("bits is no number")?;
            discord.join(&bot, &text("guild")?, bits, &owner)?;
            let token = discord.apps.get(&bot).map(|app| app.token.clone());
            return Ok(json!({"bot": bot, "token": token}));
        }
        "invite-bot" => return invite(discord, &text("address")?, &text("person")?),
        "reset-token" | "public" | "code-grant" => {
            let bot = text("bot")?;
            let app = discord.apps.get_mut(&bot).ok_or("no such bot")?;
            match action {
                "public" => app.public = input["on"] == true,
                "code-grant" => app.code_grant = input["on"] == true,
                _ => {
                    app.token = token_of(&bot);
                    return Ok(json!({"token": app.token}));
                }
            }
        }
        "delete-webhook" => {
            discord.webhooks.remove(&text("id")?);
        }
        "kick" | "pass-on" | "permissions" | "lower" | "add-role" | "delete-role" => {
            return in_guild(discord, action, input);
        }
        "add-channel" => {
            let kind = u8::try_from(input["kind"].as_u64().unwrap_or(0)).unwrap_or(0);
            let id = discord.add_channel(
                &text("guild")?,
                &text("name")?,
                kind,
                input["parent"].as_str(),
            );
            return Ok(json!({"id": id}));
        }
        _ => return on_channel(discord, action, input),
    }
    Ok(json!({}))
}

/// A person opens the invite page of the bot and agrees.
fn invite(discord: &mut Discord, address: &str, person: &str) -> Result<Value, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let value = |name: &str| {
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .ok_or_else(|| format!("the address has no {name}"))
    };
    if url.path() != "/oauth2/authorize" || value("scope")? != "bot" {
        return Err("this is not the page that invites a bot".into());
    }
    let bits = value("permissions")?
        .parse()
        .map_err(|_| "permissions is no number")?;
    discord.join(&value("client_id")?, &value("guild_id")?, bits, person)?;
    Ok(json!({}))
}

fn in_guild(discord: &mut Discord, action: &str, input: &Value) -> Result<Value, String> {
    let word = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
    let id = word("guild");
    let role = discord.id(super::model::EPOCH_MS + 310_000_000_000);
    let guild = discord.guilds.get_mut(&id).ok_or("no such server")?;
    let bot = word("bot");
    match action {
        "kick" => {
            let user = word("user");
            guild.members.remove(&user);
            guild
                .roles
                .retain(|_, role| role.bot.as_deref() != Some(user.as_str()));
        }
        "pass-on" => guild.owner = word("user"),
        "add-role" => {
            let made = Role {
                name: word("name"),
                position: 1,
                permissions: 0,
                bot: None,
            };
            for other in guild.roles.values_mut().filter(|role| role.position > 0) {
                other.position += 1;
            }
            guild.roles.insert(role.clone(), made);
            guild
                .members
                .entry(word("user"))
                .or_default()
                .push(role.clone());
            return Ok(json!({"id": role}));
        }
        "delete-role" => {
            guild.roles.remove(&word("role"));
        }
        _ => {
            let own = |role: &&mut Role| role.bot.as_deref() == Some(bot.as_str());
            if action == "permissions" {
                let bits = input["bits"].as_u64().ok_or("bits is no number")?;
                let held = guild.roles.values_mut().find(own);
                held.ok_or("no such bot")?.permissions = bits;
            } else {
                for role in guild.roles.values_mut() {
                    if role.bot.as_deref() == Some(bot.as_str()) {
                        role.position = 1;
                    } else if role.position > 0 {
                        role.position += 1;
                    }
                }
            }
        }
    }
    Ok(json!({}))
}

fn on_channel(discord: &mut Discord, action: &str, input: &Value) -> Result<Value, String> {
    let word = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
    let reference = word("channel");
    let id = discord
        .channels
        .iter()
        .find(|(id, channel)| **id == reference || channel.name == reference)
        .map(|(id, _)| id.clone())
        .ok_or_else(|| format!("no channel {reference} for {action}"))?;
    if action == "delete-channel" {
        discord.drop_channel(&id);
        return Ok(json!({}));
    }
    if action == "may-write" {
        let allowed = discord.within(&id, &word("user")) & SEND_MESSAGES != 0;
        return Ok(json!({"allowed": allowed}));
    }
    let channel = discord.channels.get_mut(&id).ok_or("no such channel")?;
    match action {
        "rename-channel" => channel.name = word("text"),
        "topic" => channel.topic = Some(word("text")),
        "overwrite" => {
            let who = word("id");
            channel.overwrites.retain(|one| one.id != who);
            channel.overwrites.push(Overwrite {
                id: who,
                kind: u8::from(input["kind"] == 1),
                allow: input["allow"].as_u64().unwrap_or(0),
                deny: input["deny"].as_u64().unwrap_or(0),
            });
        }
        _ => return Err(format!("the simulated Discord has no action {action}")),
    }
    Ok(json!({}))
}
