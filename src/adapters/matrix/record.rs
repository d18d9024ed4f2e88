//! What the adapter remembers of an instance, and the marker by which its rooms are recognised.

use crate::adapters::{contract::Site, durable::Halt, durable::Op};
use crate::domain::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the fact.
const FACT: &str = "places";
/// The type of the marker event (sheet: matrix 1).
pub(super) const MARKER: &str = "org.guildhall.instance";

/// How many digits the operation key in an alias has.
const KEY: usize = 32;

/// Everything that was made or taken over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Places {
    /// The server's name in users and aliases.
    pub server: String,
    /// The bot, reserved before it is made.
    pub bot: String,
    /// Whether the bot was made here, and its token with it.
    pub bot_made: bool,
    /// Whether the space was taken over and not made here.
    #[serde(default)]
    pub adopted: bool,
    /// The space, or the one room that was adopted.
    pub space: Option<Place>,
    /// Its rooms.
    pub rooms: Vec<Place>,
    /// Rooms that the settings do not name any more; they are kept and taken up again when they are named again.
    #[serde(default)]
    pub unlinked: Vec<Place>,
}

/// A room or space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The short name in the settings, or the name there.
    pub name: String,
    /// The room's id. Never parsed: from version 12 on it holds no server (sheet: matrix 4).
    pub id: String,
    /// Its alias, when there is one.
    pub alias: Option<String>,
}

impl Place {
    /// The operation key under which it was made, which its alias bears; none for what others made.
    pub fn key(&self) -> Option<&str> {
        self.alias.as_deref()?.strip_prefix("#gh-")?.get(..KEY)
    }
}

impl Places {
    /// Puts the rooms into the order in which the settings name them: one that was made again stands last.
    pub fn order(&mut self, names: &[String]) {
        self.rooms
            .sort_by_key(|room| names.iter().position(|name| *name == room.name));
    }

    pub fn of(op: &Op) -> Result<Self, Halt> {
        Ok(op.fact(FACT)?.unwrap_or_default())
    }

    pub fn at(site: &Site) -> Result<Self, Fault> {
        Ok(site.fact(FACT)?.unwrap_or_default())
    }

    /// Those of the instance in whose place this one was put.
    pub fn of_former(op: &Op) -> Result<Option<Self>, Halt> {
        op.former_fact(FACT)
    }

    pub async fn save(&self, op: &Op) -> Result<(), Halt> {
        op.remember(FACT, self).await
    }

    pub async fn forget(op: &Op) -> Result<(), Halt> {
        op.forget(FACT).await
    }

    /// The space and its rooms, the space first.
    pub fn all(&self) -> impl Iterator<Item = &Place> {
        self.space.iter().chain(&self.rooms)
    }

    /// Remembers a room, once.
    pub fn add_room(&mut self, room: Place) {
        self.unlinked.retain(|known| known.id != room.id);
        match self.rooms.iter_mut().find(|known| known.name == room.name) {
            Some(known) => *known = room,
            None => self.rooms.push(room),
        }
    }
}

/// The content of the marker event. Every member can read it.
pub(super) fn marker(site: &Site, key: &str, part: &str) -> Value {
    json!({
        "community": site.slug.as_str(),
        "installation": site.installation,
        "instance": site.marker,
        "part": part,
        "key": key,
        "v": 1,
    })
}

/// The address by which people find a room.
pub(super) fn link(place: &Place) -> String {
    let target = place.alias.as_deref().unwrap_or(&place.id);
    format!(
        "https://matrix.to/#/{}",
        crate::adapters::http::segment(target)
    )
}
