//! Taking it away: hidden, or deleted once it is empty.

use super::world::{MARK, World, all, task};
use guildhall::domain::RemoveMode;
use serde_json::{Value, json};

async fn made() -> World {
    let mut world = World::with_webhook().await;
    world.provisioned().await;
    world
}

#[tokio::test]
async fn soft_hides_it_from_all_but_staff_and_says_what_is_left() {
    let world = made().await;
    let left = world.remove(RemoveMode::Soft).await.unwrap();
    let ours = world.ours().await;
    assert_eq!(ours["category"]["permissions"], json!({"staff": 1}));
    assert_eq!(ours["keys"][0]["revoked"], true);
    assert_eq!(
        (&ours["invites"], &ours["webhooks"]),
        (&json!(0), &json!([]))
    );
    for named in ["Rosewood Co-op", MARK, "run-time key"] {
        assert!(
            left.iter().any(|line| line.contains(named)),
            "{named}: {left:?}"
        );
    }
    assert!(world.journal.secrets().is_empty() && world.journal.facts().is_empty());
}

#[tokio::test]
async fn hard_waits_until_a_person_emptied_the_category() {
    let world = made().await;
    assert!(world.may_write("amina", "A topic of the community").await);
    let asked = task(world.remove(RemoveMode::Hard).await.unwrap_err());
    assert!(
        asked.why.contains("no category that holds topics"),
        "{asked:?}"
    );
    assert!(asked.url.unwrap().contains("/c/"));
    assert_eq!(
        world.ours().await["topics"].as_array().unwrap().len(),
        1,
        "what members wrote stays"
    );
    let id = world.category().await;
    world.act("delete-topics", json!({"id": id})).await;
    let left = world.remove(RemoveMode::Hard).await.unwrap();
    let ours = world.ours().await;
    assert_eq!(
        (&ours["category"], &ours["group"], &ours["keys"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert!(left[0].contains(&format!("{MARK}-bot")), "{left:?}");
    assert_eq!(
        all(&world.state().await["categories"]).len(),
        3,
        "the forum's own are left"
    );
}

#[tokio::test]
async fn an_instance_that_never_had_a_key_is_removed_without_one() {
    let mut world = World::new().await;
    world.secrets.clear();
    assert!(world.remove(RemoveMode::Soft).await.unwrap().is_empty());
}
