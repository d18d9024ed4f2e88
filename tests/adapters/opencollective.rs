//! The Open Collective adapter against the simulated service.

mod hosting;
mod keys;
mod making;
mod running;
mod switching;
mod world;

pub use world::World as Service;

use crate::description::{Drift, Platform};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;
use world::{OURS, chat};

impl Service {
    /// The collective, as the adapter recorded it.
    fn id(&self) -> String {
        let facts = self.journal.facts();
        facts["collective"]["id"].as_str().unwrap().to_owned()
    }
}

impl Platform for Service {
    const NAME: &'static str = "opencollective";
    const CREATIONS: &'static [(&'static str, &'static str)] =
        &[("POST", "GuildhallCreate"), ("POST", "GuildhallApply")];
    const LIMITS: &'static [LimitShape] = &[LimitShape::Fraction, LimitShape::ResetUnix];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> =
        Some(("token", "0123456789abcdef0123456789abcdef01234567"));

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = &[(
        Drift::Archived,
        "archiving took its host away, so that it applies once more",
    )];

    async fn fresh() -> Self {
        let mut world = Self::new().await;
        world.set_to_known("host", "open_host");
        world
    }

    async fn fulfil(&self, task: &HumanTask) {
        let id = self.id();
        let action = match task.step.as_str() {
            _ if task.others_decide => "approve",
            "unarchive" => "unarchive",
            _ => "archive",
        };
        self.on(action, &id).await;
    }

    async fn made(&self) -> Vec<String> {
        let state = self.state().await;
        let mut made = self.collectives().await;
        for application in state["applications"].as_array().unwrap() {
            let id = application["collective"].as_str().unwrap();
            if state["accounts"][id]["deleted"] == false {
                made.push(format!("application {}", application["status"]));
            }
        }
        made.extend(
            self.webhooks()
                .await
                .into_iter()
                .map(|(activity, _)| activity),
        );
        made
    }

    async fn use_it(&mut self) {
        let address = "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop";
        self.connect(&chat(7, address)).await;
    }

    async fn in_use(&self) -> String {
        let account = self.account(&self.id()).await;
        format!("{account} {:?}", self.webhooks().await)
    }

    async fn drift(&self, how: Drift) -> bool {
        let id = self.id();
        match how {
            Drift::Renamed => {
                let renamed = json!({"id": id, "slug": "rosewood-housing"});
                self.act("rename", renamed).await;
            }
            Drift::Archived => self.on("archive", &id).await,
            Drift::Unmarked | Drift::PartDeleted => return false,
            Drift::RightTaken => {
                let gone = json!({"id": id, "user": OURS});
                self.act("remove-admin", gone).await;
            }
            Drift::KeyRevoked => {
                let token = self.key("token");
                self.act("revoke", json!({"token": token})).await;
            }
            Drift::Deleted => self.on("delete", &id).await,
        }
        true
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        let token = self.key("token_of_another_user");
        let scopes = json!({"token": token, "scopes": ["webhooks"]});
        self.act("scopes", scopes).await;
        Some(("token", token))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        let input = json!({"slug": "elder-coop", "admin": OURS});
        let made = self.act("add-collective", input).await;
        self.set("host", "");
        Some(made["id"].as_str()?.to_owned())
    }

    async fn of_others(&self) -> Vec<String> {
        self.collectives().await
    }
}
