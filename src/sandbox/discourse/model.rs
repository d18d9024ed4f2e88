//! What the forum remembers.

use super::limits::Limits;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The user that every forum has.
pub const SYSTEM: &str = "system";
/// The bot for Guildhall: an administrator.
pub const BOT: &str = "guildhall";
/// A moderator.
pub const KEEPER: &str = "keeper";
/// Members.
pub const PEOPLE: [&str; 3] = ["amina", "bela", "chidi"];

/// Everything.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forum {
    pub users: BTreeMap<String, User>,
    pub groups: BTreeMap<u64, Group>,
    pub categories: BTreeMap<u64, Category>,
    pub topics: BTreeMap<u64, Topic>,
    pub invites: BTreeMap<u64, Invite>,
    pub webhooks: BTreeMap<u64, Webhook>,
    pub keys: BTreeMap<u64, Key>,
    pub channels: BTreeMap<u64, Channel>,
    pub rules: BTreeMap<u64, Rule>,
    pub settings: Settings,
    pub limits: Limits,
    /// The secrets of the ready-made keys.
    pub ready: BTreeMap<String, String>,
    pub last_id: u64,
    /// What the receivers of webhooks answer: the forum records it, and this imitation cannot see it.
    pub receivers_answer: u16,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
    pub username: String,
    pub name: String,
    pub admin: bool,
    pub moderator: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Group {
    pub id: u64,
    pub name: String,
    pub full_name: String,
    pub visibility_level: u64,
    pub members: BTreeSet<String>,
    #[serde(default)]
    pub owners: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Category {
    pub id: u64,
    pub name: String,
    pub slug: String,
    pub color: String,
    pub text_color: String,
    pub parent: Option<u64>,
    /// By group; empty means everybody everything.
    pub permissions: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Topic {
    pub id: u64,
    pub title: String,
    pub raw: String,
    pub category: u64,
    pub external_id: Option<String>,
    pub pinned: bool,
    pub user: String,
    pub created_at: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Invite {
    pub id: u64,
    pub key: String,
    pub owner: String,
    pub groups: Vec<u64>,
    pub uses: u64,
    pub expires_at: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Webhook {
    pub id: u64,
    pub payload_url: String,
    pub secret: String,
    pub active: bool,
    pub event_types: Vec<u64>,
    pub categories: Vec<u64>,
    pub groups: Vec<u64>,
    /// The deliveries: number, status, event.
    pub events: Vec<(u64, u16, String)>,
}

/// A key, with its secret in clear text: this is a toy.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Key {
    pub id: u64,
    pub secret: String,
    /// None: all users.
    pub user: Option<String>,
    pub description: String,
    pub mode: String,
    pub scopes: Vec<Scope>,
    pub revoked: bool,
    pub created_ms: i64,
    pub used_ms: i64,
    /// Whether it may not come from the address it comes from.
    pub wrong_address: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Scope {
    pub id: String,
    /// What binds it, by parameter; nothing binds an unlimited one.
    pub allowed: BTreeMap<String, Vec<String>>,
}

/// A channel of the chat integration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Channel {
    pub id: u64,
    pub provider: String,
    pub data: Value,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rule {
    pub id: u64,
    pub channel: u64,
    pub category: Option<u64>,
}

/// What the forum's administrators decided.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the real forum"
)]
pub struct Settings {
    pub title: String,
    pub login_required: bool,
    pub moderators_manage_categories: bool,
    pub read_only: bool,
    /// Whether webhooks may lead to private addresses; for tests with a receiver on this host.
    pub private_webhooks: bool,
    /// An older version: other events, fewer scopes, no `scope_mode`, colours wanted.
    pub is_old: bool,
    /// Whether keys that are asked for come out wider than asked for.
    pub widens_scopes: bool,
    pub chat_plugin: bool,
    pub chat_discord: bool,
    pub unused_days: i64,
}

impl Forum {
    pub fn fresh() -> Self {
        let mut forum = Self {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            categories: BTreeMap::new(),
            topics: BTreeMap::new(),
            invites: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            keys: BTreeMap::new(),
            channels: BTreeMap::new(),
            rules: BTreeMap::new(),
            settings: Settings {
                title: "The forum of the sandbox".into(),
                login_required: false,
                moderators_manage_categories: true,
                read_only: false,
                private_webhooks: false,
                is_old: false,
                widens_scopes: false,
                chat_plugin: true,
                chat_discord: true,
                unused_days: 180,
            },
            limits: Limits::real(),
            ready: BTreeMap::new(),
            last_id: 0,
            receivers_answer: 200,
        };
        for (name, admin, moderator) in [
            (SYSTEM, true, true),
            (BOT, true, false),
            (KEEPER, false, true),
        ] {
            forum.add_user(name, admin, moderator);
        }
        for name in PEOPLE {
            forum.add_user(name, false, false);
        }
        forum.add_ready_categories();
        let now = jiff::Timestamp::now().as_millisecond();
        for (name, user, scopes) in [
            ("api_key", Some(BOT), Vec::new()),
            ("moderator_key", Some(KEEPER), Vec::new()),
            ("member_key", Some(PEOPLE[0]), Vec::new()),
            ("all_users_key", None, Vec::new()),
            ("narrow_key", Some(BOT), vec!["topics:read".to_owned()]),
        ] {
            let mode = if scopes.is_empty() {
                "global"
            } else {
                "granular"
            };
            let scopes = scopes.into_iter().map(|id| Scope {
                id,
                allowed: BTreeMap::new(),
            });
            let key = Key {
                user: user.map(str::to_owned),
                description: format!("ready-made: {name}"),
                mode: mode.into(),
                scopes: scopes.collect(),
                created_ms: now,
                used_ms: now,
                ..Key::default()
            };
            let secret = forum.add_key(key).secret;
            forum.ready.insert(name.to_owned(), secret);
        }
        forum
    }

    fn add_ready_categories(&mut self) {
        for (name, slug, permissions) in [
            ("Uncategorized", "uncategorized", BTreeMap::new()),
            ("General", "general", BTreeMap::new()),
            ("Staff", "staff", [("staff".to_owned(), 1)].into()),
        ] {
            let id = self.next_id();
            let category = Category {
                id,
                name: name.into(),
                slug: slug.into(),
                color: "0088CC".into(),
                text_color: "FFFFFF".into(),
                parent: None,
                permissions,
            };
            self.categories.insert(id, category);
            if slug == "general" {
                self.add_topic(
                    id,
                    PEOPLE[0],
                    "Welcome to the forum of the sandbox",
                    "This is what members read first.",
                    None,
                );
            }
        }
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn add_user(&mut self, name: &str, admin: bool, moderator: bool) -> u64 {
        let id = self.next_id();
        let user = User {
            id,
            username: name.to_owned(),
            name: name.to_owned(),
            admin,
            moderator,
        };
        self.users.insert(name.to_lowercase(), user);
        id
    }

    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(&name.to_lowercase())
    }

    pub fn add_topic(
        &mut self,
        category: u64,
        user: &str,
        title: &str,
        raw: &str,
        external_id: Option<String>,
    ) -> u64 {
        let id = self.next_id();
        let topic = Topic {
            id,
            title: title.to_owned(),
            raw: raw.to_owned(),
            category,
            external_id,
            pinned: false,
            user: user.to_owned(),
            created_at: jiff::Timestamp::now().to_string(),
        };
        self.topics.insert(id, topic);
        id
    }

    /// Stores a key under a fresh number and secret: 64 hexadecimal digits.
    pub fn add_key(&mut self, mut key: Key) -> Key {
        key.id = self.next_id();
        let digits = b"0123456789abcdef";
        key.secret = (0..64)
            .map(|_| char::from(digits[rand::rng().random_range(0..digits.len())]))
            .collect();
        self.keys.insert(key.id, key.clone());
        key
    }

    pub fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups
            .values()
            .find(|group| group.name.eq_ignore_ascii_case(name))
    }

    pub fn topic_count(&self, category: u64) -> usize {
        let topics = self.topics.values();
        topics.filter(|topic| topic.category == category).count()
    }
}
