//! A stateful imitation of Discord's interface (v10) as the sheet describes it (sheet: discord 7): snowflakes, permission
//! mathematics in full, statuses and codes, limits, webhooks without a key, three kinds of 429.
//!
//! Written from the sheet and Discord's own descriptions; nothing of Discord is copied. Knows no adapter.

mod access;
mod account;
mod channels;
mod control;
mod guilds;
mod invites;
mod messages;
mod model;
mod overwrites;
mod permissions;
mod roles;
mod webhooks;

use super::{Incoming, Reply, SimulatedPlatform};
use access::{Caller, Outcome, refuse};
use model::Discord;
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedDiscord;

impl SimulatedPlatform for SimulatedDiscord {
    type State = Discord;

    fn id(&self) -> &'static str {
        "discord"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["discord.com", "discord.sandbox"]
    }

    fn fresh(&self) -> Discord {
        Discord::fresh()
    }

    fn keys(&self, discord: &Discord) -> Value {
        json!(discord.ready)
    }

    fn handle(&self, discord: &mut Discord, incoming: &Incoming) -> Reply {
        let reply = discord.answer(incoming).unwrap_or_else(|refusal| *refusal);
        discord.counted(reply, incoming)
    }

    fn control(&self, discord: &mut Discord, action: &str, input: &Value) -> Result<Value, String> {
        control::act(discord, action, input)
    }
}

impl Discord {
    fn answer(&mut self, incoming: &Incoming) -> Outcome {
        self.let_through(incoming)?;
        let segments = incoming.segments();
        let path: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (["api", "v10", path @ ..] | ["api", path @ ..]) = path.as_slice() else {
            return refuse(404, 0, "404: Not Found");
        };
        let method = incoming.method.as_str();
        match (method, path) {
            ("GET", ["gateway"]) => {
                return Ok(Reply::json(200, json!({"url": "wss://gateway.discord.gg"})));
            }
            (_, ["webhooks", id, token, rest @ ..]) => {
                return self.with_webhook_token(method, id, token, rest, incoming);
            }
            _ => {}
        }
        let caller = self.caller(incoming)?;
        self.dispatch(method, path, &caller, incoming)
    }

    fn dispatch(
        &mut self,
        method: &str,
        path: &[&str],
        me: &Caller,
        incoming: &Incoming,
    ) -> Outcome {
        match (method, path) {
            ("GET", ["users", "@me"]) => Ok(self.who(me)),
            ("GET", ["applications", "@me"]) => Ok(self.application(me)),
            ("GET", ["users", "@me", "guilds"]) => Ok(self.own_guilds(me, incoming)),
            ("DELETE", ["users", "@me", "guilds", guild]) => self.leave(me, guild),
            (_, ["guilds", guild, rest @ ..]) => self.in_guild(method, guild, rest, me, incoming),
            (_, ["channels", channel, rest @ ..]) => {
                self.in_channel(method, channel, rest, me, incoming)
            }
            ("DELETE", ["webhooks", id]) => self.delete_webhook(me, id),
            ("DELETE", ["invites", code]) => self.delete_invite(me, code),
            _ => refuse(404, 0, "404: Not Found"),
        }
    }

    fn in_guild(
        &mut self,
        method: &str,
        guild: &str,
        rest: &[&str],
        me: &Caller,
        incoming: &Incoming,
    ) -> Outcome {
        self.require_member(guild, me)?;
        match (method, rest) {
            ("GET", []) => Ok(self.show_guild(guild)),
            ("GET", ["members", user]) => self.show_member(guild, user),
            ("GET", ["roles"]) => Ok(self.list_roles(guild)),
            ("POST", ["roles"]) => self.make_role(me, guild, incoming),
            ("PATCH", ["roles", role]) => self.change_role(me, guild, role, incoming),
            ("DELETE", ["roles", role]) => self.delete_role(me, guild, role),
            ("GET", ["channels"]) => Ok(self.list_channels(guild)),
            ("POST", ["channels"]) => self.make_channel(me, guild, incoming),
            ("GET", ["webhooks"]) => self.guild_webhooks(me, guild),
            _ => refuse(404, 0, "404: Not Found"),
        }
    }

    fn in_channel(
        &mut self,
        method: &str,
        channel: &str,
        rest: &[&str],
        me: &Caller,
        incoming: &Incoming,
    ) -> Outcome {
        self.require_view(channel, me)?;
        match (method, rest) {
            ("GET", []) => Ok(self.show_channel(channel)),
            ("PATCH", []) => self.change_channel(me, channel, incoming),
            ("DELETE", []) => self.delete_channel(me, channel),
            ("PUT", ["permissions", id]) => self.put_overwrite(me, channel, id, incoming),
            ("DELETE", ["permissions", id]) => self.delete_overwrite(me, channel, id),
            ("GET", ["webhooks"]) => self.channel_webhooks(me, channel),
            ("POST", ["webhooks"]) => self.make_webhook(me, channel, incoming),
            ("GET", ["invites"]) => self.channel_invites(me, channel),
            ("POST", ["invites"]) => self.make_invite(me, channel, incoming),
            ("GET", ["messages"]) => Ok(self.read_messages(me, channel)),
            ("POST", ["messages"]) => self.post_message(me, channel, incoming),
            ("PUT", ["messages", "pins", message]) => self.pin(me, channel, message),
            _ => refuse(404, 0, "404: Not Found"),
        }
    }
}
