//! What people did to the account meanwhile, and what a run that stopped half-way left: nothing of theirs is undone, and
//! everything of ours can be put right.

use super::world::{World, adapter, fault, task};
use crate::world::MARKER;
use guildhall::adapters::{Standing, contract::PUT_BACK};
use guildhall::domain::{FaultKind, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

#[tokio::test]
async fn a_profile_that_was_full_is_filled_once_a_field_is_emptied_as_the_settings_are_by_then() {
    let mut world = World::new().await;
    let full = json!([["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"]]);
    world.set_on(json!({"fields": full})).await;
    fault(world.provision().await.unwrap_err());
    world.set_on(json!({"fields": [["a", "1"]]})).await;
    world.set("note", "Other words.");
    world.provision().await.unwrap();
    let account = world.account("rosewood").await;
    assert_eq!(
        account["fields"],
        json!([["a", "1"], ["Guildhall", format!("gh:{MARKER}")]])
    );
    assert_eq!(account["note"], "Other words.");
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn a_server_with_more_fields_keeps_them_all() {
    let mut world = World::new().await;
    world.act("fields", json!({"most": 6})).await;
    let five = json!([["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"], ["e", "5"]]);
    world.set_on(json!({"fields": five})).await;
    world.provisioned().await;
    let fields = world.account("rosewood").await["fields"].clone();
    assert_eq!(fields.as_array().unwrap().len(), 6, "{fields}");
    world.deactivate().await;
    world.activate().await;
    assert_eq!(world.account("rosewood").await["fields"], fields);
}

#[tokio::test]
async fn what_people_changed_stays_when_other_settings_are_sent_and_is_told_still() {
    let mut world = World::new().await;
    world.provisioned().await;
    world
        .set_on(json!({"note": "Words of a person.", "locked": true}))
        .await;
    world.set("display_name", "Roses");
    world.configure(&["display_name"]).await.unwrap();
    let account = world.account("rosewood").await;
    assert_eq!(
        (
            &account["display_name"],
            &account["note"],
            &account["locked"]
        ),
        (&json!("Roses"), &json!("Words of a person."), &json!(true))
    );
    let drift = world.observe().await.drift;
    assert_eq!(drift.len(), 2, "their changes differ still: {drift:?}");
    world.configure(&[PUT_BACK]).await.unwrap();
    assert!(world.observe().await.drift.is_empty());
    let account = world.account("rosewood").await;
    assert_eq!(account["note"], "A housing co-op of roses & bread.");
}

#[tokio::test]
async fn an_adopted_account_gets_what_is_configured_and_nothing_else() {
    let mut world = World::new().await;
    world.settings.remove("note");
    let theirs =
        json!({"note": "Ours since 2019.", "display_name": "The Roses", "fields": [["Web", "x"]]});
    world.set_on(theirs).await;
    let presence = adapter().adopt(&world.op(), "@rosewood").await.unwrap();
    world.take(&presence);
    world.set("note", "Bread and roses.");
    world.configure(&["note"]).await.unwrap();
    let account = world.account("rosewood").await;
    assert_eq!(account["note"], "Bread and roses.");
    assert_eq!(
        (
            &account["display_name"],
            &account["bot"],
            &account["discoverable"],
            &account["fields"]
        ),
        (
            &json!("The Roses"),
            &json!(false),
            &json!(true),
            &json!([["Web", "x"]])
        )
    );
    assert!(world.observe().await.drift.is_empty());
    // Without the setting it is as it was.
    world.settings.remove("note");
    world.configure(&["note"]).await.unwrap();
    assert_eq!(world.account("rosewood").await["note"], "Ours since 2019.");
}

#[tokio::test]
async fn a_notice_that_was_deleted_is_posted_anew_when_it_is_put_back() {
    for paused in [false, true] {
        let mut world = World::new().await;
        world.provisioned().await;
        if paused {
            world.deactivate().await;
        }
        let pinned = world.account("rosewood").await["pins"][0].clone();
        world.act("delete-post", json!({"id": pinned})).await;
        assert_eq!(world.observe().await.drift.len(), 1);
        if paused {
            world.deactivate().await;
        } else {
            world.configure(&[PUT_BACK]).await.unwrap();
        }
        let drift = world.observe().await.drift;
        assert!(drift.is_empty(), "paused {paused}: {drift:?}");
    }
}

#[tokio::test]
async fn a_freeze_whose_answer_was_lost_is_ours_and_thawed_by_hand_takes_no_token() {
    let mut world = World::new().await;
    world.set("freeze", "true");
    world.provisioned().await;
    world.use_key("admin_token", "admin_token");
    let lost = Trouble::new(TroubleKind::NoAnswer).matching("/action");
    let lost = lost.times(u32::MAX).after_work();
    world.sandbox.trouble(lost).await.unwrap();
    fault(world.off().await.unwrap_err());
    world.sandbox.calm().await.unwrap();
    assert_eq!(world.account("rosewood").await["disabled"], true);
    let seen = world.observe().await;
    assert!(seen.drift.is_empty() && seen.task.is_none(), "{seen:?}");
    world.secrets.remove("admin_token");
    let said = world.deactivate().await;
    assert!(said.contains("frozen"), "{said}");
    world.set_on(json!({"disabled": false})).await;
    world.activate().await;
    assert_eq!(world.account("rosewood").await["locked"], false);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done_and_one_that_is_refused_is_not() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.use_key("admin_token", "admin_token");
    // Manage Users without Delete User Data.
    let rights = json!({"account": "keeper", "permissions": 1024});
    world.act("set", rights).await;
    let identity = world
        .verify(&[("admin_token", &world.key("admin_token"))])
        .await
        .unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|said| said.contains("Delete User Data")),
        "{identity:?}"
    );
    for _ in 0..2 {
        let refused = fault(world.remove(RemoveMode::Hard).await.unwrap_err());
        assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
    }
    world
        .act("set", json!({"account": "keeper", "permissions": 1}))
        .await;
    let lost = Trouble::new(TroubleKind::NoAnswer).method("DELETE");
    world.sandbox.trouble(lost.after_work()).await.unwrap();
    fault(world.remove(RemoveMode::Hard).await.unwrap_err());
    assert_eq!(world.account("rosewood").await["deleted"], true);
    world.remove(RemoveMode::Hard).await.unwrap();
}

#[tokio::test]
async fn an_account_is_gone_when_its_person_deleted_it_and_not_when_it_is_suspended() {
    let mut world = World::new().await;
    world.provisioned().await;
    task(world.remove(RemoveMode::Hard).await.unwrap_err());
    world.set_on(json!({"suspended": true})).await;
    task(world.remove(RemoveMode::Hard).await.unwrap_err());
    world
        .act("delete-account", json!({"account": "rosewood"}))
        .await;
    assert_eq!(world.observe().await.standing, Standing::Gone);
    world.remove(RemoveMode::Hard).await.unwrap();
}

#[tokio::test]
async fn what_a_dead_token_cannot_take_away_is_named() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.deactivate().await;
    let token = world.key("access_token");
    world.act("revoke", json!({"token": token})).await;
    let left = world.remove(RemoveMode::Soft).await.unwrap().join(" ");
    for part in ["paused", "field Guildhall", "pinned post"] {
        assert!(left.contains(part), "{left}");
    }
}
