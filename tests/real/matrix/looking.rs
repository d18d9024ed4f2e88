//! Looking, changing settings, taking over, connecting.

use crate::journal::MemoryJournal;
use crate::synapse::{Limits, Synapse};
use crate::world::{World, adapter, content, fault};
use guildhall::adapters::{Halt, Peer, Settings, Standing, Target};
use guildhall::domain::{
    DriftKind, FaultKind, Health, InstanceId, InstanceKind, PlatformId, RemoveMode,
};
use secrecy::ExposeSecret;
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn a_look_tells_whole_from_drifted_from_gone() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let mut world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok),
        "{seen:?}"
    );
    adapter().deactivate(&world.op()).await.unwrap();
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert!(seen.drift.is_empty(), "off is no drift: {seen:?}");
    adapter().activate(&world.op()).await.unwrap();

    let (space, general) = (world.room("space").await, world.room("general").await);
    server.purge(&general).await;
    let seen = adapter().observe(&world.site()).await.unwrap();
    // Health is lowered by what nobody has decided about, which the engine knows.
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok)
    );
    let missing = |seen: &guildhall::adapters::Observation, words: &str| {
        seen.drift
            .iter()
            .any(|drift| drift.kind == DriftKind::Missing && drift.what.contains(words))
    };
    assert!(missing(&seen, "general was deleted"), "{seen:?}");

    let proposals = world.room("proposals").await;
    let unlinked = world
        .bot()
        .set_state(&space, "m.space.child", &proposals, json!({}))
        .await;
    assert_eq!(unlinked, 200);
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert!(missing(&seen, "proposals is not shown"), "{seen:?}");

    let left = format!("/_matrix/client/v3/rooms/{space}/leave");
    world.bot().invite(&space, &server.admin.id).await;
    assert_eq!(server.admin.join(&space).await, 200);
    assert_eq!(world.bot().post(&left, json!({})).await.status, 200);
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Down),
        "{seen:?}"
    );

    server.purge(&space).await;
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(seen.standing, Standing::Gone, "{seen:?}");
    world.secrets = BTreeMap::new();
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(
        seen.standing,
        Standing::Gone,
        "also without an administrator: {seen:?}"
    );
}

#[tokio::test]
async fn changed_settings_reach_the_server_and_rooms_are_taken_up_again() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let amina = server.register("amina", false).await;
    let mut world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let (space, proposals) = (world.room("space").await, world.room("proposals").await);
    world.journal.next_operation();
    world.set("rooms", "general,budget");
    world.set("topic", "Housing for all");
    world.set("invite", &amina.id);
    let changed = ["rooms", "topic", "invite"].map(str::to_owned);
    adapter().configure(&world.op(), &changed).await.unwrap();
    let state = server.room_state(&space).await;
    assert_eq!(
        content(&state, "m.room.topic", "")["topic"],
        "Housing for all"
    );
    assert_eq!(content(&state, "m.space.child", &proposals), json!({}));
    let budget = world.room("budget").await;
    assert_eq!(content(&state, "m.space.child", &budget)["order"], "02");
    assert_eq!(
        content(&state, "m.room.member", &amina.id)["membership"],
        "invite"
    );
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert!(seen.drift.is_empty(), "{seen:?}");

    world.journal.next_operation();
    world.set("rooms", "general,budget,proposals");
    adapter()
        .configure(&world.op(), &changed[..1])
        .await
        .unwrap();
    assert_eq!(world.room("proposals").await, proposals);
    assert_eq!(world.rooms_made().await, 4);
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(world.rooms_made().await, 0);
}

#[tokio::test]
async fn a_persons_space_is_taken_over_once_the_bot_is_invited() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let (amina, bot) = (
        server.register("amina", false).await,
        server.register("helper", false).await,
    );
    let space = amina
        .make_room(json!({
            "name": "Commons", "preset": "private_chat", "room_alias_name": "commons",
            "creation_content": {"type": "m.space"},
        }))
        .await;
    let hall = amina
        .make_room(json!({"name": "hall", "preset": "private_chat"}))
        .await;
    let linked = amina
        .set_state(
            &space,
            "m.space.child",
            &hall,
            json!({"via": ["localhost"]}),
        )
        .await;
    assert_eq!(linked, 200);

    let mut world = World::new(&server, "commons");
    world.journal = MemoryJournal::new();
    world.made_by_us = false;
    world.secrets = BTreeMap::from([("access_token".to_owned(), bot.token.clone().into())]);
    let Err(Halt::Human(task)) = adapter().adopt(&world.op(), "#commons:localhost").await else {
        panic!("the bot is not in the space");
    };
    assert!(task.title.contains(&bot.id), "{}", task.title);
    assert_eq!(amina.invite(&space, &bot.id).await, 200);
    assert_eq!(amina.invite(&hall, &bot.id).await, 200);
    assert_eq!(bot.join(&hall).await, 200);
    let presence = adapter()
        .adopt(&world.op(), "#commons:localhost")
        .await
        .unwrap();
    assert_eq!(presence.external_id, space);
    assert_eq!(
        (presence.kind, presence.made_by_us),
        (InstanceKind::Link, false),
        "{presence:?}"
    );
    let found = adapter().discover(&world.site()).await.unwrap();
    let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["Commons", "hall"]);
    let refused = fault(adapter().deactivate(&world.op()).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(seen.standing, Standing::Present, "{seen:?}");

    // Raised to an administrator there, it switches and restores.
    for room in [&space, &hall] {
        let mut levels = amina.state(room, "m.room.power_levels", "").await;
        levels["users"] = json!({&bot.id: 100});
        assert_eq!(
            amina
                .set_state(room, "m.room.power_levels", "", levels)
                .await,
            200
        );
    }
    let bina = server.register("bina", false).await;
    assert_eq!(amina.invite(&hall, &bina.id).await, 200);
    assert_eq!(bina.join(&hall).await, 200);
    let presence = adapter().adopt(&world.op(), &space).await.unwrap();
    assert_eq!(presence.kind, InstanceKind::Account, "{presence:?}");
    adapter().deactivate(&world.op()).await.unwrap();
    assert_eq!(bina.say(&hall, "off").await, 403);
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(bina.say(&hall, "on").await, 200);
    adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert_eq!(
        server.resolve("#commons:localhost").await,
        Some(space),
        "others' rooms stay"
    );
    assert_eq!(bina.say(&hall, "still here").await, 200);
}

#[tokio::test]
async fn a_peer_is_let_in_its_messages_seen_and_let_out_again() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let loomio = server.register("loomio", false).await;
    let world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let general = world.room("general").await;
    let platform = PlatformId::new("loomio");
    let Target::Room {
        room,
        token,
        server: address,
    } = adapter()
        .offer_target(&world.op(), &platform)
        .await
        .unwrap()
    else {
        panic!("a room is offered");
    };
    assert_eq!((room, address), (general.clone(), server.base.clone()));
    assert_eq!(token.expose_secret(), world.bot().token);
    let mut peer = Peer {
        platform,
        instance: InstanceId(2),
        url: None,
        settings: Settings(BTreeMap::from([(
            "matrix_user".to_owned(),
            loomio.id.clone(),
        )])),
        target: None,
    };
    adapter().connect(&world.op(), &peer).await.unwrap();
    assert_eq!(loomio.join(&general).await, 200);
    adapter().connect(&world.op(), &peer).await.unwrap();
    let probe = adapter()
        .probe_connection(&world.op(), &peer)
        .await
        .unwrap();
    assert!(probe.arrived, "{}", probe.what);
    assert!(
        !adapter()
            .saw_message(&world.site(), "proposal 7", jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
    );
    assert_eq!(loomio.say(&general, "see proposal 7").await, 200);
    assert!(
        adapter()
            .saw_message(&world.site(), "proposal 7", jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
    );
    adapter().disconnect(&world.op(), &peer).await.unwrap();
    assert_eq!(loomio.say(&general, "after").await, 403);

    // Without a known name a person lets it in, and the newcomer is noticed.
    peer.settings = Settings::default();
    let Err(Halt::Human(task)) = adapter().connect(&world.op(), &peer).await else {
        panic!("a person has to invite it");
    };
    assert!(task.title.contains("loomio"), "{}", task.title);
    assert_eq!(world.bot().invite(&general, &loomio.id).await, 200);
    assert_eq!(loomio.join(&general).await, 200);
    let said = adapter().connect(&world.op(), &peer).await.unwrap();
    assert!(said.contains(&loomio.id), "{said}");
}
