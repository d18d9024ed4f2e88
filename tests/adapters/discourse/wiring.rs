//! Connections: each sends something and sees it arrive, and each is undone.

use super::world::{World, adapter, fault, peer, task};
use crate::world::chat;
use guildhall::adapters::{Peer, Probe, Target};
use guildhall::domain::{FaultKind, PlatformId};
use secrecy::ExposeSecret;
use serde_json::json;

const DISCORD: &str = "https://discord.com/api/webhooks/1/abcdefghijklmnopqrstuvwxyz";

async fn made() -> World {
    let mut world = World::new().await;
    world.provisioned().await;
    world
}

async fn probe(world: &World, peer: &Peer) -> Probe {
    adapter().probe_connection(&world.op(), peer).await.unwrap()
}

async fn disconnect(world: &World, peer: &Peer) {
    adapter().disconnect(&world.op(), peer).await.unwrap();
}

#[tokio::test]
async fn a_webhook_is_pinged_and_the_answer_is_read() {
    let mut world = made().await;
    let receiver = chat(9, "json", "https://receiver.example/in");
    world.connect(&receiver).await;
    world.connect(&receiver).await;
    assert_eq!(world.ours().await["webhooks"].as_array().unwrap().len(), 1);
    let test = probe(&world, &receiver).await;
    assert!(test.sent && test.arrived, "{test:?}");
    world.act("receivers", json!({"status": 410})).await;
    let test = probe(&world, &receiver).await;
    assert!(
        test.sent && !test.arrived && test.what.contains("410"),
        "{test:?}"
    );
    let seen = world.observe().await;
    assert!(seen.note.contains("last delivery"), "{seen:?}");
    world.deactivate().await;
    assert_eq!(world.ours().await["webhooks"][0]["active"], false);
    assert!(!probe(&world, &receiver).await.sent);
    world.activate().await;
    assert_eq!(world.ours().await["webhooks"][0]["active"], true);
    disconnect(&world, &receiver).await;
    disconnect(&world, &receiver).await;
    assert!(
        world.ours().await["webhooks"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(!world.journal.secrets().contains_key("webhook_secret_9"));
}

#[tokio::test]
async fn discord_is_told_by_the_forums_chat_integration() {
    let mut world = made().await;
    world.act("settings", json!({"chat_discord": false})).await;
    let discord = chat(9, "discord", DISCORD);
    let op = world.op();
    let asked = task(adapter().connect(&op, &discord).await.unwrap_err());
    assert!(
        asked
            .instructions
            .iter()
            .any(|line| line.contains("chat_integration_discord_enabled"))
    );
    world.act("settings", json!({"chat_discord": true})).await;
    adapter().connect(&world.same_op(), &discord).await.unwrap();
    let ours = world.ours().await;
    assert_eq!(
        (ours["channels"].as_array().unwrap().len(), &ours["rules"]),
        (1, &json!(1))
    );
    let test = probe(&world, &discord).await;
    assert!(test.sent && test.look_for.is_some(), "{test:?}");
    world.deactivate().await;
    assert_eq!(
        world.ours().await["rules"],
        0,
        "nothing is told while it is off"
    );
    world.activate().await;
    assert_eq!(world.ours().await["rules"], 1);
    let secrets = world.requests();
    assert!(
        secrets
            .iter()
            .all(|request| !request.path.contains("abcdefghijklmnop"))
    );
    disconnect(&world, &discord).await;
    let ours = world.ours().await;
    assert_eq!((&ours["channels"], &ours["rules"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_chat_with_one_address_for_the_whole_forum_is_refused_with_the_reason() {
    let world = made().await;
    for flavour in ["slack", "markdown"] {
        let chat = chat(
            9,
            flavour,
            "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop",
        );
        let fault = fault(adapter().connect(&world.op(), &chat).await.unwrap_err());
        assert_eq!(fault.kind, FaultKind::Unsupported, "{fault}");
        assert!(fault.hint.contains("whole forum"), "{fault}");
    }
}

#[tokio::test]
async fn readers_come_only_into_an_open_category() {
    let mut world = made().await;
    let sourcecred = peer("sourcecred", None);
    let refused = fault(
        adapter()
            .connect(&world.op(), &sourcecred)
            .await
            .unwrap_err(),
    );
    assert!(refused.what.contains("private"), "{refused}");
    world.set("private", "false");
    world.configure(&["private"]).await.unwrap();
    world.connect(&sourcecred).await;
    assert!(probe(&world, &sourcecred).await.arrived);
    world.act("settings", json!({"login_required": true})).await;
    let refused = fault(
        adapter()
            .probe_connection(&world.op(), &sourcecred)
            .await
            .unwrap_err(),
    );
    assert!(refused.what.contains("not signed in"), "{refused}");
}

#[tokio::test]
async fn others_are_offered_the_forums_root() {
    let world = made().await;
    let offered = adapter()
        .offer_target(&world.op(), &PlatformId::new("sourcecred"))
        .await;
    let Target::Site { address } = offered.unwrap() else {
        panic!("a forum is a site to read");
    };
    assert_eq!(address.as_str(), "https://discourse.sandbox/");
}

#[tokio::test]
async fn the_webhook_is_signed_anew_and_its_receiver_is_waited_for() {
    let mut world = World::with_webhook().await;
    world.provisioned().await;
    let field = "webhook_secret";
    let old = world.journal.secrets()[field].clone();
    let signed = async |world: &World| {
        let state = world.state().await;
        let hooks = state["webhooks"].as_object().unwrap();
        hooks.values().next().unwrap()["secret"].clone()
    };
    let op = world.op();
    assert!(adapter().mints(&op, field));
    assert!(adapter().key_lives(op.site(), field, &old).await.unwrap());
    let (new, _) = adapter().mint_key(&op, field).await.unwrap();
    op.keep_secret(field, new.clone(), None).await.unwrap();

    // The forum has one secret for it; whoever receives it has to be told.
    world.act("receivers", json!({"status": 403})).await;
    let op = world.op();
    let asked = task(adapter().move_key(&op, field).await.unwrap_err());
    assert!(asked.why.contains("answers 403"), "{asked:?}");
    assert!(asked.instructions[0].contains("key reveal"), "{asked:?}");
    assert_eq!(signed(&world).await, new.expose_secret());
    world.act("receivers", json!({"status": 200})).await;
    let said = adapter().move_key(&world.op(), field).await.unwrap();
    assert!(said.contains("answered 200"), "{said}");
    assert!(
        !adapter()
            .key_lives(world.op().site(), field, &old)
            .await
            .unwrap()
    );
    assert_eq!(world.ours().await["webhooks"].as_array().unwrap().len(), 1);
}
