//! Switching off and on: softly with the bot's token, truly with a person's.

use super::world::Workspace;
use crate::world::fault;
use guildhall::domain::{DriftKind, FaultKind};
use serde_json::{Value, json};

#[tokio::test]
async fn with_the_bots_token_alone_it_is_soft_and_says_so() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.add_member("member", "gov-rosewood").await;
    let told = world.deactivate().await;
    assert!(told.contains("people can still write"), "{told}");
    let channel = world.channel("gov-rosewood-paused").await;
    assert_eq!(channel["topic"], "[paused] Housing & <commons>");
    assert_eq!(
        channel["messages"].as_array().unwrap().len(),
        2,
        "one notice"
    );
    assert!(world.may_write("gov-rosewood-paused").await);
    world.deactivate().await;
    let again = world.channel("gov-rosewood-paused").await;
    assert_eq!(
        again["messages"].as_array().unwrap().len(),
        3,
        "no second notice"
    );
}

#[tokio::test]
async fn with_a_persons_token_nobody_writes_and_everybody_is_back_after_it() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.add_member("member", "gov-rosewood").await;
    world.add_member("admin", "gov-rosewood").await;
    world.add_member("admin", "gov-rosewood-proposals").await;
    let before = world.channel("gov-rosewood").await;
    world.use_key("user_token", "user_token");
    let told = world.deactivate().await;
    assert!(told.contains("nobody can write"), "{told}");
    assert!(!world.may_write("gov-rosewood").await);
    assert!(world.observe().await.drift.is_empty());

    // The person's token is not kept: without it the bot cannot unarchive.
    world.secrets.remove("user_token");
    let halt = world.adapter.activate(&world.op()).await.unwrap_err();
    let fault = fault(halt);
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    assert!(fault.hint.contains("user_token"), "{fault}");

    world.use_key("user_token", "user_token");
    world.activate().await;
    assert_eq!(world.channel("gov-rosewood").await, before);
}

#[tokio::test]
async fn where_the_person_may_not_archive_it_stays_soft_and_says_why() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.use_key("user_token", "user_token");
    let told = world.deactivate().await;
    assert!(told.contains("people can still write"), "{told}");
    assert!(told.contains("not in the channel"), "{told}");
}

#[tokio::test]
async fn what_others_change_while_it_is_off_is_kept_and_told() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.deactivate().await;
    world
        .act(
            "topic",
            json!({"channel": "gov-rosewood-paused", "text": "Moved"}),
        )
        .await;
    world
        .act(
            "rename",
            json!({"channel": "gov-rosewood-proposals-paused", "name": "ideas"}),
        )
        .await;
    let seen = world.observe().await;
    assert_eq!(seen.drift.len(), 2);
    assert!(
        seen.drift
            .iter()
            .all(|drift| drift.kind == DriftKind::Changed)
    );
    let told = world.activate().await;
    assert!(
        told.contains("topic of #gov-rosewood was changed"),
        "{told}"
    );
    assert!(told.contains("renamed to #ideas"), "{told}");
    assert_eq!(world.channel("gov-rosewood").await["topic"], "Moved");
}

#[tokio::test]
async fn a_channel_archived_by_hand_stays_so_and_is_told() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world
        .act("archive", json!({"channel": "gov-rosewood"}))
        .await;
    let seen = world.observe().await;
    assert!(
        seen.drift[0].what.contains("archived by somebody else"),
        "{seen:?}"
    );
    let told = world.deactivate().await;
    assert!(
        told.contains("Archived by somebody else already: #gov-rosewood"),
        "{told}"
    );
    let told = world.activate().await;
    assert!(told.contains("stays so"), "{told}");
    assert_eq!(world.channel("gov-rosewood").await["is_archived"], true);
}

#[tokio::test]
async fn what_is_made_inactive_is_marked_from_the_start() {
    let mut world = Workspace::new().await;
    world.active = false;
    world.provisioned().await;
    let messages = |channel: &Value| channel["messages"].as_array().unwrap().len();
    let off = world.channel("gov-rosewood-paused").await;
    assert_eq!(messages(&off), 1, "that it is switched off, and no more");
    world.activate().await;
    let on = world.channel("gov-rosewood").await;
    assert_eq!(messages(&on), 2);
    assert_eq!(on["pins"].as_array().unwrap().len(), 1);
    world.deactivate().await;
    world.activate().await;
    let again = world.channel("gov-rosewood").await;
    assert_eq!(again["pins"], on["pins"], "said once");
}
