//! Work that stopped half-way and what people did meanwhile: everything of ours can be put right, and nothing untrue is told.

use super::world::{WHOLE, Workspace};
use crate::journal::Death;
use crate::world::{fault, task};
use guildhall::adapters::Standing;
use guildhall::domain::{FaultKind, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

fn changed(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

/// Switched off by the token of a person who is in the channels; that token is not kept.
async fn archived() -> Workspace {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    for name in ["gov-rosewood", "gov-rosewood-proposals"] {
        world.add_member("admin", name).await;
    }
    world.use_key("user_token", "user_token");
    world.deactivate().await;
    world.secrets.remove("user_token");
    world
}

#[tokio::test]
async fn a_private_channel_the_bot_was_taken_out_of_is_waited_for_and_not_held_to_be_deleted() {
    let mut world = Workspace::new().await;
    world.set("private", "true");
    world.provisioned().await;
    for name in ["gov-rosewood", "gov-rosewood-proposals"] {
        world.add_member("admin", name).await;
        let out = json!({"channel": name, "user": world.bot()});
        world.act("remove-member", out).await;
    }
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Unseen);
    assert!(seen.task.unwrap().title.contains("#gov-rosewood"));
    let asked = task(world.provision().await.unwrap_err());
    assert!(asked.title.contains("#gov-rosewood"), "{asked:?}");
    let input = json!({"channel": "gov-rosewood", "user": world.bot()});
    world.act("add-member", input).await;
    let asked = task(world.provision().await.unwrap_err());
    assert!(asked.title.contains("proposals"), "{asked:?}");
    let input = json!({"channel": "gov-rosewood-proposals", "user": world.bot()});
    world.act("add-member", input).await;
    world.provisioned().await;
    assert_eq!(world.made_channels().await, WHOLE, "none was made anew");
}

#[tokio::test]
async fn a_removal_names_the_private_channel_it_cannot_see() {
    let mut world = Workspace::new().await;
    world.set("private", "true");
    world.provisioned().await;
    world.add_member("admin", "gov-rosewood").await;
    let out = json!({"channel": "gov-rosewood", "user": world.bot()});
    world.act("remove-member", out).await;
    let removed = world.adapter.remove(&world.op(), RemoveMode::Soft).await;
    let left = removed.unwrap().left.join(" ");
    assert!(
        left.contains("#gov-rosewood is private and the bot does not see it"),
        "{left}"
    );
}

#[tokio::test]
async fn what_a_persons_token_began_to_close_waits_for_that_token() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    for name in ["gov-rosewood", "gov-rosewood-proposals"] {
        world.add_member("admin", name).await;
    }
    world.use_key("user_token", "user_token");
    world.active = false;
    let trouble = Trouble::new(TroubleKind::Status { status: 503 })
        .matching("conversations.archive")
        .times(u32::MAX);
    world.sandbox.trouble(trouble).await.unwrap();
    world.adapter.deactivate(&world.op()).await.unwrap_err();
    world.sandbox.calm().await.unwrap();
    world.secrets.remove("user_token");
    let asked = fault(world.adapter.deactivate(&world.op()).await.unwrap_err());
    assert_eq!(asked.kind, FaultKind::NeedsKey, "{asked}");
    assert!(asked.hint.contains("user_token"), "{asked}");
    world.use_key("user_token", "user_token");
    let told = world.deactivate().await;
    assert!(told.contains("nobody can write"), "{told}");
    assert!(!world.may_write("gov-rosewood").await);
}

#[tokio::test]
async fn a_private_channel_the_person_was_not_in_stays_remembered_until_somebody_opens_it() {
    let mut world = Workspace::new().await;
    world.set("private", "true");
    world.provisioned().await;
    for name in ["gov-rosewood", "gov-rosewood-proposals"] {
        world.add_member("admin", name).await;
    }
    world.use_key("user_token", "user_token");
    world.deactivate().await;
    let out = json!({"channel": "gov-rosewood", "user": world.key("admin")});
    world.act("remove-member", out).await;
    world.active = true;
    let told = fault(world.adapter.activate(&world.op()).await.unwrap_err());
    assert_eq!(told.kind, FaultKind::ScopeMissing, "{told}");
    assert!(told.what.contains("stays archived"), "{told}");
    assert_eq!(world.channel("gov-rosewood").await["is_archived"], true);
    world.add_member("admin", "gov-rosewood").await;
    let told = world.activate().await;
    assert!(told.contains("open again"), "{told}");
    assert_eq!(world.channel("gov-rosewood").await["is_archived"], false);
}

#[tokio::test]
async fn what_was_taken_over_is_given_back_open() {
    let mut world = Workspace::new().await;
    let id = world.their_channel("board", false).await;
    world
        .act("topic", json!({"channel": "board", "text": "Board"}))
        .await;
    let presence = world.adapter.adopt(&world.same_op(), &id).await.unwrap();
    world.take(&presence);
    world.deactivate().await;
    let channel = world.channel("board").await;
    assert_eq!(
        channel["topic"], "[paused] Board",
        "a bot renames nothing it did not make"
    );
    let removed = world.adapter.remove(&world.op(), RemoveMode::Soft).await;
    let left = removed.unwrap().left.join(" ");
    assert!(left.contains("stays as it is"), "{left}");
    assert_eq!(world.channel("board").await["topic"], "Board");

    let mut world = Workspace::new().await;
    let id = world.their_channel("board", false).await;
    let presence = world.adapter.adopt(&world.same_op(), &id).await.unwrap();
    world.take(&presence);
    world.use_key("user_token", "user_token");
    world.deactivate().await;
    world.secrets.remove("user_token");
    let removed = world.adapter.remove(&world.op(), RemoveMode::Soft).await;
    let left = removed.unwrap().left.join(" ");
    assert!(left.contains("#board stays archived"), "{left}");
}

#[tokio::test]
async fn what_was_put_away_can_be_taken_over_once_somebody_opens_it() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let id = world.channel_id("gov-rosewood").await;
    world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    world.act("unarchive", json!({"channel": id})).await;
    world.forget_all();
    world.marker = "00000000000000000000000000000002".into();
    let found = world.adapter.discover(&world.site()).await.unwrap();
    let one = found.iter().find(|one| one.reference == id).unwrap();
    assert_eq!(one.obstacle, None);
}

#[tokio::test]
async fn a_removal_finds_its_way_into_a_public_channel_the_bot_was_taken_out_of() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    let id = world.channel_id("gov-rosewood").await;
    let out = json!({"channel": "gov-rosewood", "user": world.bot()});
    world.act("remove-member", out).await;
    world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    let state = world.state().await;
    let channel = &state["channels"][&id];
    assert_eq!(channel["is_archived"], true);
    assert!(channel["name"].as_str().unwrap().contains("-removed-"));
}

#[tokio::test]
async fn an_app_that_another_switched_off_instance_needs_stays_installed() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    for name in ["gov-rosewood", "gov-rosewood-proposals"] {
        world.act("archive", json!({"channel": name})).await;
    }
    world.forget_all();
    world.marker = "00000000000000000000000000000002".into();
    world.use_key("client_id", "client_id");
    world.use_key("client_secret", "client_secret");
    world.set("channel_name", "roses");
    world.set("channels", "");
    world.provisioned().await;
    let asked = world.adapter.remove(&world.op(), RemoveMode::Hard).await;
    let asked = task(asked.unwrap_err());
    let id = asked.step.strip_prefix("delete ").unwrap().to_owned();
    world.act("delete", json!({"channel": id})).await;
    let removed = world
        .adapter
        .remove(&world.same_op(), RemoveMode::Hard)
        .await;
    let left = removed.unwrap().left.join(" ");
    assert!(left.contains("stays installed"), "{left}");
    let state = world.state().await;
    assert_eq!(state["tokens"][world.key("bot_token")]["revoked"], false);
}

#[tokio::test]
async fn a_hard_removal_killed_anywhere_after_the_app_went_comes_to_its_end() {
    let begun = async || {
        let mut world = Workspace::new().await;
        world.use_key("client_id", "client_id");
        world.use_key("client_secret", "client_secret");
        world.provisioned().await;
        for name in ["gov-rosewood", "gov-rosewood-proposals"] {
            world.act("delete", json!({"channel": name})).await;
        }
        world
    };
    let world = begun().await;
    world.journal.revive(None);
    world
        .adapter
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    let (writes, calls) = (world.journal.writes(), world.journal.calls());
    let deaths: Vec<Death> = crate::world::deaths(writes, calls);
    assert!(deaths.len() > 4, "{deaths:?}");
    for death in deaths {
        let world = begun().await;
        world.journal.next_operation();
        world.journal.revive(Some(death));
        let op = world.same_op();
        let _ = world
            .until_death(world.adapter.remove(&op, RemoveMode::Hard))
            .await;
        world.journal.revive(None);
        let removed = world
            .adapter
            .remove(&world.same_op(), RemoveMode::Hard)
            .await;
        assert!(removed.is_ok(), "{death:?}: {removed:?}");
        let state = world.state().await;
        let app = state["tokens"][world.key("bot_token")]["app"].as_str();
        assert!(state["apps"][app.unwrap()]["team"].is_null(), "{death:?}");
    }
}

#[tokio::test]
async fn settings_changed_while_it_is_archived_are_there_when_it_is_on_again() {
    let mut world = archived().await;
    world.set("topic", "New");
    world.set("members", "kwame@example.org");
    world.set("channels", "proposals, decisions");
    let fields = changed(&["topic", "channels"]);
    world.adapter.configure(&world.op(), &fields).await.unwrap();
    let new = world.channel("gov-rosewood-decisions-paused").await;
    assert!(
        new["topic"].as_str().unwrap().starts_with("[paused]"),
        "closed from the start: {new}"
    );
    world.use_key("user_token", "user_token");
    world.activate().await;
    assert_eq!(world.channel("gov-rosewood").await["topic"], "New");
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn what_somebody_opened_while_it_is_off_is_closed_again() {
    let mut world = Workspace::new().await;
    world.provisioned().await;
    world.deactivate().await;
    let moved = json!({"channel": "gov-rosewood-paused", "name": "gov-rosewood"});
    world.act("rename", moved).await;
    assert_eq!(world.observe().await.drift.len(), 1);
    world.deactivate().await;
    assert!(world.observe().await.drift.is_empty());
    world.channel("gov-rosewood-paused").await;
}

#[tokio::test]
async fn what_is_not_sent_to_a_channel_that_was_taken_over_is_said_and_an_emptied_topic_is_sent() {
    let mut world = Workspace::new().await;
    let id = world.their_channel("board", false).await;
    let presence = world.adapter.adopt(&world.same_op(), &id).await.unwrap();
    world.take(&presence);
    let fields = changed(&["channel_name", "topic"]);
    let told = world.adapter.configure(&world.op(), &fields).await.unwrap();
    assert!(
        told.note.contains("channel_name is not sent"),
        "{}",
        told.note
    );
    assert_eq!(world.channel("board").await["topic"], "Housing & <commons>");
    world.set("topic", "");
    let changed = changed(&["topic"]);
    world
        .adapter
        .configure(&world.op(), &changed)
        .await
        .unwrap();
    assert_ne!(world.channel("board").await["topic"], "Housing & <commons>");
}

#[tokio::test]
async fn a_workspace_of_very_many_pages_is_read_to_its_end() {
    let world = Workspace::new().await;
    world.act("pages", json!({"most": 1})).await;
    let mut last = String::new();
    for at in 0..60 {
        last = world.their_channel(&format!("room-{at:02}"), false).await;
    }
    let found = world.adapter.discover(&world.site()).await.unwrap();
    assert!(found.iter().any(|one| one.reference == last));
}
