//! What the tests of the Mastodon adapter ask of a server.

use crate::world::{World as Shared, behaves_as_world, shipped};
use guildhall::adapters::{Adapter, Halt, Presence};
use guildhall::domain::RemoveMode;
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::world::{fault, task};

/// An instance on an account that a person made, with its token.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    pub async fn new() -> Self {
        let settings = [
            ("base_url", "https://mastodon.sandbox"),
            ("note", "A housing co-op of roses & bread."),
        ];
        let mut world = Shared::of("mastodon", &settings).await;
        world.use_key("access_token", "access_token");
        Self(world)
    }

    /// With the secret of the application too, so that the token can be revoked.
    pub async fn with_secret() -> Self {
        let mut world = Self::new().await;
        world.use_key("client_id", "client_id");
        world.use_key("client_secret", "client_secret");
        world
    }

    pub async fn configure(&self, changed: &[&str]) -> Result<Presence, Halt> {
        let changed: Vec<String> = changed.iter().map(|field| (*field).to_owned()).collect();
        self.adapter.configure(&self.op(), &changed).await
    }

    pub async fn off(&mut self) -> Result<String, Halt> {
        self.active = false;
        self.adapter.deactivate(&self.op()).await
    }

    pub async fn remove(&self, mode: RemoveMode) -> Result<Vec<String>, Halt> {
        Ok(self.adapter.remove(&self.same_op(), mode).await?.left)
    }

    /// An account; null when there is none.
    pub async fn account(&self, name: &str) -> Value {
        let state = self.state().await;
        let mut accounts = state["accounts"].as_object().unwrap().values();
        accounts
            .find(|account| account["username"] == name)
            .cloned()
            .unwrap_or(Value::Null)
    }

    /// What an account has posted, oldest first, with its place among the pins.
    pub async fn posts(&self, name: &str) -> Vec<String> {
        let state = self.state().await;
        let account = self.account(name).await;
        let pins = account["pins"].as_array().cloned().unwrap_or_default();
        let statuses = state["statuses"].as_object().unwrap().values();
        statuses
            .filter(|status| status["account"] == account["id"])
            .map(|status| {
                let pin = pins.iter().position(|pin| *pin == status["id"]);
                format!("{} {:?} {}", status["text"], pin, status["visibility"])
            })
            .collect()
    }

    pub async fn set_on(&self, input: Value) {
        let mut input = input;
        input["account"] = json!("rosewood");
        self.act("set", input).await;
    }
}

pub fn adapter() -> Arc<dyn Adapter> {
    shipped("mastodon")
}
