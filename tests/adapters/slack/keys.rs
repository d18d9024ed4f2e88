//! What is told of a key.

use super::world::Workspace;
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind};
use serde_json::json;

#[tokio::test]
async fn a_bots_token_is_told_with_what_it_reaches() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let token = world.key("bot_token");
    let identity = world.verify(&[("bot_token", &token)]).await.unwrap();
    assert!(identity.who.contains("Rosewood"), "{}", identity.who);
    assert!(identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty());
    assert_eq!(identity.reach.objects.len(), 2);
    let everything = identity.reach.everything.unwrap();
    assert!(everything.contains("all 4 public channels"), "{everything}");
    assert!(
        identity
            .slots
            .iter()
            .any(|slots| slots.unit == "apps installed")
    );

    let mighty = world.key("bot_token_with_too_much");
    let identity = world.verify(&[("bot_token", &mighty)]).await.unwrap();
    assert_eq!(
        identity.scopes_excess,
        ["admin", "files:write", "channels:history"]
    );
    let warned = |part: &str| {
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains(part))
    };
    assert!(warned("administer") && warned("read what people write"));
}

#[tokio::test]
async fn a_token_of_another_workspace_is_refused() {
    let mut world = Workspace::new().await;
    let other = world.key("bot_token_of_another_workspace");
    world.verify(&[("bot_token", &other)]).await.unwrap();
    world.provisioned().await;
    let fault = world.verify(&[("bot_token", &other)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(fault.what.contains("Elsewhere") && fault.what.contains("Rosewood"));

    let mut world = Workspace::new().await;
    world.set_to_known("team_id", "team_id");
    let other = world.key("bot_token_of_another_workspace");
    let fault = world.verify(&[("bot_token", &other)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
}

#[tokio::test]
async fn tokens_in_the_wrong_field_are_told_apart() {
    let world = Workspace::new().await;
    let (bot, person) = (world.key("bot_token"), world.key("user_token"));
    let fault = world.verify(&[("bot_token", &person)]).await.unwrap_err();
    assert!(fault.what.contains("amina"), "{fault}");
    let fault = world.verify(&[("user_token", &bot)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    let identity = world.verify(&[("user_token", &person)]).await.unwrap();
    assert!(identity.scopes_missing.is_empty(), "{identity:?}");
}

#[tokio::test]
async fn a_rotating_token_says_when_it_dies() {
    let world = Workspace::new().await;
    let rotating = world
        .act("rotate", json!({"token": world.key("bot_token")}))
        .await;
    let token = rotating["token"].as_str().unwrap();
    let identity = world.verify(&[("bot_token", token)]).await.unwrap();
    assert!(identity.expires_at.is_some());
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("rotation"))
    );
    world.act("expire", json!({"token": token})).await;
    let fault = world.verify(&[("bot_token", token)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected);
}

#[tokio::test]
async fn an_app_taken_out_and_a_scope_taken_away_are_seen() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let token = world.key("bot_token");
    let scopes = ["channels:read", "groups:read", "channels:manage"];
    world
        .act("scopes", json!({"token": token, "scopes": scopes}))
        .await;
    let seen = world.observe().await;
    assert_eq!(seen.drift[0].kind, DriftKind::ScopeShrank);
    assert!(seen.drift[0].what.contains("chat:write"));
    world.act("uninstall", json!({"token": token})).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Unseen);
    assert_eq!(seen.drift[0].kind, DriftKind::CredentialDead);
    assert!(seen.drift[0].what.contains("taken out of the workspace"));
}

#[tokio::test]
async fn the_filled_in_page_makes_an_app_whose_token_is_enough() {
    let mut world = Workspace::new().await;
    world.secrets.clear();
    let fault = crate::world::fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    let address = fault
        .hint
        .split(' ')
        .find(|word| word.starts_with("https://"));
    let input = json!({"address": address.unwrap(), "team": world.key("team_id")});
    let made = world.act("make-app", input).await;
    let token = made["token"].as_str().unwrap();
    let identity = world.verify(&[("bot_token", token)]).await.unwrap();
    assert!(identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty());
    world.secrets.insert("bot_token".into(), token.into());
    world.provision().await.unwrap();
}

#[tokio::test]
async fn an_old_token_is_ended_with_itself_and_only_that_one() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let old = world.key("bot_token").into();
    let person = world.key("user_token").into();
    let (op, site) = (world.op(), world.site());
    let lives = async |field: &str, key| world.adapter.key_lives(&site, field, key).await.unwrap();
    assert!(world.adapter.revokes(&op, "bot_token") && lives("bot_token", &old).await);
    for _ in 0..2 {
        let ended = world.adapter.revoke_key(&op, "bot_token", &old).await;
        assert!(ended.unwrap(), "repeating is harmless");
        assert!(!lives("bot_token", &old).await);
    }
    assert!(lives("user_token", &person).await);
    assert!(!world.adapter.revokes(&op, "webhook_url"));
}
