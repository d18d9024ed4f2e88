//! Work that stopped half-way and what people did meanwhile: nothing is lost of what they have, and nothing is made twice.

use super::world::{AMINA, WHOLE, World, adapter};
use crate::world::{fault, task};
use guildhall::adapters::{PUT_BACK, Peer, Settings};
use guildhall::domain::{FaultKind, InstanceId, PlatformId, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::{Value, json};

const BOT: &str = "@gov-rosewood:matrix.sandbox";
const READY_BOT: &str = "@ready-bot:matrix.sandbox";

async fn put_back(world: &World) {
    let changed = [PUT_BACK.to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
}

async fn set_state(world: &World, room: &str, kind: &str, content: Value) {
    let room = world.room_id(room).await;
    let state = json!({"room": room, "type": kind, "content": content});
    world.act("set-state", state).await;
}

/// Somebody changes the levels of a room.
async fn edit_levels(world: &World, room: &str, edit: impl FnOnce(&mut Value)) {
    let mut levels: Value = serde_json::from_str(&world.levels(room).await).unwrap();
    edit(&mut levels);
    set_state(world, room, "m.room.power_levels", levels).await;
}

async fn out(world: &World, user: &str, room: &str) {
    let room = world.room_id(room).await;
    let input = json!({"room": room, "user": user});
    world.act("remove-member", input).await;
}

/// A space that people made, with the ready-made bot in it and in its rooms at the level of an administrator.
async fn of_people() -> (World, String) {
    let mut world = World::new().await;
    world.provisioned().await;
    for name in WHOLE {
        set_state(&world, name, "org.guildhall.instance", json!({})).await;
        world.add_member(READY_BOT, name).await;
        world.add_member(AMINA, name).await;
        edit_levels(&world, name, |levels| {
            levels["users"][READY_BOT] = json!(100);
        })
        .await;
    }
    let space = world.room_id(WHOLE[0]).await;
    world.forget_all();
    world.secrets.clear();
    world.use_key("access_token", "access_token");
    world.made_by_us = false;
    (world, space)
}

async fn adopted() -> World {
    let (mut world, space) = of_people().await;
    let presence = adapter().adopt(&world.op(), &space).await.unwrap();
    world.take(&presence);
    world
}

async fn password_of(world: &World, user: &str) -> Value {
    world.state().await["users"][user]["password"].clone()
}

#[tokio::test]
async fn an_account_that_a_person_made_keeps_its_password_when_its_token_is_gone() {
    let mut world = World::new().await;
    world.secrets.clear();
    world.use_key("access_token", "access_token");
    let before = password_of(&world, READY_BOT).await;
    let trouble = Trouble::new(TroubleKind::Status { status: 403 }).matching("createRoom");
    world.sandbox.trouble(trouble).await.unwrap();
    world.provision().await.unwrap_err();

    // Nothing was made with it: another bot may do it.
    world.secrets.clear();
    world.use_key("admin_token", "admin_token");
    world.provision().await.unwrap();
    assert_eq!(password_of(&world, READY_BOT).await, before);
    assert!(world.state().await["users"][BOT].is_object());

    // Here the space is that account's, and only its own token helps.
    let mut world = World::new().await;
    world.secrets.clear();
    world.use_key("access_token", "access_token");
    world.provisioned().await;
    world.secrets.clear();
    world.use_key("admin_token", "admin_token");
    let asked = fault(world.provision().await.unwrap_err());
    assert_eq!(asked.kind, FaultKind::NeedsKey, "{asked}");
    assert!(asked.what.contains(READY_BOT), "{asked}");
    assert_eq!(password_of(&world, READY_BOT).await, before);
    assert_eq!(world.rooms().await, WHOLE);
}

#[tokio::test]
async fn without_their_aliases_the_space_and_its_rooms_are_known_all_the_same() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.set("rooms", "general");
    let changed = ["rooms".to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
    let aliases = world.state().await["aliases"].clone();
    for alias in aliases.as_object().unwrap().keys() {
        world.act("set-alias", json!({"alias": alias})).await;
    }
    world.set("rooms", "general,proposals");
    world.journal.next_operation();
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE, "none is there twice");

    // Nor is one made anew that the bot was taken out of.
    world.add_member(AMINA, "general").await;
    out(&world, BOT, "general").await;
    set_state(
        &world,
        "general",
        "m.room.join_rules",
        json!({"join_rule": "invite"}),
    )
    .await;
    world.journal.next_operation();
    let asked = task(world.provision().await.unwrap_err());
    assert!(asked.title.contains("general"), "{asked:?}");
}

#[tokio::test]
async fn a_space_that_was_deleted_is_made_again_and_its_rooms_come_along() {
    let mut world = World::new().await;
    world.provisioned().await;
    let (space, general) = (
        world.room_id(WHOLE[0]).await,
        world.room_id("general").await,
    );
    world.add_member(AMINA, "general").await;
    world.act("purge", json!({"room": space})).await;
    world.journal.next_operation();
    let presence = world.provision().await.unwrap();
    assert_ne!(presence.external_id, space);
    assert_eq!(world.room_id("general").await, general);
    let state = world.state().await;
    let rule = &state["rooms"][&general]["state"]["m.room.join_rules\n"]["content"];
    assert_eq!(rule["allow"][0]["room_id"], presence.external_id.as_str());
    let shown = state["rooms"][&presence.external_id]["state"].as_object();
    let shown = shown
        .unwrap()
        .keys()
        .filter(|key| key.starts_with("m.space.child"));
    assert_eq!(shown.count(), 2);
}

#[tokio::test]
async fn a_room_that_the_bot_was_not_in_is_opened_once_it_is_back() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.add_member(AMINA, "general").await;
    adapter().deactivate(&world.op()).await.unwrap();
    out(&world, BOT, "general").await;
    set_state(
        &world,
        "general",
        "m.room.join_rules",
        json!({"join_rule": "invite"}),
    )
    .await;

    let told = adapter().activate(&world.op()).await.unwrap();
    assert!(
        told.contains("still closed") && told.contains("general"),
        "{told}"
    );
    assert!(!world.may_write(AMINA, "general").await);

    world.add_member(BOT, "general").await;
    let drift = world.observe().await.drift;
    assert!(
        drift
            .iter()
            .any(|drift| drift.what.contains("general is still closed")),
        "{drift:?}"
    );
    put_back(&world).await;
    assert!(world.may_write(AMINA, "general").await);
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn what_people_change_while_it_is_off_is_there_when_it_is_on_again() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.add_member(AMINA, "general").await;
    world.active = false;
    adapter().deactivate(&world.op()).await.unwrap();
    edit_levels(&world, "general", |levels| {
        levels["users"][AMINA] = json!(50);
        levels["events_default"] = json!(0);
        levels["events"]["m.room.message"] = json!(0);
    })
    .await;
    assert!(world.may_write(AMINA, "general").await);

    put_back(&world).await;
    assert!(!world.may_write(AMINA, "general").await, "closed again");
    assert!(world.observe().await.drift.is_empty());
    world.active = true;
    adapter().activate(&world.op()).await.unwrap();
    assert!(world.may_write(AMINA, "general").await);
    let levels: Value = serde_json::from_str(&world.levels("general").await).unwrap();
    assert_eq!(levels["users"][AMINA], 50);
}

#[tokio::test]
async fn switching_off_that_died_anywhere_saves_the_open_levels_and_not_its_own() {
    let closing = async |death| {
        let mut world = World::new().await;
        world.provisioned().await;
        world.add_member(AMINA, "general").await;
        world.journal.next_operation();
        world.journal.revive(death);
        let op = world.same_op();
        let closed = world.until_death(adapter().deactivate(&op)).await;
        assert_eq!(closed.is_err(), death.is_some());
        world
    };
    let whole = closing(None).await;
    let (writes, calls) = (whole.journal.writes(), whole.journal.calls());
    for death in crate::world::deaths(writes, calls) {
        let world = closing(Some(death)).await;
        world.journal.revive(None);
        // Before it goes on somebody becomes a moderator.
        edit_levels(&world, "general", |levels| {
            levels["users"][AMINA] = json!(50);
        })
        .await;
        adapter().deactivate(&world.same_op()).await.unwrap();
        assert!(!world.may_write(AMINA, "general").await, "{death:?}");
        adapter().activate(&world.op()).await.unwrap();
        assert!(world.may_write(AMINA, "general").await, "{death:?}");
        let levels: Value = serde_json::from_str(&world.levels("general").await).unwrap();
        assert_eq!(levels["users"][AMINA], 50, "{death:?}");
    }
}

#[tokio::test]
async fn what_was_taken_over_is_given_back_open() {
    let world = adopted().await;
    adapter().deactivate(&world.op()).await.unwrap();
    assert!(!world.may_write(AMINA, "general").await);
    let removed = adapter().remove(&world.op(), RemoveMode::Soft).await;
    assert_eq!(removed.unwrap().left, Vec::<String>::new());
    assert!(world.may_write(AMINA, "general").await);

    let world = adopted().await;
    adapter().deactivate(&world.op()).await.unwrap();
    edit_levels(&world, "general", |levels| {
        levels["users"][READY_BOT] = json!(0);
    })
    .await;
    let removed = adapter().remove(&world.op(), RemoveMode::Soft).await;
    let left = removed.unwrap().left.join(" ");
    assert!(left.contains("general stays closed"), "{left}");
    assert!(!left.contains("proposals"), "{left}");
}

#[tokio::test]
async fn a_purge_that_goes_on_is_waited_for_and_one_that_was_forgotten_begins_again() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.act("slow-purges", json!({"times": 3})).await;
    let lost = Trouble::new(TroubleKind::NoAnswer)
        .matching("v2/rooms")
        .times(u32::MAX)
        .after_work();
    world.sandbox.trouble(lost).await.unwrap();
    let remove = async |world: &World| {
        let op = world.same_op();
        adapter().remove(&op, RemoveMode::Hard).await
    };
    remove(&world).await.unwrap_err();
    world.sandbox.calm().await.unwrap();
    remove(&world).await.unwrap();
    assert!(world.rooms().await.is_empty());

    let mut world = World::new().await;
    world.provisioned().await;
    world.act("slow-purges", json!({"times": 3})).await;
    let lost = Trouble::new(TroubleKind::Status { status: 404 }).matching("delete_status");
    world.sandbox.trouble(lost).await.unwrap();
    let told = fault(remove(&world).await.unwrap_err());
    assert_eq!(told.kind, FaultKind::OutcomeUnknown, "{told}");
    world.act("restart", json!({})).await;
    remove(&world).await.unwrap();
    assert!(world.rooms().await.is_empty());
}

#[tokio::test]
async fn what_was_put_away_may_be_taken_over_by_whoever_stayed_in_it() {
    let mut world = World::new().await;
    world.set("owner", AMINA);
    world.provisioned().await;
    world.add_member(AMINA, "general").await;
    let general = world.room_id("general").await;
    let removed = adapter().remove(&world.op(), RemoveMode::Soft).await;
    let left = removed.unwrap().left.join(" ");
    assert!(left.contains(AMINA), "the owner is not thrown out: {left}");
    world.forget_all();
    world.secrets.clear();
    world.slug = "thistle";
    world.marker = "00000000000000000000000000000002".into();
    world.use_key("access_token", "access_token");
    let room = json!({"room": general, "user": READY_BOT});
    world.act("add-member", room).await;
    adapter().adopt(&world.op(), &general).await.unwrap();
}

#[tokio::test]
async fn names_are_measured_in_letters() {
    let mut world = World::new().await;
    world.community_name = "Ä".repeat(200).leak();
    world.provision().await.unwrap();
    let mut world = World::new().await;
    world.community_name = "Ä".repeat(201).leak();
    let refused = fault(world.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::BadInput, "{refused}");
}

#[tokio::test]
async fn of_a_space_its_own_rooms_are_taken_over_and_those_of_others_named() {
    let (mut world, space) = of_people().await;
    let marker =
        json!({"instance": "another", "installation": "installation-2", "community": "thistle"});
    set_state(&world, "proposals", "org.guildhall.instance", marker).await;
    let presence = adapter().adopt(&world.op(), &space).await.unwrap();
    assert!(
        presence.note.contains("left to other instances: proposals"),
        "{}",
        presence.note
    );
    world.take(&presence);
    let refused = adapter().configure(&world.op(), &["rooms".into()]).await;
    let note = refused.unwrap().note;
    assert!(note.contains("rooms is not sent"), "{note}");
    adapter().deactivate(&world.op()).await.unwrap();
    assert!(!world.may_write(AMINA, "general").await);
    assert!(world.may_write(AMINA, "proposals").await);
}

#[tokio::test]
async fn rooms_of_a_space_in_a_space_are_left_to_it() {
    let (world, space) = of_people().await;
    let (inner, room) = (
        world.room_id("general").await,
        world.room_id("proposals").await,
    );
    // The one room becomes a space of its own, which alone shows the other.
    let kind = json!({"type": "m.space", "room_version": "12"});
    set_state(&world, "general", "m.room.create", kind).await;
    for (holder, content) in [
        (&inner, json!({"via": ["matrix.sandbox"]})),
        (&space, json!({})),
    ] {
        let link =
            json!({"room": holder, "type": "m.space.child", "key": room, "content": content});
        world.act("set-state", link).await;
    }
    let presence = adapter().adopt(&world.op(), &space).await.unwrap();
    assert_eq!(presence.note, "0 rooms");
}

#[tokio::test]
async fn a_deleted_room_of_a_space_that_was_taken_over_is_asked_for_until_it_is_taken_out() {
    let world = adopted().await;
    let (space, general) = (
        world.room_id(WHOLE[0]).await,
        world.room_id("general").await,
    );
    world.act("purge", json!({"room": general})).await;
    let changed = [PUT_BACK.to_owned()];
    let asked = task(
        adapter()
            .configure(&world.op(), &changed)
            .await
            .unwrap_err(),
    );
    assert!(
        asked
            .instructions
            .iter()
            .any(|line| line.contains("take it out of its space")),
        "{asked:?}"
    );
    let link = json!({"room": space, "type": "m.space.child", "key": general, "content": {}});
    world.act("set-state", link).await;
    put_back(&world).await;
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn who_is_banned_is_told_so_and_not_to_be_invited() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.add_member(AMINA, "general").await;
    let room = world.room_id("general").await;
    world.act("ban", json!({"room": room, "user": BOT})).await;
    world.journal.next_operation();
    let told = fault(world.provision().await.unwrap_err());
    assert_eq!(told.kind, FaultKind::ScopeMissing, "{told}");
    assert!(told.what.contains("banned"), "{told}");
}

fn tool() -> Peer {
    Peer {
        platform: PlatformId::new("loomio"),
        instance: InstanceId(2),
        url: None,
        settings: Settings::default(),
        target: None,
    }
}

#[tokio::test]
async fn a_person_who_comes_in_is_not_taken_for_the_tool_that_is_waited_for() {
    let mut world = World::new().await;
    world.provisioned().await;
    let op = world.op();
    let asked = task(adapter().connect(&op, &tool()).await.unwrap_err());
    assert!(asked.title.contains("loomio"), "{asked:?}");
    world.add_member(AMINA, "general").await;
    let op = world.same_op();
    task(adapter().connect(&op, &tool()).await.unwrap_err());

    // Its display name tells which user it is.
    let user = "@votes:matrix.sandbox";
    let room = world.room_id("general").await;
    let content = json!({"membership": "join", "displayname": "Loomio of Rosewood"});
    let came = json!({"room": room, "type": "m.room.member", "key": user, "content": content});
    world.act("set-state", came).await;
    let op = world.same_op();
    let told = adapter().connect(&op, &tool()).await.unwrap();
    assert!(told.contains(user), "{told}");

    adapter().disconnect(&world.op(), &tool()).await.unwrap();
    assert!(!world.may_write(user, "general").await);
    assert!(world.may_write(AMINA, "general").await);
}

#[tokio::test]
async fn a_tool_that_was_in_the_room_before_stays_there() {
    let mut world = World::new().await;
    world.provisioned().await;
    let user = "@loomio:matrix.sandbox";
    world.add_member(user, "general").await;
    adapter().connect(&world.op(), &tool()).await.unwrap();
    adapter().disconnect(&world.op(), &tool()).await.unwrap();
    assert!(world.may_write(user, "general").await);
}
