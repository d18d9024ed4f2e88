//! Keys: who they are, how far they reach, how they die.

use crate::synapse::{Limits, Synapse};
use crate::world::{World, adapter, fault};
use guildhall::domain::{DriftKind, FaultKind};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn a_token_is_told_apart_by_what_it_may_do_and_reach() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let bot = world.bot();
    let identity = world.verify(&[("access_token", &bot.token)]).await.unwrap();
    assert_eq!(identity.external_id, bot.id);
    assert!(
        identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty(),
        "{identity:?}"
    );
    assert_eq!(identity.reach.objects.len(), 3);
    assert!(identity.warnings.is_empty(), "{identity:?}");

    let identity = world
        .verify(&[("admin_token", &server.admin.token)])
        .await
        .unwrap();
    assert!(identity.reach.everything.is_some() && identity.scopes_missing.is_empty());
    let identity = world.verify(&[("admin_token", &bot.token)]).await.unwrap();
    assert_eq!(identity.scopes_missing, ["server administrator"]);
    assert!(identity.reach.everything.is_none());

    let other = World::new(&server, "other");
    let identity = other
        .verify(&[("access_token", &server.admin.token)])
        .await
        .unwrap();
    assert_eq!(identity.scopes_excess, ["server administrator"]);
    let identity = other.verify(&[("access_token", &bot.token)]).await.unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("3 rooms")),
        "the rooms of another community are told: {identity:?}"
    );

    // A token minted by the administrator belongs to no device.
    let path = format!("/_synapse/admin/v1/users/{}/login", bot.id);
    let minted = server.admin.post(&path, json!({})).await.value();
    let minted = minted["access_token"].as_str().unwrap();
    let identity = world.verify(&[("access_token", minted)]).await.unwrap();
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("no device")),
        "{identity:?}"
    );
}

#[tokio::test]
async fn a_dead_token_is_named_by_the_server_and_a_mistyped_one_never_sent() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let mut mistyped = world.bot().token;
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == 'a' { 'b' } else { 'a' });
    world.journal.revive(None);
    let refused = world
        .verify(&[("access_token", &mistyped)])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.kind, world.journal.calls()),
        (FaultKind::BadInput, 0)
    );

    let bot = world.bot();
    let signed_out = bot.post("/_matrix/client/v3/logout/all", json!({})).await;
    assert_eq!(signed_out.status, 200);
    let refused = world
        .verify(&[("access_token", &bot.token)])
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FaultKind::KeyRejected, "{refused}");
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(seen.drift[0].kind, DriftKind::CredentialDead);

    // With an administrator at hand the bot is signed in again; without one a key is asked for.
    let mut without = World::new(&server, "rosewood");
    without.journal = world.journal.clone();
    without.marker.clone_from(&world.marker);
    without.secrets = BTreeMap::new();
    let refused = fault(adapter().deactivate(&without.op()).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::KeyRejected, "{refused}");
    adapter().deactivate(&world.op()).await.unwrap();
    assert_ne!(world.bot().token, bot.token);
    assert_eq!(server.devices(&bot.id).await.len(), 1);
}

#[tokio::test]
async fn a_locked_or_suspended_bot_is_told_from_a_dead_token() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let mut world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    world.secrets = BTreeMap::new();
    let bot = world.bot();
    let suspend = format!("/_synapse/admin/v1/suspend/{}", bot.id);
    assert_eq!(
        server
            .admin
            .put(&suspend, json!({"suspend": true}))
            .await
            .status,
        200
    );
    let refused = fault(adapter().deactivate(&world.op()).await.unwrap_err());
    assert!(refused.what.contains("suspended"), "{refused}");
    assert_eq!(
        server
            .admin
            .put(&suspend, json!({"suspend": false}))
            .await
            .status,
        200
    );

    let lock = format!("/_synapse/admin/v2/users/{}", bot.id);
    assert_eq!(
        server
            .admin
            .put(&lock, json!({"locked": true}))
            .await
            .status,
        200
    );
    let refused = fault(adapter().deactivate(&world.op()).await.unwrap_err());
    assert!(refused.what.contains("locked"), "{refused}");
    assert_eq!(
        server
            .admin
            .put(&lock, json!({"locked": false}))
            .await
            .status,
        200
    );
    adapter().deactivate(&world.op()).await.unwrap();
}

#[tokio::test]
async fn another_token_is_made_beside_the_old_one_and_only_the_old_one_is_ended() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let world = World::new(&server, "rosewood");
    world.provision().await.unwrap();
    let bot = world.bot();
    let lives = async |token: &SecretString| {
        let site = world.site();
        adapter()
            .key_lives(&site, "access_token", token)
            .await
            .unwrap()
    };
    let mut devices = Vec::new();
    // There and back: the second device is free again, and the first one is.
    for _ in 0..3 {
        let op = world.op();
        let old = op.secret("access_token").unwrap();
        assert!(adapter().mints(&op, "access_token"));
        // What an interrupted run signed in is signed out by the next.
        let (stray, _) = adapter().mint_key(&op, "access_token").await.unwrap();
        let (new, identity) = adapter().mint_key(&op, "access_token").await.unwrap();
        assert_eq!(identity.clone().unwrap().external_id, bot.id);
        assert!(lives(&old).await && lives(&new).await && !lives(&stray).await);
        op.keep_secret("access_token", new.clone(), identity)
            .await
            .unwrap();
        let op = world.op();
        adapter().move_key(&op, "access_token").await.unwrap();
        let ended = adapter().revoke_key(&op, "access_token", &old).await;
        assert!(ended.unwrap() && !lives(&old).await && lives(&new).await);
        let now = server.devices(&bot.id).await;
        assert_eq!(now.len(), 1, "{now:?}");
        devices.push(now[0]["device_id"].clone());
    }
    assert_ne!(devices[0], devices[1]);
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert!(seen.drift.is_empty(), "{seen:?}");

    // One that the administrator minted outlives the user, and is ended with itself.
    let path = format!("/_synapse/admin/v1/users/{}/login", bot.id);
    let minted = server.admin.post(&path, json!({})).await.value();
    let minted = SecretString::from(minted["access_token"].as_str().unwrap());
    let op = world.op();
    let ended = adapter().revoke_key(&op, "access_token", &minted).await;
    assert!(ended.unwrap() && !lives(&minted).await);
    assert!(lives(&op.secret("access_token").unwrap()).await);
}
