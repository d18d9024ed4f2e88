//! Plugins: what each needs, from which peer and which key (sheet: metagov, plugins as connections).

use super::{SERVICE, observe};
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

/// What a peer's plugin works on. A workspace is known by its token, so that nothing stands here for it yet.
fn id_of(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let site = op.site();
    let need = |what: &str| {
        Fault::new(
            FaultKind::BadInput,
            format!("The instance of {} has no {what} yet.", peer.platform),
        )
        .hint("Finish that instance first, then connect again.")
    };
    match peer.platform.as_str() {
        "slack" => Ok(String::new()),
        "discord" => {
            let own = site.settings.get("discord_guild_id");
            let guild = own.or_else(|| peer.settings.get("guild_id"));
            Ok(guild.ok_or_else(|| need("server"))?.to_owned())
        }
        "discourse" => {
            let address = peer.url.as_deref().ok_or_else(|| need("address"))?;
            Ok(address.trim_end_matches('/').to_owned())
        }
        "opencollective" => {
            let from_url = peer
                .url
                .as_deref()
                .and_then(|url| url.trim_end_matches('/').rsplit('/').next());
            let slug = peer.settings.get("slug").or(from_url);
            Ok(slug.ok_or_else(|| need("collective"))?.to_owned())
        }
        "sourcecred" => match &peer.target {
            Some(Target::Site { address }) => Ok(address.as_str().trim_end_matches('/').to_owned()),
            _ => Err(need("site").into()),
        },
        other => {
            Err(unsupported(site, &format!("be joined to {other}: there is no plugin")).into())
        }
    }
}

/// The configuration of a plugin that works on `id`, with the keys it needs.
async fn wanted(op: &Op, platform: &str, id: String) -> Result<Wanted, Halt> {
    let site = op.site();
    let (config, secrets) = match platform {
        "slack" => {
            let token = op.secret("slack_bot_token")?;
            let Bot {
                user,
                place,
                place_name,
                ..
            } = chat_keys::slack(&site.http, &token).await?;
            let config = json!({
                "team_id": place, "team_name": place_name, "bot_token": secret_named("token"), "bot_user_id": user,
            });
            return Ok(Wanted {
                config,
                id: place,
                secrets: vec![("token", token)],
            });
        }
        "discord" => {
            let token = op.secret("discord_bot_token")?;
            let name = chat_keys::guild(&site.http, &token, &id).await?;
            // A number of up to 19 digits, never through a float.
            let guild = id.parse::<u64>().ok();
            (json!({ "guild_id": guild, "guild_name": name }), Vec::new())
        }
        "discourse" => (
            json!({
                "server_url": id, "api_key": secret_named("key"), "webhook_secret": secret_named("hook"),
            }),
            vec![
                ("key", op.secret("discourse_api_key")?),
                ("hook", op.secret("discourse_webhook_secret")?),
            ],
        ),
        "opencollective" => (
            json!({ "collective_slug": id, "access_token": secret_named("token") }),
            vec![("token", op.secret("opencollective_token")?)],
        ),
        _ => (json!({ "server_url": id }), Vec::new()),
    };
    Ok(Wanted {
        config,
        id,
        secrets,
    })
}

/// Enables a plugin; one of the same name on something else goes first. Nothing half made is left.
async fn enable(op: &Op, platform: &str, wanted: Wanted) -> Result<String, Halt> {
    let site = op.site();
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
    Ok(wanted.id)
}

/// Joins it to a peer.
pub async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    django::must_stand(op.site())?;
    let platform = peer.platform.as_str();
    let wanted = wanted(op, platform, id_of(op, peer)?).await?;
    let id = enable(op, platform, wanted).await?;
    let hook = match platform {
        "opencollective" => {
            " Its webhook was registered under an address that answers 404: rewrite it in the proxy."
        }
        _ => "",
    };
    Ok(format!("Its plugin for {platform} works on {id}.{hook}"))
}

/// Enables the plugins that somebody took out. What they had learned is lost.
pub async fn put_back(op: &Op) -> Result<(), Halt> {
    let joined: Joined = op.fact("joined")?.unwrap_or_default();
    let standing = observe::plugins(op.site())?;
    for (platform, id) in joined {
        if !standing.contains(&(platform.clone(), id.clone())) {
            let wanted = wanted(op, &platform, id).await?;
            enable(op, &platform, wanted).await?;
        }
    }
    Ok(())
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
