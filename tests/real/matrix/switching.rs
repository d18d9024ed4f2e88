//! Switching off and on: who can write, as members notice it.

use crate::synapse::{Limits, Synapse};
use crate::world::{World, adapter};
use serde_json::json;

#[tokio::test]
async fn members_fall_silent_and_speak_again_and_every_level_is_as_it_was() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    for version in ["12", "11"] {
        let mut world = World::new(&server, &format!("pausing-{version}"));
        world.set("room_version", version);
        world.provision().await.unwrap();
        let amina = world.member(&format!("amina{version}")).await;
        let general = world.room("general").await;
        assert_eq!(amina.say(&general, "before").await, 200);
        let levels = || world.bot_levels(&general);
        let before = levels().await;

        let said = adapter().deactivate(&world.op()).await.unwrap();
        assert_eq!(amina.say(&general, "while off").await, 403, "{said}");
        assert_eq!(said.contains("can undo"), version == "11", "{said}");
        let read = format!("/_matrix/client/v3/rooms/{general}/messages?dir=b");
        assert!(
            amina.get(&read).await["chunk"].is_array(),
            "members still read"
        );
        // Again changes nothing.
        adapter().deactivate(&world.op()).await.unwrap();
        assert_eq!(amina.say(&general, "still off").await, 403);

        let said = adapter().activate(&world.op()).await.unwrap();
        assert_eq!(amina.say(&general, "on again").await, 200, "{said}");
        assert_eq!(levels().await, before, "version {version}");
        adapter().activate(&world.op()).await.unwrap();
        assert_eq!(levels().await, before, "version {version}");
    }
}

#[tokio::test]
async fn not_even_an_administrator_of_the_room_writes_or_undoes_it() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let world = World::new(&server, "strict");
    world.provision().await.unwrap();
    let amina = world.member("amina").await;
    let general = world.room("general").await;
    let mut levels = world.bot_levels(&general).await;
    levels["users"] = json!({&amina.id: 100});
    levels["events"]["m.room.message"] = json!(0);
    let set = world
        .bot()
        .set_state(&general, "m.room.power_levels", "", levels.clone())
        .await;
    assert_eq!(set, 200);
    adapter().deactivate(&world.op()).await.unwrap();
    assert_eq!(amina.say(&general, "at level 100").await, 403);
    let undone = amina
        .set_state(&general, "m.room.power_levels", "", levels.clone())
        .await;
    assert_eq!(undone, 403, "level 100 cannot undo it");
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(world.bot_levels(&general).await, levels);
    assert_eq!(amina.say(&general, "on again").await, 200);
}

#[tokio::test]
async fn what_somebody_changes_while_it_is_off_is_kept() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let amina = server.register("amina", false).await;
    let mut world = World::new(&server, "edited");
    world.set("owner", &amina.id);
    world.active = false;
    world.provision().await.unwrap();
    let (space, general) = (world.room("space").await, world.room("general").await);
    assert_eq!(amina.join(&space).await, 200);
    assert_eq!(amina.join(&general).await, 200);
    let bina = server.register("bina", false).await;
    assert_eq!(world.bot().invite(&space, &bina.id).await, 200);
    assert_eq!(bina.join(&space).await, 200);
    assert_eq!(bina.join(&general).await, 200);
    assert_eq!(bina.say(&general, "made inactive").await, 403);
    // The owner is a creator too and may change the levels.
    let mut levels = world.bot_levels(&general).await;
    levels["users"] = json!({&bina.id: 50});
    assert_eq!(
        amina
            .set_state(&general, "m.room.power_levels", "", levels)
            .await,
        200
    );
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert!(
        seen.drift
            .iter()
            .any(|drift| drift.what.contains("general")),
        "{seen:?}"
    );
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(bina.say(&general, "on").await, 200);
    assert_eq!(world.bot_levels(&general).await["users"][&bina.id], 50);
}

impl World<'_> {
    /// The power levels as the bot reads them.
    pub async fn bot_levels(&self, room: &str) -> serde_json::Value {
        self.bot().state(room, "m.room.power_levels", "").await
    }
}
