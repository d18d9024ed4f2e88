//! Keys: who they are, and which are refused.

use super::world::{World, fault};
use guildhall::domain::FaultKind;
use serde_json::json;
use std::time::Duration;

async fn verify(
    world: &World,
    key: &str,
) -> Result<guildhall::domain::Identity, guildhall::domain::Fault> {
    world.verify(&[("api_key", &world.key(key))]).await
}

#[tokio::test]
async fn an_administrators_key_owns_the_forum_and_is_told_so() {
    let mut world = World::new().await;
    world.provisioned().await;
    let identity = verify(&world, "api_key").await.unwrap();
    assert!(
        identity.who.contains("guildhall, an administrator"),
        "{identity:?}"
    );
    assert!(identity.reach.everything.is_some() && identity.scopes_missing.is_empty());
    let ours = identity
        .reach
        .objects
        .iter()
        .filter(|object| object.community.is_some());
    assert_eq!(ours.count(), 1, "the reach tells which category is ours");
    let slots = &identity.slots[0];
    assert_eq!(
        (slots.unit.as_str(), slots.used, slots.max),
        ("communities", Some(1), None)
    );
}

#[tokio::test]
async fn a_key_for_all_users_is_refused() {
    let world = World::new().await;
    let fault = verify(&world, "key_for_all_users").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused, "{fault}");
    assert!(fault.what.contains("any member"), "{fault}");
}

#[tokio::test]
async fn a_moderators_and_a_members_key_say_what_they_cannot() {
    let mut world = World::new().await;
    world.set("api_username", "keeper");
    let identity = verify(&world, "moderator_key").await.unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|line| line.contains("cannot make webhooks"))
    );
    assert!(identity.scopes_missing.is_empty());
    world.set("api_username", "amina");
    let identity = verify(&world, "member_key").await.unwrap();
    assert!(
        identity.scopes_missing[0].contains("administrator"),
        "{identity:?}"
    );
    world.use_key("api_key", "member_key");
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::ScopeMissing, "{fault}");
}

#[tokio::test]
async fn another_users_name_and_another_address_are_told_with_the_first_digits() {
    let mut world = World::new().await;
    let key = world.key("api_key");
    world.set("api_username", "keeper");
    let fault = verify(&world, "api_key").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected, "{fault}");
    assert!(
        fault.what.contains(&key[..4]) && !fault.what.contains(&key),
        "{fault}"
    );
    assert!(fault.hint.contains("/admin/api/keys"), "{fault}");
    world.set("api_username", "guildhall");
    world.act("wrong-address", json!({"key": key})).await;
    let fault = verify(&world, "api_key").await.unwrap_err();
    assert!(fault.what.contains("address"), "{fault}");
}

#[tokio::test]
async fn an_idle_key_dies_and_a_look_keeps_it_alive() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.secrets.clear();
    for _ in 0..3 {
        world.later(Duration::from_secs(100 * 24 * 3600)).await;
        assert!(
            world.observe().await.drift.is_empty(),
            "every look is a use"
        );
    }
    let fault = verify(&world, "api_key").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected, "{fault}");
}

#[tokio::test]
async fn an_old_key_that_makes_things_is_ended_by_the_new_one_where_it_is_known_for_certain() {
    let mut world = World::new().await;
    world.provisioned().await;
    let old = world.key("api_key").into();
    let lives = async |world: &World| {
        let site = world.site();
        world
            .adapter
            .key_lives(&site, "api_key", &old)
            .await
            .unwrap()
    };
    let revoke = async |world: &World| {
        let op = world.op();
        world
            .adapter
            .revoke_key(&op, "api_key", &old)
            .await
            .unwrap()
    };
    assert!(lives(&world).await);
    assert!(
        !revoke(&world).await,
        "the key at hand is not ended with itself"
    );
    let made = world.act("add-key", json!({"user": "guildhall"})).await;
    let new = made["key"].as_str().unwrap();
    world.secrets.insert("api_key".into(), new.into());
    assert!(revoke(&world).await);
    assert!(!lives(&world).await);
    assert!(!revoke(&world).await, "none is left that begins like it");
    world.verify(&[("api_key", new)]).await.unwrap();
}
