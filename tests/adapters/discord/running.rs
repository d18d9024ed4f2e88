//! What is peculiar to Discord: coming in, permissions, closing, webhooks, removal.

use super::world::{Server, WHOLE};
use crate::world::{fault, task};
use guildhall::adapters::{Standing, Target};
use guildhall::domain::{DriftKind, FaultKind, PlatformId, RemoveMode};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

#[tokio::test]
async fn a_role_that_did_not_go_with_its_channels_is_the_new_ones() {
    let mut world = Server::new().await;
    world.provisioned().await;
    let role = world.journal.facts()["places"]["role"].clone();
    let before = world.made_parts().await;
    let places = world.journal.facts()["places"].clone();
    let channels = places["channels"].as_array().unwrap().iter();
    for place in channels.chain([&places["category"]]) {
        world
            .act(
                "delete-channel",
                serde_json::json!({"channel": place["id"]}),
            )
            .await;
    }
    world.replace().await;
    world.provisioned().await;
    assert_eq!(world.journal.facts()["places"]["role"], role);
    assert_eq!(world.made_parts().await, before, "nothing is there twice");
    assert!(!world.journal.facts().contains_key("former"));
}

#[tokio::test]
async fn a_bot_outside_is_invited_by_a_person_and_then_makes_everything() {
    let mut world = Server::new().await;
    world.use_key("bot_token", "bot_token_outside");
    let asked = task(world.provision().await.unwrap_err());
    assert!(
        asked
            .url
            .as_ref()
            .unwrap()
            .contains("permissions=378762497105")
    );
    assert!(world.made_parts().await.is_empty());
    world.agree(&asked).await;
    let presence = world.provisioned().await;
    assert_eq!(world.made_parts().await, WHOLE);
    assert!(
        presence.note.contains("https://discord.gg/"),
        "{presence:?}"
    );
}

#[tokio::test]
async fn a_bot_that_lacks_permissions_says_which_and_goes_on_once_it_has_them() {
    let world = Server::new().await;
    // Without Manage Webhooks, which everybody in the server lacks as well.
    let bits = 0x58_3001_0c51_u64 & !(1 << 29);
    let input = json!({"guild": world.key("guild_id"), "bot": world.key("bot"), "bits": bits});
    world.act("permissions", input).await;
    let asked = task(world.provision().await.unwrap_err());
    assert_eq!(asked.asks_for, ["Manage Webhooks"]);
    world.agree(&asked).await;
    world.provision().await.unwrap();
    assert_eq!(world.made_parts().await, WHOLE);
}

#[tokio::test]
async fn a_private_category_does_not_shut_the_bot_out() {
    let mut world = Server::new().await;
    world.set("private", "true");
    world.provisioned().await;
    assert_eq!(world.made_parts().await, WHOLE);
    assert!(!world.may_write("general").await);
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn closing_stops_a_role_that_was_allowed_to_write() {
    let mut world = Server::new().await;
    world.provisioned().await;
    world.let_moderators_in().await;
    assert!(world.may_write("general").await);
    let told = world.deactivate().await;
    assert!(!world.may_write("general").await && !world.may_write("proposals").await);
    assert!(told.contains("Administrator can still write"), "{told}");
    assert!(world.observe().await.drift.is_empty());
    world.activate().await;
    assert!(world.may_write("general").await && world.may_write("proposals").await);
}

#[tokio::test]
async fn an_overwrite_edited_while_it_is_off_is_kept_and_told() {
    let mut world = Server::new().await;
    world.provisioned().await;
    world.deactivate().await;
    let guild = world.key("guild_id");
    // Somebody hides the channel from everybody and lets them write.
    let edited = json!({"channel": "general", "id": guild, "allow": 2048, "deny": 1024});
    world.act("overwrite", edited).await;
    let seen = world.observe().await;
    assert_eq!(seen.drift[0].kind, DriftKind::Changed);
    let told = world.activate().await;
    assert!(told.contains("kept in general"), "{told}");
    assert!(!world.may_write("general").await, "still hidden");
}

#[tokio::test]
async fn a_webhook_of_its_own_is_made_once_for_each_peer_and_its_message_is_seen() {
    let mut world = Server::new().await;
    world.provisioned().await;
    let loomio = PlatformId::new("loomio");
    let since = Timestamp::now();
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let offered = world
            .adapter
            .offer_target(&world.op(), &loomio)
            .await
            .unwrap();
        let Target::Webhook { flavour, address } = offered else {
            panic!("no webhook");
        };
        assert_eq!(flavour, "discord");
        addresses.push(address.expose_secret().to_owned());
    }
    assert_eq!(addresses[0], addresses[1]);
    let facts = format!("{:?}", world.journal.facts());
    assert!(!facts.contains(addresses[0].rsplit('/').next().unwrap()));
    let site = world.site();
    assert!(
        !world
            .adapter
            .saw_message(&site, "Test", since)
            .await
            .unwrap()
    );
    let posted = world.http.secret_address(
        guildhall::adapters::http::Method::POST,
        &addresses[0].as_str().into(),
    );
    posted
        .json(&json!({"content": "Test message"}))
        .send()
        .await
        .unwrap();
    assert!(
        world
            .adapter
            .saw_message(&site, "Test", since)
            .await
            .unwrap()
    );
    let made = world.made_parts().await;
    assert_eq!(made.last().unwrap(), "webhooks 1");
    // The connection is undone, and made anew: the old address is dead.
    for _ in 0..2 {
        let op = world.op();
        world.adapter.withdraw_target(&op, &loomio).await.unwrap();
        assert_eq!(world.made_parts().await.last().unwrap(), "webhooks 0");
        assert!(world.journal.secrets().is_empty());
    }
    world.journal.next_operation();
    let op = world.op();
    let offered = world.adapter.offer_target(&op, &loomio).await.unwrap();
    let Target::Webhook { address, .. } = offered else {
        panic!("no webhook");
    };
    assert_ne!(address.expose_secret(), addresses[0]);
}

#[tokio::test]
async fn a_bot_thrown_out_asks_to_be_invited_again() {
    let mut world = Server::new().await;
    world.provisioned().await;
    let input = json!({"guild": world.key("guild_id"), "user": world.key("bot")});
    world.act("kick", input).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Unseen);
    world.agree(&seen.task.unwrap()).await;
    assert_eq!(world.observe().await.standing, Standing::Present);
}

#[tokio::test]
async fn a_role_lifted_above_the_bots_is_told() {
    let mut world = Server::new().await;
    world.provisioned().await;
    let input = json!({"guild": world.key("guild_id"), "bot": world.key("bot")});
    world.act("lower", input).await;
    let seen = world.observe().await;
    assert_eq!(seen.drift[0].kind, DriftKind::ScopeShrank);
    assert!(seen.task.unwrap().title.contains("drag the bot's role"));
}

#[tokio::test]
async fn a_hard_removal_leaves_no_orphan_behind_and_a_soft_one_closes() {
    let mut world = Server::new().await;
    world.provisioned().await;
    world
        .adapter
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(world.made_parts().await, Vec::<String>::new());

    let mut world = Server::new().await;
    world.provisioned().await;
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(removed.left[0].contains("stay closed"), "{removed:?}");
    assert!(!world.may_write("general").await);
}

#[tokio::test]
async fn a_token_is_told_with_every_server_it_reaches() {
    let world = Server::new().await;
    let token = world.key("bot_token_with_too_much");
    let identity = world.verify(&[("bot_token", &token)]).await.unwrap();
    assert_eq!(identity.scopes_excess, ["Administrator"]);
    assert_eq!(identity.reach.objects.len(), 2);
    let warned = |part: &str| {
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains(part))
    };
    assert!(warned("Elsewhere"), "{identity:?}");
    assert_eq!(identity.slots[0].max, Some(100));
    assert_eq!(identity.slots[0].used, Some(2));
}

#[tokio::test]
async fn a_full_server_names_the_limit() {
    let world = Server::new().await;
    for at in 0..499 {
        let input = json!({"guild": world.key("guild_id"), "name": format!("c{at}")});
        world.act("add-channel", input).await;
    }
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::OverQuota);
    assert!(fault.what.contains("500 channels"), "{fault}");
}

#[tokio::test]
async fn what_is_announced_is_to_be_read_in_the_first_room() {
    let mut world = Server::new().await;
    world.provisioned().await;
    let site = world.site();
    assert!(world.adapter.announces());
    let words = "2 keys are to be replaced";
    for _ in 0..2 {
        world.adapter.announce(&site, words, "key-1").await.unwrap();
    }
    let since = jiff::Timestamp::UNIX_EPOCH;
    assert!(
        world
            .adapter
            .saw_message(&site, words, since)
            .await
            .unwrap()
    );
}
