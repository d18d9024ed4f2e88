//! Switching off and on.

use super::world::{AMINA, World, adapter};
use serde_json::json;

#[tokio::test]
async fn deactivating_silences_members_and_activating_restores_every_byte() {
    for version in ["12", "11"] {
        let world = World::new().await;
        world.act("room-version", json!({"version": version})).await;
        world.provision().await.unwrap();
        world.add_member(AMINA, "general").await;
        assert!(world.may_write(AMINA, "general").await);
        let before = world.levels("general").await;

        let said = adapter().deactivate(&world.op()).await.unwrap();
        assert!(!world.may_write(AMINA, "general").await, "{said}");
        assert_eq!(said.contains("can undo"), version == "11", "{said}");
        adapter().deactivate(&world.op()).await.unwrap();

        adapter().activate(&world.op()).await.unwrap();
        assert!(world.may_write(AMINA, "general").await);
        assert_eq!(world.levels("general").await, before, "version {version}");
        adapter().activate(&world.op()).await.unwrap();
    }
}

#[tokio::test]
async fn an_entry_for_messages_does_not_let_members_through() {
    let world = World::new().await;
    world.provision().await.unwrap();
    world.add_member(AMINA, "general").await;
    let room = world.room_id("general").await;
    let levels =
        json!({"events": {"m.room.message": 0}, "events_default": 0, "users": {AMINA: 100}});
    world
        .act(
            "set-state",
            json!({"room": room, "type": "m.room.power_levels", "content": levels}),
        )
        .await;
    adapter().deactivate(&world.op()).await.unwrap();
    assert!(
        !world.may_write(AMINA, "general").await,
        "even at level 100"
    );
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(world.levels("general").await, levels.to_string());
}

#[tokio::test]
async fn what_is_made_inactive_is_closed_from_the_start() {
    let mut world = World::new().await;
    world.active = false;
    world.provision().await.unwrap();
    world.add_member(AMINA, "general").await;
    assert!(!world.may_write(AMINA, "general").await);
    adapter().activate(&world.op()).await.unwrap();
    assert!(world.may_write(AMINA, "general").await);
}
