//! Keys: who they are, what they lack, and that they never come back out.

use super::world::{OURS, World, fault};
use guildhall::domain::{DriftKind, Fault, FaultKind, Health};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

#[tokio::test]
async fn a_user_without_an_id_or_a_name_is_no_identity() {
    for field in ["id", "slug"] {
        let world = World::new().await;
        let field = field.to_owned();
        let lacking = Trouble::new(TroubleKind::Without { field }).times(u32::MAX);
        world.sandbox.trouble(lacking).await.unwrap();
        let refused = world.verify(&world.key("token")).await.unwrap_err();
        assert_eq!(refused.kind, FaultKind::BadAnswer, "{refused}");
    }
}

#[tokio::test]
async fn verification_says_who_it_is_and_how_far_it_reaches() {
    let mut world = World::new().await;
    world.provision().await.unwrap();
    let foreign = json!({"slug": "another-one", "admin": OURS});
    world.act("add-collective", foreign).await;
    world.set("token_expires_on", "2027-01-31");
    let identity = world.verify(&world.key("token")).await.unwrap();
    assert!(identity.who.contains("@guildhall-bot"), "{identity:?}");
    assert_eq!(identity.scopes_held, ["account", "webhooks"]);
    assert!(identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty());
    let ours: Vec<bool> = identity
        .reach
        .objects
        .iter()
        .map(|object| object.community.is_some())
        .collect();
    assert_eq!(ours.len(), 2);
    assert_eq!(ours.iter().filter(|ours| **ours).count(), 1);
    assert_eq!(identity.slots[0].used, Some(2));
    assert_eq!(
        identity.expires_at.unwrap().to_string(),
        "2027-01-31T00:00:00Z"
    );
}

#[tokio::test]
async fn missing_and_excess_scopes_are_named() {
    let world = World::new().await;
    let added = json!({"user": OURS, "scopes": ["webhooks"]});
    let token = world.act("add-token", added).await["token"].clone();
    let identity = world.verify(token.as_str().unwrap()).await.unwrap();
    assert_eq!(identity.scopes_missing, ["account"]);
    let scopes = json!({"token": token, "scopes": ["account"]});
    world.act("scopes", scopes).await;
    let identity = world.verify(token.as_str().unwrap()).await.unwrap();
    assert_eq!(identity.scopes_missing, ["webhooks"]);

    let identity = world
        .verify(&world.key("token_with_too_much"))
        .await
        .unwrap();
    assert_eq!(
        identity.scopes_excess,
        ["expenses", "orders", "applications"]
    );
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("money")),
        "{identity:?}"
    );
}

#[tokio::test]
async fn organisations_and_a_second_factor_are_warned_of() {
    let world = World::new().await;
    let identity = world.verify(&world.key("token_of_the_host")).await.unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("commons-host")),
        "{identity:?}"
    );
    world.act("two-factor", json!({"user": OURS})).await;
    let identity = world.verify(&world.key("token")).await.unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("Advanced privileges")),
        "{identity:?}"
    );
}

#[tokio::test]
async fn a_key_of_another_shape_is_not_even_sent() {
    let world = World::new().await;
    world.sandbox.forget_calls();
    let bad = world
        .verify("syt_YWRtaW4_aaaaaaaaaaaaaaaaaaaa_000000")
        .await;
    assert_eq!(bad.unwrap_err().kind, FaultKind::BadInput);
    assert!(world.sandbox.calls().is_empty());
}

#[tokio::test]
async fn a_dead_key_is_told_by_its_reason_and_never_repeated() {
    for (action, words) in [
        ("revoke", "not accepted"),
        ("expire", "expired"),
        ("suspend", "suspended"),
    ] {
        let world = World::new().await;
        world.provision().await.unwrap();
        world
            .act(action, json!({"token": world.key("token")}))
            .await;
        let dead = world.verify(&world.key("token")).await.unwrap_err();
        assert_eq!(dead.kind, FaultKind::KeyRejected, "{action}: {dead:?}");
        assert!(dead.what.contains(words), "{action}: {dead}");
        assert_silent(&dead, &world.key("token"));
        let look = world.observe().await;
        assert_eq!(look.health, Health::Down);
        assert_eq!(look.drift[0].kind, DriftKind::CredentialDead);
        assert!(!format!("{look:?}").contains(&world.key("token")));
    }
    let world = World::new().await;
    world.act("limit", json!({"user": OURS})).await;
    let limited = world.verify(&world.key("token")).await.unwrap_err();
    assert!(limited.what.contains("limited"), "{limited}");
}

#[tokio::test]
async fn a_wrong_address_is_told_from_a_wrong_key() {
    let mut world = World::new().await;
    world.set("base_url", "https://api.opencollective.com/graphql");
    let wrong = fault(world.provision().await.unwrap_err());
    assert_eq!(wrong.kind, FaultKind::BadInput);
    assert!(wrong.what.contains("/graphql/v2"), "{wrong}");
    world.set("base_url", "https://api.opencollective.com/x/graphql/v2");
    let wrong = world.verify(&world.key("token")).await.unwrap_err();
    assert_eq!(wrong.kind, FaultKind::BadInput, "{wrong}");
}

#[tokio::test]
async fn a_scope_that_is_taken_away_is_named_with_the_place_to_tick_it() {
    let world = World::new().await;
    let scopes = json!({"token": world.key("token"), "scopes": ["webhooks"]});
    world.act("scopes", scopes).await;
    let missing = fault(world.provision().await.unwrap_err());
    assert_eq!(missing.kind, FaultKind::ScopeMissing);
    assert!(missing.what.contains("scope account"), "{missing}");
    assert!(
        missing.hint.contains("opencollective.com/dashboard"),
        "{missing}"
    );
}

#[tokio::test]
async fn no_trouble_brings_the_key_into_a_message() {
    for kind in [
        TroubleKind::Echo,
        TroubleKind::Html { status: 502 },
        TroubleKind::Html { status: 200 },
        TroubleKind::HalfJson,
        TroubleKind::CutBody,
        TroubleKind::Status { status: 400 },
        TroubleKind::Status { status: 403 },
        TroubleKind::Status { status: 503 },
    ] {
        let world = World::new().await;
        let trouble = Trouble::new(kind.clone()).times(20);
        world.sandbox.trouble(trouble).await.unwrap();
        let refused = world.verify(&world.key("token")).await.unwrap_err();
        assert!(
            !refused.what.is_empty() && !refused.hint.is_empty(),
            "{kind:?}: {refused:?}"
        );
        assert_silent(&refused, &world.key("token"));
        let refused = fault(world.provision().await.unwrap_err());
        assert_silent(&refused, &world.key("token"));
    }
}

fn assert_silent(fault: &Fault, token: &str) {
    let all = format!("{fault:?} {fault}");
    assert!(!all.contains(token), "{all}");
    assert!(!all.contains(&token[4..36]), "{all}");
}
