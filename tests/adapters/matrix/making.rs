//! Making the space: once, whatever happens on the way.

use super::world::{WHOLE, World, adapter, fault};
use crate::journal::Death;
use guildhall::domain::{FaultKind, RemoveMode};
use guildhall::sandbox::{LimitShape, Trouble, TroubleKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn provisioning_makes_a_space_its_rooms_and_a_bot_and_twice_makes_one() {
    let world = World::new().await;
    let presence = world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE);
    let state = world.state().await;
    let bot = &state["users"]["@gov-rosewood:matrix.sandbox"];
    assert_eq!(bot["admin"], false, "the bot administers nothing");
    assert!(
        presence
            .url
            .unwrap()
            .starts_with("https://matrix.to/#/%23gh")
    );
    let space = &state["rooms"][&presence.external_id];
    let children = space["state"].as_object().unwrap().keys();
    assert_eq!(
        children
            .filter(|key| key.starts_with("m.space.child"))
            .count(),
        2
    );

    world.provision().await.unwrap();
    world.journal.next_operation();
    let again = world.provision().await.unwrap();
    assert_eq!(again.external_id, presence.external_id);
    assert_eq!(world.rooms().await, WHOLE);
}

#[tokio::test]
async fn a_pasted_token_needs_no_administrator() {
    let mut world = World::new().await;
    world.secrets.clear();
    world.use_key("access_token", "access_token");
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE);
    assert!(world.state().await["users"]["@gov-rosewood:matrix.sandbox"].is_null());
}

#[tokio::test]
async fn a_server_name_is_looked_up() {
    let mut world = World::new().await;
    world.set("homeserver", "matrix.sandbox");
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE);
}

#[tokio::test]
async fn without_any_token_it_says_what_to_enter() {
    let mut world = World::new().await;
    world.secrets.clear();
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    assert!(fault.what.contains("administrator's token"), "{fault}");
}

#[tokio::test]
async fn half_made_rooms_are_cleared_away() {
    for action in ["half-creations", "empty-creations"] {
        let world = World::new().await;
        world.act(action, json!({"times": 2})).await;
        world.provision().await.unwrap();
        assert_eq!(world.rooms().await, WHOLE, "{action}");
        let state = world.state().await;
        assert_eq!(state["aliases"].as_object().unwrap().len(), 3, "{action}");
    }
}

#[tokio::test]
async fn each_refusal_is_one_clear_sentence() {
    let cases = [
        (401, FaultKind::KeyRejected),
        (403, FaultKind::ScopeMissing),
        (404, FaultKind::NotFound),
    ];
    for (status, kind) in cases {
        let world = World::new().await;
        let trouble = Trouble::new(TroubleKind::Status { status }).matching("createRoom");
        world.sandbox.trouble(trouble).await.unwrap();
        let fault = fault(world.provision().await.unwrap_err());
        // An errcode that is unknown is judged by its status.
        assert!(
            fault.kind == kind || fault.kind == FaultKind::Refused,
            "{status}: {fault:?}"
        );
        assert!(
            !fault.what.is_empty() && !fault.hint.is_empty(),
            "{fault:?}"
        );
        world.provision().await.unwrap();
        assert_eq!(world.rooms().await, WHOLE);
    }
}

#[tokio::test]
async fn a_long_wait_parks_and_a_short_one_is_sat_out() {
    let world = World::new().await;
    let slow = |seconds| {
        Trouble::new(TroubleKind::TooMany {
            shape: LimitShape::BodyMilliseconds,
            seconds,
        })
        .matching("createRoom")
    };
    world.sandbox.trouble(slow(58)).await.unwrap();
    let fault = fault(world.provision().await.unwrap_err());
    assert!(
        matches!(fault.kind, FaultKind::RateLimited { retry_after } if retry_after >= Duration::from_secs(57)),
        "{fault:?}"
    );
    assert!(fault.hint.contains("rc_room_creation"), "{fault}");
    world.sandbox.trouble(slow(1)).await.unwrap();
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE);
}

#[tokio::test]
async fn synapses_own_limit_on_rooms_parks_the_eleventh() {
    let mut world = World::new().await;
    world
        .act(
            "limits",
            json!({"preset": "synapse", "hold_ms": 0, "rc_message": [1000, 1000]}),
        )
        .await;
    world.set("rooms", "a,b,c,d,e,f,g,h,i,j");
    let fault = fault(world.provision().await.unwrap_err());
    assert!(
        matches!(fault.kind, FaultKind::RateLimited { .. }),
        "{fault:?}"
    );
    assert_eq!(world.rooms().await.len(), 10);
    world
        .sandbox
        .advance(Duration::from_secs(70))
        .await
        .unwrap();
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await.len(), 11);
}

#[tokio::test]
async fn what_an_interrupted_run_made_can_be_removed_without_a_trace() {
    let world = World::new().await;
    world.journal.revive(None);
    world.provision().await.unwrap();
    for call in 1..=world.journal.calls() {
        let world = World::new().await;
        world.journal.revive(Some(Death::AfterCall(call)));
        world.provision().await.unwrap_err();
        world.journal.revive(None);
        let op = world.op();
        adapter()
            .remove(&op, RemoveMode::Hard)
            .await
            .unwrap_or_else(|halt| panic!("call {call}: {halt:?}"));
        let state = world.state().await;
        assert_eq!(state["rooms"], json!({}), "call {call}");
        assert_eq!(state["aliases"], json!({}), "call {call}");
        let bot = &state["users"]["@gov-rosewood:matrix.sandbox"];
        assert!(bot.is_null() || bot["deactivated"] == true, "call {call}");
    }
}
