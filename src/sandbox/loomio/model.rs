//! What the imitation remembers.

use crate::domain::OperationKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Hosted Loomio's name; its requests come here.
pub const HOSTED: &str = "www.loomio.com";
/// The operator's own server.
pub const OWN: &str = "loomio.sandbox";
/// The ready-made bot user, administrator of one group.
pub const BOT: u64 = 3;
/// A bot user that is in no group yet.
pub const SPARE: u64 = 4;
/// A person with several groups.
pub const PERSON: u64 = 5;

/// The whole server.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own for tests"
)]
#[derive(Debug, Serialize, Deserialize)]
pub struct Loomio {
    pub version: String,
    pub users: BTreeMap<u64, User>,
    pub groups: BTreeMap<u64, Group>,
    pub memberships: Vec<Membership>,
    pub chatbots: BTreeMap<u64, Chatbot>,
    pub discussions: BTreeMap<u64, Discussion>,
    pub comments: Vec<Value>,
    pub next_id: u64,
    /// Handles once used stay reserved.
    pub handles: Vec<String>,
    /// Requests in the running five minutes, and when those began.
    pub counted: u32,
    pub window_ms: i64,
    /// How many requests five minutes allow.
    pub limit: u32,
    /// Whether chat integrations may point to this host, so that tests can see what arrives.
    pub allow_loopback: bool,
    /// Whether rooms are taken from programs.
    pub takes_rooms: bool,
    /// Whether threads are read flat, as no known version does, so that the check of the answer is tried.
    pub misplaces: bool,
    /// Invitations left today.
    pub invitations: u32,
    /// Whether a wall in front refuses everything.
    pub walled: bool,
    /// How the next script in the container ends.
    pub script: ScriptPlan,
    /// Containers and their states.
    pub containers: BTreeMap<String, String>,
}

/// How the next script ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ScriptPlan {
    /// After which part it dies: `user`, `group`.
    pub die_after: Option<String>,
    /// How long it takes.
    pub hold_ms: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub email: String,
    pub api_key: String,
    pub active: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    pub key: String,
    pub handle: String,
    pub name: String,
    pub parent: Option<u64>,
    pub creator: u64,
    pub public: bool,
    pub discarded: bool,
    /// State of the subscription.
    pub state: String,
    pub plan: String,
    pub max_members: Option<u64>,
    pub max_threads: Option<u64>,
    pub expires_at: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Membership {
    pub id: u64,
    pub group: u64,
    pub user: u64,
    pub admin: bool,
    pub accepted: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chatbot {
    pub group: u64,
    pub name: String,
    pub kind: String,
    pub webhook_kind: Option<String>,
    pub server: String,
    pub channel: Option<String>,
    pub access_token: Option<String>,
    pub event_kinds: Vec<String>,
    pub notification_only: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Discussion {
    pub group: Option<u64>,
    pub title: String,
    pub author: u64,
}

impl Loomio {
    /// A server with a bot that administers one group, a bot without group, and a person with several.
    pub fn fresh() -> Self {
        let mut server = Self {
            version: "3.8.1".to_owned(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            memberships: Vec::new(),
            chatbots: BTreeMap::new(),
            discussions: BTreeMap::new(),
            comments: Vec::new(),
            next_id: 20,
            handles: Vec::new(),
            counted: 0,
            window_ms: 0,
            limit: 900,
            allow_loopback: false,
            takes_rooms: true,
            misplaces: false,
            invitations: 100,
            walled: false,
            script: ScriptPlan::default(),
            containers: ["app", "worker", "db", "redis"]
                .map(|part| (format!("loomio-{part}"), "running".to_owned()))
                .into(),
        };
        for (id, name, email) in [
            (BOT, "Rosewood bot", "rosewood-bot@example.org"),
            (SPARE, "New bot", "new-bot@example.org"),
            (PERSON, "Amina", "amina@example.org"),
        ] {
            server.users.insert(id, User::of(name, email));
        }
        let rosewood = server.add_group("rosewood", "Rosewood Co-op", PERSON);
        server.join(rosewood, BOT, true, true);
        for (handle, name) in [("garden", "Garden"), ("choir", "Choir")] {
            server.add_group(handle, name, PERSON);
        }
        server
    }

    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A group with its creator as administrator.
    pub fn add_group(&mut self, handle: &str, name: &str, creator: u64) -> u64 {
        let id = self.bare_group(handle, name, creator);
        self.join(id, creator, true, true);
        id
    }

    /// A group without any member, as a kill in the middle of its creation leaves it.
    pub fn bare_group(&mut self, handle: &str, name: &str, creator: u64) -> u64 {
        let id = self.fresh_id();
        self.handles.push(handle.to_owned());
        self.groups.insert(
            id,
            Group {
                key: format!("k{:07}", id * 7919),
                handle: handle.to_owned(),
                name: name.to_owned(),
                parent: None,
                creator,
                public: false,
                discarded: false,
                state: "active".to_owned(),
                plan: "small".to_owned(),
                max_members: Some(30),
                max_threads: None,
                expires_at: None,
            },
        );
        id
    }

    pub fn join(&mut self, group: u64, user: u64, admin: bool, accepted: bool) {
        self.leave(group, user);
        let id = self.fresh_id();
        self.memberships.push(Membership {
            id,
            group,
            user,
            admin,
            accepted,
        });
    }

    pub fn leave(&mut self, group: u64, user: u64) {
        self.memberships
            .retain(|one| (one.group, one.user) != (group, user));
    }

    pub fn membership(&self, group: u64, user: u64) -> Option<&Membership> {
        self.memberships
            .iter()
            .find(|one| (one.group, one.user) == (group, user))
    }

    pub fn is_admin(&self, group: u64, user: u64) -> bool {
        self.membership(group, user)
            .is_some_and(|one| one.admin && one.accepted)
    }

    pub fn members(&self, group: u64) -> u64 {
        let count = self
            .memberships
            .iter()
            .filter(|one| one.group == group)
            .count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// A group by number, key or handle, if it was not discarded.
    pub fn find_group(&self, reference: &str) -> Option<u64> {
        self.groups
            .iter()
            .find(|(id, group)| {
                !group.discarded
                    && (id.to_string() == reference
                        || group.key == reference
                        || group.handle == reference)
            })
            .map(|(id, _)| *id)
    }

    pub fn find_user(&self, email: &str) -> Option<u64> {
        self.users
            .iter()
            .find(|(_, user)| user.email == email)
            .map(|(id, _)| *id)
    }
}

impl User {
    pub fn of(name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            api_key: fresh_key(),
            active: true,
        }
    }
}

impl Group {
    /// Whether its subscription lets it work.
    pub fn is_enabled(&self) -> bool {
        self.state == "active"
    }
}

/// A key in the shape of a Rails token: 24 letters and digits (sheet: loomio 2).
pub fn fresh_key() -> String {
    OperationKey::fresh()
        .as_str()
        .chars()
        .rev()
        .take(24)
        .collect()
}
