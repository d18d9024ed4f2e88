//! Discord's permission mathematics: roles, then overwrites of everybody, of roles, of the member, in this order; the owner
//! and administrators may everything; who may not see a channel may do nothing in it.

use super::access::{Caller, refuse};
use super::model::{Channel, Discord, Guild};
use crate::sandbox::Reply;

pub const CREATE_INVITE: u64 = 1;
pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const READ_HISTORY: u64 = 1 << 16;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const MANAGE_WEBHOOKS: u64 = 1 << 29;
pub const PIN_MESSAGES: u64 = 1 << 51;
/// What the invite link asks for by default (sheet: discord 1).
pub const DEFAULT: u64 = 378_762_497_105;
/// What @everyone has in a new server: see, write, react, read, threads, invite.
pub const EVERYONE: u64 = 0x58_0000_0840 | CREATE_INVITE | VIEW_CHANNEL | READ_HISTORY;

impl Guild {
    /// What a member may in the whole server.
    pub fn base(&self, id: &str, user: &str) -> u64 {
        if self.owner == user {
            return u64::MAX;
        }
        let held = self.members.get(user).into_iter().flatten();
        let everyone = id.to_owned();
        let bits = held
            .chain([&everyone])
            .filter_map(|role| self.roles.get(role))
            .fold(0, |bits, role| bits | role.permissions);
        if bits & ADMINISTRATOR == 0 {
            bits
        } else {
            u64::MAX
        }
    }

    /// How high a member's highest role stands.
    pub fn height(&self, user: &str) -> i64 {
        if self.owner == user {
            return i64::MAX;
        }
        let held = self.members.get(user).into_iter().flatten();
        held.filter_map(|role| self.roles.get(role))
            .map(|role| role.position)
            .max()
            .unwrap_or(0)
    }

    /// What a member may in a channel.
    pub fn within(&self, id: &str, channel: &Channel, user: &str) -> u64 {
        let mut bits = self.base(id, user);
        if bits == u64::MAX {
            return bits;
        }
        let held = self.members.get(user).cloned().unwrap_or_default();
        let (mut allow, mut deny) = (0, 0);
        for overwrite in &channel.overwrites {
            if overwrite.kind == 0 && overwrite.id == id {
                bits = (bits & !overwrite.deny) | overwrite.allow;
            } else if overwrite.kind == 0 && held.contains(&overwrite.id) {
                allow |= overwrite.allow;
                deny |= overwrite.deny;
            }
        }
        bits = (bits & !deny) | allow;
        for overwrite in &channel.overwrites {
            if overwrite.kind == 1 && overwrite.id == user {
                bits = (bits & !overwrite.deny) | overwrite.allow;
            }
        }
        if bits & VIEW_CHANNEL == 0 { 0 } else { bits }
    }
}

impl Discord {
    pub fn base(&self, guild: &str, user: &str) -> u64 {
        self.guilds
            .get(guild)
            .map_or(0, |held| held.base(guild, user))
    }

    /// What somebody may in a channel.
    pub fn within(&self, channel: &str, user: &str) -> u64 {
        let Some(held) = self.channels.get(channel) else {
            return 0;
        };
        self.guilds
            .get(&held.guild)
            .map_or(0, |guild| guild.within(&held.guild, held, user))
    }

    pub fn require_base(&self, guild: &str, me: &Caller, bits: u64) -> Result<(), Box<Reply>> {
        if self.base(guild, &me.app) & bits == bits {
            Ok(())
        } else {
            refuse(403, 50013, "Missing Permissions")
        }
    }

    pub fn require_within(&self, channel: &str, me: &Caller, bits: u64) -> Result<(), Box<Reply>> {
        if self.within(channel, &me.app) & bits == bits {
            Ok(())
        } else {
            refuse(403, 50013, "Missing Permissions")
        }
    }

    /// Refuses where the bot is not in the server.
    pub fn require_member(&self, guild: &str, me: &Caller) -> Result<(), Box<Reply>> {
        match self.guilds.get(guild) {
            None => refuse(404, 10004, "Unknown Guild"),
            Some(held) if !held.members.contains_key(&me.app) => {
                refuse(403, 50001, "Missing Access")
            }
            Some(_) => Ok(()),
        }
    }

    /// Refuses where the bot does not see the channel.
    pub fn require_view(&self, channel: &str, me: &Caller) -> Result<(), Box<Reply>> {
        let Some(held) = self.channels.get(channel) else {
            return refuse(404, 10003, "Unknown Channel");
        };
        self.require_member(&held.guild, me)?;
        if self.within(channel, &me.app) & VIEW_CHANNEL == 0 {
            return refuse(403, 50001, "Missing Access");
        }
        Ok(())
    }
}
