//! Overwrites of a channel: only bits the bot itself holds, only with the right to manage roles there.

use super::access::{Caller, Outcome, bits, fields, refuse};
use super::model::{Discord, Overwrite};
use super::permissions::MANAGE_ROLES;
use crate::sandbox::{Incoming, Reply};

impl Discord {
    pub fn put_overwrite(
        &mut self,
        me: &Caller,
        channel: &str,
        id: &str,
        incoming: &Incoming,
    ) -> Outcome {
        self.require_within(channel, me, MANAGE_ROLES)?;
        let body = fields(incoming)?;
        let overwrite = Overwrite {
            id: id.to_owned(),
            kind: u8::from(body["type"] == 1),
            allow: bits(&body["allow"])?.unwrap_or(0),
            deny: bits(&body["deny"])?.unwrap_or(0),
        };
        let guild = self.channels[channel].guild.clone();
        // What it holds in the server or in the channel.
        let held = self.base(&guild, &me.app) | self.within(channel, &me.app);
        if (overwrite.allow | overwrite.deny) & !held != 0 {
            return refuse(403, 50013, "Missing Permissions");
        }
        let is_known = if overwrite.kind == 0 {
            self.guilds[&guild].roles.contains_key(id)
        } else {
            self.guilds[&guild].members.contains_key(id)
        };
        if !is_known {
            return refuse(404, 10009, "Unknown Overwrite");
        }
        if let Some(held) = self.channels.get_mut(channel) {
            let full = held.overwrites.len() >= 1000;
            match held.overwrites.iter_mut().find(|one| one.id == id) {
                Some(known) => *known = overwrite,
                None if full => {
                    return refuse(400, 30060, "Maximum number of overwrites reached (1000)");
                }
                None => held.overwrites.push(overwrite),
            }
        }
        self.log(&guild, me, "changed an overwrite", incoming);
        Ok(Reply::empty(204))
    }

    pub fn delete_overwrite(&mut self, me: &Caller, channel: &str, id: &str) -> Outcome {
        self.require_within(channel, me, MANAGE_ROLES)?;
        let Some(held) = self.channels.get_mut(channel) else {
            return refuse(404, 10003, "Unknown Channel");
        };
        let before = held.overwrites.len();
        held.overwrites.retain(|one| one.id != id);
        if held.overwrites.len() == before {
            return refuse(404, 10009, "Unknown Overwrite");
        }
        Ok(Reply::empty(204))
    }
}
