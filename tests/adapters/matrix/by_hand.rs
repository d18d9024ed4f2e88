//! What somebody changed by hand: addresses, power, the bot's place.

use super::world::{AMINA, World, adapter};
use guildhall::adapters::{Halt, PUT_BACK};
use guildhall::domain::{Drift, DriftKind};
use serde_json::{Value, json};

const BOT: &str = "@gov-rosewood:matrix.sandbox";

async fn put_back(world: &mut World) -> Result<(), Halt> {
    let changed = [PUT_BACK.to_owned()];
    let presence = adapter().configure(&world.op(), &changed).await?;
    world.take(&presence);
    Ok(())
}

async fn drift(world: &World) -> Vec<Drift> {
    world.observe().await.drift
}

/// The alias under which a room was made.
async fn alias_of(world: &World, name: &str) -> String {
    let id = world.room_id(name).await;
    let state = world.state().await;
    let aliases = state["aliases"].as_object().unwrap();
    let (alias, _) = aliases.iter().find(|(_, led)| led["room"] == id).unwrap();
    alias.clone()
}

async fn shown(world: &World, name: &str) -> Value {
    let id = world.room_id(name).await;
    let state = world.state().await;
    state["rooms"][id]["state"]["m.room.canonical_alias\n"]["content"].clone()
}

#[tokio::test]
async fn an_address_that_was_taken_away_or_led_elsewhere_is_told_and_put_back() {
    for name in ["Rosewood Co-op", "general"] {
        let mut world = World::new().await;
        world.provisioned().await;
        let (alias, id) = (alias_of(&world, name).await, world.room_id(name).await);
        let elsewhere = world.room_id("proposals").await;
        for leads_to in [None, Some(&elsewhere)] {
            let led = json!({"alias": alias, "room": leads_to});
            world.act("set-alias", led).await;
            let told = drift(&world).await;
            assert_eq!(told.len(), 1, "{name}: {told:?}");
            assert_eq!(told[0].kind, DriftKind::Changed, "{told:?}");
            assert!(told[0].what.contains(&alias), "{told:?}");
            // Somebody else's alias can be freed by an administrator of the room or of the server alone.
            if leads_to.is_some() {
                continue;
            }
            put_back(&mut world).await.unwrap();
            assert_eq!(drift(&world).await, []);
            assert_eq!(world.state().await["aliases"][&alias]["room"], id.as_str());
        }
    }
}

#[tokio::test]
async fn the_address_that_a_room_shows_is_put_back_and_its_other_ones_stay() {
    let mut world = World::new().await;
    world.provisioned().await;
    let (alias, room) = (
        alias_of(&world, "general").await,
        world.room_id("general").await,
    );
    for content in [
        json!({}),
        json!({"alias": "#roses:matrix.sandbox", "alt_aliases": ["#roses:matrix.sandbox"]}),
    ] {
        let set = json!({"room": room, "type": "m.room.canonical_alias", "content": content});
        world.act("set-state", set).await;
        let told = drift(&world).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].what.contains("general"), "{told:?}");
        put_back(&mut world).await.unwrap();
        assert_eq!(drift(&world).await, []);
        let now = shown(&world, "general").await;
        assert_eq!(now["alias"], alias.as_str());
        assert_eq!(now.get("alt_aliases"), content.get("alt_aliases"));
    }
}

#[tokio::test]
async fn a_level_that_was_lowered_is_a_step_for_a_person_that_names_room_and_level() {
    let mut world = World::new().await;
    world.act("room-version", json!({"version": "11"})).await;
    world.provisioned().await;
    assert_eq!(world.observe().await.task, None);
    let before: Value = serde_json::from_str(&world.levels("general").await).unwrap();
    let mut lowered = before.clone();
    lowered["users"][BOT] = json!(50);
    lowered["users"][AMINA] = json!(100);
    let room = world.room_id("general").await;
    let set =
        |content: Value| json!({"room": room, "type": "m.room.power_levels", "content": content});
    world.act("set-state", set(lowered)).await;
    let seen = world.observe().await;
    assert_eq!(seen.drift[0].kind, DriftKind::ScopeShrank, "{seen:?}");
    let task = seen.task.unwrap();
    assert!(task.title.contains("general to 100"), "{task:?}");
    assert!(task.instructions.iter().any(|step| step.contains(BOT)));
    // The person does it.
    world.act("set-state", set(before)).await;
    let seen = world.observe().await;
    assert_eq!((seen.drift, seen.task), (Vec::new(), None));
}

#[tokio::test]
async fn a_bot_taken_out_comes_back_by_itself_or_is_invited() {
    let mut world = World::new().await;
    world.provisioned().await;
    for name in ["general", "Rosewood Co-op"] {
        world.add_member(AMINA, name).await;
        let room = world.room_id(name).await;
        let out = json!({"room": room, "user": BOT});
        world.act("remove-member", out).await;
        assert_eq!(drift(&world).await[0].kind, DriftKind::Missing);
        if name == "Rosewood Co-op" {
            let asked = crate::world::task(put_back(&mut world).await.unwrap_err());
            assert!(asked.title.contains("invite the bot"), "{asked:?}");
            let invited = json!({"room": room, "type": "m.room.member", "key": BOT,
                "content": {"membership": "invite"}});
            world.act("set-state", invited).await;
        }
        put_back(&mut world).await.unwrap();
        assert_eq!(drift(&world).await, []);
    }
}
