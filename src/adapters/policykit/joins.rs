//! Plugins: what each needs, from which peer and which key (sheet: policykit, connections).

use super::{SERVICE, life};
use crate::{
    adapters::{
        chat_keys::{self, Bot},
        contract::{Peer, Probe, Target, unsupported},
        django::{self, secret_named},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind},
    services::supervisor::Supervisor,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A platform it is joined to, as remembered. No key: that is asked of the vault each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// What the plugin works on there: workspace, server, address.
    pub team_id: String,
    /// What it is called.
    pub team_name: String,
    /// The bot's user, where the plugin asks for it.
    #[serde(default)]
    pub bot_user: String,
}

/// All of them, by platform.
pub type AllJoined = BTreeMap<String, Joined>;

/// The field of the key with which a platform is joined.
fn key_of(platform: &str) -> Option<&'static str> {
    match platform {
        "slack" => Some("slack_bot_token"),
        "discord" => Some("discord_bot_token"),
        "discourse" => Some("discourse_user_key"),
        "opencollective" => Some("opencollective_token"),
        _ => None,
    }
}

/// Whether a platform's row has a plugin of the embedded Metagov beside it.
pub fn has_plugin(platform: &str) -> bool {
    platform != "discourse"
}

/// Everything that it is to be joined to, as the order says it, with the keys in it. The home that the settings name is
/// among them as soon as its key is there.
pub async fn wanted(op: &Op) -> Result<(Vec<Value>, Vec<(&'static str, SecretString)>), Halt> {
    let site = op.site();
    let mut joined: AllJoined = op.fact("joined")?.unwrap_or_default();
    let home = site.settings.get("home_platform").unwrap_or("none");
    if !joined.contains_key(home)
        && let Some(found) = home_from_settings(op, home).await?
    {
        joined.insert(home.to_owned(), found);
        op.remember("joined", &joined).await?;
    }
    let mut platforms = Vec::new();
    let mut secrets = Vec::new();
    // The home comes first: the first rules are made for it.
    let ordered = joined
        .iter()
        .filter(|(platform, _)| *platform == home)
        .chain(joined.iter().filter(|(platform, _)| *platform != home));
    for (platform, entry) in ordered {
        if let Some(field) = key_of(platform) {
            // While the vault is locked, what stands there already stays as it is.
            match op.secret(field) {
                Ok(secret) => secrets.push((field, secret)),
                Err(_) => continue,
            }
        }
        platforms.push(entry_for(op, platform, entry, platform == home));
    }
    Ok((platforms, secrets))
}

async fn home_from_settings(op: &Op, home: &str) -> Result<Option<Joined>, Halt> {
    match home {
        "slack" if op.has_secret("slack_bot_token") => Ok(Some(slack(op).await?)),
        "discord" if op.has_secret("discord_bot_token") => {
            let guild = op.site().settings.get("discord_guild_id");
            match guild {
                Some(guild) => Ok(Some(discord(op, guild).await?)),
                None => Ok(None),
            }
        }
        // A forum's address comes with the connection.
        _ => Ok(None),
    }
}

fn entry_for(op: &Op, platform: &str, entry: &Joined, is_home: bool) -> Value {
    let key = key_of(platform).map(secret_named);
    let team = entry.team_id.as_str();
    let config = match platform {
        "slack" => json!({
            "team_id": team, "team_name": entry.team_name, "bot_token": key, "bot_user_id": entry.bot_user,
        }),
        // A number of up to 19 digits, never through a float.
        "discord" => json!({ "guild_id": team.parse::<u64>().ok(), "guild_name": entry.team_name }),
        "opencollective" => json!({ "access_token": key, "collective_slug": team }),
        "sourcecred" => json!({ "server_url": team }),
        _ => Value::Null,
    };
    let fields = if platform == "discourse" {
        json!({ "api_key": key })
    } else {
        json!({})
    };
    let administrators = if is_home {
        op.site().settings.list("administrators")
    } else {
        Vec::new()
    };
    json!({
        "platform": platform, "team_id": team, "team_name": entry.team_name, "config": config, "fields": fields,
        "home": is_home, "administrators": administrators,
    })
}

async fn slack(op: &Op) -> Result<Joined, Halt> {
    let token = op.secret("slack_bot_token")?;
    let Bot {
        user,
        place,
        place_name,
        ..
    } = chat_keys::slack(&op.site().http, &token).await?;
    if let Some(wanted) = op.site().settings.get("slack_team_id")
        && wanted != place
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "The bot token belongs to the workspace {place}, and the settings name {wanted}."
            ),
        )
        .hint("Enter the token of the app that was installed into that workspace.")
        .into());
    }
    Ok(Joined {
        team_id: place,
        team_name: place_name,
        bot_user: user,
    })
}

async fn discord(op: &Op, guild: &str) -> Result<Joined, Halt> {
    let token = op.secret("discord_bot_token")?;
    let name = chat_keys::guild(&op.site().http, &token, guild).await?;
    Ok(Joined {
        team_id: guild.to_owned(),
        team_name: name,
        bot_user: String::new(),
    })
}

/// What a peer is joined as.
async fn of_peer(op: &Op, peer: &Peer) -> Result<Joined, Halt> {
    let site = op.site();
    let need = |what: &str| {
        Fault::new(
            FaultKind::BadInput,
            format!("The instance of {} has no {what} yet.", peer.platform),
        )
        .hint("Finish that instance first, then connect again.")
    };
    let plain = |id: &str, name: &str| Joined {
        team_id: id.to_owned(),
        team_name: name.to_owned(),
        bot_user: String::new(),
    };
    match peer.platform.as_str() {
        "slack" => slack(op).await,
        "discord" => {
            let own = site.settings.get("discord_guild_id");
            let guild = own.or_else(|| peer.settings.get("guild_id"));
            discord(op, guild.ok_or_else(|| need("server"))?).await
        }
        "discourse" => {
            op.secret("discourse_user_key")?;
            let address = peer.url.as_deref().ok_or_else(|| need("address"))?;
            let address = address.trim_end_matches('/');
            Ok(plain(address, address))
        }
        "opencollective" => {
            op.secret("opencollective_token")?;
            let from_url = peer
                .url
                .as_deref()
                .and_then(|url| url.trim_end_matches('/').rsplit('/').next());
            let slug = peer.settings.get("slug").or(from_url);
            let slug = slug.ok_or_else(|| need("collective"))?;
            Ok(plain(slug, slug))
        }
        "sourcecred" => match &peer.target {
            Some(Target::Site { address }) => {
                let address = address.as_str().trim_end_matches('/');
                Ok(plain(address, "SourceCred"))
            }
            _ => Err(need("site").into()),
        },
        other => {
            Err(unsupported(site, &format!("be joined to {other}: there is no plugin")).into())
        }
    }
}

/// Enables the plugin and makes its row, together.
pub async fn connect(op: &Op, peer: &Peer, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    django::must_stand(site)?;
    let platform = peer.platform.as_str();
    let joining = of_peer(op, peer).await?;
    let before: AllJoined = op.fact("joined")?.unwrap_or_default();
    let mut joined = before.clone();
    joined.insert(platform.to_owned(), joining.clone());
    op.remember("joined", &joined).await?;
    let made = match life::settle(op).await {
        Ok(made) => made,
        Err(halt) => {
            // Nothing of it was made: the order is one transaction.
            op.remember("joined", &before).await?;
            return Err(halt);
        }
    };
    if site.active {
        life::up(op, supervisor).await?;
    }
    let policies = made["policies"].as_u64().unwrap_or(0);
    let deaf = match platform {
        "discourse" => " It posts there and hears nothing back.",
        _ => "",
    };
    Ok(format!(
        "It acts in {} of {platform} now, with {policies} policies.{deaf}",
        joining.team_name
    ))
}

/// Removes plugin and row together.
pub async fn disconnect(op: &Op, peer: &Peer, supervisor: &Supervisor) -> Result<(), Halt> {
    let site = op.site();
    let platform = peer.platform.as_str();
    let mut joined: AllJoined = op.fact("joined")?.unwrap_or_default();
    joined.remove(platform);
    if django::must_stand(site).is_ok() {
        let order = json!({ "do": "disconnect", "slug": site.slug.as_str(), "platform": platform });
        let made = django::give(site, &SERVICE, order.into(), op.cancel()).await?;
        op.remember("made", &made).await?;
    }
    op.remember("joined", &joined).await?;
    if site.active {
        life::up(op, supervisor).await?;
    }
    Ok(())
}

/// Reads something harmless through the plugin.
pub async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let site = op.site();
    let platform = peer.platform.as_str();
    if platform == "discourse" {
        return Ok(Probe {
            arrived: false,
            sent: false,
            look_for: None,
            what: "Nothing harmless can be read there through PolicyKit; it was not tested."
                .to_owned(),
        });
    }
    let order = json!({ "do": "probe", "slug": site.slug.as_str(), "platform": platform });
    let answer = django::give(site, &SERVICE, order.into(), op.cancel()).await;
    Ok(match answer {
        Ok(answer) => Probe {
            arrived: true,
            sent: true,
            look_for: None,
            what: format!(
                "Through its plugin it read {}.",
                answer["seen"].as_str().unwrap_or("something")
            ),
        },
        Err(fault) if fault.kind == FaultKind::Host => Probe {
            arrived: false,
            sent: true,
            look_for: None,
            what: format!("Its plugin could not read {platform}: {}", fault.what),
        },
        Err(fault) => return Err(fault.into()),
    })
}

/// What stays at platforms when the instance is gone.
pub fn left_behind(op: &Op) -> Vec<String> {
    let joined: AllJoined = op.site().fact("joined").ok().flatten().unwrap_or_default();
    let mut left = Vec::new();
    if joined.contains_key("slack") {
        left.push("The Slack app stays in its workspace; remove it there.".to_owned());
    }
    if joined.contains_key("discord") {
        left.push("The Discord bot stays in its server; remove it there.".to_owned());
    }
    if joined.contains_key("opencollective") {
        left.push("The webhook at Open Collective stays; remove it there.".to_owned());
    }
    left
}
