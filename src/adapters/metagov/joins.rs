//! Plugins: what each needs, from which peer and which key (sheet: metagov, plugins as connections).

use super::SERVICE;
use crate::{
    adapters::{
        chat_keys::{self, Bot},
        contract::{Peer, Probe, Target, unsupported},
        django::{self, secret_named},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What each plugin works on, by its name: its workspace, server, address.
pub type Joined = BTreeMap<String, String>;

struct Wanted {
    config: Value,
    id: String,
    secrets: Vec<(&'static str, SecretString)>,
}

async fn wanted(op: &Op, peer: &Peer) -> Result<Wanted, Halt> {
    let site = op.site();
    let need = |what: &str| {
        Fault::new(
            FaultKind::BadInput,
            format!("The instance of {} has no {what} yet.", peer.platform),
        )
        .hint("Finish that instance first, then connect again.")
    };
    match peer.platform.as_str() {
        "slack" => {
            let token = op.secret("slack_bot_token")?;
            let Bot {
                user,
                place,
                place_name,
                ..
            } = chat_keys::slack(&site.http, &token).await?;
            Ok(Wanted {
                config: json!({
                    "team_id": place, "team_name": place_name, "bot_token": secret_named("token"), "bot_user_id": user,
                }),
                id: place,
                secrets: vec![("token", token)],
            })
        }
        "discord" => {
            let token = op.secret("discord_bot_token")?;
            let own = site.settings.get("discord_guild_id");
            let guild = own.or_else(|| peer.settings.get("guild_id"));
            let guild = guild.ok_or_else(|| need("server"))?;
            let name = chat_keys::guild(&site.http, &token, guild).await?;
            Ok(Wanted {
                // A number of up to 19 digits, never through a float.
                config: json!({ "guild_id": guild.parse::<u64>().ok(), "guild_name": name }),
                id: guild.to_owned(),
                secrets: Vec::new(),
            })
        }
        "discourse" => {
            let address = peer.url.as_deref().ok_or_else(|| need("address"))?;
            let address = address.trim_end_matches('/').to_owned();
            Ok(Wanted {
                config: json!({
                    "server_url": address, "api_key": secret_named("key"), "webhook_secret": secret_named("hook"),
                }),
                id: address,
                secrets: vec![
                    ("key", op.secret("discourse_api_key")?),
                    ("hook", op.secret("discourse_webhook_secret")?),
                ],
            })
        }
        "opencollective" => {
            let from_url = peer
                .url
                .as_deref()
                .and_then(|url| url.trim_end_matches('/').rsplit('/').next());
            let slug = peer.settings.get("slug").or(from_url);
            let slug = slug.ok_or_else(|| need("collective"))?;
            Ok(Wanted {
                config: json!({ "collective_slug": slug, "access_token": secret_named("token") }),
                id: slug.to_owned(),
                secrets: vec![("token", op.secret("opencollective_token")?)],
            })
        }
        "sourcecred" => match &peer.target {
            Some(Target::Site { address }) => {
                let address = address.as_str().trim_end_matches('/').to_owned();
                Ok(Wanted {
                    config: json!({ "server_url": address }),
                    id: address,
                    secrets: Vec::new(),
                })
            }
            _ => Err(need("site").into()),
        },
        other => {
            Err(unsupported(site, &format!("be joined to {other}: there is no plugin")).into())
        }
    }
}

/// Enables the plugin; one of the same name on something else goes first. Nothing half made is left.
pub async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let site = op.site();
    django::must_stand(site)?;
    let platform = peer.platform.as_str();
    let wanted = wanted(op, peer).await?;
    let order = json!({
        "do": "enable", "slug": site.slug.as_str(), "plugin": platform, "config": wanted.config,
    });
    let order = django::Order {
        order,
        secrets: wanted.secrets,
    };
    let made = django::give(site, &SERVICE, order, op.cancel()).await?;
    op.remember("made", &made).await?;
    let mut joined: Joined = op.fact("joined")?.unwrap_or_default();
    joined.insert(platform.to_owned(), wanted.id.clone());
    op.remember("joined", &joined).await?;
    let hook = match platform {
        "opencollective" => {
            " Its webhook was registered under an address that answers 404: rewrite it in the proxy."
        }
        _ => "",
    };
    Ok(format!(
        "Its plugin for {platform} works on {}.{hook}",
        wanted.id
    ))
}

/// Disables exactly that plugin; its state is lost.
pub async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let site = op.site();
    let platform = peer.platform.as_str();
    if django::must_stand(site).is_ok() {
        let order = json!({ "do": "disable", "slug": site.slug.as_str(), "plugin": platform });
        django::give(site, &SERVICE, order.into(), op.cancel()).await?;
    }
    let mut joined: Joined = op.fact("joined")?.unwrap_or_default();
    joined.remove(platform);
    op.remember("joined", &joined).await
}

/// Reads something harmless through the plugin.
pub async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let site = op.site();
    let order =
        json!({ "do": "probe", "slug": site.slug.as_str(), "plugin": peer.platform.as_str() });
    let (arrived, sent, what) = match django::give(site, &SERVICE, order.into(), op.cancel()).await
    {
        Ok(answer) => {
            let seen = answer["seen"].as_str().unwrap_or("something");
            (true, true, format!("Through its plugin it read {seen}."))
        }
        Err(fault) if fault.kind == FaultKind::Host => (false, true, fault.what),
        Err(fault) if fault.kind == FaultKind::BadInput => (false, false, fault.what),
        Err(fault) => return Err(fault.into()),
    };
    Ok(Probe {
        arrived,
        sent,
        look_for: None,
        what,
    })
}
