//! What the tests of the Loomio adapter ask of a server.

use crate::world::{World as Shared, behaves_as_world, shipped};
use guildhall::adapters::Adapter;
use guildhall::domain::{Fault, Identity, InstanceKind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;

pub use crate::world::{MARKER, chat as webhook, deaths, fault, task};

pub const BOT: u64 = 3;
pub const SPARE: u64 = 4;
pub const PERSON: u64 = 5;

/// An instance on one of the simulated servers.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    /// Hosted Loomio, with the key of a bot that administers the group rosewood.
    pub async fn new() -> Self {
        let settings = [
            ("base_url", "https://www.loomio.com"),
            ("mode", "hosted"),
            ("event_kinds", "new_discussion,poll_created,outcome_created"),
            ("pause", "announcements"),
        ];
        let mut world = Self(Shared::of("loomio", &settings).await);
        world.kind = InstanceKind::Account;
        world.made_by_us = false;
        world.use_key("api_key");
        world
    }

    /// An own server in whose container scripts may be run; no key yet.
    pub async fn own_server() -> Self {
        let mut world = Self::new().await;
        world.secrets.clear();
        world.set("base_url", "https://loomio.sandbox");
        world.set("mode", "self-hosted");
        world.set("runner_container", "loomio-app");
        world.set("bot_email", "guildhall@example.org");
        world.kind = InstanceKind::Tenant;
        world.slug = "lilac";
        world
    }

    pub fn use_key(&mut self, name: &str) {
        self.0.use_key("api_key", name);
    }

    /// The number of the group with this handle.
    pub async fn group(&self, handle: &str) -> u64 {
        let state = self.state().await;
        let groups = state["groups"].as_object().unwrap();
        let mut found = groups
            .iter()
            .filter(|(_, group)| group["discarded"] == false);
        let found = found.find(|(_, group)| group["handle"] == handle);
        found.unwrap().0.parse().unwrap()
    }

    pub async fn verify(&self) -> Result<Identity, Fault> {
        let site = self.site();
        let keys = site.secrets.0.iter();
        let keys: Vec<_> = keys
            .map(|(field, key)| (field.as_str(), key.expose_secret()))
            .collect();
        self.0.verify(&keys).await
    }

    /// The chat integrations, sorted, without their numbers.
    pub async fn integrations(&self) -> Vec<Value> {
        let state = self.state().await;
        let mut all: Vec<Value> = state["chatbots"]
            .as_object()
            .unwrap()
            .values()
            .cloned()
            .collect();
        all.sort_by_key(ToString::to_string);
        all
    }
}

pub fn adapter() -> Arc<dyn Adapter> {
    shipped("loomio")
}

pub fn text(secret: &SecretString) -> &str {
    secret.expose_secret()
}
