//! Off and on: exactly what was comes back.

use super::world::{MARK, World, drifted, fault};
use guildhall::domain::{DriftKind, FaultKind};
use serde_json::json;

async fn made() -> World {
    let mut world = World::with_webhook().await;
    world.provisioned().await;
    world
}

#[tokio::test]
async fn off_closes_everything_and_on_restores_exactly_what_was() {
    let mut world = made().await;
    let child =
        json!({"name": "Repairs", "parent": world.category().await, "permissions": {MARK: 2}});
    world.act("add-category", child).await;
    let before = (
        world.ours().await,
        world.state().await["categories"].clone(),
    );
    let sentence = world.deactivate().await;
    assert!(sentence.contains("2 categories"), "{sentence}");
    let off = world.ours().await;
    assert!(!world.may_write("amina", "A topic of the community").await);
    assert_eq!(off["category"]["permissions"], json!({MARK: 3, "staff": 1}));
    assert_eq!(off["webhooks"][0]["active"], false);
    assert_eq!(off["keys"][0]["revoked"], true);
    assert_eq!(off["invites"], 0);
    assert!(world.observe().await.drift.is_empty());
    // Twice changes nothing.
    world.deactivate().await;
    assert_eq!(world.ours().await, off);
    world.activate().await;
    let after = (
        world.ours().await,
        world.state().await["categories"].clone(),
    );
    assert_eq!(after, before);
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn what_others_changed_while_it_was_off_is_kept() {
    let mut world = made().await;
    world.deactivate().await;
    let id = world.category().await;
    let edited = json!({"id": id, "permissions": {MARK: 3, "staff": 1, "everyone": 3}});
    world.act("edit-category", edited).await;
    let seen = world.observe().await;
    assert!(
        drifted(&seen.drift, DriftKind::Changed, "switched off"),
        "{seen:?}"
    );
    let sentence = world.activate().await;
    assert!(sentence.contains("was kept"), "{sentence}");
    assert_eq!(
        world.ours().await["category"]["permissions"],
        json!({MARK: 1, "staff": 1, "everyone": 3})
    );
}

#[tokio::test]
async fn switching_needs_the_powerful_key_and_says_so() {
    let mut world = made().await;
    let key = world.secrets.clone();
    world.secrets.clear();
    let fault = fault(world.off().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::NeedsKey, "{fault}");
    assert!(world.may_write("amina", "A topic of the community").await);
    world.secrets = key;
    world.deactivate().await;
    assert!(!world.may_write("amina", "Another topic of theirs").await);
}

#[tokio::test]
async fn an_instance_that_was_never_closed_is_on_without_any_key() {
    let mut world = made().await;
    world.secrets.clear();
    world.activate().await;
}

#[tokio::test]
async fn a_category_deleted_while_off_is_said() {
    let mut world = made().await;
    let id = world.category().await;
    world.deactivate().await;
    world.act("delete-category", json!({"id": id})).await;
    let sentence = world.activate().await;
    assert!(sentence.contains("gone"), "{sentence}");
}

#[tokio::test]
async fn a_run_time_key_that_somebody_deleted_is_made_again() {
    let mut world = made().await;
    world.deactivate().await;
    let old = world.ours().await["keys"][0]["secret"].clone();
    world.act("delete-key", json!({"key": old})).await;
    world.activate().await;
    let keys = world.ours().await["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_ne!(keys[0]["secret"], old);
    world.secrets.clear();
    assert!(world.observe().await.drift.is_empty(), "the new key looks");
}

#[tokio::test]
async fn settings_are_sent() {
    let mut world = made().await;
    world.set("category_name", "Rosewood and friends");
    world.set("private", "false");
    world.set("members", "amina,bela,chidi");
    world.set("webhook_url", "https://other.example/hook");
    let changed = ["category_name", "private", "members", "webhook_url"];
    world.configure(&changed).await.unwrap();
    let ours = world.ours().await;
    assert_eq!(ours["category"]["name"], "Rosewood and friends");
    assert_eq!(
        ours["category"]["permissions"],
        json!({MARK: 1, "staff": 1, "everyone": 3})
    );
    assert_eq!(ours["group"]["members"].as_array().unwrap().len(), 4);
    assert_eq!(
        ours["webhooks"][0]["payload_url"],
        "https://other.example/hook"
    );
    assert!(world.observe().await.drift.is_empty());
    world.deactivate().await;
    world.set("private", "true");
    world.configure(&["private"]).await.unwrap();
    assert!(world.observe().await.drift.is_empty());
    world.activate().await;
    assert_eq!(
        world.ours().await["category"]["permissions"],
        json!({MARK: 1, "staff": 1})
    );
    world.set("webhook_url", "");
    world.configure(&["webhook_url"]).await.unwrap();
    assert!(
        world.ours().await["webhooks"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
