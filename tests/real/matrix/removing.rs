//! Taking it away: what the server still has afterwards.

use crate::synapse::{Limits, Synapse};
use crate::world::{World, adapter, fault};
use guildhall::domain::{FaultKind, RemoveMode};
use std::collections::BTreeMap;

#[tokio::test]
async fn a_hard_removal_leaves_nothing_and_can_be_repeated() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let mut world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let amina = world.member("amina").await;
    let (space, bot) = (world.room("space").await, world.bot());

    world.secrets = BTreeMap::new();
    let refused = fault(
        adapter()
            .remove(&world.op(), RemoveMode::Hard)
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.kind, FaultKind::NeedsKey, "{refused}");
    assert_eq!(
        world.rooms_made().await,
        3,
        "nothing is touched without the token"
    );

    world
        .secrets
        .insert("admin_token".into(), server.admin.token.clone().into());
    adapter().deactivate(&world.op()).await.unwrap();
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(server.rooms().await.len(), 0);
    assert!(
        !server.users().await.contains(&bot.id),
        "the bot is deactivated"
    );
    assert_eq!(bot.join(&space).await, 401, "its token is dead");
    assert_eq!(amina.join(&space).await, 404);
    assert!(world.journal.secrets().is_empty());
    assert!(
        world.journal.facts().is_empty(),
        "{:?}",
        world.journal.facts()
    );
}

#[tokio::test]
async fn a_soft_removal_takes_everybody_out_and_says_what_stays() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    for version in ["12", "11"] {
        let mut world = World::new(&server, &format!("rosewood-{version}"));
        world.set("room_version", version);
        world.provision().await.unwrap();
        let amina = world.member(&format!("amina{version}")).await;
        let (general, bot) = (world.room("general").await, world.bot());
        let removed = adapter()
            .remove(&world.op(), RemoveMode::Soft)
            .await
            .unwrap();
        assert!(
            removed.left.iter().any(|left| left.contains("purge")),
            "{removed:?}"
        );
        assert_eq!(world.rooms_made().await, 0, "nobody is in any of them");
        assert_eq!(amina.say(&general, "still here?").await, 403);
        assert_eq!(bot.join(&general).await, 401, "the bot's token is dead");
        for room in server.rooms().await {
            assert!(room["canonical_alias"].is_null() || room["joined_members"] == 0);
        }
    }
    let list = server.admin.get("/_synapse/admin/v1/rooms?limit=500").await;
    for room in list["rooms"].as_array().unwrap() {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/aliases",
            guildhall::adapters::http::segment(room["room_id"].as_str().unwrap())
        );
        let aliases = server
            .admin
            .call(guildhall::adapters::http::Method::GET, &path, None)
            .await;
        assert!(
            aliases.value()["aliases"]
                .as_array()
                .is_none_or(Vec::is_empty)
        );
    }
}
