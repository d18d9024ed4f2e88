//! Who the token is, and whether it is of the workspace this instance lives in.

use super::app::BOT_SCOPES;
use super::client::{Client, Reply};
use super::record::{Places, Team};
use crate::adapters::{contract::Site, durable::Halt, durable::Op};
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::Value;

/// The fact that holds the app's number, for the addresses of its pages.
pub(super) const APP: &str = "app";

/// Who a token is.
pub(super) struct Who {
    pub team: Team,
    /// The member id of the bot or person.
    pub user: String,
    /// Its name.
    pub name: String,
    /// Whether it is a bot's token.
    pub is_bot: bool,
    /// The app's number, where Slack tells it.
    pub app: Option<String>,
    /// Whether the token opens a whole Enterprise organisation.
    pub whole_organisation: bool,
    /// In how many seconds it stops working, where it does.
    pub expires_in: Option<i64>,
    /// The scopes it holds; none where the answer does not name them.
    pub scopes: Option<Vec<String>>,
}

impl Who {
    fn read(reply: Reply) -> Result<Self, Fault> {
        let scopes = reply.scopes.clone();
        let body = reply.accept("say whose token it is", &[])?;
        let text = |field: &str| clean_line(body[field].as_str().unwrap_or_default());
        let must = |field: &str| Some(text(field)).filter(|text| !text.is_empty());
        // Without these nobody can tell whose workspace it is: a guess would call a good token dead.
        let (Some(team), Some(user)) = (must("team_id"), must("user_id")) else {
            return Err(super::errors::nameless());
        };
        Ok(Self {
            team: Team {
                id: team,
                name: text("team"),
                url: text("url"),
            },
            user,
            name: text("user"),
            is_bot: must("bot_id").is_some(),
            app: must("app_id"),
            whole_organisation: body["is_enterprise_install"] == Value::Bool(true),
            expires_in: body["expires_in"].as_i64(),
            scopes,
        })
    }

    /// The scopes the bot needs and does not hold. Nothing is missing where Slack does not name the scopes.
    pub fn missing(&self, needed: &[&str]) -> Vec<String> {
        let Some(held) = &self.scopes else {
            return Vec::new();
        };
        needed
            .iter()
            .filter(|scope| !held.iter().any(|held| held == *scope))
            .map(|scope| (*scope).to_owned())
            .collect()
    }
}

/// Asks Slack who the token is.
pub(super) async fn who(client: &Client) -> Result<Who, Fault> {
    Who::read(client.who().await?)
}

/// Refuses a token of another workspace than the one in the settings, or in which the channels were made.
pub(super) fn check_team(site: &Site, who: &Who) -> Result<(), Fault> {
    let known = Places::at(site)?.team;
    let wanted = Some(known.id.as_str())
        .filter(|id| !id.is_empty())
        .or_else(|| site.settings.get("team_id"));
    let Some(wanted) = wanted.filter(|wanted| *wanted != who.team.id) else {
        return Ok(());
    };
    let place = if known.name.is_empty() {
        wanted.to_owned()
    } else {
        format!("{} ({wanted})", known.name)
    };
    Err(Fault::new(
        FaultKind::BadInput,
        format!(
            "This token is of the workspace {} ({}), and this instance belongs to {place}; nothing was changed.",
            who.team.name, who.team.id
        ),
    )
    .hint("Enter the token of the app that is installed in the right workspace."))
}

/// The bot at work: its token lives, is of the right workspace, and may do what is needed.
pub(super) async fn begin(op: &Op, client: &Client, places: &mut Places) -> Result<Who, Halt> {
    let who = who(client).await?;
    check_team(op.site(), &who)?;
    let missing = who.missing(&BOT_SCOPES);
    if !missing.is_empty() {
        let page = super::app::page(who.app.as_deref());
        return Err(Fault::new(
            FaultKind::ScopeMissing,
            format!("The app lacks scopes: {}.", missing.join(", ")),
        )
        .hint(format!(
            "Add them at {page}, install the app again, and enter the new token."
        ))
        .into());
    }
    if let Some(app) = &who.app
        && op.fact::<String>(APP)?.as_ref() != Some(app)
    {
        op.remember(APP, app).await?;
    }
    if places.team != who.team || places.bot != who.user {
        places.team = who.team.clone();
        places.bot.clone_from(&who.user);
        places.save(op).await?;
    }
    Ok(who)
}
