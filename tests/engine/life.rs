//! The main road: create, switch on and off, configure, adopt, connect, remove.

use super::*;
use guildhall::{
    domain::{ConnectionState, FaultKind, Health, PlanItem, PlanItemKind, RemoveMode},
    engine::{Communities, Page, views::EngineEvent},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_community_gets_one_instance_for_every_platform_that_is_not_off() {
    let home = Home::new();
    let engine = home.init().await;
    let receipt = create(&engine).await;
    settle(&engine).await;
    assert!(
        receipt
            .message
            .starts_with("Rosewood Co-op is created with 3 instances")
    );

    let alpha = detail(&engine, "alpha").await.instance.unwrap();
    assert_eq!(
        (alpha.desired, alpha.observed),
        (Desired::Active, Observed::Ready)
    );
    assert!(alpha.made_by_us && alpha.url.is_some());
    assert!(home.world.objects().iter().all(|object| object.active));

    let beta = detail(&engine, "beta").await;
    let instance = beta.instance.unwrap();
    assert_eq!(
        (instance.desired, instance.observed),
        (Desired::Inactive, Observed::NeedsKey)
    );
    assert_eq!(instance.note, "enter Token, or Master key");
    assert_eq!(beta.advice[0], "Enter Token, or Master key.");

    let gamma = detail(&engine, "gamma").await;
    assert!(!gamma.adapter);
    assert!(gamma.advice[0].contains("not there yet"));
    assert_eq!(gamma.instance.unwrap().observed, Observed::Absent);

    let actor = ada(&engine).await;
    let rows = engine
        .communities(&actor, Communities::default(), Page::first(10))
        .await
        .unwrap();
    assert_eq!((rows[0].active, rows[0].total), (1, 3));
    let overview = engine.overview(&actor).await.unwrap();
    assert_eq!(
        (overview.communities, overview.need_you, overview.working),
        (1, 1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_says_the_same_before_anything_is_sent() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let plan = engine
        .plan(&actor, &Intent::CreateCommunity(rosewood()))
        .await
        .unwrap();
    assert_eq!(plan.title, "Create Rosewood Co-op");
    let kinds: Vec<_> = plan.items.iter().map(|item| item.kind).collect();
    assert_eq!(
        kinds,
        [
            PlanItemKind::Now,
            PlanItemKind::NeedsKey,
            PlanItemKind::NotYet
        ]
    );
    assert_eq!(plan.memory_mib, 5);
    assert!(home.world.calls().is_empty());
    assert!(
        engine
            .communities(&actor, Communities::default(), Page::first(10))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_off_keeps_everything_and_on_again_makes_nothing_new() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.count("hall"), 1);
    assert!(home.world.objects().iter().all(|object| !object.active));
    let alpha = detail(&engine, "alpha").await.instance.unwrap();
    assert_eq!(alpha.note, "It is off; everything is kept");
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.count("hall"), 1);
    assert!(home.world.objects().iter().all(|object| object.active));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_wish_wins_while_an_operation_runs() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.stop_at("activate");
    create(&engine).await;
    home.world.somebody_stopped().await;
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    home.world.release();
    settle(&engine).await;
    assert!(home.world.objects().iter().all(|object| !object.active));
    assert_eq!(home.world.passed("activated"), 1);
    assert_eq!(home.world.passed("deactivate"), 1);
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_on_a_platform_that_was_off_records_and_makes_it() {
    let home = Home::new();
    let engine = home.init().await;
    let mut new = rosewood();
    new.choices.insert(id("alpha"), Choice::Off);
    let actor = ada(&engine).await;
    engine
        .submit(&actor, Intent::CreateCommunity(new))
        .await
        .unwrap();
    settle(&engine).await;
    assert!(detail(&engine, "alpha").await.instance.is_none());
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    assert_eq!(home.world.count("hall"), 1);
    let receipt = switch(&engine, "beta", Desired::Active).await.unwrap();
    assert_eq!(
        receipt.message,
        "The beta of Rosewood Co-op is wanted active and waits for a key: enter Token, or Master key."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked_sent_and_not_lost_when_changed_during_the_sending() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let configure = |field: &str, value: &str| Intent::Configure {
        community,
        platform: id("alpha"),
        settings: BTreeMap::from([(field.to_owned(), value.to_owned())]),
        typed: String::new(),
    };
    let unknown = engine
        .submit(&actor, configure("colour", "red"))
        .await
        .unwrap_err();
    assert_eq!(unknown.kind, FaultKind::BadInput);
    assert!(unknown.hint.contains("motto"));
    let fixed = engine
        .submit(&actor, configure("floor", "2"))
        .await
        .unwrap_err();
    assert_eq!(fixed.kind, FaultKind::BadInput);

    home.world.stop_at("configured");
    engine
        .submit(&actor, configure("motto", "one"))
        .await
        .unwrap();
    home.world.somebody_stopped().await;
    engine
        .submit(&actor, configure("motto", "two"))
        .await
        .unwrap();
    home.world.release();
    settle(&engine).await;
    let calls = home.world.calls();
    let sent: Vec<_> = calls
        .iter()
        .filter(|call| call.starts_with("configure "))
        .collect();
    assert_eq!(sent, ["configure motto=one", "configure motto=two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_is_adopted_and_only_looked_at_first() {
    let home = Home::new();
    let engine = home.init().await;
    let mut new = rosewood();
    new.choices.insert(id("alpha"), Choice::Off);
    let actor = ada(&engine).await;
    let community = engine
        .submit(&actor, Intent::CreateCommunity(new))
        .await
        .unwrap()
        .community
        .unwrap();
    let found = engine
        .discover(&actor, &slug("rosewood"), &id("alpha"))
        .await
        .unwrap();
    let adopt = |observe_only| Intent::Adopt {
        community,
        platform: id("alpha"),
        reference: found[0].reference.clone(),
        observe_only,
    };
    let refused = engine.submit(&actor, adopt(false)).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::Conflict, "it is looked at first");
    engine.submit(&actor, adopt(true)).await.unwrap();
    settle(&engine).await;
    let alpha = detail(&engine, "alpha").await.instance.unwrap();
    assert!(alpha.observe_only && !alpha.made_by_us);
    assert_eq!(alpha.external_id.as_deref(), Some("old-hall"));
    let refused = switch(&engine, "alpha", Desired::Active).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::Conflict);
    let manage = Intent::Manage {
        community,
        platform: id("alpha"),
    };
    let plan = engine.plan(&actor, &manage).await.unwrap();
    assert!(
        plan.items[0].text.contains("old-hall is managed"),
        "{plan:?}"
    );
    engine.submit(&actor, manage.clone()).await.unwrap();
    settle(&engine).await;
    let again = engine.submit(&actor, manage).await.unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
    assert_eq!(home.world.passed("provision"), 0);
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.passed("activated"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_asks_for_the_short_name_and_what_is_made_again_is_another_one() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let remove = |typed: &str| Intent::Remove {
        community,
        platform: id("alpha"),
        mode: RemoveMode::Hard,
        typed: typed.to_owned(),
    };
    let refused = engine.submit(&actor, remove("Rosewood")).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::BadInput);
    assert_eq!(home.world.count("hall"), 1);
    let former = home.world.objects()[0].marker.clone();
    engine.submit(&actor, remove("rosewood")).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.objects(), []);
    assert!(detail(&engine, "alpha").await.instance.is_none());
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.count("hall"), 1);
    assert_ne!(home.world.objects()[0].marker, former);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_made_is_removed_without_asking_anybody() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let before = home.world.calls();
    let intent = Intent::Remove {
        community,
        platform: id("beta"),
        mode: RemoveMode::Hard,
        typed: "rosewood".into(),
    };
    let receipt = engine.submit(&actor, intent).await.unwrap();
    assert!(receipt.message.contains("Nothing was made there."));
    assert!(detail(&engine, "beta").await.instance.is_none());
    assert_eq!(home.world.calls(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn archiving_switches_everything_off_and_lets_nothing_be_switched_on() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    engine
        .submit(&actor, Intent::ArchiveCommunity { community })
        .await
        .unwrap();
    settle(&engine).await;
    assert!(home.world.objects().iter().all(|object| !object.active));
    let refused = switch(&engine, "alpha", Desired::Active).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::NotAllowed);
    assert!(refused.what.contains("archived"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_records_health_and_what_is_gone() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let check = || Intent::Check {
        community: Some(community),
        platform: None,
    };
    engine.submit(&actor, check()).await.unwrap();
    settle(&engine).await;
    let alpha = detail(&engine, "alpha").await.instance.unwrap();
    assert_eq!(
        (alpha.health, alpha.observed),
        (Health::Ok, Observed::Ready)
    );
    home.world.vanish();
    engine.submit(&actor, check()).await.unwrap();
    settle(&engine).await;
    let alpha = detail(&engine, "alpha").await;
    assert_eq!(alpha.instance.unwrap().observed, Observed::Gone);
    assert!(alpha.advice[0].contains("removes it here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_waits_for_its_ends_is_made_tested_and_undone() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    let row = || async { detail(&engine, "beta").await.connections.pop() };
    let waiting = row().await.unwrap().connection;
    assert_eq!(waiting.state, ConnectionState::Waiting);
    assert_eq!(waiting.note, "The beta is not made yet");
    enter(&engine, "token", "tok-aaaaaaaaaaaaaaaaaaaa").await;
    settle(&engine).await;
    assert_eq!(row().await.unwrap().connection.state, ConnectionState::Made);
    assert_eq!(
        (home.world.passed("door"), home.world.passed("join")),
        (1, 1)
    );
    let connection = waiting.id;
    engine
        .submit(&actor, Intent::TestConnection { connection })
        .await
        .unwrap();
    settle(&engine).await;
    let tested = row().await.unwrap().connection;
    assert_eq!(tested.state, ConnectionState::Ok);
    assert!(tested.tested_at.is_some());
    engine
        .submit(&actor, Intent::Disconnect { connection })
        .await
        .unwrap();
    settle(&engine).await;
    assert_eq!(row().await, None);
    assert_eq!(
        (home.world.passed("part"), home.world.passed("door closed")),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_only_a_connection_misses_stands_among_the_tasks_by_its_name() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    enter(&engine, "token", "tok-aaaaaaaaaaaaaaaaaaaa").await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let missing = Fault::new(FaultKind::NeedsKey, "beta needs a key: master.").field("master");
    home.world.fail("join", missing);
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    let row = detail(&engine, "beta").await.connections.pop().unwrap();
    assert_eq!(row.connection.note, "The beta needs Master key");
    let task = engine.tasks(&actor).await.unwrap().remove(0);
    assert_eq!(task.task.title, "enter Master key");
    assert_eq!(task.task.who, "an administrator of the halls");
    assert_eq!(task.key.unwrap().field.as_deref(), Some("master"));
    enter(&engine, "master", "mas-aaaaaaaaaaaaaaaaaaaa").await;
    settle(&engine).await;
    let row = detail(&engine, "beta").await.connections.pop().unwrap();
    assert_eq!(row.connection.state, ConnectionState::Made, "{row:?}");
    assert!(engine.tasks(&actor).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_makes_the_missing_end_makes_the_connection_too() {
    let home = Home::new();
    let engine = home.init().await;
    let refused = Fault::new(FaultKind::Refused, "alpha says no").hint("Ask there.");
    home.world.fail("link", refused);
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    enter(&engine, "token", "tok-aaaaaaaaaaaaaaaaaaaa").await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    engine.shutdown().await;
    let command = home.open().await;
    switch(&command, "alpha", Desired::Inactive).await.unwrap();
    settle(&command).await;
    assert_eq!(observed(&command, "alpha").await, Observed::Ready);
    let row = detail(&command, "beta").await.connections.pop().unwrap();
    assert_eq!(row.connection.state, ConnectionState::Made, "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_upon_a_plan_that_is_not_true_any_more_is_not_done() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let actor = ada(&engine).await;
    let intent = Intent::Remove {
        community,
        platform: id("alpha"),
        mode: RemoveMode::Hard,
        typed: "rosewood".into(),
    };
    let stale = engine.plan(&actor, &intent).await.unwrap().basis;
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    let refused = engine
        .submit_planned(&actor, intent.clone(), stale)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, FaultKind::Conflict);
    assert!(refused.what.contains("have changed since the plan"));
    settle(&engine).await;
    assert_eq!(home.world.count("hall"), 1);

    let fresh = engine.plan(&actor, &intent).await.unwrap().basis;
    engine.submit_planned(&actor, intent, fresh).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.count("hall"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_a_plan_that_says_what_it_waits_for() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let intent = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    let plan = engine.plan(&ada(&engine).await, &intent).await.unwrap();
    assert_eq!(plan.items[0].kind, PlanItemKind::Connection);
    let recorded = |item: &&PlanItem| item.kind == PlanItemKind::Record;
    let waits = plan.items.iter().find(recorded).unwrap();
    assert!(waits.text.contains("The beta is not made yet"), "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_asks_the_other_end_where_the_sending_end_is_blind() {
    let mut home = Home::new();
    home.options.limits.arrival = Duration::from_millis(20);
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    enter(&engine, "token", "tok-aaaaaaaaaaaaaaaaaaaa").await;
    let actor = ada(&engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    home.world.send_blindly();
    let row = || async {
        let row = detail(&engine, "beta").await.connections.pop();
        row.unwrap().connection
    };
    let connection = row().await.id;
    let tested = || async {
        engine
            .submit(&actor, Intent::TestConnection { connection })
            .await
            .unwrap();
        settle(&engine).await;
        row().await
    };
    let lost = tested().await;
    assert_eq!(lost.state, ConnectionState::Failed);
    assert_eq!(lost.note, "hello was sent. It was not seen there.");

    let cannot = Fault::new(FaultKind::Unsupported, "It cannot read messages.");
    home.world.fail("look", cannot);
    let blind = tested().await;
    assert_eq!(blind.state, ConnectionState::Made);
    assert!(
        blind.note.contains("cannot be seen there"),
        "{}",
        blind.note
    );

    home.world.arrive("hello from there");
    let seen = tested().await;
    assert_eq!(seen.state, ConnectionState::Ok);
    assert_eq!(seen.note, "hello was sent. It was seen there.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_now_so_is_told_in_the_adapters_words() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let mut events = engine.events(&ada(&engine).await);
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    let said: Vec<_> = events
        .so_far()
        .await
        .into_iter()
        .filter_map(|event| match event {
            EngineEvent::Operation { said, .. } => said,
            _ => None,
        })
        .collect();
    assert_eq!(said, ["It is off; everything is kept."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_guildhall_changes_is_told_here() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    engine.start().await;
    let mut events = engine.events(&actor);
    let elsewhere = home.open().await;
    create(&elsewhere).await;
    let told = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let event = events.next().await.unwrap();
            if event == (EngineEvent::Changed { community: None }) {
                return;
            }
        }
    });
    told.await.expect("it is told here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_with_a_home_is_proposed_its_connections_and_they_are_made_by_themselves() {
    let mut home = Home::new();
    // Alpha becomes the place where the community lives; beta reads it.
    let folder = home.folder.path().join("platforms");
    let file = folder.join("alpha.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("group = \"governance\"", "group = \"home\"");
    std::fs::write(&file, text).unwrap();
    let loaded = guildhall::catalog::Catalog::load(Some(&folder)).unwrap();
    home.options.catalog = Arc::new(loaded);
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let mut new = rosewood();
    new.choices.insert(id("gamma"), Choice::Off);
    let intent = Intent::CreateCommunity(new);
    let plan = engine.plan(&actor, &intent).await.unwrap();
    let said: Vec<_> = plan
        .items
        .iter()
        .filter(|item| item.kind == PlanItemKind::Connection)
        .map(|item| item.text.as_str())
        .collect();
    assert_eq!(said, ["The beta reads The alpha"]);
    engine.submit(&actor, intent).await.unwrap();
    settle(&engine).await;
    let rows = engine.community(&actor, &slug("rosewood")).await.unwrap();
    let connection = &rows.connections[0].connection;
    assert_eq!(connection.state, ConnectionState::Waiting);
    assert_eq!(connection.note, "The beta is not made yet");
    enter(&engine, "token", "tok-0123456789abcdef").await;
    settle(&engine).await;
    let rows = engine.community(&actor, &slug("rosewood")).await.unwrap();
    assert_eq!(rows.connections[0].connection.state, ConnectionState::Made);
    assert_eq!(home.world.passed("join"), 1);
}
