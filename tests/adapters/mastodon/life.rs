//! Making, switching, changing and removing, where it is peculiar to this platform.

use super::world::{World, adapter, fault, task};
use crate::world::MARKER;
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind, InstanceKind, RemoveMode};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_profile_says_who_it_is_and_keeps_what_its_person_wrote() {
    let mut world = World::new().await;
    let fields = json!({"fields": [["Web", "https://rosewood.example"]]});
    world.set_on(fields).await;
    let presence = world.provisioned().await;
    assert_eq!(
        presence.url.as_deref(),
        Some("https://mastodon.sandbox/@rosewood")
    );
    assert!(!presence.made_by_us, "a person signed it up");
    let account = world.account("rosewood").await;
    assert_eq!(account["display_name"], "Rosewood Co-op");
    assert_eq!(account["note"], "A housing co-op of roses & bread.");
    assert_eq!(account["bot"], true);
    assert_eq!(
        account["fields"],
        json!([
            ["Web", "https://rosewood.example"],
            ["Guildhall", format!("gh:{MARKER}")]
        ])
    );
    let posts = world.posts("rosewood").await;
    assert_eq!(posts.len(), 1);
    assert!(
        posts[0].contains("Some(0)") && posts[0].contains("unlisted"),
        "{posts:?}"
    );
}

#[tokio::test]
async fn a_profile_without_room_for_the_marker_is_said_before_anything_is_written() {
    let world = World::new().await;
    let full = json!([["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"]]);
    world.set_on(json!({"fields": full})).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::OverQuota, "{fault}");
    assert_eq!(world.account("rosewood").await["fields"], full);
}

#[tokio::test]
async fn too_many_pins_are_said_and_room_lets_it_go_on() {
    let world = World::new().await;
    for number in 0..5 {
        let said = json!({"account": "rosewood", "text": format!("Post {number}"), "pin": true});
        world.act("post", said).await;
    }
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::OverQuota, "{fault}");
    world.act("unpin", json!({"account": "rosewood"})).await;
    world.provision().await.unwrap();
    assert_eq!(
        world.posts("rosewood").await.len(),
        6,
        "the notice is not posted twice"
    );
}

#[tokio::test]
async fn an_account_of_another_community_is_refused() {
    let world = World::new().await;
    world
        .set_on(json!({"fields": [["Guildhall", "gh:another"]]}))
        .await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Conflict, "{fault}");
    assert!(world.posts("rosewood").await.is_empty());
}

#[tokio::test]
async fn the_notice_is_found_after_the_servers_memory_of_its_key_is_over() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.later(Duration::from_secs(2 * 3600)).await;
    // The record is lost, the account stands.
    world.journal = crate::journal::MemoryJournal::new();
    let again = world.op();
    let _ = guildhall::adapters::Journal::intend(&*world.journal, "notice")
        .await
        .unwrap();
    adapter().provision(&again).await.unwrap();
    assert_eq!(world.posts("rosewood").await.len(), 1);
}

#[tokio::test]
async fn off_marks_the_profile_and_on_puts_pins_back_in_their_order() {
    let mut world = World::new().await;
    world.provisioned().await;
    for text in ["First", "Second", "Third"] {
        let said = json!({"account": "rosewood", "text": text, "pin": true});
        world.act("post", said).await;
    }
    let before = (
        world.account("rosewood").await,
        world.posts("rosewood").await,
    );
    let told = world.deactivate().await;
    assert!(told.contains("followers keep seeing"), "{told}");
    let account = world.account("rosewood").await;
    assert!(account["note"].as_str().unwrap().starts_with("[paused] "));
    assert_eq!(
        (&account["locked"], &account["discoverable"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        account["pins"].as_array().unwrap().len(),
        1,
        "only the pause is pinned"
    );
    assert!(world.observe().await.drift.is_empty());
    world.activate().await;
    let after = (
        world.account("rosewood").await,
        world.posts("rosewood").await,
    );
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_its_person_changed_while_it_was_off_is_kept() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.deactivate().await;
    world.set_on(json!({"display_name": "Roses"})).await;
    let told = world.activate().await;
    assert!(told.contains("was kept"), "{told}");
    let account = world.account("rosewood").await;
    assert_eq!(
        (&account["display_name"], &account["locked"]),
        (&json!("Roses"), &json!(false))
    );
}

#[tokio::test]
async fn freezing_takes_an_administrators_token_each_time() {
    let mut world = World::new().await;
    world.set("freeze", "true");
    world.provisioned().await;
    let fault_of = fault(world.off().await.unwrap_err());
    assert_eq!(fault_of.kind, FaultKind::NeedsKey, "{fault_of}");
    world.use_key("admin_token", "admin_token");
    world.deactivate().await;
    assert_eq!(world.account("rosewood").await["disabled"], true);
    let seen = world.observe().await;
    assert!(
        seen.drift.is_empty() && seen.standing == Standing::Present,
        "{seen:?}"
    );
    world.secrets.remove("admin_token");
    world.active = true;
    let fault_of = fault(adapter().activate(&world.op()).await.unwrap_err());
    assert_eq!(fault_of.kind, FaultKind::NeedsKey, "{fault_of}");
    world.use_key("admin_token", "admin_token");
    world.activate().await;
    let account = world.account("rosewood").await;
    assert_eq!(
        (&account["disabled"], &account["locked"]),
        (&json!(false), &json!(false))
    );
}

#[tokio::test]
async fn settings_are_sent_also_while_paused() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.set("display_name", "Roses");
    world.set("note", "Bread too.");
    world.configure(&["display_name", "note"]).await.unwrap();
    assert_eq!(world.account("rosewood").await["note"], "Bread too.");
    world.deactivate().await;
    world.set("note", "And tea.");
    world.configure(&["note"]).await.unwrap();
    assert_eq!(world.account("rosewood").await["note"], "[paused] And tea.");
    world.activate().await;
    assert_eq!(world.account("rosewood").await["note"], "And tea.");
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn every_part_that_somebody_changed_is_told() {
    for (input, words) in [
        (json!({"bot": false}), "automated"),
        (json!({"fields": []}), "Guildhall"),
        (
            json!({"moved": "rosewood@elsewhere.example"}),
            "elsewhere.example",
        ),
        (json!({"limited": true}), "limited"),
    ] {
        let mut world = World::new().await;
        world.provisioned().await;
        world.set_on(input).await;
        let seen = world.observe().await;
        let kind = match words {
            "limited" => DriftKind::Archived,
            _ => DriftKind::Changed,
        };
        let told = seen
            .drift
            .iter()
            .any(|drift| drift.kind == kind && drift.what.contains(words));
        assert!(told, "{words}: {seen:?}");
    }
}

#[tokio::test]
async fn removing_softly_revokes_the_token_where_its_secret_is_known() {
    for with_secret in [false, true] {
        let mut world = World::with_secret().await;
        if !with_secret {
            world.secrets.remove("client_secret");
        }
        world.provisioned().await;
        let token = world.key("access_token");
        let left = world.remove(RemoveMode::Soft).await.unwrap();
        assert_eq!(
            world.state().await["tokens"][&token]["revoked"],
            with_secret
        );
        assert_eq!(
            left.iter().any(|line| line.contains("still works")),
            !with_secret,
            "{left:?}"
        );
        assert!(world.posts("rosewood").await.is_empty());
        assert_eq!(world.account("rosewood").await["fields"], json!([]));
    }
}

#[tokio::test]
async fn removing_hard_is_a_persons_step_or_an_administrators() {
    let mut world = World::new().await;
    world.provisioned().await;
    let asked = task(world.remove(RemoveMode::Hard).await.unwrap_err());
    assert!(asked.url.unwrap().ends_with("/settings/delete"));
    assert!(
        world.account("rosewood").await.is_object(),
        "nothing is deleted for them"
    );
    world.use_key("admin_token", "admin_token");
    let mut other = World::new().await;
    other.provisioned().await;
    other.use_key("admin_token", "admin_token");
    let left = other.remove(RemoveMode::Hard).await.unwrap();
    assert_eq!(other.account("rosewood").await["deleted"], true);
    assert!(left[0].contains("cannot be used again"), "{left:?}");
}

#[tokio::test]
async fn an_account_is_read_without_a_token() {
    let mut world = World::new().await;
    world.secrets.clear();
    let presence = adapter().adopt(&world.op(), "link:@elder").await.unwrap();
    assert_eq!(
        (presence.kind, presence.made_by_us),
        (InstanceKind::Link, false)
    );
    world.take(&presence);
    assert_eq!(world.observe().await.standing, Standing::Present);
    world
        .act("delete-account", json!({"account": "elder"}))
        .await;
    let seen = world.observe().await;
    assert!(seen.note.contains("suspended or deleted"), "{seen:?}");
    let fault = fault(world.off().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Unsupported, "{fault}");
}

#[tokio::test]
async fn an_older_server_is_spoken_to_as_well() {
    for version in ["4.2.9", "4.5.0"] {
        let mut world = World::new().await;
        world.act("version", json!({"version": version})).await;
        world.provisioned().await;
        assert!(world.observe().await.drift.is_empty(), "{version}");
    }
}
