//! Who the keys of the sources are (sheet: sourcecred, verify).

use super::config::{self, Connected};
use crate::{
    adapters::{
        chat_keys::DISCORD_AGENT,
        contract::VerifyRequest,
        http::{Answer, Http, entries},
    },
    domain::{Fault, FaultKind, Identity, Reach, ReachedObject, clean_line},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// Asks each platform whose key was entered who it is and what it reaches.
pub async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    // Settings that were entered along with the key are checked here too.
    config::sources(site, &Connected::new())?;
    if let Some(token) = request.entered.get("discord_token") {
        return discord(&site.http, token, site.settings.get("discord_guild_id")).await;
    }
    if let Some(token) = request.entered.get("github_token") {
        let repositories = site.settings.list("github_repositories");
        return github(&site.http, token, &repositories).await;
    }
    Err(
        Fault::new(FaultKind::BadInput, "No key was entered for SourceCred.")
            .hint("Its sources Discord and GitHub need one; a forum needs none."),
    )
}

fn base(address: &str) -> Result<Url, Fault> {
    Url::parse(address).map_err(|error| {
        Fault::new(FaultKind::Internal, "An address of ours is wrong.")
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error)
    })
}

fn accepted(answer: Answer, whose: &str) -> Result<Answer, Fault> {
    if matches!(answer.status, 401 | 403) {
        return Err(Fault::new(
            FaultKind::KeyRejected,
            format!("{whose} does not accept this key; nothing was stored."),
        )
        .hint("Make a new one there and paste it whole."));
    }
    answer.success()
}

/// A bot reads every channel of every server it is in, so all of them are its reach.
async fn discord(
    http: &Http,
    token: &SecretString,
    guild: Option<&str>,
) -> Result<Identity, Fault> {
    let base = base("https://discord.com/api/v10/")?;
    let header = SecretString::from(format!("Bot {}", token.expose_secret()));
    let get = async |path: &str| {
        let call = http
            .get(&base, path)
            .header("user-agent", DISCORD_AGENT)
            .secret_header("authorization", &header)
            .redact(token);
        accepted(call.send().await?, "Discord")?.json::<Value>()
    };
    let user = get("users/@me").await?;
    let guilds = get("users/@me/guilds?limit=200").await?;
    let objects: Vec<ReachedObject> = entries(&guilds, "Discord", "the bot's servers")?
        .iter()
        .map(|each| ReachedObject {
            external_id: text(&each["id"]),
            name: clean_line(&text(&each["name"])),
            role: "member".to_owned(),
            community: None,
        })
        .collect();
    let mut identity = Identity {
        external_id: text(&user["id"]),
        who: format!("{} (bot)", clean_line(&text(&user["username"]))),
        scopes_held: vec!["bot".to_owned()],
        reach: Reach {
            unit: "server".to_owned(),
            total: Some(u64::try_from(objects.len()).unwrap_or(u64::MAX)),
            objects,
            everything: None,
        },
        ..Identity::default()
    };
    if user["bot"] != Value::Bool(true) {
        identity
            .warnings
            .push("This is a person's own token; a bot's is wanted.".to_owned());
    }
    let reached = &identity.reach.objects;
    if let Some(guild) = guild
        && !reached.iter().any(|each| each.external_id == guild)
    {
        identity
            .scopes_missing
            .push(format!("membership in the server {guild}"));
    }
    if reached.len() > 1 {
        identity.warnings.push(format!(
            "It reads every channel it may see in all its {} servers; use a bot made for this community.",
            reached.len()
        ));
    }
    Ok(identity)
}

async fn github(
    http: &Http,
    token: &SecretString,
    repositories: &[String],
) -> Result<Identity, Fault> {
    let base = base("https://api.github.com/")?;
    let answer = http.get(&base, "user").bearer(token).send().await?;
    let answer = accepted(answer, "GitHub")?;
    let scopes: Vec<String> = answer
        .header("x-oauth-scopes")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    let user: Value = answer.json()?;
    let mut identity = Identity {
        external_id: text(&user["id"]),
        who: format!("{} (GitHub account)", clean_line(&text(&user["login"]))),
        // Reading public repositories needs no scope at all (manifest: read only).
        scopes_excess: scopes
            .iter()
            .filter(|scope| !scope.starts_with("read:"))
            .cloned()
            .collect(),
        scopes_held: scopes,
        ..Identity::default()
    };
    "repository".clone_into(&mut identity.reach.unit);
    for repository in repositories {
        let Some((owner, name)) = repository.split_once('/') else {
            continue;
        };
        let path = format!(
            "repos/{}/{}",
            crate::adapters::http::segment(owner),
            crate::adapters::http::segment(name)
        );
        let answer = http.get(&base, &path).bearer(token).send().await?;
        if answer.status == 404 {
            identity
                .scopes_missing
                .push(format!("reading {repository}"));
            continue;
        }
        let about: Value = accepted(answer, "GitHub")?.json()?;
        identity.reach.objects.push(ReachedObject {
            external_id: text(&about["id"]),
            name: clean_line(&text(&about["full_name"])),
            role: "reader".to_owned(),
            community: None,
        });
    }
    Ok(identity)
}

/// Ids come as numbers or as texts.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
