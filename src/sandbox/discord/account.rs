//! The bot, its application, and the servers it is in.

use super::access::{Caller, Outcome, refuse};
use super::model::Discord;
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Discord {
    pub fn who(&self, me: &Caller) -> Reply {
        let app = &self.apps[&me.app];
        Reply::json(
            200,
            json!({"id": me.app, "username": app.name, "bot": true, "discriminator": "0001"}),
        )
    }

    pub fn application(&self, me: &Caller) -> Reply {
        let app = &self.apps[&me.app];
        let joined = self.joined(me).count();
        Reply::json(
            200,
            json!({
                "id": me.app, "name": app.name, "bot_public": app.public,
                "bot_require_code_grant": app.code_grant, "owner": {"id": app.owner},
                "approximate_guild_count": joined,
            }),
        )
    }

    fn joined<'a>(&'a self, me: &'a Caller) -> impl Iterator<Item = &'a String> {
        self.guilds
            .iter()
            .filter(|(_, guild)| guild.members.contains_key(&me.app))
            .map(|(id, _)| id)
    }

    pub fn own_guilds(&self, me: &Caller, incoming: &Incoming) -> Reply {
        let limit = incoming
            .query_value("limit")
            .and_then(|text| text.parse().ok())
            .unwrap_or(200);
        let after: u64 = incoming
            .query_value("after")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let shown: Vec<Value> = self
            .joined(me)
            .filter(|id| id.parse::<u64>().is_ok_and(|id| id > after))
            .take(limit)
            .map(|id| {
                let guild = &self.guilds[id];
                json!({
                    "id": id, "name": guild.name, "owner": guild.owner == me.app,
                    "permissions": guild.base(id, &me.app).to_string(),
                })
            })
            .collect();
        Reply::json(200, json!(shown))
    }

    pub fn leave(&mut self, me: &Caller, guild: &str) -> Outcome {
        let held = self.guilds.get_mut(guild);
        let left = held.is_some_and(|held| {
            held.roles
                .retain(|_, role| role.bot.as_deref() != Some(me.app.as_str()));
            held.members.remove(&me.app).is_some()
        });
        if left {
            Ok(Reply::empty(204))
        } else {
            refuse(404, 10004, "Unknown Guild")
        }
    }
}
