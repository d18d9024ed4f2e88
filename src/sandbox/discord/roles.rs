//! Roles: made at the bottom, changed only from above.

use super::access::{Caller, Outcome, bits, fields, name, refuse};
use super::model::{Discord, Role};
use super::permissions::MANAGE_ROLES;
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

fn shown(id: &str, role: &Role) -> Value {
    let mut shown = json!({
        "id": id, "name": role.name, "position": role.position,
        "permissions": role.permissions.to_string(), "managed": role.bot.is_some(),
        "mentionable": false,
    });
    if let Some(bot) = &role.bot {
        shown["tags"] = json!({"bot_id": bot});
    }
    shown
}

impl Discord {
    /// The roles of a server as they are shown in lists and with the server itself.
    pub fn shown_roles(&self, guild: &str) -> Vec<Value> {
        let roles = self.guilds[guild].roles.iter();
        roles.map(|(id, role)| shown(id, role)).collect()
    }

    pub fn list_roles(&self, guild: &str) -> Reply {
        Reply::json(200, json!(self.shown_roles(guild)))
    }

    pub fn make_role(&mut self, me: &Caller, guild: &str, incoming: &Incoming) -> Outcome {
        self.require_base(guild, me, MANAGE_ROLES)?;
        let body = fields(incoming)?;
        let everyone = self.guilds[guild].roles[guild].permissions;
        // Left out, it is a copy of what everybody may.
        let permissions = bits(&body["permissions"])?.unwrap_or(everyone);
        self.require_base(guild, me, permissions)?;
        if self.guilds[guild].roles.len() >= 250 {
            return refuse(400, 30005, "Maximum number of guild roles reached (250)");
        }
        let role = Role {
            name: name(&body)?.unwrap_or_else(|| "new role".into()),
            position: 1,
            permissions,
            bot: None,
        };
        let id = self.id(incoming.now.as_millisecond());
        let reply = Reply::json(200, shown(&id, &role));
        if let Some(held) = self.guilds.get_mut(guild) {
            for other in held.roles.values_mut().filter(|role| role.position > 0) {
                other.position += 1;
            }
            held.roles.insert(id, role);
        }
        self.log(guild, me, "made a role", incoming);
        Ok(reply)
    }

    /// The role, if the bot stands above it.
    fn below(&self, me: &Caller, guild: &str, role: &str) -> Result<Role, Box<Reply>> {
        self.require_base(guild, me, MANAGE_ROLES)?;
        let held = &self.guilds[guild];
        match held.roles.get(role) {
            None => refuse(404, 10011, "Unknown Role"),
            Some(role) if role.position >= held.height(&me.app) || role.bot.is_some() => {
                refuse(403, 50013, "Missing Permissions")
            }
            Some(role) => Ok(role.clone()),
        }
    }

    pub fn change_role(
        &mut self,
        me: &Caller,
        guild: &str,
        role: &str,
        incoming: &Incoming,
    ) -> Outcome {
        let mut changed = self.below(me, guild, role)?;
        let body = fields(incoming)?;
        if let Some(name) = name(&body)? {
            changed.name = name;
        }
        if let Some(permissions) = bits(&body["permissions"])? {
            self.require_base(guild, me, permissions)?;
            changed.permissions = permissions;
        }
        let reply = Reply::json(200, shown(role, &changed));
        if let Some(held) = self.guilds.get_mut(guild) {
            held.roles.insert(role.to_owned(), changed);
        }
        self.log(guild, me, "changed a role", incoming);
        Ok(reply)
    }

    pub fn delete_role(&mut self, me: &Caller, guild: &str, role: &str) -> Outcome {
        self.below(me, guild, role)?;
        if let Some(held) = self.guilds.get_mut(guild) {
            held.roles.remove(role);
            for roles in held.members.values_mut() {
                roles.retain(|held| held != role);
            }
        }
        for channel in self.channels.values_mut() {
            channel.overwrites.retain(|overwrite| overwrite.id != role);
        }
        Ok(Reply::empty(204))
    }
}
