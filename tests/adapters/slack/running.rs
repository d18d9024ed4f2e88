//! Settings, adoption, removal.

use super::world::{WHOLE, Workspace};
use crate::world::{fault, task};
use guildhall::domain::{FaultKind, RemoveMode};
use serde_json::json;

fn changed(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

#[tokio::test]
async fn changed_settings_are_sent_and_fixed_ones_refused() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.set("channels", "decisions");
    world.set("channel_name", "roses");
    let fields = changed(&["channels", "channel_name"]);
    world.adapter.configure(&world.op(), &fields).await.unwrap();
    let made = world.made_channels().await;
    assert!(made.contains(&"roses, 1 pinned".into()), "{made:?}");
    assert!(
        made.contains(&"roses-decisions, 0 pinned".into()),
        "{made:?}"
    );
    assert!(
        made.contains(&"gov-rosewood-proposals, 0 pinned".into()),
        "kept: {made:?}"
    );
    assert!(world.observe().await.drift.is_empty());
    let halt = world
        .adapter
        .configure(&world.op(), &changed(&["private"]))
        .await;
    assert_eq!(fault(halt.unwrap_err()).kind, FaultKind::BadInput);
}

#[tokio::test]
async fn a_name_changed_while_it_is_off_is_there_when_it_is_on_again() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.deactivate().await;
    world.set("channel_name", "roses");
    world.set("topic", "New");
    let fields = changed(&["channel_name", "topic"]);
    world.adapter.configure(&world.op(), &fields).await.unwrap();
    world.activate().await;
    assert_eq!(world.channel("roses").await["topic"], "New");
}

#[tokio::test]
async fn a_private_channel_is_adopted_once_somebody_invites_the_bot() {
    let mut world = Workspace::new().await;
    let (team, owner) = (world.key("team_id"), world.key("admin"));
    let input = json!({"team": team, "name": "board", "user": owner, "private": true});
    let made = world.act("add-channel", input).await;
    let id = made["id"].as_str().unwrap();
    let op = world.same_op();
    let asked = task(world.adapter.adopt(&op, id).await.unwrap_err());
    assert!(
        asked.instructions[1].starts_with("Write /invite @"),
        "{asked:?}"
    );
    let input = json!({"channel": id, "user": world.bot()});
    world.act("add-member", input).await;
    let presence = world.adapter.adopt(&world.same_op(), id).await.unwrap();
    assert_eq!(presence.external_id, id);
    world.take(&presence);
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert!(removed.left[0].contains("stays as it is"), "{removed:?}");
    assert_eq!(world.channel("board").await["is_archived"], false);
}

#[tokio::test]
async fn what_another_instance_holds_is_shown_with_its_obstacle() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let mine = world.channel_id("gov-rosewood").await;
    world.marker = "00000000000000000000000000000002".into();
    world.journal = crate::journal::MemoryJournal::new();
    let found = world.adapter.discover(&world.site()).await.unwrap();
    let held = found.iter().find(|one| one.reference == mine).unwrap();
    assert!(held.obstacle.as_ref().unwrap().contains("another instance"));
    let free = found.iter().find(|one| one.name == "#general").unwrap();
    assert_eq!(free.obstacle, None);
    let halt = world.adapter.adopt(&world.same_op(), &mine).await;
    assert_eq!(fault(halt.unwrap_err()).kind, FaultKind::Conflict);
}

#[tokio::test]
async fn after_a_soft_removal_the_names_are_free_again() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(
        removed.left[0].contains("only a person can unarchive"),
        "{removed:?}"
    );
    assert!(world.made_channels().await[0].contains("-removed-"));
    world.marker = "00000000000000000000000000000002".into();
    world.external_id = None;
    world.provision().await.unwrap();
    let made = world.made_channels().await;
    assert!(
        WHOLE.iter().all(|name| made.contains(&(*name).to_owned())),
        "{made:?}"
    );
}

#[tokio::test]
async fn a_hard_removal_waits_for_a_person_and_uninstalls_an_app_of_its_own() {
    let mut world = Workspace::new().await;
    world.use_key("client_id", "client_id");
    world.use_key("client_secret", "client_secret");
    world.provisioned().await;
    world.journal.next_operation();
    for _ in 0..2 {
        let op = world.same_op();
        let asked = task(
            world
                .adapter
                .remove(&op, RemoveMode::Hard)
                .await
                .unwrap_err(),
        );
        assert!(asked.url.unwrap().contains("/archives/C"));
        let id = asked.step.strip_prefix("delete ").unwrap();
        world.act("delete", json!({"channel": id})).await;
    }
    let removed = world
        .adapter
        .remove(&world.same_op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(removed.left, Vec::<String>::new());
    let state = world.state().await;
    let token = &state["tokens"][world.key("bot_token")];
    let app = token["app"].as_str().unwrap();
    assert!(state["apps"][app]["team"].is_null(), "uninstalled");
}

#[tokio::test]
async fn a_removal_with_a_dead_token_names_what_stays() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world
        .act("revoke", json!({"token": world.key("bot_token")}))
        .await;
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert_eq!(removed.left.len(), 2);
    assert!(removed.left[0].contains("stays open"), "{removed:?}");
}

#[tokio::test]
async fn what_is_announced_is_to_be_read_in_the_first_room() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let site = world.site();
    assert!(world.adapter.announces());
    let words = "2 keys are to be replaced";
    world.adapter.announce(&site, words, "key-1").await.unwrap();
    let channel = world.channel("gov-rosewood").await.to_string();
    assert!(channel.contains(words), "{channel}");
}
