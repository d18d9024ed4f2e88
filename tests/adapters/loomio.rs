//! The Loomio adapter against the simulated servers: the hosted one and an own one.

mod hosted;
mod keys;
mod own_server;
mod wiring;
mod world;

use crate::{
    description::{Befell, Drift, Luck, Platform, Whose},
    world::behaves_as_world,
};
use guildhall::{adapters::Journal as _, domain::HumanTask, sandbox::LimitShape};
use serde_json::{Value, json};
use world::{PERSON, SPARE, World, webhook};

const CREATIONS: &[(&str, &str)] = &[("POST", "b2/discussions"), ("POST", "b2/memberships")];
const LIMITS: &[LimitShape] = &[LimitShape::Text, LimitShape::Seconds];
const UNKNOWN_KEY: Option<(&str, &str)> = Some(("api_key", "abcdefghijklmnopqrstuvwx"));

/// What somebody else's group with the handle lilac is called.
const OF_OTHERS: &str = "Lilacs";
/// What the community is called instead.
const ANOTHER_SLUG: &str = "lilac-two";

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
            let is_meant = group["handle"] == "lilac" || group["handle"] == ANOTHER_SLUG;
            if is_meant && group["name"] != OF_OTHERS && group["discarded"] == false {
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

    async fn happens(&self, how: Drift, bot: u64) -> Befell {
        let group = self.group("lilac").await;
        let (action, input) = match how {
            Drift::Renamed => ("rename", json!({"group": group, "name": "Roses"})),
            Drift::Unmarked => {
                return Err("a group bears no mark of ours: it is known by its number");
            }
            Drift::Archived => ("expire", json!({"group": group})),
            Drift::PartDeleted => ("remove", json!({"group": group, "user": bot})),
            Drift::RightTaken => ("unmake-admin", json!({"group": group, "user": bot})),
            Drift::KeyRevoked => ("change-password", json!({"user": bot})),
            Drift::Deleted => ("delete-group", json!({"group": group})),
        };
        self.act(action, input).await;
        Ok(())
    }

    /// A person of the group is an ordinary member of it, or administers it too.
    async fn administered_by(&self, whose: Whose) {
        let group = self.group("lilac").await;
        let member = json!({"group": group, "user": PERSON});
        let ends: &[&str] = match whose {
            Whose::Ours => &["invite", "accept"],
            Whose::Peoples => &["invite", "accept", "make-admin"],
        };
        for action in ends {
            self.act(action, member.clone()).await;
        }
    }

    /// The user changed its password, and has another key since.
    async fn another_key_of(&self, user: u64) -> String {
        let made = self.act("change-password", json!({"user": user})).await;
        made["api_key"].as_str().unwrap().to_owned()
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

    async fn drift(&self, how: Drift) -> Befell {
        self.0.happens(how, SPARE).await
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        self.0.administered_by(whose).await;
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        let made = json!({"user": PERSON, "handle": "lilac", "name": "Lilac"});
        match luck {
            Luck::NotInServer => {
                self.act("make-group", made).await;
            }
            Luck::Unpermitted => {
                let group = self.act("make-group", made).await["id"].clone();
                let bot = json!({"group": group, "user": SPARE});
                self.act("invite", bot.clone()).await;
                self.act("accept", bot).await;
            }
            Luck::OfAnotherServer => self.enter_unknown_key(Self::UNKNOWN_KEY),
            Luck::NameTaken => return Err("a person makes the group and says which one it is"),
        }
        Ok(())
    }

    async fn relieve(&mut self, luck: Luck) {
        if luck == Luck::OfAnotherServer {
            self.0.use_key("bot_without_group");
        }
    }

    async fn revoke_key(&self) {
        self.0.another_key_of(SPARE).await;
    }

    async fn enter_another_key(&mut self) {
        let key = self.0.another_key_of(SPARE).await;
        self.secrets.insert("api_key".to_owned(), key.into());
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
        self.known_bot().await.unwrap()
    }

    async fn known_bot(&self) -> Option<u64> {
        let state = self.state().await;
        let mut users = state["users"].as_object().unwrap().iter();
        let ours = format!("guildhall+{}@example.org", self.marker);
        let (id, _) = users.find(|(_, user)| user["email"] == ours)?;
        id.parse().ok()
    }
}

impl Platform for OwnServer {
    const NAME: &'static str = "loomio, own server";
    const NOT_MADE_ANEW: Option<&'static str> =
        Some("a handle is never free again, so that the community needs another one first");
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

    async fn drift(&self, how: Drift) -> Befell {
        self.0.happens(how, self.bot().await).await
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        self.0.administered_by(whose).await;
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NotInServer | Luck::Unpermitted => {
                return Err("the script makes the bot, and makes it the group's administrator");
            }
            Luck::OfAnotherServer => {
                return Err("the script makes the key on the server that it runs on");
            }
            Luck::NameTaken => {
                let theirs = json!({"user": PERSON, "handle": "lilac", "name": OF_OTHERS});
                self.act("make-group", theirs).await;
            }
        }
        Ok(())
    }

    async fn revoke_key(&self) {
        if let Some(bot) = self.known_bot().await {
            self.0.another_key_of(bot).await;
        }
    }

    async fn enter_another_key(&mut self) {
        if let Some(bot) = self.known_bot().await {
            let key = self.0.another_key_of(bot).await.into();
            let kept = self.journal.keep_secret("api_key", &key, None);
            kept.await.unwrap();
        }
    }

    async fn relieve(&mut self, _luck: Luck) {
        // A handle that was used once is never free again.
        self.slug = ANOTHER_SLUG;
    }
}
