//! The app that a person makes: its description, filled in, behind an address (sheet: slack 1, H2a).

use serde_json::{Value, json};
use url::Url;

/// The scopes the bot needs (sheet: slack 2). `pins:read` besides: without it nobody can see whether the notice is pinned
/// already when an answer was lost.
pub(super) const BOT_SCOPES: [&str; 10] = [
    "channels:manage",
    "channels:read",
    "channels:join",
    "groups:write",
    "groups:read",
    "chat:write",
    "team:read",
    "users:read",
    "pins:write",
    "pins:read",
];
/// Reading messages: only to see a connection's test arrive, only where the operator asks for it.
pub(super) const READING_SCOPES: [&str; 2] = ["channels:history", "groups:history"];
/// The webhook's own.
pub(super) const WEBHOOK_SCOPE: &str = "incoming-webhook";
/// The scopes of the person who archives.
pub(super) const PERSON_SCOPES: [&str; 2] = ["channels:write", "groups:write"];

/// The page of an app, or of all apps where its number is not known.
pub(super) fn page(app: Option<&str>) -> String {
    match app {
        Some(app) => format!("https://api.slack.com/apps/{app}/oauth"),
        None => "https://api.slack.com/apps".to_owned(),
    }
}

/// The description of an app of this name: what the filled-in page and the call to make it are given.
pub(super) fn manifest(name: &str, reads: bool) -> Value {
    let mut scopes: Vec<&str> = BOT_SCOPES.to_vec();
    if reads {
        scopes.extend(READING_SCOPES);
    }
    json!({
        // At most 35 characters (sheet: slack 1).
        "display_information": {"name": super::channel::cut(name, 35)},
        "features": {"bot_user": {"display_name": "guildhall", "always_online": false}},
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": false,
        },
    })
}

/// The address at which Slack makes an app of this name with everything filled in.
pub(super) fn make_address(name: &str, reads: bool) -> String {
    let manifest = manifest(name, reads);
    let mut address = String::from("https://api.slack.com/apps");
    if let Ok(mut url) = Url::parse(&address) {
        url.query_pairs_mut()
            .append_pair("new_app", "1")
            .append_pair("manifest_json", &manifest.to_string());
        address = url.into();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Catalog, domain::PlatformId};

    #[test]
    fn the_catalog_asks_for_the_same_scopes_and_leads_to_the_filled_in_page() {
        let catalog = Catalog::builtin().unwrap();
        let manifest = catalog.get(&PlatformId::new("slack")).unwrap();
        let bot = manifest
            .credentials
            .iter()
            .find(|field| field.field == super::super::BOT_TOKEN)
            .unwrap();
        assert_eq!(bot.scopes, BOT_SCOPES);
        assert_eq!(
            bot.url.as_deref(),
            Some(make_address("Guildhall", false).as_str())
        );
    }
}
