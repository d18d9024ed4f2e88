//! The page at which a person makes an app, and what that person does there.

use super::model::Slack;
use crate::sandbox::{Incoming, Reply};
use serde_json::Value;
use url::Url;

/// The page of the apps. What is filled in is checked as Slack does.
pub fn page(incoming: &Incoming) -> Reply {
    let filled_in = incoming.query_value("manifest_json");
    match filled_in.map(check) {
        Some(Err(reason)) => Reply::html(
            400,
            format!("<html><title>Invalid manifest</title><p>{reason}</p></html>\n"),
        ),
        Some(Ok((name, _))) => {
            Reply::html(200, format!("<html><title>Create {name}</title></html>\n"))
        }
        None => Reply::html(200, "<html><title>Your Apps</title></html>\n"),
    }
}

/// The name and the bot's scopes of a description.
pub fn check(manifest: &str) -> Result<(String, Vec<String>), String> {
    let manifest: Value = serde_json::from_str(manifest).map_err(|error| error.to_string())?;
    let name = manifest["display_information"]["name"]
        .as_str()
        .filter(|name| !name.is_empty() && name.chars().count() <= 35)
        .ok_or("display_information.name must have 1 to 35 characters")?;
    let scopes = &manifest["oauth_config"]["scopes"]["bot"];
    let scopes: Vec<String> =
        serde_json::from_value(scopes.clone()).map_err(|error| error.to_string())?;
    if manifest["features"]["bot_user"]["display_name"]
        .as_str()
        .is_none_or(str::is_empty)
    {
        return Err("bot scopes need a bot user".into());
    }
    Ok((name.to_owned(), scopes))
}

/// A person opens the filled-in page, creates the app and installs it; answers the bot's token.
pub fn make(slack: &mut Slack, address: &str, team: &str) -> Result<String, String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let filled_in = url
        .query_pairs()
        .find(|(name, _)| name == "manifest_json")
        .ok_or("the address fills nothing in")?;
    let (name, scopes) = check(&filled_in.1)?;
    let app = slack.add_app(&name, scopes);
    slack.install(&app, team)
}
