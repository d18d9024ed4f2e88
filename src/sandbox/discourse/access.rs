//! Who calls: keys, the users they act as, and how they die (sheet: discourse 2).

use super::{
    model::{Category, Forum, Group, User},
    reply::{Outcome, bad_key, no_access, not_found, not_signed_in},
};
use crate::sandbox::Incoming;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// None: anybody.
    pub user: Option<User>,
    /// The key's number.
    pub key: Option<u64>,
}

impl Caller {
    pub fn is_admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.admin)
    }

    pub fn is_staff(&self) -> bool {
        self.user
            .as_ref()
            .is_some_and(|user| user.admin || user.moderator)
    }

    pub fn name(&self) -> &str {
        self.user.as_ref().map_or("", |user| &user.username)
    }

    /// The user, or the refusal of who is not signed in.
    pub fn signed_in(&self) -> Outcome<&User> {
        match &self.user {
            Some(user) => Ok(user),
            None => not_signed_in(),
        }
    }

    /// Administration pages do not exist for who is no administrator.
    pub fn admin(&self) -> Outcome<()> {
        self.signed_in()?;
        if self.is_admin() { Ok(()) } else { not_found() }
    }

    pub fn staff(&self) -> Outcome<()> {
        self.signed_in()?;
        if self.is_staff() { Ok(()) } else { no_access() }
    }
}

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Forum {
    /// The user of the call's key; anybody without a key.
    pub fn caller(&mut self, incoming: &Incoming) -> Outcome<Caller> {
        if incoming.query_value("api_key").is_some() {
            // Keys in the address are refused (sheet: discourse 4).
            return bad_key();
        }
        let Some(secret) = incoming.header("api-key").map(str::to_owned) else {
            self.limits.count_address(incoming)?;
            return Ok(Caller {
                user: None,
                key: None,
            });
        };
        let named = incoming.header("api-username").map(str::to_owned);
        let Some(id) = self.living_key(&secret, named.as_deref(), incoming) else {
            self.limits.count_address(incoming)?;
            return bad_key();
        };
        self.limits.count_key(incoming)?;
        let now = incoming.now.as_millisecond();
        let single = self.keys.get_mut(&id).and_then(|key| {
            key.used_ms = now;
            key.user.clone()
        });
        let name = named.or(single).unwrap_or_default();
        match self.user(&name) {
            Some(user) => Ok(Caller {
                user: Some(user.clone()),
                key: Some(id),
            }),
            None => bad_key(),
        }
    }

    fn living_key(
        &mut self,
        secret: &str,
        named: Option<&str>,
        incoming: &Incoming,
    ) -> Option<u64> {
        let oldest = incoming.now.as_millisecond() - self.settings.unused_days * DAY;
        for key in self.keys.values_mut() {
            if key.used_ms < oldest {
                key.revoked = true;
            }
        }
        let key = self.keys.values().find(|key| key.secret == secret)?;
        let is_users = match (&key.user, named) {
            (Some(user), Some(named)) => user.eq_ignore_ascii_case(named),
            (Some(_), None) => true,
            (None, named) => named.is_some(),
        };
        (is_users && !key.revoked && !key.wrong_address).then_some(key.id)
    }

    /// The groups a user is in, with those that the forum keeps.
    fn is_in(&self, caller: &Caller, group: &str) -> bool {
        match group {
            "everyone" => true,
            "staff" => caller.is_staff(),
            "admins" => caller.is_admin(),
            name => self.group_named(name).is_some_and(|group| {
                group
                    .members
                    .iter()
                    .any(|member| member.eq_ignore_ascii_case(caller.name()))
            }),
        }
    }

    pub fn sees_category(&self, caller: &Caller, category: &Category) -> bool {
        caller.is_admin()
            || category.permissions.is_empty()
            || category
                .permissions
                .keys()
                .any(|group| self.is_in(caller, group))
    }

    /// What somebody may do: 1 everything, 2 reply, 3 read.
    pub fn level_in(&self, caller: &Caller, category: &Category) -> Option<u64> {
        if caller.is_admin() || category.permissions.is_empty() {
            return Some(1);
        }
        let mine = category.permissions.iter();
        mine.filter(|(group, _)| self.is_in(caller, group))
            .map(|(_, level)| *level)
            .min()
    }

    pub fn may_edit(&self, caller: &Caller, category: &Category) -> bool {
        caller.is_admin() || (self.may_manage(caller) && self.sees_category(caller, category))
    }

    /// Whether somebody may make categories.
    pub fn may_manage(&self, caller: &Caller) -> bool {
        caller.is_admin() || (caller.is_staff() && self.settings.moderators_manage_categories)
    }

    /// A group that its members see, and who administers.
    pub fn sees_group(&self, caller: &Caller, group: &Group) -> bool {
        caller.is_admin()
            || match group.visibility_level {
                0 => true,
                1 => caller.user.is_some(),
                2 => self.is_in(caller, &group.name),
                3 => caller.is_staff(),
                _ => false,
            }
    }
}
