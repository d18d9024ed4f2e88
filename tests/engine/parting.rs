//! What becomes of connections when one of their ends is removed.

use super::*;
use guildhall::domain::{CommunityId, FaultKind, RemoveMode};

/// Alpha and beta are there, and beta is to be connected to alpha.
async fn connected(home: &Home, engine: &Engine) -> CommunityId {
    let community = create(engine).await.community.unwrap();
    enter(engine, "token", "tok-aaaaaaaaaaaaaaaaaaaa").await;
    settle(engine).await;
    let actor = ada(engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    assert_eq!(home.world.passed("part"), 0);
    community
}

async fn remove(engine: &Engine, community: CommunityId, platform: &str) {
    let actor = ada(engine).await;
    let remove = Intent::Remove {
        community,
        platform: id(platform),
        mode: RemoveMode::Hard,
        typed: "rosewood".into(),
    };
    engine.submit(&actor, remove).await.unwrap();
}

async fn open_of(engine: &Engine, platform: &str) -> Vec<OperationRow> {
    let rows = operations(engine).await.into_iter();
    rows.filter(|row| row.operation.platform == id(platform))
        .filter(|row| !row.operation.state.is_final())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_waits_out_a_limit_ends_with_its_other_end() {
    let home = Home::new();
    let engine = home.init().await;
    let retry_after = Duration::from_secs(3600);
    let limited = Fault::new(FaultKind::RateLimited { retry_after }, "Not so fast.");
    home.world.fail("join", limited);
    let community = connected(&home, &engine).await;
    settle(&engine).await;
    assert_eq!(open_of(&engine, "beta").await.len(), 1, "it waits");
    remove(&engine, community, "alpha").await;
    settle(&engine).await;
    assert!(open_of(&engine, "beta").await.is_empty());
    let beta = detail(&engine, "beta").await;
    assert!(beta.connections.is_empty());
    assert_eq!(beta.instance.unwrap().observed, Observed::Ready);
    // Whatever the interrupted attempt had made is undone, by the end that is still there.
    assert_eq!(home.world.passed("part"), 1);
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert!(open_of(&engine, "beta").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_being_made_is_stopped_when_its_other_end_is_removed() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.stop_at("join");
    let community = connected(&home, &engine).await;
    home.world.somebody_stopped().await;
    remove(&engine, community, "alpha").await;
    home.world.release();
    settle(&engine).await;
    assert!(open_of(&engine, "beta").await.is_empty());
    assert!(detail(&engine, "beta").await.connections.is_empty());
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert_eq!(home.world.count("hall"), 1, "beta's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_end_is_removed_the_other_takes_away_what_it_had_made() {
    for (removed, undone, not_asked) in [
        ("alpha", "part", "door closed"),
        ("beta", "door closed", "part"),
    ] {
        let home = Home::new();
        let engine = home.init().await;
        let community = connected(&home, &engine).await;
        settle(&engine).await;
        remove(&engine, community, removed).await;
        settle(&engine).await;
        assert_eq!(home.world.passed(undone), 1, "{removed} is removed");
        assert_eq!(home.world.passed(not_asked), 0, "{removed} is removed");
        for platform in ["alpha", "beta"] {
            assert!(open_of(&engine, platform).await.is_empty());
        }
    }
}
