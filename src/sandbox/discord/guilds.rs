//! A server and its members.

use super::access::{Outcome, refuse};
use super::model::Discord;
use crate::sandbox::Reply;
use serde_json::json;

impl Discord {
    pub fn show_guild(&self, id: &str) -> Reply {
        let guild = &self.guilds[id];
        let features = match guild.rules_channel {
            Some(_) => json!(["COMMUNITY"]),
            None => json!([]),
        };
        Reply::json(
            200,
            json!({
                "id": id, "name": guild.name, "owner_id": guild.owner, "mfa_level": guild.mfa_level,
                "features": features, "rules_channel_id": guild.rules_channel,
                "roles": self.shown_roles(id),
            }),
        )
    }

    /// A bot has the name of its application; people are called by their numbers here.
    fn name_of(&self, user: &str) -> String {
        let app = self.apps.get(user).map(|app| app.name.clone());
        app.unwrap_or_else(|| format!("person-{user}"))
    }

    pub fn show_member(&self, guild: &str, user: &str) -> Outcome {
        match self.guilds[guild].members.get(user) {
            Some(roles) => Ok(Reply::json(
                200,
                json!({"user": {"id": user, "username": self.name_of(user)}, "roles": roles}),
            )),
            None => refuse(404, 10007, "Unknown Member"),
        }
    }
}
