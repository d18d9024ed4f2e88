//! What the adapter remembers of an instance.

use crate::adapters::{contract::Site, durable::Halt, durable::Op};
use crate::domain::Fault;
use serde::{Deserialize, Serialize};

/// The name of the fact.
const FACT: &str = "places";

/// Everything that was made or taken over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Places {
    /// The workspace.
    pub team: Team,
    /// The bot's member id.
    pub bot: String,
    /// Whether the channels were taken over and not made here.
    pub adopted: bool,
    /// The channels, the first one first.
    pub channels: Vec<Place>,
    /// Channels that the settings do not name any more; they are kept and taken up again when they are named again.
    pub unused: Vec<Place>,
}

/// A workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Team {
    pub id: String,
    pub name: String,
    /// Its own address: `https://rosewood.slack.com/`.
    pub url: String,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Which part of the instance it is; empty for the first.
    pub part: String,
    /// Its id, which stays whatever it is called.
    pub id: String,
    /// Its name as last set here.
    pub name: String,
    /// Whether the bot was in it when it was recorded.
    pub member: bool,
    /// Whether it is private: then the bot sees it only from inside, and not seeing it does not tell that it is gone.
    #[serde(default)]
    pub private: bool,
}

impl Places {
    pub fn of(op: &Op) -> Result<Self, Halt> {
        Ok(op.fact(FACT)?.unwrap_or_default())
    }

    pub fn at(site: &Site) -> Result<Self, Fault> {
        Ok(site.fact(FACT)?.unwrap_or_default())
    }

    pub async fn save(&self, op: &Op) -> Result<(), Halt> {
        op.remember(FACT, self).await
    }

    pub async fn forget(op: &Op) -> Result<(), Halt> {
        op.forget(FACT).await
    }

    /// Remembers a channel, once.
    pub fn add(&mut self, place: Place) {
        self.unused.retain(|known| known.id != place.id);
        match self
            .channels
            .iter_mut()
            .find(|known| known.id == place.id || known.part == place.part)
        {
            Some(known) => *known = place,
            None => self.channels.push(place),
        }
    }

    /// Where a person finds a channel.
    pub fn link(&self, place: &Place) -> String {
        format!(
            "{}/archives/{}",
            self.team.url.trim_end_matches('/'),
            place.id
        )
    }
}
