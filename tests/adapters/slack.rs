//! The Slack adapter against the simulated workspace.

mod apps;
mod keys;
mod making;
mod mending;
mod running;
mod switching;
mod wiring;
mod world;

pub use world::Workspace;

use crate::{
    description::{Befell, Drift, Luck, Platform, Whose},
    journal::MemoryJournal,
};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;

impl Platform for Workspace {
    const NAME: &'static str = "slack";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[
        ("POST", "conversations.create"),
        ("POST", "conversations.setPurpose"),
        ("POST", "pins.add"),
    ];
    const LIMITS: &'static [LimitShape] = &[LimitShape::Seconds];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> =
        Some(("bot_token", "xoxb-1234567890-abcdefghijklmnopqrstuvwx"));

    async fn fresh() -> Self {
        Self::new().await
    }

    async fn fulfil(&self, task: &HumanTask) {
        let known = task.step.split_once(' ');
        let known = known.filter(|(action, _)| ["delete", "unarchive"].contains(action));
        let (action, channel) =
            known.unwrap_or_else(|| panic!("slack: nobody expected the task {task:?}"));
        self.act(action, json!({"channel": channel})).await;
    }

    async fn made(&self) -> Vec<String> {
        self.made_channels().await
    }

    async fn use_it(&mut self) {
        for channel in ["gov-rosewood", "gov-rosewood-proposals"] {
            self.add_member("member", channel).await;
            self.add_member("admin", channel).await;
        }
    }

    async fn in_use(&self) -> String {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap().values();
        let mut seen: Vec<String> = channels
            .filter(|channel| channel["creator"] == self.bot().as_str())
            .map(|channel| {
                ["name", "topic", "purpose", "members", "is_archived"]
                    .map(|field| channel[field].to_string())
                    .join(" ")
            })
            .collect();
        seen.sort();
        seen.join("\n")
    }

    async fn drift(&self, how: Drift) -> Befell {
        let (action, input) = match how {
            Drift::Renamed => (
                "rename",
                json!({"channel": "gov-rosewood", "name": "roses"}),
            ),
            Drift::Unmarked => (
                "purpose",
                json!({"channel": "gov-rosewood", "text": "Roses"}),
            ),
            Drift::Archived => ("archive", json!({"channel": "gov-rosewood"})),
            Drift::PartDeleted => ("delete", json!({"channel": "gov-rosewood-proposals"})),
            Drift::RightTaken => (
                "remove-member",
                json!({"channel": "gov-rosewood", "user": self.bot()}),
            ),
            Drift::KeyRevoked => ("revoke", json!({"token": self.key("bot_token")})),
            Drift::Deleted => {
                let part = json!({"channel": "gov-rosewood-proposals"});
                self.act("delete", part).await;
                ("delete", json!({"channel": "gov-rosewood"}))
            }
        };
        self.act(action, input).await;
        Ok(())
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        for channel in ["gov-rosewood", "gov-rosewood-proposals"] {
            // Who may do nothing more than others is no owner.
            self.add_member("member", channel).await;
            let action = match whose {
                Whose::Ours => "remove-member",
                Whose::Peoples => "add-member",
            };
            let input = json!({"channel": channel, "user": self.key("admin")});
            self.act(action, input).await;
        }
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        let team = self.key("team_id");
        match luck {
            Luck::NotInServer => {
                let token = json!({"token": self.key("bot_token")});
                self.act("uninstall", token).await;
            }
            Luck::Unpermitted => {
                self.act("restrict", json!({"team": team, "on": true}))
                    .await;
            }
            Luck::OfAnotherServer => {
                self.set("team_id", &team);
                self.use_key("bot_token", "bot_token_of_another_workspace");
            }
            Luck::NameTaken => {
                let owner = self.key("admin");
                let theirs = json!({"team": team, "name": "gov-rosewood", "user": owner});
                self.act("add-channel", theirs).await;
            }
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        match luck {
            Luck::NotInServer => self.enter_another_key().await,
            Luck::Unpermitted => {
                let off = json!({"team": self.key("team_id"), "on": false});
                self.act("restrict", off).await;
            }
            Luck::OfAnotherServer => self.use_key("bot_token", "bot_token"),
            Luck::NameTaken => {
                let renamed = json!({"channel": "gov-rosewood", "name": "roses"});
                self.act("rename", renamed).await;
            }
        }
    }

    async fn enter_another_key(&mut self) {
        let old = json!({"token": self.key("bot_token")});
        let made = self.act("install", old).await;
        let token = made["token"].as_str().unwrap().to_owned();
        self.secrets.insert("bot_token".to_owned(), token.into());
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        let token = self.key("bot_token_that_reads");
        let few = json!({"token": token, "scopes": ["chat:write"]});
        self.act("scopes", few).await;
        Some(("bot_token", token))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        self.journal = MemoryJournal::new();
        let team = self.key("team_id");
        let owner = self.key("admin");
        let input = json!({"team": team, "name": "garden", "user": owner});
        let made = self.act("add-channel", input).await;
        Some(made["id"].as_str().unwrap().to_owned())
    }

    async fn of_others(&self) -> Vec<String> {
        let state = self.state().await;
        let channels = state["channels"].as_object().unwrap().values();
        let theirs = channels.filter(|channel| channel["creator"] != self.bot().as_str());
        theirs.map(ToString::to_string).collect()
    }
}
