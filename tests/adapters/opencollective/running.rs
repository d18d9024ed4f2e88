//! Everything else that is done with an instance: looks, settings, adoption, removal.

use super::world::{OURS, World, adapter, chat, fault, task};
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind, Health, InstanceKind, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

async fn made() -> (World, String) {
    let world = World::new().await;
    let id = world.provision().await.unwrap().external_id;
    (world, id)
}

#[tokio::test]
async fn a_look_after_making_finds_nothing_to_say() {
    let (world, _) = made().await;
    let look = world.observe().await;
    assert_eq!(look.standing, Standing::Present);
    assert_eq!((look.health, look.drift), (Health::Ok, Vec::new()));
    assert_eq!(look.note, "holds no money");
}

#[tokio::test]
async fn what_people_change_is_seen() {
    for (action, input, words) in [
        ("rename", json!({"slug": "other-name"}), "short name"),
        ("describe", json!({"description": "Changed"}), "description"),
        ("archive", json!({}), "archived"),
        ("freeze", json!({}), "frozen"),
        (
            "set-setting",
            json!({"key": "guildhall", "value": null}),
            "marker",
        ),
    ] {
        let (world, id) = made().await;
        let mut input = input;
        input["id"] = json!(id);
        world.act(action, input).await;
        let look = world.observe().await;
        assert_eq!(look.standing, Standing::Present, "{action}");
        assert_eq!(look.drift.len(), 1, "{action}: {:?}", look.drift);
        let kind = match action {
            "archive" | "freeze" => DriftKind::Archived,
            _ => DriftKind::Changed,
        };
        assert_eq!(look.drift[0].kind, kind, "{action}");
        assert!(
            look.drift[0].what.contains(words),
            "{action}: {:?}",
            look.drift
        );
    }
}

#[tokio::test]
async fn a_renamed_collective_is_still_ours_and_says_where_it_is() {
    let (world, id) = made().await;
    world
        .act("rename", json!({"id": id, "slug": "other-name"}))
        .await;
    let look = world.observe().await;
    assert_eq!(
        look.url.as_deref(),
        Some("https://opencollective.com/other-name")
    );
    let again = adapter().provision(&world.op()).await.unwrap();
    assert_eq!(again.external_id, id);
    assert!(
        world.observe().await.drift.is_empty(),
        "what was seen is the record now"
    );
}

#[tokio::test]
async fn not_being_an_administrator_any_more_is_told_and_nothing_is_written() {
    let (mut world, id) = made().await;
    world
        .act("remove-admin", json!({"id": id, "user": OURS}))
        .await;
    let look = world.observe().await;
    assert_eq!(look.drift[0].kind, DriftKind::ScopeShrank, "{look:?}");
    world.set("description", "New words");
    let changed = ["description".to_owned()];
    let refused = fault(
        adapter()
            .configure(&world.op(), &changed)
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
    assert_eq!(world.account(&id).await["description"], "A housing co-op.");
}

#[tokio::test]
async fn a_deleted_collective_is_gone_and_can_be_made_again() {
    let (world, id) = made().await;
    world.on("delete", &id).await;
    assert_eq!(world.observe().await.standing, Standing::Gone);
    let again = adapter().provision(&world.op()).await.unwrap();
    assert_ne!(again.external_id, id);
}

#[tokio::test]
async fn settings_are_sent_and_the_servers_echo_is_the_reference() {
    let (mut world, id) = made().await;
    world.set("tags", "Food,food,ENERGY");
    world.set("description", "Words<script>x</script> and more");
    world.set("slug", "rosewood-new");
    let changed = ["tags", "description", "slug"].map(str::to_owned);
    let presence = adapter().configure(&world.op(), &changed).await.unwrap();
    assert_eq!(
        presence.url.as_deref(),
        Some("https://opencollective.com/rosewood-new")
    );
    let account = world.account(&id).await;
    assert_eq!(account["tags"], json!(["food", "energy"]));
    assert_eq!(account["description"], "Words and more");
    assert!(world.observe().await.drift.is_empty());

    let taken = json!({"slug": "taken-name", "admin": "somebody-else"});
    world.act("add-collective", taken).await;
    world.set("slug", "taken-name");
    let changed = ["slug".to_owned()];
    let conflict = fault(
        adapter()
            .configure(&world.op(), &changed)
            .await
            .unwrap_err(),
    );
    assert_eq!(conflict.kind, FaultKind::Conflict, "{conflict}");
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_asked_for_again() {
    let (mut world, id) = made().await;
    world.set("description", "New words");
    let trouble = Trouble::new(TroubleKind::Cut)
        .matching("GuildhallEdit")
        .after_work();
    world.sandbox.trouble(trouble).await.unwrap();
    let changed = ["description".to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
    assert_eq!(world.account(&id).await["description"], "New words");
}

#[tokio::test]
async fn what_the_user_administers_can_be_adopted_and_nothing_else() {
    let world = World::new().await;
    let input = json!({"slug": "elder-coop", "admin": OURS});
    let id = world.act("add-collective", input).await["id"].clone();
    let input = json!({"slug": "foreign-coop", "admin": "somebody-else"});
    world.act("add-collective", input).await;
    let found = adapter().discover(&world.site()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reference, id.as_str().unwrap());
    assert_eq!(found[0].obstacle, None);

    let page = "https://opencollective.com/elder-coop";
    let presence = adapter().adopt(&world.op(), page).await.unwrap();
    assert_eq!(presence.external_id, id.as_str().unwrap());
    assert!(!presence.made_by_us);
    let look = world.observe().await;
    assert!(
        look.drift.is_empty(),
        "it carries no marker and needs none: {look:?}"
    );
    let link = adapter().adopt(&world.op(), "foreign-coop").await.unwrap();
    assert_eq!(link.kind, InstanceKind::Link);
    let missing = fault(adapter().adopt(&world.op(), "no-such").await.unwrap_err());
    assert_eq!(missing.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn soft_removal_leaves_the_collective_and_takes_our_webhooks() {
    let (world, id) = made().await;
    let peer = chat(7, "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop");
    adapter().connect(&world.op(), &peer).await.unwrap();
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(removed.left[0].contains("still public"), "{removed:?}");
    assert!(world.webhooks().await.is_empty());
    assert_eq!(world.account(&id).await["deleted"], false);
    assert!(world.journal.facts().keys().all(|name| name == "applied"));
    assert!(world.journal.secrets().is_empty());
    adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
}

#[tokio::test]
async fn soft_removal_works_with_a_dead_key_and_says_what_stays() {
    let (world, _) = made().await;
    let peer = chat(7, "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop");
    adapter().connect(&world.op(), &peer).await.unwrap();
    world
        .act("revoke", json!({"token": world.key("token")}))
        .await;
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(
        removed
            .left
            .iter()
            .any(|left| left.contains("webhooks are still there")),
        "{removed:?}"
    );
}

#[tokio::test]
async fn hard_removal_deletes_once_and_repeats_harmlessly() {
    let (world, id) = made().await;
    let trouble = Trouble::new(TroubleKind::Cut)
        .matching("GuildhallDelete")
        .after_work();
    world.sandbox.trouble(trouble).await.unwrap();
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(world.account(&id).await["deleted"], true);
    assert!(world.collectives().await.is_empty());
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_collective_with_a_history_is_archived_by_a_person() {
    let (world, id) = made().await;
    world.on("add-history", &id).await;
    let waits = task(
        adapter()
            .remove(&world.op(), RemoveMode::Hard)
            .await
            .unwrap_err(),
    );
    assert!(waits.url.unwrap().ends_with("/dashboard/rosewood/advanced"));
    world.on("archive", &id).await;
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert!(removed.left[0].contains("archived"), "{removed:?}");
}

#[tokio::test]
async fn a_collective_without_our_marker_is_not_deleted() {
    let (world, id) = made().await;
    let input = json!({"id": id, "key": "guildhall", "value": {"instance": "another"}});
    world.act("set-setting", input).await;
    let halt = adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap_err();
    assert_eq!(fault(halt).kind, FaultKind::Conflict);
    assert_eq!(world.account(&id).await["deleted"], false);
}
