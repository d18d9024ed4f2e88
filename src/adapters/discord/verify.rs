//! Who a token is, what it may do in each server, and which servers it reaches: a bot's token has no borders.

use super::client::Client;
use super::permissions::{bits, excess, held, missing};
use super::record::Places;
use super::{BOT_TOKEN, WEBHOOK, server, webhook};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, Slots, clean_line, counted};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The most servers of a page, and the most pages that are read.
const PAGE: usize = 200;
const MOST_PAGES: usize = 20;
/// The most servers that are named.
const MOST_NAMED: usize = 40;

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let (site, entered) = (request.site, request.entered);
    let hook = match entered.get(WEBHOOK) {
        Some(address) => Some(webhook::verify(site, address).await?),
        None => None,
    };
    let Some(token) = entered.get(BOT_TOKEN) else {
        return hook.ok_or_else(|| {
            Fault::new(FaultKind::NeedsKey, "No key was entered.")
                .hint("Enter the bot's token, or the address of a webhook.")
        });
    };
    let mut identity = bot(site, token).await?;
    if let Some(hook) = hook {
        identity
            .warnings
            .push(format!("Entered with it: {}.", hook.who));
        identity.warnings.extend(hook.warnings);
    }
    Ok(identity)
}

/// The first part of a token is the application's number, written in letters; a mistyped one is found without a call.
fn check_shape(token: &SecretString) -> Result<(), Fault> {
    let bare = token.expose_secret().trim();
    let bare = bare.strip_prefix("Bot ").unwrap_or(bare);
    let first = bare.split('.').next().unwrap_or_default();
    let digits = BASE64_URL_SAFE_NO_PAD.decode(first.trim_end_matches('='));
    let is_number =
        digits.is_ok_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit));
    if is_number && bare.split('.').count() == 3 {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::BadInput,
        "This is no bot's token: it has three parts, and the first holds the application's number. Nothing was sent.",
    )
    .hint("Copy the token whole from the application's Bot page; reset it there if it is not shown."))
}

async fn bot(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    check_shape(token)?;
    let client = Client::new(site, token, &CancellationToken::new())?;
    let (id, name) = server::who(&client).await?;
    let app = client
        .get("/applications/@me", "look at the application")
        .await?;
    let servers = servers(&client).await?;
    let mut identity = Identity {
        external_id: id,
        who: format!(
            "{name}, a bot in {}",
            counted(servers.len(), "server", "servers")
        ),
        slots: vec![slots(servers.len())],
        ..Identity::default()
    };
    if app["bot_public"] == true {
        identity.warnings.push(
            "Public Bot is on: strangers can add the bot to their servers and use up its 100. Switch it off once the bot was invited.".into(),
        );
    }
    if app["bot_require_code_grant"] == true {
        identity.warnings.push(
            "Requires OAuth2 Code Grant is on: nobody can invite the bot until it is switched off."
                .into(),
        );
    }
    power(site, &servers, &mut identity)?;
    identity.reach = reach(site, &servers)?;
    let foreign = identity
        .reach
        .objects
        .iter()
        .filter(|object| object.community.is_none());
    let names: Vec<&str> = foreign.map(|object| object.name.as_str()).collect();
    if !names.is_empty() {
        identity
            .warnings
            .push(format!("This token also reaches: {}.", names.join(", ")));
    }
    Ok(identity)
}

/// How many servers the bot is in, of those it may be in.
pub(super) fn slots(joined: usize) -> Slots {
    Slots {
        unit: "servers joined".into(),
        max: Some(100),
        used: u64::try_from(joined).ok(),
        source: "measured; 100 until the bot is verified, by Discord's documentation".into(),
    }
}

/// What the bot may do in the server that is meant.
fn power(site: &Site, servers: &[Value], identity: &mut Identity) -> Result<(), Fault> {
    let wanted = wanted(site)?;
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let Some(here) = servers.iter().find(|one| one["id"] == wanted.as_str()) else {
        identity.warnings.push(format!(
            "The bot is not in the server {wanted} yet; Guildhall gives you the address at which to invite it."
        ));
        return Ok(());
    };
    let bits = bits(&here["permissions"]);
    identity.scopes_held = held(bits);
    identity.scopes_missing = missing(bits);
    identity.scopes_excess = excess(bits);
    if here["owner"] == true {
        identity
            .scopes_excess
            .push("ownership of the server".into());
    }
    Ok(())
}

fn wanted(site: &Site) -> Result<Option<String>, Fault> {
    let places = Places::at(site)?;
    let recorded = Some(places.guild).filter(|guild| !guild.is_empty());
    Ok(recorded.or_else(|| site.settings.get("guild_id").map(str::to_owned)))
}

fn reach(site: &Site, servers: &[Value]) -> Result<Reach, Fault> {
    let wanted = wanted(site)?;
    let text = |one: &Value, field: &str| clean_line(one[field].as_str().unwrap_or_default());
    let objects: Vec<ReachedObject> = servers
        .iter()
        .take(MOST_NAMED)
        .map(|one| ReachedObject {
            external_id: text(one, "id"),
            name: text(one, "name"),
            role: "member".into(),
            community: (wanted.as_deref() == one["id"].as_str()).then_some(site.community),
        })
        .collect();
    Ok(Reach {
        unit: "server".into(),
        total: (servers.len() > objects.len())
            .then(|| u64::try_from(servers.len()).ok())
            .flatten(),
        objects,
        everything: None,
    })
}

/// Every server the bot is in.
pub(super) async fn servers(client: &Client) -> Result<Vec<Value>, Fault> {
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..MOST_PAGES {
        let after = all.last().and_then(|one| one["id"].as_str()).unwrap_or("0");
        let path = format!("/users/@me/guilds?limit={PAGE}&after={after}");
        let page = client.list(&path, "the bot's servers").await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            break;
        }
    }
    Ok(all)
}
