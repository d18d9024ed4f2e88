//! The Mastodon adapter against the simulated server.

mod keys;
mod life;
mod mending;
mod shut;
mod world;

pub use world::World as Server;

use crate::description::{Befell, Drift, Luck, Platform, Whose};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;

impl Platform for Server {
    const NAME: &'static str = "mastodon";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[
        ("PATCH", "update_credentials"),
        ("POST", "/api/v1/statuses"),
    ];
    const LIMITS: &'static [LimitShape] = &[LimitShape::ResetIso];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = Some((
        "access_token",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ));

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = &[(
        Drift::Archived,
        "only the server's administrators thaw an account",
    )];

    const NOT_MADE_ANEW: Option<&'static str> = Some("a person makes the account");

    async fn fresh() -> Self {
        Self::new().await
    }

    async fn fulfil(&self, task: &HumanTask) {
        assert_eq!(task.step, "delete account", "{task:?}");
        self.act("delete-account", json!({"account": "rosewood"}))
            .await;
    }

    async fn made(&self) -> Vec<String> {
        let account = self.account("rosewood").await;
        let mut made = self.posts("rosewood").await;
        for field in account["fields"].as_array().into_iter().flatten() {
            if field[0] == "Guildhall" {
                made.push(format!("marker {}", field[1]));
            }
        }
        made
    }

    async fn use_it(&mut self) {
        let said = json!({"account": "rosewood", "text": "Come to our assembly.", "pin": true});
        self.act("post", said).await;
    }

    async fn in_use(&self) -> String {
        let account = self.account("rosewood").await;
        format!("{account} {:?}", self.posts("rosewood").await)
    }

    async fn drift(&self, how: Drift) -> Befell {
        let (action, mut input) = match how {
            Drift::Renamed => ("set", json!({"display_name": "Roses"})),
            Drift::Archived => ("set", json!({"disabled": true})),
            Drift::PartDeleted => ("unpin", json!({})),
            Drift::Unmarked => ("set", json!({"fields": []})),
            Drift::RightTaken => {
                return Err("a token keeps the scopes with which it was given out");
            }
            Drift::KeyRevoked => ("revoke", json!({"token": self.key("access_token")})),
            Drift::Deleted => ("delete-account", json!({})),
        };
        input["account"] = json!("rosewood");
        self.act(action, input).await;
        Ok(())
    }

    async fn owned_by(&mut self, _whose: Whose) -> Befell {
        Err("an account belongs to whoever has its password")
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NotInServer => return Err("a token is that of an account of the server"),
            Luck::Unpermitted => self.set_on(json!({"approved": false})).await,
            Luck::OfAnotherServer => self.enter_unknown_key(Self::UNKNOWN_KEY),
            Luck::NameTaken => {
                let theirs = json!({"fields": [["Guildhall", "gh:another"]]});
                self.set_on(theirs).await;
            }
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        match luck {
            Luck::NotInServer => {}
            Luck::Unpermitted => self.set_on(json!({"approved": true})).await,
            Luck::OfAnotherServer => self.use_key("access_token", "access_token"),
            Luck::NameTaken => self.set_on(json!({"fields": []})).await,
        }
    }

    async fn enter_another_key(&mut self) {
        let made = self.act("sign-in", json!({"account": "rosewood"})).await;
        let token = made["token"].as_str().unwrap().to_owned();
        self.secrets.insert("access_token".to_owned(), token.into());
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        Some(("access_token", self.key("narrow_token")))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        self.use_key("access_token", "token_of_another_account");
        let said = json!({"account": "elder", "text": "We are the elders.", "pin": true});
        self.act("post", said).await;
        Some("@elder".into())
    }

    async fn of_others(&self) -> Vec<String> {
        let mut theirs = self.posts("elder").await;
        theirs.push(self.account("elder").await.to_string());
        theirs
    }
}
