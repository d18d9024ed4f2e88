//! What Loomio's answers hold, as far as it is used. Read leniently: it promises no compatibility (sheet: loomio 1).

use crate::domain::{Fault, FaultKind, Slots, clean_line};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Everything a key belongs to: `GET /api/b2/groups`, unpaginated, invitations that were not accepted included.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Listing {
    pub groups: Vec<Group>,
    /// Absent in an answer that is no listing of one's own groups.
    pub memberships: Option<Vec<Membership>>,
    #[serde(default)]
    pub users: Vec<User>,
}

/// A group.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Group {
    pub id: u64,
    #[serde(default, deserialize_with = "text")]
    pub key: String,
    #[serde(default, deserialize_with = "text")]
    pub handle: String,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    pub parent_id: Option<u64>,
    /// Whether its subscription lets it work.
    pub enabled: Option<bool>,
    pub subscription: Option<Subscription>,
}

/// The plan of a group's organisation, told to members.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Subscription {
    pub max_members: Option<u64>,
    pub max_threads: Option<u64>,
    pub members_count: Option<u64>,
    pub expires_at: Option<String>,
}

/// A user's place in a group.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Membership {
    pub group_id: u64,
    pub user_id: Option<u64>,
    #[serde(default)]
    pub admin: bool,
    pub accepted_at: Option<String>,
}

/// A user; the address is told of oneself only.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub id: u64,
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    pub email: Option<String>,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(clean_line(&text.unwrap_or_default()))
}

impl Listing {
    /// The user whose key it is: the row that shows an address, else the one that the memberships name.
    pub fn own(&self) -> Option<&User> {
        let named = self
            .memberships()
            .iter()
            .find_map(|membership| membership.user_id);
        self.users
            .iter()
            .find(|user| user.email.is_some())
            .or_else(|| self.users.iter().find(|user| Some(user.id) == named))
    }

    /// Our place in a group.
    pub fn membership(&self, group: u64) -> Option<&Membership> {
        let own = self.own().map(|user| user.id);
        self.memberships().iter().find(|membership| {
            membership.group_id == group
                && (own.is_none() || membership.user_id.is_none() || membership.user_id == own)
        })
    }

    /// A group by its number, key or handle.
    pub fn group(&self, reference: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.is_named(reference))
    }

    fn memberships(&self) -> &[Membership] {
        self.memberships.as_deref().unwrap_or_default()
    }
}

impl Group {
    pub fn is_named(&self, reference: &str) -> bool {
        self.id.to_string() == reference
            || self.key == reference
            || self.handle.eq_ignore_ascii_case(reference)
    }

    /// Whether it works. A server that does not say it is believed to.
    pub fn is_enabled(&self) -> bool {
        self.enabled != Some(false)
    }

    /// How messages name it.
    pub fn title(&self) -> &str {
        [&self.name, &self.handle, &self.key]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or("the group", String::as_str)
    }

    pub fn expires_at(&self) -> Option<Timestamp> {
        self.subscription
            .as_ref()?
            .expires_at
            .as_deref()?
            .parse()
            .ok()
    }

    /// The limits of the plan (sheet: loomio 3).
    pub fn slots(&self) -> Vec<Slots> {
        let Some(plan) = &self.subscription else {
            return Vec::new();
        };
        let slots = |unit: &str, max: Option<u64>, used| Slots {
            unit: unit.to_owned(),
            max,
            used,
            source: "measured".to_owned(),
        };
        let mut all = Vec::new();
        if plan.max_members.is_some() || plan.members_count.is_some() {
            all.push(slots("members", plan.max_members, plan.members_count));
        }
        if plan.max_threads.is_some() {
            all.push(slots("threads", plan.max_threads, None));
        }
        all
    }
}

/// A version of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The first that lets chat integrations be made by program (sheet: loomio 4.1).
    pub const OLDEST: Self = Self(3, 8, 0);

    pub fn read(text: &str) -> Option<Self> {
        let mut numbers = text
            .trim_start_matches('v')
            .split(['.', '-', '+'])
            .map(str::parse);
        let major = numbers.next()?.ok()?;
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self(major, next(), next()))
    }

    /// Refuses what is too old to work with.
    pub fn require(self, host: &str) -> Result<(), Fault> {
        if self >= Self::OLDEST {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Unsupported,
            format!(
                "Loomio on {host} is version {self}; Guildhall works with {} and later.",
                Self::OLDEST
            ),
        )
        .hint("Upgrade that Loomio, or adopt link:HANDLE to only point at the group."))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let read = |text| Version::read(text).unwrap();
        assert!(read("3.10.0") > read("3.8.1"));
        assert!(read("3.8.0").require("a").is_ok());
        assert!(read("3.7.9").require("a").is_err());
        assert!(read("2.21-beta").require("a").is_err());
        assert_eq!(Version::read("soon"), None);
    }
}
