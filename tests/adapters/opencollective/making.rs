//! Making the collective: once, whatever happens on the way.

use super::world::{MARKER, OURS, World, fault};
use crate::journal::Death;
use guildhall::domain::{FaultKind, InstanceKind};
use guildhall::sandbox::{LimitShape, Trouble, TroubleKind};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn provisioning_makes_a_collective_with_our_marker_and_twice_makes_one() {
    let world = World::new().await;
    let presence = world.provision().await.unwrap();
    assert_eq!(world.collectives().await, ["rosewood"]);
    assert_eq!(presence.kind, InstanceKind::Account);
    assert!(presence.made_by_us);
    assert_eq!(
        presence.url.as_deref(),
        Some("https://opencollective.com/rosewood")
    );
    assert_eq!(presence.note, "holds no money");
    let account = world.account(&presence.external_id).await;
    assert_eq!(account["name"], "Rosewood Co-op");
    assert_eq!(account["tags"], json!(["commons", "housing"]));
    let public = account["settings"].to_string();
    assert_eq!(
        account["settings"]["guildhall"],
        json!({"instance": MARKER})
    );
    assert!(!public.contains("installation-1"), "{public}");
    assert!(
        account["host"].is_null(),
        "no host is ever named at creation"
    );

    world.provision().await.unwrap();
    world.journal.next_operation();
    let again = world.provision().await.unwrap();
    assert_eq!(again.external_id, presence.external_id);
    assert_eq!(world.collectives().await, ["rosewood"]);
}

#[tokio::test]
async fn an_error_after_the_commit_is_no_no() {
    let world = World::new().await;
    world.act("stumble", json!({"times": 1})).await;
    let presence = world.provision().await.unwrap();
    assert_eq!(world.collectives().await, ["rosewood"]);
    assert!(presence.made_by_us);
}

#[tokio::test]
async fn what_an_interrupted_run_made_is_found_after_a_person_renamed_it() {
    let world = World::new().await;
    world.journal.revive(Some(Death::AfterCall(2)));
    world.provision().await.unwrap_err();
    let state = world.state().await;
    let accounts = state["accounts"].as_object().unwrap();
    let (id, _) = accounts
        .iter()
        .find(|(_, account)| account["slug"] == "rosewood")
        .unwrap();
    world
        .act("rename", json!({"id": id, "slug": "rosewood-housing"}))
        .await;
    world.journal.revive(None);
    let presence = world.provision().await.unwrap();
    assert_eq!(presence.external_id, *id);
    assert_eq!(world.collectives().await, ["rosewood-housing"]);
}

#[tokio::test]
async fn a_short_name_that_is_taken_or_kept_back_asks_for_another() {
    let mut world = World::new().await;
    let taken = json!({"slug": "rosewood", "admin": "somebody-else"});
    world.act("add-collective", taken).await;
    let conflict = fault(world.provision().await.unwrap_err());
    assert_eq!(conflict.kind, FaultKind::Conflict);
    assert!(conflict.hint.contains("another short name"), "{conflict}");
    let state = world.state().await;
    assert_eq!(
        state["creations"],
        json!({}),
        "a look spares the counted call"
    );

    let ours = json!({"slug": "rosewood-two", "admin": OURS});
    world.act("add-collective", ours).await;
    world.set("slug", "rosewood-two");
    let conflict = fault(world.provision().await.unwrap_err());
    assert!(conflict.hint.contains("adopt"), "{conflict}");

    for slug in ["admin", "office"] {
        world.set("slug", slug);
        let bad = fault(world.provision().await.unwrap_err());
        assert_eq!(bad.kind, FaultKind::BadInput, "{slug}: {bad}");
    }
}

#[tokio::test]
async fn the_server_may_rewrite_the_short_name() {
    let mut world = World::new().await;
    world.set("slug", "Rose Wood.x");
    let presence = world.provision().await.unwrap();
    assert_eq!(
        presence.url.as_deref(),
        Some("https://opencollective.com/rose-woodx")
    );
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn too_much_text_is_refused_before_anything_is_sent() {
    for (field, value) in [
        ("description", "x".repeat(256)),
        ("host_message", "x".repeat(3001)),
        (
            "tags",
            (0..31)
                .map(|n| format!("t{n}"))
                .collect::<Vec<_>>()
                .join(","),
        ),
    ] {
        let mut world = World::new().await;
        world.set_to_known("host", "open_host");
        world.set(field, &value);
        world.sandbox.forget_calls();
        let bad = fault(world.provision().await.unwrap_err());
        assert_eq!(bad.kind, FaultKind::BadInput, "{field}: {bad}");
        assert!(world.sandbox.calls().is_empty(), "{field}");
    }
}

#[tokio::test]
async fn sixty_creations_lock_the_user_out_for_an_hour() {
    let world = World::new().await;
    let soon = jiff::Timestamp::now().as_millisecond() + 3_600_000;
    let full = json!({"user": OURS, "count": 60, "ends_ms": soon});
    world.act("creations", full).await;
    let limited = fault(world.provision().await.unwrap_err());
    let FaultKind::RateLimited { retry_after } = limited.kind else {
        panic!("{limited:?}");
    };
    assert_eq!(retry_after, Duration::from_secs(3600));
    world
        .sandbox
        .advance(Duration::from_secs(3601))
        .await
        .unwrap();
    world.provision().await.unwrap();
}

#[tokio::test]
async fn slow_down_is_understood_with_a_fraction() {
    let world = World::new().await;
    let trouble = Trouble::new(TroubleKind::TooMany {
        shape: LimitShape::Fraction,
        seconds: 57,
    })
    .matching("GuildhallCreate");
    world.sandbox.trouble(trouble).await.unwrap();
    let limited = fault(world.provision().await.unwrap_err());
    let FaultKind::RateLimited { retry_after } = limited.kind else {
        panic!("{limited:?}");
    };
    assert_eq!(retry_after, Duration::from_millis(57_250));
}

#[tokio::test]
async fn a_restricted_user_is_told_so_and_not_tried_again() {
    let world = World::new().await;
    world.act("restrict", json!({"user": OURS})).await;
    world.sandbox.forget_calls();
    let refused = fault(world.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Refused, "{refused}");
    assert!(
        world.sandbox.calls().len() <= 2,
        "{:?}",
        world.sandbox.calls()
    );
}
