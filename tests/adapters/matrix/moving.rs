//! The rooms are brought to another bot, from wherever that was cut off, or are as they were.

use super::BOT;
use super::world::{AMINA, World, adapter, fault, members};
use crate::{journal::Death, world::deaths};
use guildhall::{
    adapters::{Halt, Journal as _, Standing, contract::HALF_MOVED},
    domain::FaultKind,
};
use secrecy::SecretString;
use serde_json::{Value, json};

const OTHER: &str = "@gov-second:matrix.sandbox";

/// A made space with a member, and the tokens of its bot and of the one that is to have it.
struct Move {
    world: World,
    former: SecretString,
    other: SecretString,
}

impl Move {
    async fn new(version: &str, active: bool) -> Self {
        let mut world = World::new().await;
        world.act("room-version", json!({"version": version})).await;
        world.provisioned().await;
        world.add_member(AMINA, "general").await;
        if !active {
            world.deactivate().await;
        }
        let former = world.op().secret("access_token").unwrap();
        let made = world.act("add-user", json!({"user": OTHER})).await;
        let other = SecretString::from(made["token"].as_str().unwrap());
        world.journal.revive(None);
        Self {
            world,
            former,
            other,
        }
    }

    /// As the engine does before it asks the adapter: the instance works with this key from here on.
    async fn work_with(&self, key: &SecretString) {
        let kept = self.world.journal.keep_secret("access_token", key, None);
        kept.await.unwrap();
    }

    async fn carry(&self, death: Option<Death>) -> Result<String, Halt> {
        self.world.journal.revive(None);
        self.work_with(&self.other).await;
        self.world.journal.revive(death);
        let op = self.world.same_op();
        let moving = adapter();
        let moving = moving.move_account(&op, "access_token", Some(&self.former));
        let moved = self.world.until_death(moving).await?;
        // As the engine does where it notes that the move is done.
        op.forget(HALF_MOVED).await?;
        Ok(moved)
    }

    async fn take_back(&self) -> Vec<String> {
        self.world.journal.revive(None);
        self.work_with(&self.former).await;
        self.world.journal.revive(None);
        let op = self.world.op();
        let other = Some(&self.other);
        let left = adapter().take_back_move(&op, "access_token", other).await;
        left.unwrap()
    }

    /// Who is in each room and may do what there.
    async fn rooms(&self) -> Vec<(String, Vec<String>, Value)> {
        let state = self.world.state().await;
        let rooms = state["rooms"].as_object().unwrap();
        let mut all: Vec<_> = rooms
            .iter()
            .map(|(id, room)| {
                let mut members = members(room);
                members.sort();
                let levels = &room["state"]["m.room.power_levels\n"]["content"];
                (id.clone(), members, levels.clone())
            })
            .collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    async fn is_moved(&mut self, active: bool, moment: &str) {
        self.has_other_bot(moment).await;
        // The bot that came can do what the other could: switch off what nobody but it can switch on again, and on.
        if active {
            self.world.deactivate().await;
        }
        assert!(!self.world.may_write(AMINA, "general").await, "{moment}");
        self.world.activate().await;
        assert!(self.world.may_write(AMINA, "general").await, "{moment}");
        let members = self.world.state_of("general").await;
        assert!(members.contains(&AMINA.to_owned()), "{moment}");
    }

    async fn has_other_bot(&self, moment: &str) {
        for (_, members, levels) in self.rooms().await {
            assert!(members.contains(&OTHER.to_owned()), "{moment}: {members:?}");
            assert!(!members.contains(&BOT.to_owned()), "{moment}: {members:?}");
            assert!(levels["users"].get(BOT).is_none(), "{moment}: {levels}");
        }
        let seen = self.world.observe().await;
        assert_eq!(seen.standing, Standing::Present, "{moment}");
        assert!(seen.drift.is_empty(), "{moment}: {:?}", seen.drift);
        assert!(
            !self.world.journal.facts().contains_key(HALF_MOVED),
            "{moment}"
        );
    }
}

impl World {
    async fn state_of(&self, room: &str) -> Vec<String> {
        let id = self.room_id(room).await;
        members(&self.state().await["rooms"][id])
    }
}

#[tokio::test]
async fn the_other_bot_has_the_rooms_and_the_former_one_left_them() {
    for (version, active) in [("12", true), ("12", false), ("11", true), ("11", false)] {
        let mut moving = Move::new(version, active).await;
        let said = moving.carry(None).await.unwrap();
        assert!(said.contains(OTHER) && said.contains("left"), "{said}");
        moving.is_moved(active, &format!("version {version}")).await;
        // Once more changes nothing.
        let before = moving.rooms().await;
        moving.carry(None).await.unwrap();
        assert_eq!(moving.rooms().await, before);
    }
}

#[tokio::test]
async fn a_move_cut_off_anywhere_goes_on() {
    for (version, active, step) in [("12", true, 4), ("11", false, 1)] {
        let undisturbed = Move::new(version, active).await;
        undisturbed.carry(None).await.unwrap();
        let journal = &undisturbed.world.journal;
        let deaths = deaths(journal.writes(), journal.calls() - 1);
        for death in deaths.into_iter().step_by(step) {
            let mut moving = Move::new(version, active).await;
            assert!(moving.carry(Some(death)).await.is_err(), "{death:?}");
            moving.carry(None).await.unwrap();
            moving.is_moved(active, &format!("{death:?}")).await;
        }
    }
}

#[tokio::test]
async fn a_move_stopped_anywhere_is_taken_back_to_the_last_level() {
    for (version, active, step) in [("12", false, 1), ("11", true, 4)] {
        let undisturbed = Move::new(version, active).await;
        undisturbed.carry(None).await.unwrap();
        let journal = &undisturbed.world.journal;
        // With its last write it is over.
        let deaths = deaths(journal.writes() - 1, journal.calls() - 1);
        for death in deaths.into_iter().step_by(step) {
            let mut moving = Move::new(version, active).await;
            let before = moving.rooms().await;
            assert!(moving.carry(Some(death)).await.is_err(), "{death:?}");
            let left = moving.take_back().await;
            assert!(left.is_empty(), "{death:?}: {left:?}");
            assert_eq!(moving.rooms().await, before, "{death:?}");
            let seen = moving.world.observe().await;
            assert!(seen.drift.is_empty(), "{death:?}: {:?}", seen.drift);
            if active {
                moving.world.deactivate().await;
            }
            moving.world.activate().await;
            assert!(moving.world.may_write(AMINA, "general").await, "{death:?}");
        }
    }
}

#[tokio::test]
async fn a_bot_that_is_banned_from_a_room_is_not_given_the_others_for_good() {
    let moving = Move::new("12", true).await;
    let room = moving.world.room_id("proposals").await;
    let ban = json!({
        "room": room, "type": "m.room.member", "key": OTHER, "content": {"membership": "ban"},
    });
    moving.world.act("set-state", ban).await;
    let before = moving.rooms().await;
    moving.carry(None).await.unwrap_err();
    let began = moving.world.state_of("general").await;
    assert!(began.contains(&OTHER.to_owned()), "it had begun: {began:?}");
    assert!(moving.take_back().await.is_empty());
    assert_eq!(moving.rooms().await, before);
}

#[tokio::test]
async fn without_the_former_bot_only_what_the_other_has_already_is_taken_over() {
    let mut moving = Move::new("12", true).await;
    moving.world.act("revoke", json!({"user": BOT})).await;
    let refused = fault(moving.carry(None).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Refused);
    assert!(refused.hint.contains("invite"), "{refused}");
    // An administrator of the rooms lets it in by hand.
    for room in ["Rosewood Co-op", "general", "proposals"] {
        moving.world.add_member(OTHER, room).await;
        let id = moving.world.room_id(room).await;
        let levels = moving.world.levels(room).await;
        let mut levels: Value = serde_json::from_str(&levels).unwrap();
        levels["users"][OTHER] = json!(150);
        let set = json!({"room": id, "type": "m.room.power_levels", "content": levels});
        moving.world.act("set-state", set).await;
    }
    let said = moving.carry(None).await.unwrap();
    assert!(said.contains("take it out there by hand"), "{said}");
    let seen = moving.world.observe().await;
    assert!(seen.drift.is_empty(), "{:?}", seen.drift);
    moving.world.deactivate().await;
    assert!(!moving.world.may_write(AMINA, "general").await);
}

#[tokio::test]
async fn nobody_lowers_whoever_stands_as_high() {
    let moving = Move::new("11", true).await;
    moving
        .carry(Some(Death::AfterCall(usize::MAX)))
        .await
        .unwrap();
    let room = moving.world.room_id("general").await;
    let levels = json!({"users": {OTHER: 100, BOT: 100}});
    let set = json!({"room": room, "type": "m.room.power_levels", "content": levels});
    moving.world.act("set-state", set).await;
    moving.world.add_member(BOT, "general").await;
    let path = format!("/_matrix/client/v3/rooms/{room}/state/m.room.power_levels/");
    let base = url::Url::parse("https://matrix.sandbox").unwrap();
    let lower = |users: Value| {
        let call = moving
            .world
            .http
            .request(guildhall::adapters::http::Method::PUT, &base, &path);
        let call = call.bearer(&moving.other).json(&json!({"users": users}));
        async move { call.send().await.unwrap() }
    };
    let answer = lower(json!({OTHER: 100})).await;
    assert_eq!(answer.status, 403, "{}", answer.excerpt());
    assert!(answer.excerpt().contains("equal to your own"));
    assert_eq!(lower(json!({OTHER: 101, BOT: 100})).await.status, 403);
    assert_eq!(lower(json!({OTHER: 50, BOT: 100})).await.status, 200);
}
