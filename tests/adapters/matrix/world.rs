//! What the tests of the Matrix adapter ask of a homeserver.

use crate::world::{World as Shared, behaves_as_world, shipped};
use guildhall::adapters::Adapter;
use serde_json::{Value, json};
use std::sync::Arc;

pub use crate::world::fault;

pub const AMINA: &str = "@amina:matrix.sandbox";

/// An instance on a homeserver without limits, with the key of its administrator.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    pub async fn new() -> Self {
        let settings = [
            ("homeserver", "https://matrix.sandbox"),
            ("rooms", "general,proposals"),
            // The limits are lifted, and ten rooms a minute would end these tests.
            ("raised_limits", "true"),
        ];
        let mut world = Shared::of("matrix", &settings).await;
        let lifted = json!({"preset": "lifted", "hold_ms": 0});
        world.act("limits", lifted).await;
        world.use_key("admin_token", "admin_token");
        Self(world)
    }

    /// Rooms somebody is in, by name; half-made ones have none.
    pub async fn rooms(&self) -> Vec<String> {
        let state = self.state().await;
        let mut names: Vec<String> = state["rooms"]
            .as_object()
            .unwrap()
            .values()
            .filter(|room| !members(room).is_empty())
            .map(|room| text(room, "m.room.name", "name"))
            .collect();
        names.sort();
        names
    }

    pub async fn room_id(&self, name: &str) -> String {
        let state = self.state().await;
        let rooms = state["rooms"].as_object().unwrap();
        let found = rooms
            .iter()
            .find(|(_, room)| text(room, "m.room.name", "name") == name);
        found.unwrap_or_else(|| panic!("no room {name}")).0.clone()
    }

    pub async fn levels(&self, name: &str) -> String {
        let id = self.room_id(name).await;
        self.state().await["rooms"][id]["state"]["m.room.power_levels\n"]["content"].to_string()
    }

    pub async fn may_write(&self, user: &str, room: &str) -> bool {
        let room = self.room_id(room).await;
        let said = json!({"user": user, "room": room, "body": "hello"});
        self.act("say", said).await["allowed"] == true
    }

    pub async fn add_member(&self, user: &str, room: &str) {
        let room = self.room_id(room).await;
        self.act("add-member", json!({"user": user, "room": room}))
            .await;
    }
}

pub fn adapter() -> Arc<dyn Adapter> {
    shipped("matrix")
}

pub fn members(room: &Value) -> Vec<String> {
    let events = room["state"].as_object().unwrap().values();
    events
        .filter(|event| {
            event["kind"] == "m.room.member" && event["content"]["membership"] == "join"
        })
        .map(|event| event["state_key"].as_str().unwrap().to_owned())
        .collect()
}

pub fn text(room: &Value, kind: &str, field: &str) -> String {
    let content = &room["state"][format!("{kind}\n")]["content"];
    content[field].as_str().unwrap_or("(no name)").to_owned()
}

/// The space and its rooms when everything is there.
pub const WHOLE: [&str; 3] = ["Rosewood Co-op", "general", "proposals"];
