//! What the simulated homeserver remembers: users, tokens, rooms, aliases, purges, limits.

use super::{
    limits::{Bucket, Limits},
    purges::Purge,
    token,
};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The server's name, as it stands in users and aliases.
pub const SERVER: &str = "matrix.sandbox";
/// The administrator that is ready made.
pub const ADMIN: &str = "@admin:matrix.sandbox";
/// A bot that is ready made, for trying a pasted token.
pub const READY_BOT: &str = "@ready-bot:matrix.sandbox";
/// People that are ready made.
pub const PEOPLE: [&str; 3] = [
    "@amina:matrix.sandbox",
    "@bela:matrix.sandbox",
    "@chidi:matrix.sandbox",
];

/// Everything.
#[derive(Debug, Serialize, Deserialize)]
pub struct Homeserver {
    pub users: BTreeMap<String, User>,
    pub tokens: BTreeMap<String, Token>,
    pub rooms: BTreeMap<String, Room>,
    pub aliases: BTreeMap<String, Alias>,
    pub purges: BTreeMap<String, Purge>,
    /// How often a purge that is ordered from now on is seen at work before it is done.
    pub slow_purges: u32,
    pub limits: Limits,
    pub buckets: BTreeMap<String, Bucket>,
    /// The version of rooms that are made without naming one.
    pub room_version: String,
    /// Whether the administration paths of Synapse exist.
    pub is_synapse: bool,
    /// Whether creating a room fails half-way, and how often still.
    pub half_creations: u32,
    /// How many creations still leave an alias to a room that nobody is in.
    pub empty_creations: u32,
    /// The tokens of the ready-made users.
    pub ready: BTreeMap<String, String>,
}

/// A user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the real server"
)]
pub struct User {
    pub password: Option<String>,
    pub admin: bool,
    pub locked: bool,
    pub suspended: bool,
    pub deactivated: bool,
    pub display_name: String,
    pub purpose: Option<String>,
    /// Whether the limits on messages and invitations are lifted.
    pub unlimited: bool,
}

/// A token that is alive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    pub user: String,
    /// None for one that an administrator minted.
    pub device: Option<String>,
    pub minted_by: Option<String>,
    pub expires_ms: Option<i64>,
}

/// An alias of a room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alias {
    pub room: String,
    pub creator: String,
}

/// A room.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Room {
    pub version: String,
    pub creator: String,
    /// By type and state key, joined by a line break.
    pub state: BTreeMap<String, StateEvent>,
    pub messages: Vec<Message>,
    pub blocked: bool,
    pub forgotten: BTreeSet<String>,
    /// Event ids by token and transaction.
    pub transactions: BTreeMap<String, String>,
}

/// A state event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateEvent {
    pub event_id: String,
    pub sender: String,
    pub kind: String,
    pub state_key: String,
    pub content: Value,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub event_id: String,
    pub sender: String,
    pub kind: String,
    pub content: Value,
    /// When it was sent, in milliseconds since 1970.
    #[serde(default)]
    pub sent_at: i64,
}

/// How many characters the ids of rooms and events have after their sign.
const ID_LENGTH: usize = 43;

/// A random id with its sign: `!` for rooms, `$` for events.
pub fn fresh_id(sign: char) -> String {
    let letters = rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(ID_LENGTH);
    std::iter::once(sign)
        .chain(letters.map(char::from))
        .collect()
}

impl Homeserver {
    /// A server as it is right after its installation, with a few users.
    pub fn fresh() -> Self {
        let mut server = Self {
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            rooms: BTreeMap::new(),
            aliases: BTreeMap::new(),
            purges: BTreeMap::new(),
            slow_purges: 0,
            limits: Limits::easy(),
            buckets: BTreeMap::new(),
            room_version: "12".into(),
            is_synapse: true,
            half_creations: 0,
            empty_creations: 0,
            ready: BTreeMap::new(),
        };
        server.add_ready_user(ADMIN, true);
        server.add_ready_user(READY_BOT, false);
        for person in PEOPLE {
            server.add_ready_user(person, false);
        }
        server
    }

    /// Adds a user with a device and a token for it.
    pub fn add_ready_user(&mut self, id: &str, admin: bool) -> String {
        let user = User {
            admin,
            display_name: local_part(id).to_owned(),
            ..User::default()
        };
        self.users.insert(id.to_owned(), user);
        let token = self.issue(id, Some("READY".into()), None);
        self.ready.insert(id.to_owned(), token.clone());
        token
    }

    /// Makes a token.
    pub fn issue(
        &mut self,
        user: &str,
        device: Option<String>,
        minted_by: Option<String>,
    ) -> String {
        let token = token::access_token(local_part(user));
        self.tokens.insert(
            token.clone(),
            Token {
                user: user.to_owned(),
                device,
                minted_by,
                expires_ms: None,
            },
        );
        token
    }
}

/// `amina` of `@amina:matrix.sandbox`.
pub fn local_part(id: &str) -> &str {
    let id = id.strip_prefix('@').unwrap_or(id);
    id.split_once(':').map_or(id, |(local, _)| local)
}

fn place(kind: &str, key: &str) -> String {
    format!("{kind}\n{key}")
}

impl Room {
    pub fn event(&self, kind: &str, key: &str) -> Option<&StateEvent> {
        self.state.get(&place(kind, key))
    }

    pub fn content(&self, kind: &str, key: &str) -> Option<&Value> {
        self.event(kind, key).map(|event| &event.content)
    }

    /// Writes state; the same content again keeps the event.
    pub fn set(&mut self, sender: &str, kind: &str, key: &str, content: Value) -> String {
        if let Some(event) = self.event(kind, key)
            && event.content == content
        {
            return event.event_id.clone();
        }
        let event_id = fresh_id('$');
        self.state.insert(
            place(kind, key),
            StateEvent {
                event_id: event_id.clone(),
                sender: sender.to_owned(),
                kind: kind.to_owned(),
                state_key: key.to_owned(),
                content,
            },
        );
        event_id
    }

    pub fn membership(&self, user: &str) -> &str {
        self.content("m.room.member", user)
            .and_then(|content| content["membership"].as_str())
            .unwrap_or("leave")
    }

    pub fn set_membership(&mut self, sender: &str, user: &str, membership: &str) {
        self.set(
            sender,
            "m.room.member",
            user,
            json!({"membership": membership}),
        );
    }

    pub fn is_in(&self, user: &str) -> bool {
        self.membership(user) == "join"
    }

    pub fn members(&self, membership: &str) -> Vec<String> {
        self.of_kind("m.room.member")
            .filter(|event| event.content["membership"] == membership)
            .map(|event| event.state_key.clone())
            .collect()
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a StateEvent> {
        self.state.values().filter(move |event| event.kind == kind)
    }

    pub fn power_levels(&self) -> Map<String, Value> {
        self.content("m.room.power_levels", "")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    }

    pub fn is_space(&self) -> bool {
        self.content("m.room.create", "")
            .is_some_and(|content| content["type"] == "m.space")
    }

    pub fn text(&self, kind: &str, field: &str) -> Option<&str> {
        self.content(kind, "")?.get(field)?.as_str()
    }
}
