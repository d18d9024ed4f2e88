//! What the adapter remembers of an instance, and the marker in the topics.

use crate::adapters::{contract::Site, durable::Halt, durable::Op};
use crate::domain::{Fault, clean_line};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of the fact.
const FACT: &str = "places";
/// The most characters of a text channel's topic (sheet: discord 4).
const LONGEST_TOPIC: usize = 1024;

/// Everything that was made or taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Places {
    pub guild: String,
    pub guild_name: String,
    /// The bot's id.
    pub bot: String,
    /// Whether the category was taken over and not made here.
    pub adopted: bool,
    /// When the making began, in milliseconds since 1970: what has no room for a marker is ours only if it is younger.
    pub began_ms: i64,
    pub role: Option<String>,
    pub category: Option<Place>,
    pub channels: Vec<Place>,
    /// Channels the settings do not name any more.
    pub unused: Vec<Place>,
    pub invite: Option<String>,
    /// The webhooks made for others, by platform.
    pub webhooks: BTreeMap<String, String>,
}

/// A channel or category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    pub name: String,
    pub id: String,
}

impl Places {
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

    /// Puts the channels into the order in which the settings name them: one that was made again stands last.
    pub fn order(&mut self, names: &[String]) {
        self.channels
            .sort_by_key(|place| names.iter().position(|name| *name == place.name));
    }

    /// The category, then its channels.
    pub fn all(&self) -> impl Iterator<Item = &Place> {
        self.category.iter().chain(&self.channels)
    }

    /// Remembers a channel, once.
    pub fn add(&mut self, place: Place) {
        self.unused.retain(|known| known.id != place.id);
        match self
            .channels
            .iter_mut()
            .find(|known| known.name == place.name)
        {
            Some(known) => *known = place,
            None => self.channels.push(place),
        }
    }

    /// Where a person finds it.
    pub fn link(&self) -> String {
        let channel = self.channels.first().or(self.category.as_ref());
        let id = channel.map_or("", |place| place.id.as_str());
        format!("https://discord.com/channels/{}/{id}", self.guild)
    }
}

/// The marker of a channel.
pub(super) fn marker(site: &Site, name: &str) -> String {
    format!("[gh:{}-{name}]", site.marker)
}

/// The topic of a channel: what the settings say, then the marker.
pub(super) fn topic(site: &Site, name: &str) -> String {
    let marker = marker(site, name);
    let about = site.settings.get("topic").unwrap_or(&site.description);
    let room = LONGEST_TOPIC.saturating_sub(marker.len() + 1);
    let about: String = clean_line(about).chars().take(room).collect();
    format!("{about} {marker}").trim_start().to_owned()
}

/// Whose marker a topic carries.
pub(super) fn marked(channel: &Value) -> Option<&str> {
    let (_, after) = channel["topic"].as_str()?.split_once("[gh:")?;
    after.split_once(']').map(|(marker, _)| marker)
}

/// The time an id tells, in milliseconds since 1970 (sheet: discord 2).
pub(super) fn made_ms(id: &str) -> i64 {
    let id: u64 = id.parse().unwrap_or(0);
    i64::try_from(id >> 22).unwrap_or(0) + 1_420_070_400_000
}

#[cfg(test)]
mod tests {
    use super::made_ms;

    #[test]
    fn an_id_tells_its_time() {
        // The example of Discord's documentation.
        assert_eq!(made_ms("175928847299117063"), 1_462_015_105_796);
    }
}
