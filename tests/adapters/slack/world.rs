//! One instance in the simulated workspace, for the tests of the Slack adapter.

use crate::world::{World, behaves_as_world};
use guildhall::adapters::{Peer, Settings};
use guildhall::domain::{InstanceId, PlatformId};
use serde_json::{Value, json};

/// An instance with two channels in the workspace Rosewood.
pub struct Workspace(World);

behaves_as_world!(Workspace);

/// The channels when everything is there, with what is pinned.
pub const WHOLE: [&str; 2] = ["gov-rosewood, 1 pinned", "gov-rosewood-proposals, 0 pinned"];

impl Workspace {
    pub async fn new() -> Self {
        let settings = [("channels", "proposals"), ("topic", "Housing & <commons>")];
        let mut world = World::of("slack", &settings).await;
        world.use_key("bot_token", "bot_token");
        let limits = json!({"on": false});
        world.act("limits", limits).await;
        Self(world)
    }

    /// The member id of the bot.
    pub fn bot(&self) -> String {
        self.key("bot")
    }

    pub async fn channel(&self, name: &str) -> Value {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap();
        let found = channels.values().find(|channel| channel["name"] == name);
        found.unwrap_or_else(|| panic!("no channel {name}")).clone()
    }

    pub async fn channel_id(&self, name: &str) -> String {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap();
        let found = channels.iter().find(|(_, channel)| channel["name"] == name);
        found
            .unwrap_or_else(|| panic!("no channel {name}"))
            .0
            .clone()
    }

    /// The channels the bot made and that are open, with what is pinned in them.
    pub async fn made_channels(&self) -> Vec<String> {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap().values();
        let mut made: Vec<String> = channels
            .filter(|channel| channel["creator"] == self.bot().as_str())
            .map(|channel| {
                let name = channel["name"].as_str().unwrap();
                let pins = channel["pins"].as_array().unwrap().len();
                format!("{name}, {pins} pinned")
            })
            .collect();
        made.sort();
        made
    }

    pub async fn add_member(&self, who: &str, channel: &str) {
        let input = json!({"channel": channel, "user": self.key(who)});
        self.act("add-member", input).await;
    }

    /// Another app's bot comes into the workspace and into a channel.
    pub async fn add_bot(&self, name: &str, channel: &str) -> String {
        let input = json!({"team": self.key("team_id"), "name": name, "bot": true});
        let user = self.act("add-user", input).await["id"].clone();
        let input = json!({"channel": channel, "user": user});
        self.act("add-member", input).await;
        user.as_str().unwrap().to_owned()
    }

    /// Somebody else's channel, with the administrator in it.
    pub async fn their_channel(&self, name: &str, private: bool) -> String {
        let (team, user) = (self.key("team_id"), self.key("admin"));
        let input = json!({"team": team, "name": name, "user": user, "private": private});
        let made = self.act("add-channel", input).await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn may_write(&self, channel: &str) -> bool {
        let input = json!({"channel": channel, "user": self.key("member"), "text": "hello"});
        self.act("say", input).await["allowed"] == true
    }
}

/// Another instance of the community.
pub fn peer(platform: &str) -> Peer {
    Peer {
        platform: PlatformId::new(platform),
        instance: InstanceId(7),
        url: None,
        settings: Settings::default(),
        target: None,
    }
}
