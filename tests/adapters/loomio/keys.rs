//! Keys, walls and broken servers.

use super::world::{BOT, World, fault};
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind};
use guildhall::sandbox::{Trouble, TroubleKind};
use secrecy::SecretString;
use serde_json::json;

#[tokio::test]
async fn a_bots_key_tells_who_what_and_how_far() {
    let world = World::new().await;
    let identity = world.verify().await.unwrap();
    assert_eq!(identity.external_id, BOT.to_string());
    assert!(identity.who.contains("Rosewood bot"));
    assert_eq!(identity.reach.objects.len(), 1);
    assert_eq!(identity.reach.objects[0].role, "admin");
    assert!(identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty());
    let members = identity.slots.iter().find(|slots| slots.unit == "members");
    assert_eq!(members.unwrap().max, Some(30));
}

#[tokio::test]
async fn a_persons_own_key_is_warned_of_with_every_group_it_reaches() {
    let mut world = World::new().await;
    world.use_key("key_of_a_person");
    let identity = world.verify().await.unwrap();
    assert_eq!(identity.reach.objects.len(), 3);
    assert_eq!(identity.scopes_excess.len(), 2);
    assert!(identity.warnings[0].contains("person's own account"));
}

#[tokio::test]
async fn a_key_that_lacks_the_role_says_so() {
    let mut world = World::new().await;
    world.set("group", "rosewood");
    let group = world.group("rosewood").await;
    world
        .act("unmake-admin", json!({"group": group, "user": BOT}))
        .await;
    let identity = world.verify().await.unwrap();
    assert_eq!(identity.scopes_missing, ["administrator of Rosewood Co-op"]);
    world.use_key("bot_without_group");
    let identity = world.verify().await.unwrap();
    assert_eq!(
        identity.scopes_missing,
        ["membership of the group rosewood"]
    );
}

#[tokio::test]
async fn without_a_key_the_bot_user_is_asked_for() {
    let mut world = World::new().await;
    world.secrets.clear();
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    assert!(
        fault
            .hint
            .contains("https://www.loomio.com/profile/api_access")
    );
}

#[tokio::test]
async fn a_changed_password_kills_the_key_and_a_deactivated_bot_too() {
    for action in ["change-password", "deactivate-user"] {
        let mut world = World::new().await;
        world.provisioned().await;
        world.act(action, json!({"user": BOT})).await;
        let dead = fault(world.provision().await.unwrap_err());
        assert_eq!(dead.kind, FaultKind::KeyRejected, "{action}");
        assert!(dead.hint.contains("api_access"));
        let seen = world.observe().await;
        assert_eq!(seen.standing, Standing::Unseen);
        assert_eq!(seen.drift[0].kind, DriftKind::CredentialDead);
    }
}

#[tokio::test]
async fn a_wall_or_a_broken_server_says_nothing_about_the_key() {
    let world = World::new().await;
    world.act("wall", json!({"on": true})).await;
    let walled = world.verify().await.unwrap_err();
    assert_eq!(walled.kind, FaultKind::BadAnswer);
    assert!(walled.what.contains("blocked in front"), "{walled}");
    world.act("wall", json!({"on": false})).await;

    for (trouble, kind) in [
        (TroubleKind::Html { status: 403 }, FaultKind::BadAnswer),
        (TroubleKind::Html { status: 200 }, FaultKind::BadAnswer),
        (TroubleKind::Html { status: 502 }, FaultKind::Unreachable),
        (TroubleKind::Status { status: 401 }, FaultKind::BadAnswer),
        (TroubleKind::HalfJson, FaultKind::BadAnswer),
        (TroubleKind::Cut, FaultKind::Unreachable),
    ] {
        let order = Trouble::new(trouble.clone())
            .matching("/b2/groups")
            .times(9);
        world.sandbox.trouble(order).await.unwrap();
        let fault = world.verify().await.unwrap_err();
        assert_eq!(fault.kind, kind, "{trouble:?}: {fault:?}");
        assert!(!fault.hint.is_empty());
        world.sandbox.calm().await.unwrap();
    }
}

#[tokio::test]
async fn the_counter_of_the_address_ends_the_calls_for_a_while() {
    let world = World::new().await;
    world.act("limit", json!({"requests": 0})).await;
    let fault = world.verify().await.unwrap_err();
    let FaultKind::RateLimited { retry_after } = fault.kind else {
        panic!("{fault:?}");
    };
    assert_eq!(retry_after.as_secs(), 300);
}

#[tokio::test]
async fn a_key_that_is_echoed_by_the_server_is_in_no_fault() {
    let mut world = World::new().await;
    let canary = "CANARYcanaryCANARYcanary";
    world
        .secrets
        .insert("api_key".into(), SecretString::from(canary));
    let order = Trouble::new(TroubleKind::Echo).matching("/b2/").times(9);
    world.sandbox.trouble(order).await.unwrap();
    let fault = world.verify().await.unwrap_err();
    assert!(!format!("{fault:?}").contains("CANARY"), "{fault:?}");
}
