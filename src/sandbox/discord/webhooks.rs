//! Webhooks: made with a right, used without a key by whoever knows the address.

use super::access::{Caller, Outcome, bad_field, fields, refuse};
use super::model::{Discord, Message, Webhook, random};
use super::permissions::MANAGE_WEBHOOKS;
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

fn shown(id: &str, hook: &Webhook) -> Value {
    json!({
        "id": id, "type": 1, "name": hook.name, "guild_id": hook.guild, "channel_id": hook.channel,
        "token": hook.token, "user": {"id": hook.maker}, "application_id": hook.maker,
        "url": format!("https://discord.com/api/webhooks/{id}/{}", hook.token),
    })
}

impl Discord {
    pub fn channel_webhooks(&self, me: &Caller, channel: &str) -> Outcome {
        self.require_within(channel, me, MANAGE_WEBHOOKS)?;
        Ok(self.webhooks_where(|hook| hook.channel == channel))
    }

    pub fn guild_webhooks(&self, me: &Caller, guild: &str) -> Outcome {
        self.require_base(guild, me, MANAGE_WEBHOOKS)?;
        Ok(self.webhooks_where(|hook| hook.guild == guild))
    }

    fn webhooks_where(&self, fits: impl Fn(&Webhook) -> bool) -> Reply {
        let all: Vec<Value> = self
            .webhooks
            .iter()
            .filter(|(_, hook)| fits(hook))
            .map(|(id, hook)| shown(id, hook))
            .collect();
        Reply::json(200, json!(all))
    }

    pub fn make_webhook(&mut self, me: &Caller, channel: &str, incoming: &Incoming) -> Outcome {
        self.require_within(channel, me, MANAGE_WEBHOOKS)?;
        let body = fields(incoming)?;
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        let lower = name.to_lowercase();
        if !(1..=80).contains(&name.chars().count())
            || lower.contains("clyde")
            || lower.contains("discord")
        {
            return bad_field("name", "WEBHOOK_NAME_INVALID", "Not a name for a webhook.");
        }
        let guild = self.channels[channel].guild.clone();
        let count = |fits: &dyn Fn(&Webhook) -> bool| {
            self.webhooks.values().filter(|hook| fits(hook)).count()
        };
        if count(&|hook| hook.channel == channel) >= 15 {
            return refuse(400, 30007, "Maximum number of webhooks reached (15)");
        }
        if count(&|hook| hook.guild == guild) >= 1000 {
            return refuse(
                400,
                30058,
                "Maximum number of webhooks per guild reached (1000)",
            );
        }
        let hook = Webhook {
            guild,
            channel: channel.to_owned(),
            name,
            token: random(68),
            maker: me.app.clone(),
        };
        let id = self.id(incoming.now.as_millisecond());
        let reply = Reply::json(200, shown(&id, &hook));
        self.webhooks.insert(id, hook);
        Ok(reply)
    }

    pub fn delete_webhook(&mut self, me: &Caller, id: &str) -> Outcome {
        let Some(hook) = self.webhooks.get(id) else {
            return refuse(404, 10015, "Unknown Webhook");
        };
        self.require_within(&hook.channel, me, MANAGE_WEBHOOKS)?;
        self.webhooks.remove(id);
        Ok(Reply::empty(204))
    }

    /// Everything that needs the address only.
    pub fn with_webhook_token(
        &mut self,
        method: &str,
        id: &str,
        token: &str,
        rest: &[&str],
        incoming: &Incoming,
    ) -> Outcome {
        let Some(hook) = self.webhooks.get(id).cloned() else {
            return refuse(404, 10015, "Unknown Webhook");
        };
        if hook.token != token {
            return refuse(401, 50027, "Invalid Webhook Token");
        }
        match (method, rest) {
            ("GET", []) => {
                let mut body = shown(id, &hook);
                if let Some(body) = body.as_object_mut() {
                    body.shift_remove("user");
                }
                Ok(Reply::json(200, body))
            }
            ("DELETE", []) => {
                self.webhooks.remove(id);
                Ok(Reply::empty(204))
            }
            ("POST", [] | ["slack"]) => {
                let body = fields(incoming)?;
                let field = if rest.is_empty() { "content" } else { "text" };
                let content = body[field].as_str().unwrap_or_default();
                if content.is_empty() {
                    return refuse(400, 50006, "Cannot send an empty message");
                }
                let now = incoming.now.as_millisecond();
                let message = Message {
                    id: self.id(now),
                    author: id.to_owned(),
                    webhook: Some(id.to_owned()),
                    content: content.to_owned(),
                    nonce: None,
                    at_ms: now,
                    pinned: false,
                };
                if let Some(channel) = self.channels.get_mut(&hook.channel) {
                    channel.messages.push(message);
                }
                Ok(Reply::empty(204))
            }
            _ => refuse(404, 0, "404: Not Found"),
        }
    }
}
