//! A group on hosted Loomio: people's steps, drift, the end.

use super::world::{BOT, PERSON, SPARE, World, adapter, fault, task};
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind, Health, InstanceKind, RemoveMode};
use serde_json::json;

#[tokio::test]
async fn every_step_of_a_person_is_waited_for_and_passed() {
    let mut world = World::new().await;
    world.use_key("bot_without_group");
    world.set("group", "lilac");
    let step = |halt| task(halt).step;

    assert_eq!(step(world.provision().await.unwrap_err()), "group");
    let made = json!({"user": PERSON, "handle": "lilac", "name": "Lilac"});
    let group = world.act("make-group", made).await["id"].clone();
    assert_eq!(step(world.provision().await.unwrap_err()), "invite");
    let bot = json!({"group": group, "user": SPARE});
    world.act("invite", bot.clone()).await;
    assert_eq!(step(world.provision().await.unwrap_err()), "accept");
    world.act("accept", bot.clone()).await;
    let waits = task(world.provision().await.unwrap_err());
    assert_eq!(waits.step, "administrator");
    assert_eq!(waits.url.as_deref(), Some("https://www.loomio.com/lilac"));
    world.act("make-admin", bot).await;

    let presence = world.provision().await.unwrap();
    assert_eq!(presence.external_id, group.to_string());
    assert_eq!(presence.kind, InstanceKind::Account);
    assert_eq!(
        presence.url.as_deref(),
        Some("https://www.loomio.com/lilac")
    );
    assert!(!presence.made_by_us);
}

#[tokio::test]
async fn a_step_that_was_undone_meanwhile_is_asked_for_again() {
    let mut world = World::new().await;
    world.use_key("bot_without_group");
    world.set("group", "lilac");
    let made = json!({"user": SPARE, "handle": "lilac", "name": "Lilac"});
    let group = world.act("make-group", made).await["id"].clone();
    let bot = json!({"group": group, "user": SPARE});
    world.act("unmake-admin", bot.clone()).await;
    assert_eq!(
        task(world.provision().await.unwrap_err()).step,
        "administrator"
    );
    world.act("remove", bot).await;
    assert_eq!(task(world.provision().await.unwrap_err()).step, "invite");
}

#[tokio::test]
async fn a_welcome_thread_outside_the_group_is_taken_away_and_reported() {
    let mut world = World::new().await;
    world.set("welcome_title", "Welcome");
    world.act("misplace-threads", json!({"on": true})).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::BadAnswer, "{fault:?}");
    assert_eq!(world.state().await["discussions"], json!({}));
}

#[tokio::test]
async fn limits_of_the_plan_and_of_the_day_are_told_apart() {
    let mut world = World::new().await;
    world.set("invite", "noor@example.org");
    let group = world.group("rosewood").await;
    world.act("invitations", json!({"left": 0})).await;
    let day = fault(world.provision().await.unwrap_err());
    assert_eq!(day.kind, FaultKind::OverQuota);
    assert!(day.what.contains("invitations of the day"), "{day}");

    let mut world = World::new().await;
    world.set("invite", "noor@example.org");
    world
        .act("plan", json!({"group": group, "max_members": 2}))
        .await;
    let plan = fault(world.provision().await.unwrap_err());
    assert_eq!(plan.kind, FaultKind::OverQuota);
    assert!(plan.what.contains("member limit"), "{plan}");

    let mut world = World::new().await;
    world.set("welcome_title", "Welcome");
    world
        .act("plan", json!({"group": group, "max_threads": 0}))
        .await;
    let threads = fault(world.provision().await.unwrap_err());
    assert!(threads.what.contains("thread limit"), "{threads}");
}

#[tokio::test]
async fn a_group_whose_trial_ended_is_refused_with_the_reason() {
    let world = World::new().await;
    let group = world.group("rosewood").await;
    world.act("expire", json!({"group": group})).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.what.contains("trial"), "{fault}");
}

#[tokio::test]
async fn a_group_is_adopted_once_the_bot_administers_it() {
    let mut world = World::new().await;
    world
        .act(
            "invite",
            json!({"group": world.group("garden").await, "user": BOT}),
        )
        .await;
    let found = adapter().discover(&world.site()).await.unwrap();
    let names: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Rosewood Co-op", "Garden"]);
    assert_eq!(found[0].obstacle, None);
    assert!(found[1].obstacle.is_some());
    let waits = adapter().adopt(&world.op(), "garden").await.unwrap_err();
    assert_eq!(task(waits).step, "accept");
    let adopted = adapter().adopt(&world.op(), &found[0].reference).await;
    world.take(&adopted.unwrap());
    assert_eq!(adapter().discover(&world.site()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_people_do_to_the_group_is_seen() {
    let mut world = World::new().await;
    let id = world
        .provisioned()
        .await
        .external_id
        .parse::<u64>()
        .unwrap();
    let group = json!({"group": id});
    let bot = json!({"group": id, "user": BOT});
    let seen = world.observe().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok)
    );
    assert!(seen.drift.is_empty(), "{:?}", seen.drift);

    world
        .act(
            "rename",
            json!({"group": id, "name": "Roses", "handle": "roses"}),
        )
        .await;
    let seen = world.observe().await;
    assert_eq!(seen.drift.len(), 2);
    assert_eq!(seen.url.as_deref(), Some("https://www.loomio.com/roses"));

    world.act("expire", group.clone()).await;
    let seen = world.observe().await;
    assert_eq!(seen.health, Health::Degraded);
    assert!(seen.note.contains("trial ended"), "{}", seen.note);
    world.act("renew", group.clone()).await;

    world.act("unmake-admin", bot.clone()).await;
    let seen = world.observe().await;
    assert!(
        seen.drift
            .iter()
            .any(|one| one.kind == DriftKind::ScopeShrank)
    );
    assert_eq!(seen.task.unwrap().step, "administrator");

    world.act("remove", bot.clone()).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Unseen);
    assert_eq!(seen.task.unwrap().step, "invite");

    world.act("invite", bot).await;
    assert_eq!(world.observe().await.task.unwrap().step, "accept");

    world.act("delete-group", group).await;
    assert_eq!(world.observe().await.standing, Standing::Gone);
}

#[tokio::test]
async fn an_upgrade_of_the_server_is_seen_by_the_next_guildhall() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.act("version", json!({"version": "3.9.0"})).await;
    let drift = world.observe().await.drift;
    assert!(drift[0].what.contains("3.9.0"), "{drift:?}");
}

#[tokio::test]
async fn a_hosted_group_is_deleted_by_a_person_and_only_then_gone() {
    let mut world = World::new().await;
    let id = world
        .provisioned()
        .await
        .external_id
        .parse::<u64>()
        .unwrap();
    let waits = adapter().remove(&world.op(), RemoveMode::Hard).await;
    assert_eq!(task(waits.unwrap_err()).step, "delete-group");
    world.act("remove", json!({"group": id, "user": BOT})).await;
    let waits = adapter().remove(&world.op(), RemoveMode::Hard).await;
    assert_eq!(
        task(waits.unwrap_err()).step,
        "delete-group",
        "only the bot is out"
    );
    world.act("delete-group", json!({"group": id})).await;
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert!(removed.left[0].contains("bot user"), "{removed:?}");
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_and_can_be_pointed_at() {
    for version in ["2.24.0", "3.0.9", "3.7.12"] {
        let mut world = World::new().await;
        world.act("version", json!({"version": version})).await;
        let fault = fault(world.provision().await.unwrap_err());
        assert_eq!(fault.kind, FaultKind::Unsupported, "{version}");
        assert!(
            fault.what.contains(version) && fault.hint.contains("link:"),
            "{fault}"
        );
        assert_eq!(
            world.verify().await.unwrap_err().kind,
            FaultKind::Unsupported
        );
        let calls = world.sandbox.calls();
        assert!(
            calls.iter().all(|call| call.path == "/api/v1/boot/version"),
            "the key did not travel: {calls:?}"
        );

        let id = world.group("garden").await;
        let missing = adapter().adopt(&world.op(), "link:garden").await;
        assert!(missing.is_err(), "a secret group has no page");
        world.act("publish", json!({"group": id})).await;
        let presence = adapter().adopt(&world.op(), "link:garden").await.unwrap();
        assert_eq!(presence.kind, InstanceKind::Link);
        world.take(&presence);
        assert_eq!(world.observe().await.standing, Standing::Present);
        assert!(adapter().activate(&world.op()).await.is_err());
        world.act("delete-group", json!({"group": id})).await;
        assert_eq!(world.observe().await.standing, Standing::Gone);
    }
}
