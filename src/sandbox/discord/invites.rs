//! Invite links.

use super::access::{Caller, Outcome, bad_field, fields, refuse};
use super::model::{Discord, Invite, random};
use super::permissions::{CREATE_INVITE, MANAGE_CHANNELS};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

fn shown(code: &str, invite: &Invite) -> Value {
    json!({
        "code": code, "guild": {"id": invite.guild}, "channel": {"id": invite.channel},
        "inviter": {"id": invite.maker}, "max_age": invite.max_age, "max_uses": 0,
    })
}

impl Discord {
    pub fn channel_invites(&self, me: &Caller, channel: &str) -> Outcome {
        self.require_within(channel, me, MANAGE_CHANNELS)?;
        let all: Vec<Value> = self
            .invites
            .iter()
            .filter(|(_, invite)| invite.channel == channel)
            .map(|(code, invite)| shown(code, invite))
            .collect();
        Ok(Reply::json(200, json!(all)))
    }

    pub fn make_invite(&mut self, me: &Caller, channel: &str, incoming: &Incoming) -> Outcome {
        self.require_within(channel, me, CREATE_INVITE)?;
        let body = fields(incoming)?;
        let max_age = body["max_age"].as_u64().unwrap_or(86_400);
        if max_age > 604_800 {
            return bad_field("max_age", "NUMBER_TYPE_MAX", "At most 604800.");
        }
        let guild = self.channels[channel].guild.clone();
        let of_guild = |invite: &&Invite| invite.guild == guild;
        if self.invites.values().filter(of_guild).count() >= 1000 {
            return refuse(400, 30016, "Maximum number of invites reached (1000)");
        }
        let invite = Invite {
            guild,
            channel: channel.to_owned(),
            maker: me.app.clone(),
            max_age,
        };
        let code = random(8);
        let reply = Reply::json(200, shown(&code, &invite));
        self.invites.insert(code, invite);
        Ok(reply)
    }

    pub fn delete_invite(&mut self, me: &Caller, code: &str) -> Outcome {
        let Some(invite) = self.invites.get(code).cloned() else {
            return refuse(404, 10006, "Unknown Invite");
        };
        self.require_within(&invite.channel, me, MANAGE_CHANNELS)?;
        self.invites.remove(code);
        Ok(Reply::json(200, shown(code, &invite)))
    }
}
