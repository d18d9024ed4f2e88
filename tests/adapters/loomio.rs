//! The Loomio adapter against the simulated servers: the hosted one and an own one.

mod hosted;
mod keys;
mod own_server;
mod wiring;
mod world;

use crate::{
    description::{Drift, Platform},
    world::behaves_as_world,
};
use guildhall::{domain::HumanTask, sandbox::LimitShape};
use serde_json::{Value, json};
use world::{PERSON, SPARE, World, webhook};

const CREATIONS: &[(&str, &str)] = &[("POST", "b2/discussions"), ("POST", "b2/memberships")];
const LIMITS: &[LimitShape] = &[LimitShape::Text, LimitShape::Seconds];
const UNKNOWN_KEY: Option<(&str, &str)> = Some(("api_key", "abcdefghijklmnopqrstuvwx"));

/// A group that people make on hosted Loomio.
pub struct Hosted(World);

behaves_as_world!(Hosted);

/// A group that a script makes in the container of an own server.
pub struct OwnServer(World);

behaves_as_world!(OwnServer);

impl World {
    /// With what is to be made in the group.
    fn with_welcome(mut self) -> Self {
        self.set("welcome_title", "Welcome");
        self.set("invite", "noor@example.org");
        self
    }

    /// The groups, threads and members of ours.
    async fn made(&self) -> Vec<String> {
        let state = self.state().await;
        let (mut made, mut ours) = (Vec::new(), Vec::new());
        for (id, group) in state["groups"].as_object().unwrap() {
            if group["handle"] == "lilac" && group["discarded"] == false {
                made.push(format!("group {}", group["name"]));
                ours.push(json!(id.parse::<u64>().unwrap()));
            }
        }
        for thread in state["discussions"].as_object().unwrap().values() {
            made.push(format!("thread {}", thread["title"]));
        }
        for member in state["memberships"].as_array().unwrap() {
            if ours.contains(&member["group"]) {
                let user = &state["users"][member["user"].to_string()];
                made.push(format!("member {}", user["name"]));
            }
        }
        made
    }

    async fn in_use(&self) -> String {
        let state = self.state().await;
        let groups = state["groups"].as_object().unwrap().values();
        let states: Vec<&Value> = groups.map(|group| &group["state"]).collect();
        format!("{states:?} {:?}", self.integrations().await)
    }

    async fn join_a_chat(&self) {
        let address = "https://hooks.slack.example/services/T0/B0/slack-secret-of-the-hook";
        self.connect(&webhook(7, "slack", address)).await;
    }

    /// What people of the group do who are asked to.
    async fn asked(&self, task: &HumanTask, bot: u64) {
        let group = self.group("lilac").await;
        if let Some(name) = task.step.strip_prefix("rename:") {
            let named = json!({"group": group, "name": name});
            self.act("rename", named).await;
            return;
        }
        let action = match task.step.as_str() {
            "administrator" => "make-admin",
            step => step,
        };
        self.act(action, json!({"group": group, "user": bot})).await;
    }

    async fn befalls(&self, how: Drift, bot: u64) -> bool {
        let group = self.group("lilac").await;
        let (action, input) = match how {
            Drift::Renamed => ("rename", json!({"group": group, "name": "Roses"})),
            Drift::Unmarked => return false,
            Drift::Archived => ("expire", json!({"group": group})),
            Drift::PartDeleted => ("remove", json!({"group": group, "user": bot})),
            Drift::RightTaken => ("unmake-admin", json!({"group": group, "user": bot})),
            Drift::KeyRevoked => ("change-password", json!({"user": bot})),
            Drift::Deleted => ("delete-group", json!({"group": group})),
        };
        self.act(action, input).await;
        true
    }

    /// The group that somebody else made, with the bot as its administrator.
    async fn garden(&self, bot: u64) -> String {
        let group = self.group("garden").await;
        let member = json!({"group": group, "user": bot});
        for action in ["invite", "accept", "make-admin"] {
            self.act(action, member.clone()).await;
        }
        group.to_string()
    }

    async fn groups_and_people(&self) -> Vec<String> {
        let state = self.state().await;
        let of = |list: &str, name: &str| -> Vec<String> {
            let all = state[list].as_object().unwrap().values();
            all.filter(|one| one["discarded"] != true)
                .map(|one| one[name].to_string())
                .collect()
        };
        [of("groups", "handle"), of("users", "email")].concat()
    }
}

const NOT_PUT_BACK: &[(Drift, &str)] =
    &[(Drift::Archived, "whoever pays renews a plan that ended")];

impl Platform for Hosted {
    const NAME: &'static str = "loomio, hosted";
    const CREATIONS: &'static [(&'static str, &'static str)] = CREATIONS;
    const LIMITS: &'static [LimitShape] = LIMITS;
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = UNKNOWN_KEY;

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = NOT_PUT_BACK;

    async fn fresh() -> Self {
        let mut world = World::new().await.with_welcome();
        world.use_key("bot_without_group");
        world.set("group", "lilac");
        Self(world)
    }

    async fn fulfil(&self, task: &HumanTask) {
        if task.step == "group" {
            let made = json!({"user": PERSON, "handle": "lilac", "name": "Lilac"});
            self.act("make-group", made).await;
            return;
        }
        self.0.asked(task, SPARE).await;
    }

    async fn made(&self) -> Vec<String> {
        self.0.made().await
    }

    async fn use_it(&mut self) {
        self.0.join_a_chat().await;
    }

    async fn in_use(&self) -> String {
        self.0.in_use().await
    }

    async fn drift(&self, how: Drift) -> bool {
        self.0.befalls(how, SPARE).await
    }

    async fn narrow_key(&self) -> Option<(&'static str, String)> {
        Some(("api_key", self.key("bot_without_group")))
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        self.settings.remove("group");
        self.settings.remove("welcome_title");
        self.settings.remove("invite");
        Some(self.0.garden(SPARE).await)
    }

    async fn of_others(&self) -> Vec<String> {
        self.0.groups_and_people().await
    }
}

impl OwnServer {
    /// The user that the script made.
    async fn bot(&self) -> u64 {
        let state = self.state().await;
        let mut users = state["users"].as_object().unwrap().iter();
        let ours = format!("guildhall+{}@example.org", self.marker);
        let (id, _) = users.find(|(_, user)| user["email"] == ours).unwrap();
        id.parse().unwrap()
    }
}

impl Platform for OwnServer {
    const NAME: &'static str = "loomio, own server";
    const CREATIONS: &'static [(&'static str, &'static str)] = CREATIONS;
    const LIMITS: &'static [LimitShape] = LIMITS;
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = UNKNOWN_KEY;

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = NOT_PUT_BACK;

    async fn fresh() -> Self {
        let mut world = World::own_server().await.with_welcome();
        world.set("pause", "group");
        Self(world)
    }

    async fn fulfil(&self, task: &HumanTask) {
        self.0.asked(task, self.bot().await).await;
    }

    async fn made(&self) -> Vec<String> {
        let mut made = self.0.made().await;
        let state = self.state().await;
        let users = state["users"].as_object().unwrap().values();
        let emails = users.map(|user| user["email"].to_string());
        // A bot that was made twice is in no group.
        made.extend(emails.filter(|email| email.contains("guildhall+")));
        // One whose key nobody stored is lost.
        made.extend(self.minted_keys());
        made
    }

    async fn use_it(&mut self) {
        self.0.join_a_chat().await;
    }

    async fn in_use(&self) -> String {
        self.0.in_use().await
    }

    async fn drift(&self, how: Drift) -> bool {
        self.0.befalls(how, self.bot().await).await
    }
}
