//! What only a person can do in Discord.

use super::permissions::DEFAULT;
use crate::domain::{HumanTask, PlatformId};

/// The page at which the bot is invited: no redirect server is needed (sheet: discord 1, H5).
pub(super) fn invite_page(app: &str, guild: &str) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={app}&scope=bot&permissions={DEFAULT}&guild_id={guild}&disable_guild_select=true"
    )
}

pub(super) fn invite(bot: &str, guild: &str) -> HumanTask {
    HumanTask {
        step: "invite the bot".into(),
        title: "invite the bot to the server".into(),
        why: "A bot comes into a server only when somebody there invites it.".into(),
        who: "somebody with Manage Server there; while Public Bot is off only the application's owner".into(),
        url: Some(invite_page(bot, guild)),
        instructions: vec![
            "Open the address while signed in to Discord.".into(),
            "Leave the permissions as they are, and press Authorize.".into(),
            "Where it says that a code grant is required, switch Requires OAuth2 Code Grant off on the application's Bot page.".into(),
        ],
        asks_for: super::permissions::held(DEFAULT),
        others_decide: false,
    }
}

pub(super) fn permit(bot: &str, guild: &str, name: &str, lacks: &[String]) -> HumanTask {
    HumanTask {
        step: "permit the bot".into(),
        title: format!("give the bot its permissions in {name}"),
        why: format!(
            "It lacks {}; a bot cannot give itself any.",
            lacks.join(", ")
        ),
        who: "somebody with Manage Server there".into(),
        url: Some(invite_page(bot, guild)),
        instructions: vec![
            "Open the address and press Authorize: inviting it again sets its permissions.".into(),
            "Or open the server's settings, Roles, the bot's role, and switch the permissions on."
                .into(),
        ],
        asks_for: lacks.to_vec(),
        others_decide: false,
    }
}

pub(super) fn lift(name: &str, role: &str) -> HumanTask {
    HumanTask {
        step: "lift the bot".into(),
        title: format!("drag the bot's role above {role} in {name}"),
        why: "A bot manages only roles below its own.".into(),
        who: "somebody with Manage Roles there".into(),
        url: None,
        instructions: vec![
            format!("Open the settings of {name}, then Roles."),
            format!("Drag the bot's role above {role}."),
        ],
        asks_for: vec!["a higher place of the bot's role".into()],
        others_decide: false,
    }
}

pub(super) fn invite_tool(tool: &PlatformId, name: &str) -> HumanTask {
    HumanTask {
        step: format!("connect {tool}"),
        title: format!("invite the bot of {tool} to {name}"),
        why: "A tool that acts or reads in Discord needs an application of its own.".into(),
        who: "somebody with Manage Server there".into(),
        url: Some("https://discord.com/developers/applications".into()),
        instructions: vec![
            format!("Make an application for {tool} and copy its token there."),
            format!("Invite its bot to {name} with the permissions {tool} asks for."),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

pub(super) fn remove_tool(tool: &PlatformId, name: &str) -> HumanTask {
    HumanTask {
        step: format!("disconnect {tool}"),
        title: format!("take the bot of {tool} out of {name}"),
        why: "Guildhall's bot has no right to throw others out, and needs none.".into(),
        who: "somebody with Kick Members there".into(),
        url: None,
        instructions: vec![format!(
            "Open the settings of {name}, then Integrations, and remove the bot of {tool}."
        )],
        asks_for: Vec::new(),
        others_decide: false,
    }
}
