//! Fiscal hosts: applied to only where nothing can be lost, and decided upon by somebody else.

use super::world::{OURS, World, adapter, fault, task};
use guildhall::domain::{DriftKind, FaultKind};
use serde_json::json;

async fn waiting() -> (World, String) {
    let mut world = World::new().await;
    world.set_to_known("host", "open_host");
    let presence = world.provisioned().await;
    assert_eq!(presence.note, "waits for commons-host to decide");
    let waits = world.observe().await.task.unwrap();
    assert!(waits.others_decide, "it is the host's decision");
    assert!(waits.url.unwrap().ends_with("/host-applications"));
    let id = world.journal.facts()["collective"]["id"].clone();
    (world, id.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_approved_application_ends_the_wait() {
    let (world, id) = waiting().await;
    let look = world.observe().await;
    assert!(look.note.contains("waits for commons-host"), "{look:?}");
    assert!(look.drift.is_empty(), "{look:?}");
    world.on("approve", &id).await;
    let look = world.observe().await;
    assert_eq!(
        (look.note.as_str(), look.task),
        ("money held by commons-host", None)
    );
    let presence = world.provision().await.unwrap();
    assert_eq!(presence.note, "money held by commons-host");
    let state = world.state().await;
    assert_eq!(state["applications"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_rejected_or_expired_application_is_told_and_not_repeated() {
    for (action, word) in [("reject", "rejected"), ("expire-application", "expired")] {
        let (world, id) = waiting().await;
        world.on(action, &id).await;
        let look = world.observe().await;
        assert!(
            look.drift.iter().any(|drift| drift.what.contains(word)),
            "{action}: {look:?}"
        );
        let told = look.task.unwrap();
        assert!(told.title.contains(word) && !told.others_decide, "{told:?}");
        for _ in 0..2 {
            let ended = task(world.provision().await.unwrap_err());
            assert!(ended.title.contains(word), "{action}: {}", ended.title);
            assert!(!ended.others_decide);
        }
        let state = world.state().await;
        assert_eq!(
            state["applications"].as_array().unwrap().len(),
            1,
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_host_that_is_closed_or_unknown_is_never_applied_to() {
    let mut world = World::new().await;
    for (host, kind) in [
        (world.key("closed_host"), FaultKind::Refused),
        ("nobody-there".into(), FaultKind::BadInput),
    ] {
        world.set("host", &host);
        let refused = fault(world.provision().await.unwrap_err());
        assert_eq!(refused.kind, kind, "{refused}");
        let state = world.state().await;
        assert_eq!(state["applications"], json!([]));
        assert_eq!(
            world.collectives().await,
            ["rosewood"],
            "it is made all the same"
        );
    }
}

#[tokio::test]
async fn a_present_host_is_never_left_for_another() {
    let mut world = World::new().await;
    let id = world.provision().await.unwrap().external_id;
    let attached = json!({"id": id, "host": world.key("closed_host")});
    world.act("attach-host", attached).await;
    let drift = world.observe().await.drift;
    assert_eq!(drift[0].kind, DriftKind::Changed);
    assert!(drift[0].what.contains("closed-host"), "{drift:?}");

    world.set_to_known("host", "open_host");
    let changed = ["host".to_owned()];
    let halt = adapter()
        .configure(&world.op(), &changed)
        .await
        .unwrap_err();
    let conflict = fault(halt);
    assert_eq!(conflict.kind, FaultKind::Conflict, "{conflict}");
    let account = world.account(&id).await;
    assert_eq!(account["approved"], true, "the present host is still there");
}

#[tokio::test]
async fn a_second_factor_without_advanced_privileges_is_asked_about_first() {
    let mut world = World::new().await;
    world.set_to_known("host", "open_host");
    world.act("two-factor", json!({"user": OURS})).await;
    let asked = fault(world.provision().await.unwrap_err());
    assert_eq!(asked.kind, FaultKind::ScopeMissing);
    assert!(asked.hint.contains("Advanced privileges"), "{asked}");
    assert_eq!(world.collectives().await, ["rosewood"]);
    assert_eq!(world.state().await["applications"], json!([]));

    // Said in the settings, and not so: the server's own refusal names it.
    world.set("advanced_privileges", "true");
    let refused = fault(world.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
    world
        .act("pre-authorize", json!({"token": world.key("token")}))
        .await;
    world.provision().await.unwrap();
    assert!(world.observe().await.task.unwrap().others_decide);
}
