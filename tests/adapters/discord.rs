//! The Discord adapter against the simulated servers.

mod running;
mod world;

pub use world::Server;

use crate::{
    description::{Befell, Drift, Luck, Platform, Whose},
    journal::MemoryJournal,
};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;

impl Platform for Server {
    const NAME: &'static str = "discord";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[
        ("POST", "/roles"),
        ("POST", "/channels"),
        ("POST", "/invites"),
        ("POST", "/messages"),
    ];
    const LIMITS: &'static [LimitShape] = &[LimitShape::BodySeconds, LimitShape::Seconds];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = Some((
        "bot_token",
        "MTI1ODI5MTIwMDAwMDAwMDAwMQ.aaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ));

    async fn fresh() -> Self {
        Self::new().await
    }

    async fn fulfil(&self, task: &HumanTask) {
        self.agree(task).await;
    }

    async fn made(&self) -> Vec<String> {
        self.made_parts().await
    }

    async fn use_it(&mut self) {
        self.let_moderators_in().await;
    }

    async fn in_use(&self) -> String {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap().values();
        let mut seen: Vec<String> = channels
            .map(|channel| {
                let mut overwrites: Vec<String> = channel["overwrites"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                overwrites.sort();
                format!("{} {} {overwrites:?}", channel["name"], channel["topic"])
            })
            .collect();
        seen.sort();
        seen.join("\n")
    }

    async fn drift(&self, how: Drift) -> Befell {
        let guild = self.key("guild_id");
        let (action, input) = match how {
            Drift::Renamed => (
                "rename-channel",
                json!({"channel": "general", "text": "roses"}),
            ),
            Drift::Unmarked => ("topic", json!({"channel": "general", "text": "Roses"})),
            Drift::Archived => return Err("only threads are archived, and none is made"),
            Drift::PartDeleted => ("delete-channel", json!({"channel": "proposals"})),
            Drift::RightTaken => (
                "permissions",
                json!({"guild": guild, "bot": self.key("bot"), "bits": 1024}),
            ),
            Drift::KeyRevoked => ("reset-token", json!({"bot": self.key("bot")})),
            Drift::Deleted => {
                for channel in ["general", "proposals"] {
                    self.act("delete-channel", json!({"channel": channel}))
                        .await;
                }
                ("delete-channel", json!({"channel": "Rosewood Co-op"}))
            }
        };
        self.act(action, input).await;
        Ok(())
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        let user = match whose {
            Whose::Ours => "bot",
            Whose::Peoples => "owner",
        };
        let input = json!({"guild": self.key("guild_id"), "user": self.key(user)});
        self.act("pass-on", input).await;
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        let (guild, bot) = (self.key("guild_id"), self.key("bot"));
        match luck {
            Luck::NotInServer => {
                self.act("kick", json!({"guild": guild, "user": bot})).await;
            }
            Luck::Unpermitted => {
                let few = json!({"guild": guild, "bot": bot, "bits": 1024});
                self.act("permissions", few).await;
            }
            Luck::OfAnotherServer => {
                let other = self.act("add-server", json!({"name": "Elsewhere"})).await;
                let token = other["token"].as_str().unwrap().to_owned();
                self.secrets.insert("bot_token".to_owned(), token.into());
            }
            Luck::NameTaken => self.same_names_of_others().await,
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        if luck == Luck::OfAnotherServer {
            self.use_key("bot_token", "bot_token");
        }
    }

    async fn enter_another_key(&mut self) {
        let bot = json!({"bot": self.key("bot")});
        let token = self.act("reset-token", bot).await["token"].clone();
        let token = token.as_str().unwrap().to_owned();
        self.secrets.insert("bot_token".to_owned(), token.into());
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        let few = json!({"guild": self.key("guild_id"), "bot": self.key("bot"), "bits": 1024});
        self.act("permissions", few).await;
        Some(("bot_token", self.key("bot_token")))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        self.journal = MemoryJournal::new();
        let guild = self.key("guild_id");
        let input = json!({"guild": guild, "name": "Garden", "kind": 4});
        let made = self.act("add-channel", input).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let input = json!({"guild": guild, "name": "beds", "parent": id});
        self.act("add-channel", input).await;
        Some(id)
    }

    async fn of_others(&self) -> Vec<String> {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap().values();
        channels.map(ToString::to_string).collect()
    }
}
