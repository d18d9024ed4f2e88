//! The rooms of a space that was deleted become rooms of the one that is made in its place.

use super::world::{AMINA, WHOLE, World, members};
use crate::world::deaths;
use guildhall::adapters::Standing;
use serde_json::json;

/// An instance in the place of one whose space was deleted, with a member in its room.
async fn replaced(active: bool) -> World {
    let mut world = World::new().await;
    world.provisioned().await;
    world.add_member(AMINA, "general").await;
    if !active {
        world.deactivate().await;
    }
    let space = world.room_id("Rosewood Co-op").await;
    world.act("purge", json!({"room": space})).await;
    assert_eq!(world.observe().await.standing, Standing::Gone);
    world.replace().await;
    world.journal.revive(None);
    world
}

async fn is_whole(world: &mut World, active: bool, moment: &str) {
    assert_eq!(world.rooms().await, WHOLE, "{moment}");
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{moment}: {:?}", seen.drift);
    let space = world.room_id("Rosewood Co-op").await;
    let state = world.state().await;
    let room = &state["rooms"][world.room_id("general").await];
    assert!(members(room).contains(&AMINA.to_owned()), "{moment}");
    let rule = &room["state"]["m.room.join_rules\n"]["content"];
    assert_eq!(rule["allow"][0]["room_id"], space.as_str(), "{moment}");
    assert!(!world.journal.facts().contains_key("former"), "{moment}");
    assert_eq!(world.may_write(AMINA, "general").await, active, "{moment}");
    world.activate().await;
    assert!(world.may_write(AMINA, "general").await, "{moment}");
}

#[tokio::test]
async fn people_find_their_rooms_in_the_new_space() {
    for active in [true, false] {
        let mut world = replaced(active).await;
        world.provisioned().await;
        is_whole(&mut world, active, &format!("active: {active}")).await;
    }
}

#[tokio::test]
async fn cut_off_anywhere_each_room_is_there_once() {
    let undisturbed = replaced(true).await;
    undisturbed.provision().await.unwrap();
    let journal = &undisturbed.journal;
    let deaths = deaths(journal.writes(), journal.calls() - 1);
    for death in deaths.into_iter().step_by(3) {
        let mut world = replaced(true).await;
        world.journal.revive(Some(death));
        assert!(world.provision().await.is_err(), "{death:?}");
        world.journal.revive(None);
        world.provisioned().await;
        is_whole(&mut world, true, &format!("{death:?}")).await;
    }
}
