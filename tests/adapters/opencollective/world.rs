//! What the tests of the Open Collective adapter ask of the service.

use crate::world::{World as Shared, behaves_as_world, shipped};
use guildhall::adapters::{Adapter, Peer};
use guildhall::domain::{Fault, Identity};
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::world::{MARKER, fault, task};

pub const OURS: &str = "guildhall-bot";

/// An instance on the simulated service, with the token of a user of ours.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    pub async fn new() -> Self {
        let settings = [
            ("base_url", "https://api.opencollective.com/graphql/v2"),
            ("web_url", "https://opencollective.com"),
            ("tags", "Commons,housing,commons"),
        ];
        let mut world = Shared::of("opencollective", &settings).await;
        world.use_key("token", "token");
        Self(world)
    }

    pub async fn verify(&self, token: &str) -> Result<Identity, Fault> {
        self.0.verify(&[("token", token)]).await
    }

    pub async fn account(&self, id: &str) -> Value {
        self.state().await["accounts"][id].clone()
    }

    /// The collectives that stand, by short name.
    pub async fn collectives(&self) -> Vec<String> {
        let state = self.state().await;
        let accounts = state["accounts"].as_object().unwrap().values();
        accounts
            .filter(|account| account["kind"] == "COLLECTIVE" && account["deleted"] == false)
            .map(|account| account["slug"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The webhooks that stand: activity and address.
    pub async fn webhooks(&self) -> Vec<(String, String)> {
        let state = self.state().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let hooks = state["webhooks"].as_array().unwrap().iter();
        hooks
            .map(|hook| (text(&hook["activity"]), text(&hook["address"])))
            .collect()
    }

    pub async fn on(&self, action: &str, id: &str) {
        self.act(action, json!({"id": id})).await;
    }
}

pub fn adapter() -> Arc<dyn Adapter> {
    shipped("opencollective")
}

pub fn chat(instance: i64, address: &str) -> Peer {
    crate::world::chat(instance, "slack", address)
}
