//! The Discourse adapter against the simulated forum.

mod keys;
mod looking;
mod making;
mod removing;
mod switching;
mod wiring;
mod world;

pub use world::World as Forum;

use crate::description::{Befell, Drift, Luck, Platform, Whose};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;
use world::{MARK, all};

impl Platform for Forum {
    const NAME: &'static str = "discourse";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[
        ("POST", "/admin/groups.json"),
        ("POST", "/categories.json"),
        ("POST", "/posts.json"),
        ("POST", "/admin/api/web_hooks.json"),
        ("POST", "/users.json"),
        ("POST", "/admin/api/keys.json"),
        ("POST", "/invites.json"),
    ];
    const LIMITS: &'static [LimitShape] = &[LimitShape::Seconds, LimitShape::Text];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = Some((
        "api_key",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    ));

    async fn fresh() -> Self {
        Self::with_webhook().await
    }

    async fn fulfil(&self, task: &HumanTask) {
        assert_eq!(task.step, "empty category", "{task:?}");
        let id = self.category().await;
        self.act("delete-topics", json!({"id": id})).await;
    }

    async fn made(&self) -> Vec<String> {
        let ours = self.ours().await;
        let mut made = Vec::new();
        for part in ["category", "group"] {
            if ours[part].is_object() {
                made.push(format!("{part} {}", ours[part]["name"]));
            }
        }
        for topic in ours["topics"].as_array().unwrap() {
            made.push(format!(
                "topic {} pinned {}",
                topic["title"], topic["pinned"]
            ));
        }
        for webhook in ours["webhooks"].as_array().unwrap() {
            made.push(format!("webhook {}", webhook["payload_url"]));
        }
        for key in ours["keys"].as_array().unwrap() {
            made.push(format!("key of {} {}", key["user"], key["mode"]));
        }
        made.push(format!("{} invites", ours["invites"]));
        for user in all(&self.state().await["users"]) {
            let name = user["username"].as_str().unwrap();
            if name.starts_with(MARK) {
                made.push(format!("user {name}"));
            }
        }
        made.retain(|line| line != "0 invites");
        made
    }

    async fn use_it(&mut self) {
        self.connect(&crate::world::chat(7, "json", "https://other.example/in"))
            .await;
        assert!(self.may_write("amina", "A topic of the community").await);
    }

    async fn in_use(&self) -> String {
        self.ours().await.to_string()
    }

    async fn drift(&self, how: Drift) -> Befell {
        let ours = self.ours().await;
        let category = ours["category"]["id"].clone();
        let (action, input) = match how {
            Drift::Renamed => ("edit-category", json!({"id": category, "name": "Roses"})),
            Drift::Unmarked => ("edit-category", json!({"id": category, "slug": "roses"})),
            Drift::Archived => (
                "edit-category",
                json!({"id": category, "permissions": {"staff": 1}}),
            ),
            Drift::PartDeleted => ("delete-group", json!({"id": ours["group"]["id"]})),
            Drift::RightTaken => ("demote", json!({"user": "guildhall"})),
            Drift::KeyRevoked => ("revoke", json!({"key": self.key("api_key")})),
            Drift::Deleted => ("delete-category", json!({"id": category})),
        };
        self.act(action, input).await;
        Ok(())
    }

    const NEW_OWNER: Option<&'static str> = Some("amina");

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        let group = self.ours().await["group"]["id"].clone();
        let action = match whose {
            Whose::Ours => "leave-group",
            Whose::Peoples => "own-group",
        };
        let input = json!({"id": group, "user": "amina"});
        self.act(action, input).await;
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NotInServer => return Err("a key is that of a user of the forum"),
            Luck::Unpermitted => {
                self.act("demote", json!({"user": "guildhall"})).await;
            }
            Luck::OfAnotherServer => self.enter_unknown_key(Self::UNKNOWN_KEY),
            Luck::NameTaken => {
                let theirs = json!({"name": "Rosewood Co-op"});
                self.act("add-category", theirs).await;
            }
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        match luck {
            Luck::NotInServer => {}
            Luck::Unpermitted => {
                self.act("promote", json!({"user": "guildhall"})).await;
            }
            Luck::OfAnotherServer => self.use_key("api_key", "api_key"),
            Luck::NameTaken => {
                let categories = all(&self.state().await["categories"]);
                let theirs = categories
                    .iter()
                    .find(|category| category["name"] == "Rosewood Co-op");
                let id = theirs.unwrap()["id"].clone();
                self.act("edit-category", json!({"id": id, "name": "Roses"}))
                    .await;
            }
        }
    }

    async fn give_rights_back(&self) {
        self.act("promote", json!({"user": "guildhall"})).await;
    }

    async fn enter_another_key(&mut self) {
        let made = self.act("add-key", json!({"user": "guildhall"})).await;
        let key = made["key"].as_str().unwrap().to_owned();
        self.secrets.insert("api_key".to_owned(), key.into());
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        Some(("api_key", self.key("narrow_key")))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        let made = self.act("add-category", json!({"name": "Elders"})).await;
        Some(made["id"].to_string())
    }

    async fn of_others(&self) -> Vec<String> {
        let state = self.state().await;
        let categories = all(&state["categories"]);
        categories
            .iter()
            .map(|category| format!("{} {}", category["name"], category["permissions"]))
            .collect()
    }
}
