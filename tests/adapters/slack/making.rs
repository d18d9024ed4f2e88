//! Making the channels.

use super::world::{WHOLE, Workspace};
use crate::world::fault;
use guildhall::domain::{FaultKind, InstanceKind, RemoveMode};
use guildhall::sandbox::{LimitShape, Trouble, TroubleKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn channels_are_made_marked_and_told_about() {
    let mut world = Workspace::new().await;
    let member = world.key("member");
    world.set("members", &format!("{member},U0NOBODY1"));
    let presence = world.provisioned().await;
    assert_eq!(world.made_channels().await, WHOLE);
    let channel = world.channel("gov-rosewood").await;
    let purpose = channel["purpose"].as_str().unwrap();
    assert!(purpose.starts_with("A housing co-op. [gh:"), "{purpose}");
    assert!(purpose.ends_with(&format!("[gh:{}]", world.marker)));
    assert_eq!(channel["topic"], "Housing & <commons>");
    assert!(
        channel["members"]
            .as_array()
            .unwrap()
            .contains(&json!(member))
    );
    assert!(presence.note.contains("U0NOBODY1"), "{}", presence.note);
    let url = presence.url.unwrap();
    assert!(
        url.starts_with("https://rosewood.slack.com/archives/C"),
        "{url}"
    );
    assert!(
        world.observe().await.drift.is_empty(),
        "entities are no change"
    );
}

#[tokio::test]
async fn a_half_made_channel_without_its_marker_is_taken_up() {
    let world = Workspace::new().await;
    let lost = Trouble::new(TroubleKind::Status { status: 500 }).matching("setPurpose");
    world.sandbox.trouble(lost.times(4)).await.unwrap();
    world.provision().await.unwrap_err();
    world.sandbox.calm().await.unwrap();
    assert_eq!(world.made_channels().await.len(), 1);
    world.journal.next_operation();
    world.provision().await.unwrap();
    assert_eq!(world.made_channels().await, WHOLE);
}

#[tokio::test]
async fn slacks_own_stumbling_after_the_work_is_looked_into() {
    for method in [
        "conversations.create",
        "conversations.setPurpose",
        "pins.add",
    ] {
        let world = Workspace::new().await;
        world
            .act("stumble", json!({"method": method, "times": 1}))
            .await;
        if let Err(halt) = world.provision().await {
            let fault = fault(halt);
            assert_eq!(fault.kind, FaultKind::OutcomeUnknown, "{method}: {fault}");
            world.provision().await.unwrap();
        }
        assert_eq!(world.made_channels().await, WHOLE, "{method}");
    }
}

#[tokio::test]
async fn a_name_taken_by_somebody_else_is_told_and_never_touched() {
    for private in [false, true] {
        let mut world = Workspace::new().await;
        let (team, owner) = (world.key("team_id"), world.key("admin"));
        let theirs =
            json!({"team": team, "name": "gov-rosewood", "user": owner, "private": private});
        world.act("add-channel", theirs).await;
        let before = world.channel("gov-rosewood").await;
        let fault = fault(world.provision().await.unwrap_err());
        assert_eq!(fault.kind, FaultKind::Conflict, "{fault:?}");
        assert!(fault.hint.contains("channel_name"), "{fault}");
        assert_eq!(world.channel("gov-rosewood").await, before);
        world.set("channel_name", "roses");
        world.provision().await.unwrap();
        let made = ["roses, 1 pinned", "roses-proposals, 0 pinned"];
        assert_eq!(world.made_channels().await, made);
    }
}

#[tokio::test]
async fn a_workspace_that_lets_no_bot_make_channels_is_told_apart() {
    let world = Workspace::new().await;
    let team = world.key("team_id");
    world
        .act("restrict", json!({"team": team, "on": true}))
        .await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::ScopeMissing);
    assert!(fault.hint.contains("adopt"), "{fault}");
}

#[tokio::test]
async fn a_token_that_may_too_little_is_found_before_anything_is_made() {
    let world = Workspace::new().await;
    let few = json!({"token": world.key("bot_token"), "scopes": ["channels:read", "groups:read"]});
    world.act("scopes", few).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::ScopeMissing);
    assert!(fault.what.contains("channels:manage"), "{fault}");
    assert!(
        fault.hint.contains("https://api.slack.com/apps/A"),
        "{fault}"
    );
    assert!(world.made_channels().await.is_empty());
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_stops_and_a_new_one_goes_on() {
    let mut world = Workspace::new().await;
    let trouble = Trouble::new(TroubleKind::Slow { milliseconds: 1 }).matching("setPurpose");
    world.sandbox.trouble(trouble).await.unwrap();
    world
        .journal
        .revive(Some(crate::journal::Death::AfterCall(2)));
    world.provision().await.unwrap_err();
    world.journal.revive(None);
    let dead = json!({"token": world.key("bot_token")});
    world.act("revoke", dead).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::KeyRejected);
    assert_eq!(world.made_channels().await.len(), 1);
    // The token of another workspace is not taken for the new one.
    world.use_key("bot_token", "bot_token_of_another_workspace");
    let fault = crate::world::fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(fault.what.contains("Elsewhere"), "{fault}");
}

#[tokio::test]
async fn slacks_tiers_park_what_is_too_much_and_say_for_how_long() {
    let world = Workspace::new().await;
    let slow = |seconds| {
        Trouble::new(TroubleKind::TooMany {
            shape: LimitShape::Seconds,
            seconds,
        })
        .matching("conversations.create")
    };
    world.sandbox.trouble(slow(58)).await.unwrap();
    let fault = fault(world.provision().await.unwrap_err());
    assert!(
        matches!(fault.kind, FaultKind::RateLimited { retry_after } if retry_after >= Duration::from_secs(57)),
        "{fault:?}"
    );
}

#[tokio::test]
async fn long_lists_come_in_pages_and_all_of_them_are_read() {
    let world = Workspace::new().await;
    world.act("pages", json!({"most": 1})).await;
    let trouble = Trouble::new(TroubleKind::Cut).matching("conversations.create");
    world.sandbox.trouble(trouble.after_work()).await.unwrap();
    world.provision().await.unwrap();
    assert_eq!(world.made_channels().await, WHOLE);
}

#[tokio::test]
async fn a_webhook_alone_is_a_link_and_is_asked_without_posting() {
    let mut world = Workspace::new().await;
    world.secrets.clear();
    world.use_key("webhook_url", "webhook_url");
    let presence = world.provisioned().await;
    assert_eq!(presence.kind, InstanceKind::Link);
    assert!(!presence.made_by_us);
    let before = world.channel("general").await;
    let address = world.key("webhook_url");
    let identity = world.verify(&[("webhook_url", &address)]).await.unwrap();
    assert_eq!(identity.reach.objects.len(), 1);
    assert_eq!(world.channel("general").await, before, "nothing was posted");
    world
        .act("remove-webhook", json!({"address": address}))
        .await;
    let fault = world
        .verify(&[("webhook_url", &address)])
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected);
    let secret = address.rsplit('/').next().unwrap();
    assert!(!format!("{fault:?}").contains(secret));
    world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
}
