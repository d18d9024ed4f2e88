//! What people and time do behind Guildhall's back.

use super::apps;
use super::model::Slack;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `limits` | `on`: whether calls are counted |
/// | `pages` | `most` entries of a page |
/// | `stumble` | `method`, `times`: does its work and then answers `internal_error` |
/// | `unarchive-word` | `word` |
/// | `restrict` | `team`, `on`: only administrators may make and archive channels |
/// | `app-cap` | `team`, `most` |
/// | `add-team` | `name`: a workspace with Guildhall's app in it; answers `team` and `token` |
/// | `make-app` | `address` of the filled-in page, `team`; answers the bot's `token` |
/// | `uninstall` | `token`: its app is taken out of the workspace |
/// | `install` | `token` of its bot: its app is installed once more; answers the new `token` |
/// | `install-app` | `app`: a person installs one that was made by a call; answers its bot's `token` |
/// | `managed-cap` | `most` apps that one person may have |
/// | `expire-configuration` | `token` |
/// | `new-configuration` | nothing; answers both parts of another one |
/// | `spend-refresh` | `token`: somebody else used it |
/// | `revoke`, `expire` | `token` |
/// | `rotate` | `token`: its app rotates from now on; answers `token` and `refresh` |
/// | `scopes` | `token`, `scopes` |
/// | `make-webhook` | `token` (of the app), `channel`; answers `address` |
/// | `remove-webhook` | `address` |
/// | `add-user` | `team`, `name`, `bot`: whether it is the user of somebody else's app; answers `id` |
/// | `add-channel` | `team`, `name`, `user`, `private`; answers `id` |
/// | `add-member`, `remove-member` | `channel` (id or name), `user` |
/// | `archive`, `unarchive`, `delete` | `channel` |
/// | `rename` | `channel`, `name` |
/// | `topic`, `purpose` | `channel`, `text` |
/// | `say` | `channel`, `user`, `text`; answers whether the channel let them |
pub fn act(slack: &mut Slack, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    match action {
        "limits" => slack.unlimited = input["on"] == false,
        "pages" => {
            let most = input["most"].as_u64().unwrap_or(1000);
            slack.page = usize::try_from(most).unwrap_or(1000).max(1);
        }
        "stumble" => {
            let times = input["times"].as_u64().unwrap_or(1);
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            slack.stumbling.insert(text("method")?, times);
        }
        "unarchive-word" => slack.unarchive_word = text("word")?,
        "restrict" | "app-cap" => {
            let team = slack.teams.get_mut(&text("team")?).ok_or("no such team")?;
            if action == "restrict" {
                team.restricted = input["on"] == true;
            } else {
                team.app_cap = input["most"]
                    .as_u64()
                    .and_then(|most| usize::try_from(most).ok());
            }
        }
        "add-team" | "make-app" => return add(slack, action, text),
        "add-user" => {
            let id = slack.add_user(&text("team")?, &text("name")?, false);
            if let Some(user) = slack.users.get_mut(&id) {
                user.is_bot = input["bot"] == true;
            }
            return Ok(json!({"id": id}));
        }
        "add-channel" => {
            let id = slack.add_channel(&text("team")?, &text("name")?, &text("user")?);
            if let Some(channel) = slack.channels.get_mut(&id) {
                channel.is_private = input["private"] == true;
            }
            return Ok(json!({"id": id}));
        }
        "remove-webhook" => {
            let address = text("address")?;
            slack.webhooks.retain(|key, _| !address.ends_with(key));
        }
        "managed-cap"
        | "expire-configuration"
        | "new-configuration"
        | "spend-refresh"
        | "install-app"
        | "install" => {
            return on_app(slack, action, input, text);
        }
        "uninstall" | "revoke" | "expire" | "rotate" | "scopes" | "make-webhook" => {
            return on_token(slack, action, &text("token")?, input);
        }
        _ => return on_channel(slack, action, input),
    }
    Ok(json!({}))
}

/// What people do about apps.
fn on_app(
    slack: &mut Slack,
    action: &str,
    input: &Value,
    text: impl Fn(&str) -> Result<String, String>,
) -> Result<Value, String> {
    match action {
        "managed-cap" => {
            let most = input["most"].as_u64();
            slack.managed_cap = most.and_then(|most| usize::try_from(most).ok());
        }
        "expire-configuration" => {
            let held = slack.configurations.get_mut(&text("token")?);
            held.ok_or("no such token")?.expires_ms = 0;
        }
        "new-configuration" => {
            let known = slack.configuration_refreshes.values().next();
            let known = known.cloned().ok_or("nobody has any")?;
            let now_ms = jiff::Timestamp::now().as_millisecond();
            let token = slack.add_configuration(&known.team, &known.user, now_ms);
            let refresh = slack.add_refresh(&known.team, &known.user);
            return Ok(json!({"config_token": token, "config_refresh": refresh}));
        }
        "spend-refresh" => {
            let held = slack.configuration_refreshes.get_mut(&text("token")?);
            held.ok_or("no such token")?.spent = true;
        }
        "install-app" => {
            let app = text("app")?;
            let meant = slack.apps.get(&app).and_then(|app| app.meant_for.clone());
            let token = slack.install(&app, &meant.ok_or("no such app")?)?;
            return Ok(json!({"token": token}));
        }
        _ => {
            let token = slack.tokens.get(&text("token")?).ok_or("no such token")?;
            let (app, team) = (token.app.clone(), token.team.clone());
            return Ok(json!({"token": slack.install(&app, &team)?}));
        }
    }
    Ok(json!({}))
}

fn add(
    slack: &mut Slack,
    action: &str,
    text: impl Fn(&str) -> Result<String, String>,
) -> Result<Value, String> {
    Ok(match action {
        "add-team" => {
            let (team, token) = slack.add_team_with_app(&text("name")?)?;
            json!({"team": team, "token": token})
        }
        _ => json!({"token": apps::make(slack, &text("address")?, &text("team")?)?}),
    })
}

fn on_token(slack: &mut Slack, action: &str, text: &str, input: &Value) -> Result<Value, String> {
    let token = slack.tokens.get_mut(text).ok_or("no such token")?;
    match action {
        "revoke" => token.revoked = true,
        "expire" => token.expires_ms = Some(0),
        "scopes" => {
            token.scopes = serde_json::from_value(input["scopes"].clone())
                .map_err(|error| error.to_string())?;
        }
        "rotate" => {
            let token = token.clone();
            let now = Timestamp::now().as_millisecond();
            let (access, refresh) = slack.add_rotating(&token.app, &token.team, &token.user, now);
            return Ok(json!({"token": access, "refresh": refresh}));
        }
        "make-webhook" => {
            let app = token.app.clone();
            let channel = input["channel"].as_str().unwrap_or_default();
            let channel = slack.channel_named(channel).ok_or("no such channel")?;
            return Ok(json!({"address": slack.add_webhook(&app, &channel)}));
        }
        _ => {
            let app = token.app.clone();
            if let Some(app) = slack.apps.get_mut(&app) {
                app.team = None;
            }
            slack.webhooks.retain(|_, hook| hook.app != app);
        }
    }
    Ok(json!({}))
}

fn on_channel(slack: &mut Slack, action: &str, input: &Value) -> Result<Value, String> {
    let known = [
        "add-member",
        "remove-member",
        "archive",
        "unarchive",
        "delete",
        "rename",
        "topic",
        "purpose",
        "say",
    ];
    if !known.contains(&action) {
        return Err(format!("the simulated Slack has no action {action}"));
    }
    let word = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
    let id = slack
        .channel_named(&word("channel"))
        .ok_or("no such channel")?;
    if action == "delete" {
        slack.channels.remove(&id);
        return Ok(json!({}));
    }
    let channel = slack.channels.get_mut(&id).ok_or("no such channel")?;
    match action {
        "add-member" => {
            channel.members.insert(word("user"));
        }
        "remove-member" => {
            channel.members.remove(&word("user"));
        }
        "archive" | "unarchive" => channel.is_archived = action == "archive",
        "rename" => channel.name = word("name"),
        "topic" => channel.topic = word("text"),
        "purpose" => channel.purpose = word("text"),
        _ => {
            let allowed = !channel.is_archived && channel.members.contains(&word("user"));
            if allowed {
                let now = Timestamp::now().as_millisecond();
                slack.say(&id, &word("user"), &word("text"), now);
            }
            return Ok(json!({"allowed": allowed}));
        }
    }
    Ok(json!({}))
}
