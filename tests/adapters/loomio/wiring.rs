//! Announcing in chats: exactly once, restored exactly, and honest about what a test proves.

use super::world::{BOT, MARKER, World, adapter, deaths, fault, task, webhook};
use guildhall::adapters::{Peer, Settings, Target};
use guildhall::domain::{DriftKind, FaultKind, InstanceId, PlatformId, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use secrecy::SecretString;
use serde_json::json;

const SLACK: &str = "https://hooks.slack.example/services/T0/B0/slack-secret-of-the-hook";
const DISCORD: &str = "https://discord.example/api/webhooks/1/discord-secret-of-the-hook";

fn slack() -> Peer {
    webhook(7, "slack", SLACK)
}

fn discord() -> Peer {
    webhook(8, "discord", DISCORD)
}

fn room(server: &str) -> Peer {
    Peer {
        platform: PlatformId::new("matrix"),
        target: Some(Target::Room {
            server: server.parse().unwrap(),
            room: "!general:matrix.sandbox".into(),
            token: SecretString::from("syt_token_of_the_bot"),
        }),
        instance: InstanceId(9),
        url: None,
        settings: Settings::default(),
    }
}

#[tokio::test]
async fn a_chat_is_connected_once_whatever_happens_in_between() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.journal.revive(None);
    world.connect(&slack()).await;
    let (writes, calls) = (world.journal.writes(), world.journal.calls());
    world.connect(&slack()).await;
    let made = world.integrations().await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["name"], format!("guildhall:{MARKER}:slack-7"));
    assert_eq!(made[0]["webhook_kind"], "slack");
    assert!(writes >= 4 && calls >= 3, "{writes} {calls}");
    for death in deaths(writes, calls) {
        let mut world = World::new().await;
        world.provisioned().await;
        world.journal.revive(Some(death));
        let op = world.op();
        let (adapter, peer) = (adapter(), slack());
        // After the last call there is nothing left to die of.
        let _ = world.until_death(adapter.connect(&op, &peer)).await;
        world.journal.revive(None);
        world.connect(&slack()).await;
        assert_eq!(world.integrations().await, made, "{death:?}");
    }
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_is_found_again() {
    for kind in [
        TroubleKind::Cut,
        TroubleKind::Html { status: 502 },
        TroubleKind::HalfJson,
    ] {
        let mut world = World::new().await;
        world.provisioned().await;
        let order = Trouble::new(kind.clone())
            .method("POST")
            .matching("chatbots")
            .after_work();
        world.sandbox.trouble(order).await.unwrap();
        world.connect(&slack()).await;
        assert_eq!(world.integrations().await.len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn switching_off_and_on_restores_the_announcements_exactly() {
    let mut world = World::new().await;
    let group = world
        .provisioned()
        .await
        .external_id
        .parse::<u64>()
        .unwrap();
    world.connect(&slack()).await;
    world.connect(&discord()).await;
    // Somebody changed what is announced: that is what must come back.
    let change = json!({"group": group, "event_kinds": ["poll_created", "stance_created"]});
    world.act("change-chatbots", change).await;
    let before = world.integrations().await;

    world.active = true;
    world.journal.revive(None);
    let said = world.deactivate().await;
    let (writes, calls) = (world.journal.writes(), world.journal.calls());
    assert!(
        said.contains("2 chats") && said.contains("Loomio has no pause"),
        "{said}"
    );
    assert!(world.integrations().await.is_empty());
    assert!(world.observe().await.drift.is_empty());
    let said = world.activate().await;
    assert!(said.contains("2 chats"), "{said}");
    assert_eq!(world.integrations().await, before);
    assert!(world.observe().await.drift.is_empty());

    for death in deaths(writes, calls) {
        world.journal.revive(Some(death));
        let op = world.op();
        let adapter = adapter();
        // After the last call there is nothing left to die of.
        let _ = world.until_death(adapter.deactivate(&op)).await;
        world.journal.revive(None);
        world.deactivate().await;
        assert!(world.integrations().await.is_empty(), "{death:?}");
        world.activate().await;
        assert_eq!(world.integrations().await, before, "{death:?}");
    }
}

#[tokio::test]
async fn an_inactive_instance_announces_nothing_until_it_is_activated() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.active = false;
    let said = world.connect(&slack()).await;
    assert!(said.contains("as soon as"), "{said}");
    assert!(world.integrations().await.is_empty());
    world.activate().await;
    assert_eq!(world.integrations().await.len(), 1);
}

#[tokio::test]
async fn changes_by_other_people_are_drift() {
    let mut world = World::new().await;
    let group = world
        .provisioned()
        .await
        .external_id
        .parse::<u64>()
        .unwrap();
    world.connect(&slack()).await;
    assert!(world.observe().await.drift.is_empty());
    let change = json!({"group": group, "event_kinds": ["stance_created"]});
    world.act("change-chatbots", change).await;
    assert_eq!(world.observe().await.drift[0].kind, DriftKind::Changed);
    world.act("delete-chatbots", json!({"group": group})).await;
    assert_eq!(world.observe().await.drift[0].kind, DriftKind::Missing);
}

#[tokio::test]
async fn what_is_announced_can_be_changed_in_the_settings() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&slack()).await;
    world.set("event_kinds", "outcome_created");
    let changed = ["event_kinds".to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
    let made = world.integrations().await;
    assert_eq!(made[0]["event_kinds"], json!(["outcome_created"]));
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn a_chat_is_disconnected_and_the_others_stay() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&slack()).await;
    world.connect(&discord()).await;
    adapter().disconnect(&world.op(), &slack()).await.unwrap();
    adapter().disconnect(&world.op(), &slack()).await.unwrap();
    let left = world.integrations().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["server"], DISCORD);
    assert!(!world.journal.secrets().contains_key("integration_7"));
}

#[tokio::test]
async fn without_the_role_nothing_is_kept_and_the_role_is_asked_for() {
    let mut world = World::new().await;
    let group = world
        .provisioned()
        .await
        .external_id
        .parse::<u64>()
        .unwrap();
    world
        .act("unmake-admin", json!({"group": group, "user": BOT}))
        .await;
    let refused = adapter().connect(&world.op(), &slack()).await;
    let fault = fault(refused.unwrap_err());
    assert_eq!(fault.kind, FaultKind::ScopeMissing);
    assert!(world.journal.secrets().is_empty());
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_in_loomios_words() {
    let mut world = World::new().await;
    world.provisioned().await;
    let private = webhook(7, "slack", "http://127.0.0.1:9/hidden-part-of-the-address");
    let refused = adapter().connect(&world.op(), &private).await;
    let fault = fault(refused.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.what.contains("public address"), "{fault}");
    assert!(!format!("{fault:?}").contains("hidden-part"));
}

#[tokio::test]
async fn a_test_never_says_that_it_arrived() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&slack()).await;
    let probe = adapter()
        .probe_connection(&world.op(), &slack())
        .await
        .unwrap();
    assert!(!probe.arrived);
    assert!(
        world
            .sandbox
            .calls()
            .iter()
            .any(|call| call.path == "/api/b2/chatbots/check")
    );
}

#[tokio::test]
async fn the_refusal_of_a_private_address_is_not_taken_for_a_dead_key() {
    let mut world = World::new().await;
    world.act("allow-loopback", json!({"on": true})).await;
    world.provisioned().await;
    let private = webhook(7, "slack", "http://127.0.0.1:9/hook");
    world.connect(&private).await;
    world.act("allow-loopback", json!({"on": false})).await;
    let tested = adapter().probe_connection(&world.op(), &private).await;
    assert_eq!(fault(tested.unwrap_err()).kind, FaultKind::Refused);
    world.act("change-password", json!({"user": BOT})).await;
    let tested = adapter().probe_connection(&world.op(), &private).await;
    assert_eq!(fault(tested.unwrap_err()).kind, FaultKind::KeyRejected);
}

#[tokio::test]
async fn a_room_is_made_by_program_or_else_by_a_person() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&room("https://matrix.sandbox")).await;
    let made = world.integrations().await;
    assert_eq!(made[0]["channel"], "!general:matrix.sandbox");
    adapter()
        .disconnect(&world.op(), &room("https://matrix.sandbox"))
        .await
        .unwrap();
    world.journal.next_operation();

    world.act("take-rooms", json!({"on": false})).await;
    let waits = adapter()
        .connect(&world.op(), &room("https://matrix.sandbox"))
        .await;
    let waits = task(waits.unwrap_err());
    assert!(waits.step.starts_with("integrate:"));
    assert!(!format!("{waits:?}").contains("syt_"), "no token in a task");
}

#[tokio::test]
async fn half_an_answer_does_not_show_a_chats_secret() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&slack()).await;
    for kind in [TroubleKind::HalfJson, TroubleKind::Echo] {
        let order = Trouble::new(kind).matching("chatbots").times(9);
        world.sandbox.trouble(order).await.unwrap();
        let seen = adapter().observe(&world.site()).await;
        assert!(
            !format!("{seen:?}").contains("secret-of-the-hook"),
            "{seen:?}"
        );
        let again = adapter().connect(&world.op(), &slack()).await;
        assert!(
            !format!("{again:?}").contains("secret-of-the-hook"),
            "{again:?}"
        );
        world.sandbox.calm().await.unwrap();
    }
    let facts = format!("{:?}", world.journal.facts());
    assert!(!facts.contains("secret-of-the-hook"), "{facts}");
}

#[tokio::test]
async fn a_soft_removal_takes_only_our_things_and_works_with_a_dead_key() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.connect(&slack()).await;
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(world.integrations().await.is_empty());
    assert!(removed.left[0].contains("stays as it is"), "{removed:?}");
    adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();

    world.act("change-password", json!({"user": BOT})).await;
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(
        removed.left[0].contains("may still be there"),
        "{removed:?}"
    );
}
