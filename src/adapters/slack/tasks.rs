//! What only a person can do in Slack.

use super::app;
use super::make_app::Made;
use super::record::{Place, Places};
use crate::adapters::contract::Site;
use crate::domain::{HumanTask, PlatformId};

/// Where the webhooks of an app are.
pub(super) fn webhooks_page(app: Option<&str>) -> String {
    match app {
        Some(app) => format!("https://api.slack.com/apps/{app}/incoming-webhooks"),
        None => app::page(None),
    }
}

/// An incoming webhook for another tool (sheet: slack 1, H6).
pub(super) fn make_webhook(site: &Site, app: Option<&str>, for_platform: &PlatformId) -> HumanTask {
    HumanTask {
        step: "webhook".into(),
        title: format!("make an incoming webhook for {for_platform}"),
        why: "Slack makes a webhook only in its consent page, where a person picks the channel."
            .into(),
        who: "a member of the workspace who may install apps".into(),
        url: Some(webhooks_page(app)),
        instructions: vec![
            "Switch Incoming Webhooks on and press Add New Webhook to Workspace.".into(),
            format!("Pick the channel {}.", super::channel::name_of(site, "")),
            "Copy the address that begins with https://hooks.slack.com/services/.".into(),
            "Enter it as this instance's key webhook_url.".into(),
        ],
        asks_for: vec![app::WEBHOOK_SCOPE.into()],
        others_decide: false,
    }
}

/// The installation of an app that was made here (sheet: slack 1, H3 and H4).
pub(super) fn install(site: &Site, made: &Made, perhaps_twice: bool) -> HumanTask {
    let mut instructions = vec![
        "Open the address below and press Install; allow what the app asks for.".to_owned(),
        format!(
            "Open {} and copy the Bot User OAuth Token, which begins with xoxb-.",
            app::page(Some(&made.id))
        ),
        "Enter it as this instance's key bot_token.".to_owned(),
    ];
    if perhaps_twice {
        instructions.push(format!(
            "An answer of Slack was lost: if {} stands twice at https://api.slack.com/apps, delete the one whose number is not {}.",
            made.name, made.id
        ));
    }
    let mut scopes: Vec<&str> = app::BOT_SCOPES.to_vec();
    if site.settings.is_on("read_back") {
        scopes.extend(app::READING_SCOPES);
    }
    HumanTask {
        step: "install app".into(),
        title: format!("install the app {}", made.name),
        why: "Guildhall made the app; only a person can install it into a workspace.".into(),
        who: "a member of the workspace who may install apps".into(),
        url: Some(format!(
            "https://api.slack.com/apps/{}/install-on-team",
            made.id
        )),
        instructions,
        asks_for: scopes.into_iter().map(str::to_owned).collect(),
        others_decide: false,
    }
}

/// A channel that somebody archived.
pub(super) fn unarchive(places: &Places, place: &Place) -> HumanTask {
    HumanTask {
        step: format!("unarchive {}", place.name),
        title: format!("bring #{} back from the archive", place.name),
        why: "Slack lets no bot do that.".into(),
        who: "a member of the workspace".into(),
        url: Some(places.link(place)),
        instructions: vec![
            format!("Open #{} and its settings.", place.name),
            "Choose Unarchive channel for everyone.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// The bot into a private channel.
pub(super) fn invite_bot(reference: &str, bot: &str, url: Option<String>) -> HumanTask {
    HumanTask {
        step: format!("invitation {reference}"),
        title: format!("invite the bot to {reference}"),
        why: "Slack shows a bot a private channel only when somebody in it invites it.".into(),
        who: "somebody in the channel".into(),
        url,
        instructions: vec![
            format!("Open {reference} in Slack."),
            format!("Write /invite @{bot}"),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// The bot back into a private channel of ours that it does not see any more.
pub(super) fn back_in(places: &Places, place: &Place) -> HumanTask {
    let mut task = invite_bot(
        &format!("#{}", place.name),
        &places.bot,
        Some(places.link(place)),
    );
    task.instructions
        .push("If the channel was deleted: remove the instance here, and make it anew.".into());
    task
}

/// Another tool's own app into the channel.
pub(super) fn invite_tool(places: &Places, place: &Place, tool: &PlatformId) -> HumanTask {
    HumanTask {
        step: format!("connect {tool}"),
        title: format!("let the app of {tool} into #{}", place.name),
        why: "A tool that acts in Slack needs an app of its own, which only a person can install."
            .into(),
        who: "a member of the workspace who may install apps".into(),
        url: Some(places.link(place)),
        instructions: vec![
            format!("Install the app of {tool} into {}.", places.team.name),
            format!(
                "Open #{} and write /invite and the name of that app's bot.",
                place.name
            ),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// A channel gone for good (sheet: slack 1, H7).
pub(super) fn delete_channel(places: &Places, place: &Place) -> HumanTask {
    HumanTask {
        step: format!("delete {}", place.id),
        title: format!("delete the channel #{}", place.name),
        why: "On normal plans no program can delete a channel; it was archived.".into(),
        who: "an owner or administrator of the workspace".into(),
        url: Some(places.link(place)),
        instructions: vec![
            format!("Open #{} and its settings.", place.name),
            "Choose Delete this channel, and confirm it. Its messages are lost for ever.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}
