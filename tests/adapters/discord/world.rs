//! One instance in a simulated server, for the tests of the Discord adapter.

use crate::world::{World, behaves_as_world};
use guildhall::domain::HumanTask;
use serde_json::json;

/// An instance with two channels in the server Rosewood.
pub struct Server(World);

behaves_as_world!(Server);

/// What is there when everything is there.
pub const WHOLE: [&str; 6] = [
    "channel general with 1 messages",
    "channel proposals with 0 messages",
    "category Rosewood Co-op",
    "invite",
    "role Rosewood Co-op",
    "webhooks 0",
];

/// The topic of what is somebody else's and has a name like ours.
const OF_OTHERS: &str = "of others";

impl Server {
    pub async fn new() -> Self {
        let mut world = World::of("discord", &[("channels", "general,proposals")]).await;
        world.set_to_known("guild_id", "guild_id");
        world.use_key("bot_token", "bot_token");
        world.act("limits", json!({"on": false})).await;
        Self(world)
    }

    /// The parts that are ours.
    pub async fn made_parts(&self) -> Vec<String> {
        let state = self.state().await;
        let list = |what: &str| state[what].as_object().unwrap().values();
        let mut made: Vec<String> = list("channels")
            .filter(|channel| channel["kind"] == 0 && channel["name"] != "lobby")
            .filter(|channel| channel["topic"] != OF_OTHERS)
            .map(|channel| {
                let messages = channel["messages"].as_array().unwrap().len();
                let name = channel["name"].as_str().unwrap();
                format!("channel {name} with {messages} messages")
            })
            .collect();
        made.sort();
        made.extend(
            list("channels")
                .filter(|channel| channel["kind"] == 4 && channel["topic"] != OF_OTHERS)
                .map(|channel| format!("category {}", channel["name"].as_str().unwrap())),
        );
        made.extend(list("invites").map(|_| "invite".to_owned()));
        let guild = &state["guilds"][self.key("guild_id")];
        let roles = guild["roles"].as_object().unwrap().values();
        made.extend(
            roles
                .filter(|role| role["bot"].is_null() && role["name"] == "Rosewood Co-op")
                .map(|role| format!("role {}", role["name"].as_str().unwrap())),
        );
        if !made.is_empty() {
            made.push(format!("webhooks {}", list("webhooks").count()));
        }
        made
    }

    /// Somebody else's category with a channel, called as ours are called.
    pub async fn same_names_of_others(&self) {
        let guild = self.key("guild_id");
        let category = json!({"guild": guild, "name": "Rosewood Co-op", "kind": 4});
        let category = self.act("add-channel", category).await;
        let channel = json!({"guild": guild, "name": "general", "parent": category["id"]});
        let channel = self.act("add-channel", channel).await;
        for made in [category, channel] {
            let topic = json!({"channel": made["id"], "text": OF_OTHERS});
            self.act("topic", topic).await;
        }
    }

    /// Does what the owner of the server does who is asked to invite the bot or to permit it something.
    pub async fn agree(&self, task: &HumanTask) {
        let address = task.url.as_deref().unwrap_or_default();
        assert!(address.contains("/oauth2/authorize"), "{task:?}");
        let input = json!({"address": address, "person": self.key("owner")});
        self.act("invite-bot", input).await;
    }

    /// A role that may write in the first channel whatever everybody may, and a member who has it.
    pub async fn let_moderators_in(&self) {
        let (guild, member) = (self.key("guild_id"), self.key("member"));
        let role = json!({"guild": guild, "name": "Moderators", "user": member});
        let role = self.act("add-role", role).await;
        // View and write.
        let overwrite = json!({"channel": "general", "id": role["id"], "allow": 3072});
        self.act("overwrite", overwrite).await;
    }

    pub async fn may_write(&self, channel: &str) -> bool {
        let input = json!({"channel": channel, "user": self.key("member")});
        self.act("may-write", input).await["allowed"] == true
    }
}
