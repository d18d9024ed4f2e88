//! Who the bots are whose tokens the plugins of PolicyKit and the Gateway work with, as Slack and Discord say.

use super::{
    contract::VerifyRequest,
    http::{Answer, Http, entries, required},
};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

/// Without a name of the form `DiscordBot (address, version)` Discord answers 40333 (sheet: discord 4); more may follow it.
/// The address is that of the portal in which every community has an application of its own: Guildhall has no site.
pub const DISCORD_AGENT: &str = concat!(
    "DiscordBot (https://discord.com/developers/applications, ",
    env!("CARGO_PKG_VERSION"),
    ") guildhall"
);

/// A bot, as its platform knows it.
pub struct Bot {
    /// Its user's id.
    pub user: String,
    /// Its user's name.
    pub user_name: String,
    /// The id of the workspace it is in; empty where there may be many.
    pub place: String,
    /// The workspace's name.
    pub place_name: String,
    /// The scopes that the answer names.
    pub scopes: Vec<String>,
}

fn base(address: &str) -> Result<Url, Fault> {
    Url::parse(address).map_err(|error| {
        Fault::new(FaultKind::Internal, "An address of ours is wrong.")
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error)
    })
}

fn rejected(whose: &str) -> Fault {
    Fault::new(
        FaultKind::KeyRejected,
        format!("{whose} does not accept this key."),
    )
    .hint("Make a new one there and paste it whole.")
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// The bot behind a token, and its workspace (sheet: slack, `auth.test`).
///
/// # Errors
/// [`FaultKind::KeyRejected`], and what the call brings.
pub async fn slack(http: &Http, token: &SecretString) -> Result<Bot, Fault> {
    let answer = http
        .post(&base("https://slack.com/api/")?, "auth.test")
        .bearer(token)
        .reads()
        .send()
        .await?
        .success()?;
    let scopes = answer.header("x-oauth-scopes").unwrap_or_default();
    let scopes = scopes
        .split(',')
        .map(|scope| scope.trim().to_owned())
        .filter(|scope| !scope.is_empty())
        .collect();
    let told: Value = answer.json()?;
    if told["ok"] != true {
        return Err(rejected("Slack").detail(text(&told, "error")));
    }
    Ok(Bot {
        user: required(&told["user_id"], "Slack", "whose token it is")?.to_owned(),
        user_name: text(&told, "user"),
        place: text(&told, "team_id"),
        place_name: text(&told, "team"),
        scopes,
    })
}

async fn discord(http: &Http, token: &SecretString, path: &str) -> Result<Answer, Fault> {
    let header = SecretString::from(format!("Bot {}", token.expose_secret()));
    let answer = http
        .get(&base("https://discord.com/api/v10/")?, path)
        .header("user-agent", DISCORD_AGENT)
        .secret_header("authorization", &header)
        .redact(token)
        .send()
        .await?;
    if answer.status == 401 {
        return Err(rejected("Discord"));
    }
    Ok(answer)
}

/// The bot behind a token.
///
/// # Errors
/// [`FaultKind::KeyRejected`], and what the call brings.
pub async fn discord_bot(http: &Http, token: &SecretString) -> Result<Bot, Fault> {
    let told: Value = discord(http, token, "users/@me").await?.success()?.json()?;
    Ok(Bot {
        user: required(&told["id"], "Discord", "whose token it is")?.to_owned(),
        user_name: text(&told, "username"),
        place: String::new(),
        place_name: String::new(),
        scopes: Vec::new(),
    })
}

/// The servers a bot is in: id and name.
///
/// # Errors
/// [`FaultKind::KeyRejected`], and what the call brings.
pub async fn guilds(http: &Http, token: &SecretString) -> Result<Vec<(String, String)>, Fault> {
    let told: Value = discord(http, token, "users/@me/guilds?limit=200")
        .await?
        .success()?
        .json()?;
    Ok(entries(&told, "Discord", "the servers")?
        .iter()
        .map(|guild| (text(guild, "id"), text(guild, "name")))
        .collect())
}

/// The name of a server that the bot must be in.
///
/// # Errors
/// [`FaultKind::NotFound`] when it is not in it, [`FaultKind::KeyRejected`], and what the call brings.
pub async fn guild(http: &Http, token: &SecretString, id: &str) -> Result<String, Fault> {
    let answer = discord(http, token, &format!("guilds/{id}")).await?;
    if matches!(answer.status, 403 | 404) {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("The bot is not in the Discord server {id}."),
        )
        .hint("Invite it there, then try again."));
    }
    let told: Value = answer.success()?.json()?;
    Ok(text(&told, "name"))
}

/// Asks the platform whose key was entered.
///
/// # Errors
/// [`FaultKind::KeyRejected`], [`FaultKind::Unsupported`] for a key that nobody can be asked about, and what the call brings.
pub async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let http = &request.site.http;
    if let Some(token) = request.entered.get("slack_bot_token") {
        let bot = slack(http, token).await?;
        return Ok(Identity {
            external_id: format!("{}:{}", bot.place, bot.user),
            who: format!(
                "{} (bot) in the workspace {}",
                bot.user_name, bot.place_name
            ),
            scopes_held: bot.scopes,
            reach: Reach {
                unit: "workspace".to_owned(),
                objects: vec![object(&bot.place, &bot.place_name)],
                ..Reach::default()
            },
            ..Identity::default()
        });
    }
    if let Some(token) = request.entered.get("discord_bot_token") {
        let bot = discord_bot(http, token).await?;
        let guilds = guilds(http, token).await?;
        let objects = guilds.iter().map(|(id, name)| object(id, name)).collect();
        return Ok(Identity {
            external_id: bot.user,
            who: format!("{} (bot)", bot.user_name),
            reach: Reach {
                unit: "server".to_owned(),
                objects,
                ..Reach::default()
            },
            ..Identity::default()
        });
    }
    Err(Fault::new(
        FaultKind::Unsupported,
        "This key shows whether it is right only when it is used: nobody can be asked about it alone.",
    )
    .hint("Keep it unverified, then connect the platform; the connection's test says whether it works."))
}

fn object(id: &str, name: &str) -> ReachedObject {
    ReachedObject {
        external_id: id.to_owned(),
        name: name.to_owned(),
        role: "bot".to_owned(),
        community: None,
    }
}
