//! A key that is entered lets a person's step be looked at again, wherever it waits.

use super::*;
use guildhall::{domain::ConnectionState, engine::KeyOwner};

const FIRST: &str = "tok-first-aaaaaaaaaaaaaaaa";
const SHOWN: &str = "tok-shown-aaaaaaaaaaaaaaaa";

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_done_with_a_key_passes_when_it_is_entered() {
    let home = Home::new();
    home.world.ask_for_key("provision", "shown");
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsHuman);
    // Another key is not it, and the step is there as before.
    enter(&engine, "token", &format!("{FIRST}-again")).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsHuman);
    let tasks = engine.tasks(&ada(&engine).await).await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].task.title, "enter the key that is shown there");
    enter(&engine, "token", SHOWN).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_installation_lets_every_step_of_its_platform_be_looked_at() {
    let home = Home::new();
    home.world.ask_for_person();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsHuman);
    home.world.person_does_it();
    let actor = ada(&engine).await;
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(SHOWN),
    }];
    let examined = engine
        .examine_key(
            &actor,
            KeyOwner::Installation,
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await
        .unwrap();
    let add = Intent::AddAccount {
        platform: id("beta"),
        name: "shared".into(),
        contact: String::new(),
        examination: examined.id,
    };
    engine.submit(&actor, add).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert_eq!(
        observed(&engine, "alpha").await,
        Observed::NeedsHuman,
        "another platform's steps are left alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_waits_for_the_other_ends_key_is_made_when_that_is_entered() {
    let home = Home::new();
    home.world.ask_for_key("offer", "shown");
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    let state = || async {
        let rows = detail(&engine, "beta").await.connections;
        rows[0].connection.state
    };
    assert_eq!(state().await, ConnectionState::Waiting);
    // The key is the other end's, and the connecting end's operation waits for it.
    let examined = examine(&engine, "alpha", "token", SHOWN).await.unwrap();
    let store = Intent::StoreKey {
        examination: examined.id,
        keep_unverified: false,
        keep_powerful: false,
    };
    engine.submit(&actor, store).await.unwrap();
    settle(&engine).await;
    assert_eq!(state().await, ConnectionState::Made);
}
