//! Channels: seen, made, renamed, archived. Names are unique in a workspace, archived and unseen ones included.

use super::access::{Call, Caller, Outcome, refuse};
use super::model::{Channel, Slack};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Slack {
    /// The channel of a call, when the caller sees it.
    pub fn seen<'a>(
        &'a mut self,
        caller: &Caller,
        call: &Call,
    ) -> Result<(String, &'a mut Channel), Box<Value>> {
        let id = call.text("channel").to_owned();
        match self.channels.get_mut(&id) {
            Some(channel)
                if channel.team == caller.team
                    && (!channel.is_private || channel.members.contains(&caller.user)) =>
            {
                caller.require_seeing(channel.is_private)?;
                Ok((id, channel))
            }
            _ => refuse("channel_not_found"),
        }
    }

    /// The channel of a call, when the caller is in it, may change it, and it is open.
    pub fn changeable<'a>(
        &'a mut self,
        caller: &Caller,
        call: &Call,
    ) -> Result<(String, &'a mut Channel), Box<Value>> {
        let (id, channel) = self.seen(caller, call)?;
        caller.require_managing(channel.is_private)?;
        if channel.is_archived {
            return refuse("is_archived");
        }
        if !channel.members.contains(&caller.user) {
            return refuse("not_in_channel");
        }
        Ok((id, channel))
    }

    fn channels_for(&self, caller: &Caller, call: &Call, inside: bool) -> Outcome {
        let kinds = match call.text("types") {
            "" => "public_channel",
            kinds => kinds,
        };
        for kind in kinds.split(',') {
            match kind {
                "public_channel" => caller.require(&["channels:read", "channels:write"])?,
                "private_channel" => caller.require(&["groups:read", "groups:write"])?,
                "im" | "mpim" => {}
                _ => return refuse("invalid_types"),
            }
        }
        let all: Vec<Value> = self
            .channels
            .iter()
            .filter(|(_, channel)| {
                let is_in = channel.members.contains(&caller.user);
                let kind = if channel.is_private {
                    "private_channel"
                } else {
                    "public_channel"
                };
                channel.team == caller.team
                    && kinds.split(',').any(|wanted| wanted == kind)
                    && (is_in || (!inside && !channel.is_private))
                    && !(channel.is_archived && call.is("exclude_archived"))
            })
            .map(|(id, channel)| channel.shown(id, &caller.user))
            .collect();
        call.page("channels", &all, self.page)
    }

    pub fn list_channels(&self, caller: &Caller, call: &Call) -> Outcome {
        self.channels_for(caller, call, false)
    }

    pub fn joined_channels(&self, caller: &Caller, call: &Call) -> Outcome {
        self.channels_for(caller, call, true)
    }

    pub fn channel_info(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let (id, channel) = self.seen(caller, call)?;
        Ok(json!({"channel": channel.shown(&id, &caller.user)}))
    }

    pub fn create_channel(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let is_private = call.is("is_private");
        caller.require_managing(is_private)?;
        let name = checked_name(call.text("name"))?;
        if self.teams[&caller.team].restricted {
            return refuse("restricted_action");
        }
        if self.is_taken(&caller.team, &name, None) {
            return refuse("name_taken");
        }
        let id = self.add_channel(&caller.team, &name, &caller.user);
        let Some(channel) = self.channels.get_mut(&id) else {
            return refuse("fatal_error");
        };
        channel.is_private = is_private;
        Ok(json!({"channel": channel.shown(&id, &caller.user)}))
    }

    fn is_taken(&self, team: &str, name: &str, but: Option<&str>) -> bool {
        self.channels.iter().any(|(id, channel)| {
            channel.team == team && channel.name == name && Some(id.as_str()) != but
        })
    }

    pub fn rename_channel(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let is_admin = self.users[&caller.user].is_admin;
        let (id, channel) = self.changeable(caller, call)?;
        if channel.creator != caller.user && !is_admin {
            return refuse("not_authorized");
        }
        let name = checked_name(call.text("name"))?;
        if self.is_taken(&caller.team, &name, Some(&id)) {
            return refuse("name_taken");
        }
        let (id, channel) = self.changeable(caller, call)?;
        if channel.name != name {
            let old = std::mem::replace(&mut channel.name, name);
            channel.previous_names.push(old);
        }
        Ok(json!({"channel": channel.shown(&id, &caller.user)}))
    }

    pub fn set_words(&mut self, caller: &Caller, call: &Call, what: &str) -> Outcome {
        let text = call.text(what).to_owned();
        let (id, channel) = self.changeable(caller, call)?;
        if text.chars().count() > 250 {
            return refuse("too_long");
        }
        if what == "topic" {
            channel.topic = text;
        } else {
            channel.purpose = text;
        }
        Ok(json!({"channel": channel.shown(&id, &caller.user)}))
    }

    /// A bot may archive; that is the trap.
    pub fn archive(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let restricted = self.teams[&caller.team].restricted && !self.users[&caller.user].is_admin;
        let (_, channel) = self.seen(caller, call)?;
        caller.require_managing(channel.is_private)?;
        if channel.is_archived {
            return refuse("already_archived");
        }
        if channel.is_general {
            return refuse("cant_archive_general");
        }
        if restricted {
            return refuse("restricted_action");
        }
        if !channel.members.contains(&caller.user) {
            return refuse("not_in_channel");
        }
        channel.is_archived = true;
        Ok(json!({}))
    }

    /// Only a person may unarchive, and only they are surely back in the channel.
    pub fn unarchive(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let word = self.unarchive_word.clone();
        let (_, channel) = self.seen(caller, call)?;
        caller.require_managing(channel.is_private)?;
        if !channel.is_archived {
            return refuse("not_archived");
        }
        if caller.is_bot {
            return refuse(&word);
        }
        channel.is_archived = false;
        channel.members = BTreeSet::from([caller.user.clone()]);
        Ok(json!({}))
    }
}

/// A name as Slack takes it.
fn checked_name(name: &str) -> Result<String, Box<Value>> {
    let allowed = |letter: char| {
        (letter.is_alphanumeric() && !letter.is_uppercase()) || matches!(letter, '-' | '_')
    };
    if name.is_empty() {
        return refuse("invalid_name_required");
    }
    if name.chars().count() > 80 {
        return refuse("invalid_name_maxlength");
    }
    if !name.chars().all(allowed) {
        return refuse("invalid_name_specials");
    }
    if !name.chars().any(char::is_alphanumeric) {
        return refuse("invalid_name_punctuation");
    }
    Ok(name.to_owned())
}
