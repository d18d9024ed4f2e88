//! What the tests of the Discourse adapter ask of a forum.

use crate::world::{World as Shared, behaves_as_world, shipped};
use guildhall::adapters::{Adapter, Halt, Peer, Presence, Settings, Target};
use guildhall::domain::{Drift, DriftKind, InstanceId, PlatformId, RemoveMode};
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::world::{fault, task};

/// Group, slug and the like of the instance of these tests.
pub const MARK: &str = "gh-b4c3d2e1f001";

/// An instance on a forum without limits, with the key of its bot, an administrator.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    pub async fn new() -> Self {
        let settings = [
            ("base_url", "https://discourse.sandbox"),
            ("api_username", "guildhall"),
            ("members", "amina,bela"),
            // The limits are lifted, and thirty requests a minute would end these tests.
            ("requests_per_minute", "100000"),
        ];
        let mut world = Shared::of("discourse", &settings).await;
        world.act("limits", json!({"preset": "lifted"})).await;
        world.use_key("api_key", "api_key");
        Self(world)
    }

    pub async fn with_webhook() -> Self {
        let mut world = Self::new().await;
        world.set("webhook_url", "https://receiver.example/hook");
        world
    }

    pub async fn off(&mut self) -> Result<String, Halt> {
        self.active = false;
        self.adapter.deactivate(&self.op()).await
    }

    pub async fn configure(&self, changed: &[&str]) -> Result<Presence, Halt> {
        let changed: Vec<String> = changed.iter().map(|field| (*field).to_owned()).collect();
        self.adapter.configure(&self.op(), &changed).await
    }

    pub async fn remove(&self, mode: RemoveMode) -> Result<Vec<String>, Halt> {
        Ok(self.adapter.remove(&self.same_op(), mode).await?.left)
    }

    /// What is there that is ours: what a pause must bring back whole. Of the invite only that there is one.
    pub async fn ours(&self) -> Value {
        let state = self.state().await;
        let category = one(&state["categories"], "slug", MARK);
        let mut keys: Vec<Value> = all(&state["keys"]);
        keys.retain(|key| key["description"] == format!("Guildhall {MARK}"));
        for key in &mut keys {
            key["used_ms"] = Value::Null;
        }
        let mut webhooks = all(&state["webhooks"]);
        for webhook in &mut webhooks {
            webhook["events"] = Value::Null;
        }
        let mut topics = all(&state["topics"]);
        topics.retain(|topic| topic["category"] == category["id"]);
        json!({
            "category": category,
            "group": one(&state["groups"], "name", MARK),
            "topics": topics,
            "invites": all(&state["invites"]).len(),
            "webhooks": webhooks,
            "channels": all(&state["channels"]),
            "rules": all(&state["rules"]).len(),
            "keys": keys,
        })
    }

    pub async fn may_write(&self, user: &str, title: &str) -> bool {
        let said = json!({"user": user, "title": title, "category": self.category().await});
        self.act("write", said).await["allowed"] == true
    }

    pub async fn category(&self) -> u64 {
        self.ours().await["category"]["id"].as_u64().unwrap()
    }

    /// What anybody reads.
    pub async fn public(&self, path: &str) -> String {
        let base = "https://discourse.sandbox".parse().unwrap();
        self.http.get(&base, path).send().await.unwrap().text()
    }
}

pub fn all(map: &Value) -> Vec<Value> {
    map.as_object().unwrap().values().cloned().collect()
}

/// The one entry with this value; more than one fails the test, none is null.
pub fn one(map: &Value, field: &str, value: &str) -> Value {
    let mut found = all(map);
    found.retain(|entry| entry[field] == value);
    assert!(found.len() <= 1, "{found:?}");
    found.pop().unwrap_or(Value::Null)
}

pub fn adapter() -> Arc<dyn Adapter> {
    shipped("discourse")
}

pub fn drifted(drift: &[Drift], kind: DriftKind, words: &str) -> bool {
    drift
        .iter()
        .any(|drift| drift.kind == kind && drift.what.contains(words))
}

/// Somebody to connect to who offers something.
pub fn peer(platform: &str, target: Option<Target>) -> Peer {
    Peer {
        platform: PlatformId::new(platform),
        instance: InstanceId(9),
        url: None,
        settings: Settings::default(),
        target,
    }
}
