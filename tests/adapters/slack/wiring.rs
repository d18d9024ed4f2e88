//! What others connect to, and whether what they send is seen to arrive.

use super::world::{Workspace, peer};
use crate::world::task;
use guildhall::adapters::Target;
use guildhall::domain::{FaultKind, PlatformId};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::json;

#[tokio::test]
async fn a_webhook_is_asked_of_a_person_and_offered_once_it_is_there() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let loomio = PlatformId::new("loomio");
    let op = world.same_op();
    let asked = task(world.adapter.offer_target(&op, &loomio).await.unwrap_err());
    assert!(asked.url.unwrap().ends_with("/incoming-webhooks"));
    assert_eq!(asked.asks_for, ["incoming-webhook"]);
    let input = json!({"token": world.key("bot_token"), "channel": "gov-rosewood"});
    let made = world.act("make-webhook", input).await;
    let address = made["address"].as_str().unwrap();
    world.secrets.insert("webhook_url".into(), address.into());
    let offered = world
        .adapter
        .offer_target(&world.same_op(), &loomio)
        .await
        .unwrap();
    let Target::Webhook {
        flavour,
        address: given,
    } = offered
    else {
        panic!("{offered:?}");
    };
    assert_eq!(
        (flavour.as_str(), given.expose_secret()),
        ("slack", address)
    );
    // Guildhall did not make it and cannot delete it: it stays, and whoever undoes the connection is told so.
    let op = world.op();
    let stays = world.adapter.withdraw_target(&op, &loomio).await.unwrap();
    let stays = stays.unwrap();
    assert!(
        stays.contains("a person made stays") && stays.contains("/incoming-webhooks"),
        "{stays}"
    );
    assert!(!stays.contains(address));
}

#[tokio::test]
async fn a_tool_that_acts_itself_is_let_in_and_taken_out_again() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let peer = peer("policykit");
    let offered = world
        .adapter
        .offer_target(&world.op(), &peer.platform)
        .await
        .unwrap();
    assert!(matches!(offered, Target::Room { room, .. } if room.starts_with('C')));
    world.journal.next_operation();
    let asked = task(
        world
            .adapter
            .connect(&world.same_op(), &peer)
            .await
            .unwrap_err(),
    );
    assert!(asked.title.contains("policykit"), "{asked:?}");
    // A person who comes in meanwhile is not the tool.
    world.add_member("member", "gov-rosewood").await;
    task(
        world
            .adapter
            .connect(&world.same_op(), &peer)
            .await
            .unwrap_err(),
    );
    world.add_bot("PolicyKit", "gov-rosewood").await;
    let told = world
        .adapter
        .connect(&world.same_op(), &peer)
        .await
        .unwrap();
    assert!(told.contains("PolicyKit"), "{told}");
    let probe = world
        .adapter
        .probe_connection(&world.op(), &peer)
        .await
        .unwrap();
    assert!(probe.sent && !probe.arrived, "{probe:?}");
    world.adapter.disconnect(&world.op(), &peer).await.unwrap();
    let members = world.channel("gov-rosewood").await["members"].clone();
    let stay = members.as_array().unwrap();
    assert_eq!(stay.len(), 2, "{members}");
    assert!(stay.contains(&json!(world.bot())) && stay.contains(&json!(world.key("member"))));
    world.adapter.disconnect(&world.op(), &peer).await.unwrap();
}

#[tokio::test]
async fn of_several_bots_the_one_called_like_the_tool_is_taken_and_no_other_guessed() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let tool = peer("policykit");
    let connect = async |world: &Workspace| {
        let op = world.same_op();
        world.adapter.connect(&op, &tool).await
    };
    task(connect(&world).await.unwrap_err());
    world.add_bot("weather", "gov-rosewood").await;
    world.add_bot("votes", "gov-rosewood").await;
    let asked = task(connect(&world).await.unwrap_err());
    let told = asked.instructions.join(" ");
    assert!(told.contains("weather") && told.contains("votes"), "{told}");
    world
        .add_bot("policykit-for-rosewood", "gov-rosewood")
        .await;
    let told = connect(&world).await.unwrap();
    assert!(told.contains("policykit-for-rosewood"), "{told}");

    // One that was let in before it was asked for is taken at once.
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.add_bot("PolicyKit", "gov-rosewood").await;
    connect(&world).await.unwrap();
}

#[tokio::test]
async fn a_message_is_seen_to_arrive_only_where_the_bot_may_read() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let since = Timestamp::now();
    let saw = world
        .adapter
        .saw_message(&world.site(), "Test message", since)
        .await;
    assert_eq!(saw.unwrap_err().kind, FaultKind::Unsupported);

    let mut world = Workspace::new().await;
    world.use_key("bot_token", "bot_token_that_reads");
    world.provisioned().await;
    let site = world.site();
    let saw = || world.adapter.saw_message(&site, "Test message", since);
    assert!(!saw().await.unwrap());
    world.add_member("member", "gov-rosewood").await;
    let said = json!({"channel": "gov-rosewood", "user": world.key("member"), "text": "Test message for Rosewood"});
    world.act("say", said).await;
    assert!(saw().await.unwrap());
    let later = Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let saw = world
        .adapter
        .saw_message(&world.site(), "Test message", later)
        .await;
    assert!(!saw.unwrap());
}
