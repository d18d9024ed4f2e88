//! Making the instance: once, whatever happens on the way.

use super::world::{MARK, World, adapter, all, fault, one, task};
use guildhall::domain::FaultKind;
use guildhall::sandbox::{LimitShape, Trouble, TroubleKind};
use serde_json::json;
use std::time::Duration;

/// Everything once, and nothing twice.
async fn assert_whole(world: &World, what: &str) {
    let ours = world.ours().await;
    assert_eq!(
        ours["group"]["members"].as_array().unwrap().len(),
        3,
        "{what}: {ours}"
    );
    assert_eq!(
        ours["category"]["permissions"],
        json!({MARK: 1, "staff": 1}),
        "{what}"
    );
    assert_eq!(ours["topics"].as_array().unwrap().len(), 1, "{what}");
    assert_eq!(ours["topics"][0]["pinned"], true, "{what}");
    assert_eq!(ours["invites"], 1, "{what}");
    assert_eq!(ours["webhooks"].as_array().unwrap().len(), 1, "{what}");
    let keys = ours["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1, "{what} leaves a key nobody knows");
    let secrets = world.journal.secrets();
    let held = secrecy::ExposeSecret::expose_secret(&secrets["runtime_key"]);
    assert_eq!(keys[0]["secret"], held, "{what}");
    let bot = format!("{MARK}-bot");
    assert_eq!(
        one(&world.state().await["users"], "username", &bot)["admin"],
        false,
        "{what}"
    );
}

#[tokio::test]
async fn what_did_not_go_with_the_category_is_taken_in_or_away() {
    let mut world = World::with_webhook().await;
    world.provisioned().await;
    let count = async |world: &World| {
        let state = world.state().await;
        ["groups", "webhooks", "keys", "invites"]
            .map(|what| state[what].as_object().map_or(0, serde_json::Map::len))
    };
    let before = count(&world).await;
    let places = world.journal.facts()["places"].clone();
    let category = places["category"]["id"].clone();
    world
        .act("delete-category", serde_json::json!({"id": category}))
        .await;
    world.replace().await;
    world.provisioned().await;
    assert_eq!(count(&world).await, before, "nothing is there twice");
    let now = world.journal.facts()["places"].clone();
    assert_eq!(now["group"], places["group"], "its members are kept");
    assert_ne!(now["webhook"], places["webhook"]);
    assert!(!world.journal.facts().contains_key("former"));
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{:?}", seen.drift);
}

#[tokio::test]
async fn provisioning_makes_every_part_and_twice_makes_one() {
    let world = World::with_webhook().await;
    let presence = world.provision().await.unwrap();
    assert_whole(&world, "once").await;
    assert!(
        presence
            .url
            .unwrap()
            .ends_with(&format!("/c/{MARK}/{}", presence.external_id))
    );
    assert!(presence.note.contains("/invites/"), "{}", presence.note);
    world.provision().await.unwrap();
    world.journal.next_operation();
    let again = world.provision().await.unwrap();
    assert_eq!(again.external_id, presence.external_id);
    assert_whole(&world, "again").await;
}

#[tokio::test]
async fn the_group_writes_and_nobody_else_sees_it() {
    let mut world = World::new().await;
    world.provisioned().await;
    assert!(world.may_write("amina", "A topic of the community").await);
    assert!(!world.may_write("chidi", "A topic of a stranger").await);
    let listed = world.public("/site.json").await;
    assert!(!listed.contains(MARK), "the category is in the public list");
}

#[tokio::test]
async fn the_run_time_key_is_narrow_and_looks_without_the_powerful_one() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.secrets.clear();
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{:?}", seen.drift);
    assert_eq!(seen.standing, guildhall::adapters::Standing::Present);
    let key = &world.ours().await["keys"][0];
    let scopes = key["scopes"].as_array().unwrap();
    assert_eq!(scopes.len(), 2, "{key}");
    assert!(
        scopes.iter().all(|scope| scope["allowed"] != json!({})),
        "{key}"
    );
}

#[tokio::test]
async fn a_limit_is_waited_for_or_told_in_either_of_its_shapes() {
    for shape in [LimitShape::Seconds, LimitShape::Text] {
        let world = World::new().await;
        let kind = TroubleKind::TooMany {
            shape,
            seconds: 3600,
        };
        let trouble = Trouble::new(kind).matching("/categories.json");
        world.sandbox.trouble(trouble).await.unwrap();
        let fault = fault(world.provision().await.unwrap_err());
        assert!(
            matches!(fault.kind, FaultKind::RateLimited { .. }),
            "{fault}"
        );
        assert!(fault.hint.contains("other communities"), "{fault}");
        assert_eq!(
            all(&world.state().await["groups"]).len(),
            1,
            "what was made stays"
        );
    }
}

#[tokio::test]
async fn the_forums_own_limit_says_how_long_to_wait() {
    let world = World::new().await;
    world.act("limits", json!({"preset": "real"})).await;
    world.act("limits", json!({"admin_per_minute": 3})).await;
    let fault = fault(world.provision().await.unwrap_err());
    let FaultKind::RateLimited { retry_after } = fault.kind else {
        panic!("{fault}");
    };
    assert!(retry_after > Duration::from_secs(20), "{retry_after:?}");
    world.act("limits", json!({"preset": "lifted"})).await;
}

#[tokio::test]
async fn a_moderator_makes_a_category_once_a_person_made_the_group() {
    let mut world = World::new().await;
    world.set("api_username", "keeper");
    world.use_key("api_key", "moderator_key");
    let task = task(world.provision().await.unwrap_err());
    assert!(
        task.instructions.iter().any(|line| line.contains(MARK)),
        "{task:?}"
    );
    assert!(task.url.is_some() && !task.asks_for.is_empty(), "{task:?}");
    let made = json!({"name": MARK, "members": ["keeper"]});
    world.act("add-group", made).await;
    world.provision().await.unwrap();
    let ours = world.ours().await;
    assert_eq!(
        ours["category"]["permissions"],
        json!({MARK: 1, "staff": 1})
    );
    assert!(
        ours["keys"].as_array().unwrap().is_empty(),
        "a moderator makes no keys"
    );
}

#[tokio::test]
async fn a_name_that_somebody_elses_category_has_is_refused_with_advice() {
    let mut world = World::new().await;
    world.set("category_name", "General");
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Conflict, "{fault}");
    assert!(fault.hint.contains("adopt"), "{fault}");
    world.set("category_name", "Rosewood");
    world.provision().await.unwrap();
    assert_eq!(world.ours().await["category"]["name"], "Rosewood");
}

#[tokio::test]
async fn a_key_that_comes_out_wider_than_asked_is_deleted_again() {
    let world = World::new().await;
    world.act("settings", json!({"widens_scopes": true})).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert!(fault.what.contains("deleted again"), "{fault}");
    assert!(world.ours().await["keys"].as_array().unwrap().is_empty());
    assert!(!world.journal.secrets().contains_key("runtime_key"));
}

#[tokio::test]
async fn an_older_forum_is_made_on_too() {
    let mut world = World::with_webhook().await;
    world.act("settings", json!({"is_old": true})).await;
    world.provisioned().await;
    assert_whole(&world, "old").await;
    world.deactivate().await;
    world.activate().await;
    assert_whole(&world, "old, off and on").await;
}

#[tokio::test]
async fn a_key_revoked_in_the_middle_is_said_and_nothing_is_lost() {
    for matching in ["/categories.json", "/posts.json", "/admin/api/keys.json"] {
        let mut world = World::with_webhook().await;
        let trouble = Trouble::new(TroubleKind::Status { status: 500 })
            .method("POST")
            .matching(matching)
            .times(4);
        world.sandbox.trouble(trouble).await.unwrap();
        world.provision().await.unwrap_err();
        world.sandbox.calm().await.unwrap();
        let key = world.key("api_key");
        world.act("revoke", json!({"key": key})).await;
        let fault = fault(world.provision().await.unwrap_err());
        assert_eq!(fault.kind, FaultKind::KeyRejected, "{matching}: {fault}");
        assert!(fault.what.contains(&key[..4]), "{fault}");
        assert!(!fault.what.contains(&key), "{fault}");
        world.act("unrevoke", json!({"key": key})).await;
        world.provisioned().await;
        assert_whole(&world, matching).await;
    }
}

#[tokio::test]
async fn a_webhook_to_a_private_address_is_refused_by_the_forum_and_said() {
    let mut world = World::new().await;
    world.set("webhook_url", "http://192.168.1.5/hook");
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::BadInput, "{fault}");
    assert!(fault.hint.contains("private network"), "{fault}");
}

#[tokio::test]
async fn members_who_have_no_account_are_named() {
    let mut world = World::new().await;
    world.set("members", "amina,nobody");
    let fault = fault(world.provision().await.unwrap_err());
    assert!(fault.what.contains("nobody"), "{fault}");
    world.set("members", "amina");
    world.provision().await.unwrap();
}

#[tokio::test]
async fn without_a_key_it_says_what_to_enter() {
    let mut world = World::new().await;
    world.secrets.clear();
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::NeedsKey);
}

#[tokio::test]
async fn a_page_where_a_forum_should_be_is_said() {
    let world = World::new().await;
    let trouble = Trouble::new(TroubleKind::Html { status: 200 });
    world.sandbox.trouble(trouble).await.unwrap();
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::BadAnswer, "{fault}");
    assert!(adapter().platform().as_str() == "discourse");
}

#[tokio::test]
async fn an_inactive_instance_is_made_closed() {
    let mut world = World::new().await;
    world.active = false;
    world.provisioned().await;
    assert!(!world.may_write("amina", "A topic of the community").await);
    assert_eq!(world.ours().await["invites"], 0);
    world.activate().await;
    assert!(world.may_write("amina", "A topic of the community").await);
    assert_eq!(world.ours().await["invites"], 1);
}
