//! The Open Collective adapter against the simulated service.

mod hosting;
mod keys;
mod making;
mod running;
mod switching;
mod world;

pub use world::World as Service;

use crate::description::{Befell, Drift, Luck, Platform, Whose};
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

/// What somebody else's collective is called that had our name.
const OF_OTHERS: &str = "roses";

impl Platform for Service {
    const NAME: &'static str = "opencollective";
    const CREATIONS: &'static [(&'static str, &'static str)] =
        &[("POST", "GuildhallCreate"), ("POST", "GuildhallApply")];
    const LIMITS: &'static [LimitShape] = &[LimitShape::Fraction, LimitShape::ResetUnix];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> =
        Some(("token", "0123456789abcdef0123456789abcdef01234567"));

    const PUT_BACK_WITH_MORE: &'static [(Drift, &'static str)] = &[(
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
        made.retain(|slug| slug != OF_OTHERS);
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

    async fn drift(&self, how: Drift) -> Befell {
        let id = self.id();
        match how {
            Drift::Renamed => {
                let renamed = json!({"id": id, "slug": "rosewood-housing"});
                self.act("rename", renamed).await;
            }
            Drift::Archived => self.on("archive", &id).await,
            Drift::Unmarked => return Err("it is known by its id, which nobody can change"),
            Drift::PartDeleted => return Err("a collective is one thing without parts of ours"),
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
        Ok(())
    }

    const NEW_OWNER: Option<&'static str> = Some("somebody-else");

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        let action = match whose {
            Whose::Ours => "remove-admin",
            Whose::Peoples => "add-admin",
        };
        let input = json!({"id": self.id(), "user": "somebody-else"});
        self.act(action, input).await;
        Ok(())
    }

    async fn accept_ownership(&self) {
        self.on("accept-invitations", &self.id()).await;
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NotInServer => return Err("a token is that of a user of the one service"),
            Luck::Unpermitted => {
                let on = json!({"user": OURS, "on": true});
                self.act("restrict", on).await;
            }
            Luck::OfAnotherServer => self.enter_unknown_key(Self::UNKNOWN_KEY),
            Luck::NameTaken => {
                let theirs = json!({"slug": "rosewood", "admin": "somebody-else"});
                self.act("add-collective", theirs).await;
            }
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        match luck {
            Luck::NotInServer => {}
            Luck::Unpermitted => {
                let off = json!({"user": OURS, "on": false});
                self.act("restrict", off).await;
            }
            Luck::OfAnotherServer => self.use_key("token", "token"),
            Luck::NameTaken => {
                let state = self.state().await;
                let accounts = state["accounts"].as_object().unwrap();
                let (id, _) = accounts
                    .iter()
                    .find(|(_, account)| account["slug"] == "rosewood")
                    .unwrap();
                self.act("rename", json!({"id": id, "slug": OF_OTHERS}))
                    .await;
            }
        }
    }

    async fn revoke_key(&self) {
        let token = self.key("token");
        self.act("revoke", json!({"token": token})).await;
    }

    async fn give_rights_back(&self) {
        let back = json!({"id": self.id(), "user": OURS});
        self.act("add-admin", back).await;
    }

    async fn enter_another_key(&mut self) {
        let scopes = ["account", "webhooks"];
        let made = json!({"user": OURS, "scopes": scopes});
        let made = self.act("add-token", made).await;
        let token = made["token"].as_str().unwrap().to_owned();
        self.secrets.insert("token".to_owned(), token.into());
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
