//! Channels and categories. Names are not unique; a category has no topic, and what was in it stays when it is deleted.

use super::access::{Caller, Outcome, bad_field, bits, fields, name, refuse, slow_down};
use super::model::{Channel, Discord, Overwrite};
use super::permissions::{MANAGE_CHANNELS, MANAGE_ROLES};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

/// A category's type.
pub const CATEGORY: u8 = 4;

pub fn shown(id: &str, channel: &Channel) -> Value {
    let overwrites: Vec<Value> = channel
        .overwrites
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "type": one.kind, "allow": one.allow.to_string(), "deny": one.deny.to_string(),
            })
        })
        .collect();
    json!({
        "id": id, "type": channel.kind, "guild_id": channel.guild, "name": channel.name,
        "parent_id": channel.parent, "topic": channel.topic, "position": channel.position,
        "permission_overwrites": overwrites,
    })
}

impl Discord {
    pub fn show_channel(&self, id: &str) -> Reply {
        Reply::json(200, shown(id, &self.channels[id]))
    }

    pub fn list_channels(&self, guild: &str) -> Reply {
        let all: Vec<Value> = self
            .channels
            .iter()
            .filter(|(_, channel)| channel.guild == guild)
            .map(|(id, channel)| shown(id, channel))
            .collect();
        Reply::json(200, json!(all))
    }

    pub fn make_channel(&mut self, me: &Caller, guild: &str, incoming: &Incoming) -> Outcome {
        self.require_base(guild, me, MANAGE_CHANNELS)?;
        let body = fields(incoming)?;
        let Some(name) = name(&body)? else {
            return bad_field("name", "BASE_TYPE_REQUIRED", "This field is required");
        };
        let kind = match body["type"].as_u64() {
            None | Some(0) => 0,
            Some(kind @ (2 | 4 | 5 | 13 | 14 | 15)) => u8::try_from(kind).unwrap_or_default(),
            Some(_) => return bad_field("type", "BASE_TYPE_CHOICES", "Not a known type."),
        };
        let topic = topic(kind, &body)?;
        let overwrites = self.asked_overwrites(me, guild, &body)?;
        let of_guild = |channel: &&Channel| channel.guild == guild;
        if self.channels.values().filter(of_guild).count() >= 500 {
            return refuse(400, 30013, "Maximum number of guild channels reached (500)");
        }
        let parent = body["parent_id"].as_str().map(str::to_owned);
        if let Some(parent) = &parent {
            let is_category = self
                .channels
                .get(parent)
                .is_some_and(|held| held.kind == CATEGORY && held.guild == guild);
            if !is_category || kind == CATEGORY {
                return bad_field("parent_id", "CHANNEL_PARENT_INVALID", "Not a category");
            }
            self.require_within(parent, me, MANAGE_CHANNELS)?;
            let inside = |channel: &&Channel| channel.parent.as_ref() == Some(parent);
            if self.channels.values().filter(inside).count() >= 50 {
                return bad_field(
                    "parent_id",
                    "CHANNEL_PARENT_MAX_CHANNELS",
                    "Maximum number of channels in category reached (50)",
                );
            }
        }
        let id = self.id(incoming.now.as_millisecond());
        let channel = Channel {
            guild: guild.to_owned(),
            // Names of text channels lose capitals and spaces.
            name: if kind == CATEGORY {
                name
            } else {
                name.to_lowercase().replace(' ', "-")
            },
            kind,
            parent,
            topic,
            position: 0,
            overwrites,
            messages: Vec::new(),
        };
        let reply = Reply::json(201, shown(&id, &channel));
        self.channels.insert(id, channel);
        self.log(guild, me, "made a channel", incoming);
        Ok(reply)
    }

    fn asked_overwrites(
        &self,
        me: &Caller,
        guild: &str,
        body: &Value,
    ) -> Result<Vec<Overwrite>, Box<Reply>> {
        let Some(asked) = body["permission_overwrites"].as_array() else {
            return Ok(Vec::new());
        };
        if asked.len() > 100 {
            return bad_field("permission_overwrites", "BASE_TYPE_MAX_LENGTH", "Too many.");
        }
        if !asked.is_empty() {
            self.require_base(guild, me, MANAGE_ROLES)?;
        }
        let mut overwrites = Vec::new();
        for one in asked {
            let overwrite = Overwrite {
                id: one["id"].as_str().unwrap_or_default().to_owned(),
                kind: u8::from(one["type"] == 1),
                allow: bits(&one["allow"])?.unwrap_or(0),
                deny: bits(&one["deny"])?.unwrap_or(0),
            };
            self.require_base(guild, me, overwrite.allow | overwrite.deny)?;
            overwrites.push(overwrite);
        }
        Ok(overwrites)
    }

    pub fn change_channel(&mut self, me: &Caller, id: &str, incoming: &Incoming) -> Outcome {
        self.require_within(id, me, MANAGE_CHANNELS)?;
        let body = fields(incoming)?;
        let (name, kind) = (name(&body)?, self.channels[id].kind);
        let changes_topic = !body["topic"].is_null();
        let topic = topic(kind, &body)?;
        if (name.is_some() || changes_topic) && !self.unlimited {
            let now = incoming.now.as_millisecond();
            if let Some(wait) = self.count(&format!("edit {id}"), 2, 600_000, now) {
                return Err(Box::new(slow_down("shared", wait, Some(20028))));
            }
        }
        let guild = self.channels[id].guild.clone();
        if let Some(channel) = self.channels.get_mut(id) {
            if let Some(name) = name {
                channel.name = name;
            }
            if changes_topic {
                channel.topic = topic;
            }
        }
        self.log(&guild, me, "changed a channel", incoming);
        Ok(self.show_channel(id))
    }

    pub fn delete_channel(&mut self, me: &Caller, id: &str) -> Outcome {
        self.require_within(id, me, MANAGE_CHANNELS)?;
        let guild = self.channels[id].guild.clone();
        if self.guilds[&guild].rules_channel.as_deref() == Some(id) {
            return refuse(
                400,
                50074,
                "Cannot delete a channel required for Community guilds",
            );
        }
        let reply = self.show_channel(id);
        self.drop_channel(id);
        Ok(reply)
    }

    /// Takes a channel away with what hangs on it; the children of a category stay, without a parent.
    pub fn drop_channel(&mut self, id: &str) {
        self.channels.remove(id);
        for child in self.channels.values_mut() {
            if child.parent.as_deref() == Some(id) {
                child.parent = None;
            }
        }
        self.webhooks.retain(|_, hook| hook.channel != id);
        self.invites.retain(|_, invite| invite.channel != id);
    }
}

fn topic(kind: u8, body: &Value) -> Result<Option<String>, Box<Reply>> {
    match &body["topic"] {
        Value::Null => Ok(None),
        Value::String(_) if kind == CATEGORY => {
            refuse(400, 50024, "Cannot execute action on this channel type")
        }
        Value::String(text) if text.chars().count() > 1024 => bad_field(
            "topic",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 1024 or fewer in length.",
        ),
        Value::String(text) => Ok(Some(text.clone())),
        _ => bad_field("topic", "BASE_TYPE_STRING", "Not a string."),
    }
}
