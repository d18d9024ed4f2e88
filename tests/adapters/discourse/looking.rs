//! What a look tells, and what is only pointed at or taken over.

use super::world::{MARK, World, adapter, drifted, fault};
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind, InstanceKind, RemoveMode};
use serde_json::json;

async fn made() -> World {
    let mut world = World::with_webhook().await;
    world.provisioned().await;
    world
}

#[tokio::test]
async fn every_part_that_somebody_changed_is_told() {
    let cases = [
        (
            "edit-category",
            json!({"name": "Roses"}),
            DriftKind::Changed,
            "called Roses",
        ),
        (
            "edit-category",
            json!({"slug": "roses"}),
            DriftKind::Changed,
            "address",
        ),
        (
            "edit-category",
            json!({"permissions": {"everyone": 1}}),
            DriftKind::Changed,
            "read and write",
        ),
        ("delete-group", json!({}), DriftKind::Missing, "group"),
        ("delete-webhook", json!({}), DriftKind::Missing, "webhook"),
        (
            "switch-webhook",
            json!({"active": false}),
            DriftKind::Changed,
            "switched off",
        ),
        (
            "demote",
            json!({"user": "guildhall"}),
            DriftKind::ScopeShrank,
            "no administrator",
        ),
    ];
    for (action, mut input, kind, words) in cases {
        let world = made().await;
        let ours = world.ours().await;
        let part = match action {
            "edit-category" => &ours["category"],
            "delete-group" => &ours["group"],
            _ => &ours["webhooks"][0],
        };
        input["id"] = part["id"].clone();
        world.act(action, input).await;
        let seen = world.observe().await;
        assert!(drifted(&seen.drift, kind, words), "{action}: {seen:?}");
    }
}

#[tokio::test]
async fn a_run_time_key_that_died_is_told_by_either_key() {
    let mut world = made().await;
    let key = world.ours().await["keys"][0]["secret"].clone();
    world.act("revoke", json!({"key": key})).await;
    let seen = world.observe().await;
    assert!(
        drifted(&seen.drift, DriftKind::CredentialDead, "run-time key"),
        "{seen:?}"
    );
    world.secrets.clear();
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Unseen);
    assert!(
        drifted(&seen.drift, DriftKind::CredentialDead, "does not accept"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn hidden_is_not_gone_to_who_may_not_see() {
    let mut world = made().await;
    let group = world.ours().await["group"]["id"].clone();
    let bot = format!("{MARK}-bot");
    world
        .act("leave-group", json!({"id": group, "user": bot}))
        .await;
    world.secrets.clear();
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present);
    assert!(
        drifted(&seen.drift, DriftKind::Missing, "hidden"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_read_only_forum_is_read_and_not_written() {
    let mut world = made().await;
    world.act("settings", json!({"read_only": true})).await;
    assert!(world.observe().await.drift.is_empty());
    let fault = fault(world.off().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Unreachable, "{fault}");
    assert!(fault.what.contains("read-only"), "{fault}");
}

#[tokio::test]
async fn a_forum_is_pointed_at_without_a_key() {
    let mut world = World::new().await;
    world.secrets.clear();
    for (reference, url) in [
        ("link:", "https://discourse.sandbox"),
        ("link:general", "/c/general/"),
    ] {
        let presence = adapter().adopt(&world.op(), reference).await.unwrap();
        assert!(presence.url.as_ref().unwrap().contains(url), "{presence:?}");
        assert_eq!(
            (presence.kind, presence.made_by_us),
            (InstanceKind::Link, false)
        );
        world.take(&presence);
        assert_eq!(world.observe().await.standing, Standing::Present);
        world.remove(RemoveMode::Soft).await.unwrap();
        world.kind = InstanceKind::Tenant;
    }
    let fault = fault(
        adapter()
            .adopt(&world.op(), "link:staff")
            .await
            .unwrap_err(),
    );
    assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
}

#[tokio::test]
async fn categories_of_other_guildhalls_are_shown_and_not_given() {
    let world = made().await;
    let mut other = World::new().await;
    other.marker = "4f1d2c3b5a6978879999999999999999".into();
    other.http = world.0.http.clone();
    other.secrets = world.0.secrets.clone();
    let found = adapter().discover(&other.site()).await.unwrap();
    let theirs = found
        .iter()
        .find(|one| one.name == "Rosewood Co-op")
        .unwrap();
    assert!(theirs.obstacle.is_some());
    let fault = fault(
        adapter()
            .adopt(&other.op(), &theirs.reference)
            .await
            .unwrap_err(),
    );
    assert_eq!(fault.kind, FaultKind::Conflict, "{fault}");
    assert!(
        found
            .iter()
            .any(|one| one.name == "General" && one.obstacle.is_none())
    );
    let groups: Vec<_> = found.iter().filter(|one| one.what == "group").collect();
    assert!(!groups.is_empty(), "{found:?}");
    let all_say_why = groups.iter().all(|one| one.obstacle.is_some());
    assert!(all_say_why, "a group alone is no instance: {groups:?}");
}

#[tokio::test]
async fn an_adopted_category_is_switched_and_given_back_as_it_was() {
    let mut world = World::new().await;
    let before = world.state().await["categories"].clone();
    let presence = adapter().adopt(&world.op(), "general").await.unwrap();
    world.take(&presence);
    world.deactivate().await;
    assert_ne!(world.state().await["categories"], before);
    world.remove(RemoveMode::Hard).await.unwrap();
    assert_eq!(
        world.state().await["categories"],
        before,
        "what people made is opened again and left"
    );
}
