//! The Matrix adapter against the simulated homeserver.

mod by_hand;
mod former;
mod making;
mod mending;
mod moving;
mod pausing;
mod running;
mod world;

pub use world::World as Homeserver;

use crate::{
    description::{Befell, Drift, Luck, Platform, Whose},
    journal::MemoryJournal,
};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::json;
use std::collections::BTreeSet;
use world::{AMINA, members, text};

const BOT: &str = "@gov-rosewood:matrix.sandbox";

impl Platform for Homeserver {
    const NAME: &'static str = "matrix";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[
        ("PUT", "v2/users"),
        ("POST", "v3/login"),
        ("POST", "createRoom"),
        // As it stands in an address.
        ("PUT", "space%2Echild"),
    ];
    const LIMITS: &'static [LimitShape] = &[LimitShape::BodyMilliseconds, LimitShape::Seconds];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> =
        Some(("access_token", "syt_YWRtaW4_aaaaaaaaaaaaaaaaaaaa_000000"));

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = &[(
        Drift::Archived,
        "who was in it went on in the newer room, which can be adopted",
    )];

    async fn fresh() -> Self {
        Self::new().await
    }

    async fn fulfil(&self, task: &HumanTask) {
        let room = task.step.strip_prefix("come back ");
        let room = room.unwrap_or_else(|| panic!("matrix: nobody expected the task {task:?}"));
        let invited = json!({"room": room, "type": "m.room.member", "key": BOT,
            "content": {"membership": "invite"}});
        self.act("set-state", invited).await;
    }

    async fn made(&self) -> Vec<String> {
        let state = self.state().await;
        let mut made = self.rooms().await;
        for (user, held) in state["users"].as_object().unwrap() {
            if user.starts_with("@gov-") && held["deactivated"] == false {
                made.push(user.clone());
            }
        }
        // All tokens of a device end together; a device that nobody knows is never ended.
        let tokens = state["tokens"].as_object().unwrap().values();
        let devices: BTreeSet<String> = tokens
            .map(|token| format!("{} of {}", token["device"], token["user"]))
            .filter(|device| device.contains("@gov-"))
            .collect();
        made.extend(devices);
        let rooms = state["rooms"].as_object().unwrap().values();
        for room in rooms.filter(|room| !members(room).is_empty()) {
            let held = room["state"].as_object().unwrap().iter();
            let shown = held.filter(|(key, event)| {
                key.starts_with("m.space.child\n") && event["content"]["via"].is_array()
            });
            let (name, shown) = (text(room, "m.room.name", "name"), shown.count());
            made.push(format!("{name} shows {shown} rooms"));
        }
        made.extend(self.minted_keys());
        // Rooms come in the order of their random ids.
        made.sort();
        made
    }

    async fn use_it(&mut self) {
        self.add_member(AMINA, "general").await;
    }

    async fn in_use(&self) -> String {
        let state = self.state().await;
        let rooms = state["rooms"].as_object().unwrap().values();
        let mut seen: Vec<String> = rooms
            .map(|room| {
                let levels = &room["state"]["m.room.power_levels\n"]["content"];
                let join = text(room, "m.room.join_rules", "join_rule");
                let name = text(room, "m.room.name", "name");
                format!("{name}: {:?} {join} {levels}", members(room))
            })
            .collect();
        seen.sort();
        seen.join("\n")
    }

    async fn drift(&self, how: Drift) -> Befell {
        let space = self.room_id("Rosewood Co-op").await;
        let general = self.room_id("general").await;
        let (action, input) = match how {
            Drift::Renamed => (
                "set-state",
                json!({"room": space, "type": "m.room.name", "content": {"name": "Roses"}}),
            ),
            Drift::Unmarked => (
                "set-state",
                json!({"room": general, "type": "org.guildhall.instance", "content": {}}),
            ),
            Drift::Archived => (
                "set-state",
                json!({"room": general, "type": "m.room.tombstone",
                    "content": {"body": "closed", "replacement_room": "!elsewhere"}}),
            ),
            Drift::PartDeleted => ("purge", json!({"room": general})),
            Drift::RightTaken => {
                // Into a room that nobody is in nobody comes back.
                self.add_member(AMINA, "general").await;
                ("remove-member", json!({"room": general, "user": BOT}))
            }
            Drift::KeyRevoked => ("revoke", json!({"user": BOT})),
            Drift::Deleted => ("purge", json!({"room": space})),
        };
        self.act(action, input).await;
        Ok(())
    }

    const NEW_OWNER: Option<&'static str> = Some(AMINA);

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        for name in world::WHOLE {
            let id = self.room_id(name).await;
            let state = self.state().await;
            let levels = &state["rooms"][&id]["state"]["m.room.power_levels\n"]["content"];
            let mut levels = levels.clone();
            match whose {
                Whose::Ours => levels["users"][AMINA] = json!(50),
                Whose::Peoples => {
                    self.add_member(AMINA, name).await;
                    levels["users"][AMINA] = json!(100);
                }
            }
            let content = json!({"room": id, "type": "m.room.power_levels", "content": levels});
            self.act("set-state", content).await;
        }
        Ok(())
    }

    async fn accept_ownership(&self) {
        for name in world::WHOLE {
            self.add_member(AMINA, name).await;
        }
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NotInServer => {
                return Err("an administrator's token makes the bot on its server");
            }
            Luck::Unpermitted => self.use_key("admin_token", "access_token"),
            Luck::OfAnotherServer => {
                let (_, unknown) = Self::UNKNOWN_KEY.unwrap();
                self.secrets
                    .insert("admin_token".to_owned(), unknown.into());
            }
            Luck::NameTaken => {
                self.act("add-user", json!({"user": "@roses:matrix.sandbox"}))
                    .await;
                self.set("bot_name", "roses");
            }
        }
        Ok(())
    }

    async fn revoke_key(&self) {
        self.act("revoke", json!({"user": BOT})).await;
    }

    async fn relieve(&mut self, luck: Luck) {
        if luck == Luck::NameTaken {
            self.settings.remove("bot_name");
        } else {
            self.use_key("admin_token", "admin_token");
        }
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        Some(("admin_token", self.key("access_token")))
    }

    /// A room of another user, to which the ready-made bot was invited.
    async fn somebody_elses(&mut self) -> Option<String> {
        self.provision().await.unwrap();
        let room = self.room_id("general").await;
        let unmarked = json!({"room": room, "type": "org.guildhall.instance", "content": {}});
        self.act("set-state", unmarked).await;
        let bot = json!({"room": room, "user": "@ready-bot:matrix.sandbox"});
        self.act("add-member", bot).await;
        self.journal = MemoryJournal::new();
        self.secrets.clear();
        self.use_key("access_token", "access_token");
        Some(room)
    }

    async fn of_others(&self) -> Vec<String> {
        let state = self.state().await;
        let aliases = state["aliases"].as_object().unwrap().keys();
        let mut theirs = self.rooms().await;
        theirs.extend(aliases.cloned());
        theirs
    }
}
