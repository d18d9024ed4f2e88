//! The steps that only a person can do, as texts (sheet: loomio 1).

use super::group::Stage;
use crate::domain::{HumanTask, Slug};
use url::Url;

const NO_PROGRAM: &str = "Loomio lets no program do this.";

fn at(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// What is to be done to get beyond a stage; nothing beyond the last.
pub(super) fn beyond(
    stage: Stage,
    base: &Url,
    group: Option<&str>,
    slug: &Slug,
) -> Option<HumanTask> {
    let named = group.unwrap_or("the group");
    let page = group.map_or_else(
        || at(base, "/dashboard"),
        |group| at(base, &format!("/{group}")),
    );
    let (step, title, why, who, url, instructions) = match stage {
        Stage::Nothing => (
            "group",
            format!("make the group {} on Loomio", group.unwrap_or(slug.as_str())),
            NO_PROGRAM,
            "whoever has the bot's sign-in",
            at(base, "/dashboard"),
            vec![
                "Sign in as the bot user, so that it becomes the group's administrator.".to_owned(),
                "In the sidebar choose New group, or New subgroup inside the organisation's group.".to_owned(),
                format!("Choose the handle {}.", group.unwrap_or(slug.as_str())),
                "A young account that does not pay may have one top-level trial group; a subgroup does not count.".to_owned(),
                "Administrators of a parent group can make themselves administrators of any subgroup.".to_owned(),
            ],
        ),
        Stage::Outside => (
            "invite",
            format!("invite the bot into {named}"),
            "The bot is not a member, and only people in the group can invite.",
            "an administrator of the group",
            page,
            lines(&["Open the group's Members tab.", "Invite the bot's mail address."]),
        ),
        Stage::Invited => (
            "accept",
            format!("accept the bot's invitation into {named}"),
            NO_PROGRAM,
            "whoever has the bot's sign-in",
            page,
            lines(&["Sign in as the bot user.", "Open the group and accept the invitation."]),
        ),
        Stage::Member => (
            "administrator",
            format!("make the bot an administrator of {named}"),
            "Chat integrations and invitations need an administrator, which Loomio also calls coordinator.",
            "an administrator of the group",
            page,
            lines(&["Open the group's Members tab.", "In the bot's row choose Make admin."]),
        ),
        Stage::Admin => return None,
    };
    let asks_for = match stage {
        Stage::Outside => lines(&["member of the group"]),
        Stage::Member => lines(&["administrator of the group"]),
        _ => Vec::new(),
    };
    Some(HumanTask {
        step: step.to_owned(),
        title,
        why: why.to_owned(),
        who: who.to_owned(),
        url: Some(url),
        instructions,
        asks_for,
        others_decide: false,
    })
}

/// A person deletes the group.
pub(super) fn delete(base: &Url, handle: &str, name: &str) -> HumanTask {
    HumanTask {
        step: "delete-group".to_owned(),
        title: format!("delete the group {name} on Loomio"),
        why: NO_PROGRAM.to_owned(),
        who: "an administrator of the group".to_owned(),
        url: Some(at(base, &format!("/{handle}"))),
        instructions: lines(&[
            "First export the group's data from its menu, if anybody may want it.",
            "In the group's menu choose Delete group, and type its name.",
            "This also ends a subscription of the group.",
        ]),
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// A person renames a hosted group.
pub(super) fn rename(base: &Url, handle: &str, name: &str) -> HumanTask {
    HumanTask {
        step: format!("rename:{name}"),
        title: format!("rename the group to {name}"),
        why: NO_PROGRAM.to_owned(),
        who: "an administrator of the group".to_owned(),
        url: Some(at(base, &format!("/{handle}"))),
        instructions: lines(&[
            "In the group's menu choose Settings.",
            "Change the name and save.",
        ]),
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// A person makes a chat integration that the server does not take from a program.
pub(super) fn integrate(
    base: &Url,
    handle: &str,
    name: &str,
    server: &str,
    room: &str,
) -> HumanTask {
    HumanTask {
        step: format!("integrate:{name}"),
        title: "add the chat integration on Loomio".to_owned(),
        why: "This Loomio does not take a room's integration from a program.".to_owned(),
        who: "an administrator of the group".to_owned(),
        url: Some(at(base, &format!("/{handle}"))),
        instructions: vec![
            "In the group's menu choose Chat integrations, then Matrix.".to_owned(),
            format!("Name it {name}, exactly so."),
            format!("As server write {server}, as room {room}."),
            "As token use one of a user that may speak in that room.".to_owned(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}
