//! A move to another account that does something on the platform: finished, refused, stopped.

use super::{rotation::runtime, *};
use guildhall::{
    domain::{
        AccountPolicy, CommunityId, ConnectionState, CredentialState, DriftAnswer, DriftKind,
        FaultKind,
    },
    engine::KeyOwner,
};
use rusqlite::Connection;

const FIRST: &str = "tok-0123456789abcdef";
const OTHER: &str = "tok-0123456789abcdef-other";

async fn add_account(engine: &Engine, name: &str, secret: &str) {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(secret),
    }];
    let owner = KeyOwner::Installation;
    let examined = engine
        .examine_key(&actor, owner, &id("beta"), entries, BTreeMap::new())
        .await
        .unwrap();
    let add = Intent::AddAccount {
        platform: id("beta"),
        name: name.into(),
        contact: String::new(),
        examination: examined.id,
    };
    engine.submit(&actor, add).await.unwrap();
}

/// A community whose beta works with the account "first", and an account "second" beside it.
async fn two_accounts(home: &Home) -> (Engine, CommunityId) {
    let engine = home.init().await;
    home.world.carry();
    let share = Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: AccountPolicy::Shared,
        typed: "2".into(),
    };
    engine.submit(&ada(&engine).await, share).await.unwrap();
    add_account(&engine, "first", FIRST).await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    add_account(&engine, "second", OTHER).await;
    (engine, community)
}

fn to_second(community: CommunityId) -> Intent {
    Intent::MoveAccount {
        community,
        platform: id("beta"),
        name: "second".into(),
    }
}

async fn using(engine: &Engine) -> String {
    let keys = detail(engine, "beta").await.keys;
    let accounts = engine.accounts(&ada(engine).await).await.unwrap();
    let row = accounts
        .iter()
        .find(|row| row.account.id == keys[0].account);
    row.unwrap().account.name.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adapter_gets_the_former_accounts_key_to_hand_over_with() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    home.world
        .differ(DriftKind::ScopeShrank, "The bot may not paint.");
    engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    let seen = detail(&engine, "beta").await.instance.unwrap();
    assert_eq!(
        seen.drift.len(),
        1,
        "it was looked at with the other account"
    );
    assert_eq!(home.world.told_of(), [FIRST]);
    assert_eq!(using(&engine).await, "second");
    assert_eq!(home.world.passed("taken back"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_stays_refused_when_its_community_works_with_another_account() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let share = Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: AccountPolicy::Shared,
        typed: "1".into(),
    };
    let community = create(&engine).await.community.unwrap();
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    engine.submit(&actor, share).await.unwrap();
    add_account(&engine, "second", OTHER).await;
    settle(&engine).await;
    home.world.kill(FIRST);
    let verified = engine
        .verify_keys(&actor, &slug("rosewood"), &id("beta"))
        .await;
    assert_eq!(verified.unwrap_err().kind, FaultKind::KeyRejected);
    engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "second");
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    let accounts = engine.accounts(&actor).await.unwrap();
    let own = accounts.iter().find(|row| row.slug.is_some());
    assert_eq!(own.unwrap().keys[0].state, CredentialState::Rejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refused_move_had_begun_is_taken_back_and_resuming_goes_on() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    let refused = Fault::new(FaultKind::Refused, "It is banned there.").hint("Look.");
    home.world.fail("carry", refused);
    let moving = engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "first");
    // The former account's key was told for the way there; the way back works with it, and is told the other.
    assert_eq!(home.world.told_of(), [FIRST, FIRST, OTHER]);
    let rows = operations(&engine).await;
    let row = rows
        .iter()
        .find(|row| row.operation.id == moving.operations[0]);
    let fault = row.unwrap().operation.fault.clone().unwrap();
    assert!(
        fault.what.contains("works with the former one still"),
        "{fault}"
    );
    assert!(fault.what.contains("It is banned there."), "{fault}");
    assert!(fault.what.contains("A chair stays there."), "{fault}");
    let resume = Intent::ResumeOperation {
        operation: moving.operations[0],
    };
    engine.submit(&actor, resume).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_back_at_once_is_taken_back_when_the_move_is_cancelled() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    let refused = |what: &str| Fault::new(FaultKind::Refused, what).hint("Look.");
    home.world.fail("carry", refused("It is banned there."));
    home.world.fail("taken back", refused("The door is shut."));
    let moving = engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "first");
    let rows = operations(&engine).await;
    let row = rows
        .iter()
        .find(|row| row.operation.id == moving.operations[0]);
    let fault = row.unwrap().operation.fault.clone().unwrap();
    assert!(fault.what.contains("The door is shut."), "{fault}");
    let cancel = Intent::CancelOperation {
        operation: moving.operations[0],
    };
    engine.submit(&actor, cancel).await.unwrap();
    settle(&engine).await;
    assert_eq!(home.world.passed("taken back"), 2);
    assert_eq!(using(&engine).await, "first");
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert!(all_final(&engine).await, "nothing is left open");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_move_had_begun_that_is_stopped_while_it_waits_is_taken_back() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    home.world.ask_for_person_to_move();
    let moving = engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsHuman);
    let cancel = Intent::CancelOperation {
        operation: moving.operations[0],
    };
    engine.submit(&actor, cancel).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "first");
    assert_eq!(home.world.passed("taken back"), 1);
    assert_eq!(home.world.told_of(), [FIRST, FIRST, OTHER]);
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
}

#[test]
fn a_move_that_dies_with_its_process_goes_on_with_both_keys() {
    let home = Home::new();
    let first = runtime();
    first.block_on(async {
        let (engine, community) = two_accounts(&home).await;
        home.world.stop_at("carry");
        let actor = ada(&engine).await;
        engine.submit(&actor, to_second(community)).await.unwrap();
        home.world.somebody_stopped().await;
    });
    // The process dies: no future goes on, nothing is put away.
    first.shutdown_background();
    home.world.release();
    let second = runtime();
    second.block_on(async {
        let engine = unlocked(&home).await;
        engine.start().await;
        settle(&engine).await;
        assert_eq!(using(&engine).await, "second");
    });
    assert_eq!(home.world.told_of(), [FIRST, FIRST]);
    assert_eq!(home.world.passed("taken back"), 0);
    second.shutdown_background();
}

/// A move that is done on the platform, and whose process dies before that is written down.
fn moved_and_died(home: &Home) {
    let first = runtime();
    first.block_on(async {
        let (engine, community) = two_accounts(home).await;
        database(home)
            .execute_batch(
                "CREATE TRIGGER cut_off BEFORE UPDATE ON operations WHEN NEW.state = 'done'
                 BEGIN SELECT RAISE(ABORT, 'cut off'); END;",
            )
            .unwrap();
        let events = engine.events(&ada(&engine).await);
        let actor = ada(&engine).await;
        engine.submit(&actor, to_second(community)).await.unwrap();
        nothing_is_written(events).await;
    });
    first.shutdown_background();
    database(home)
        .execute_batch("DROP TRIGGER cut_off;")
        .unwrap();
}

fn database(home: &Home) -> Connection {
    Connection::open(home.options.home.join("guildhall.db")).unwrap()
}

#[test]
fn a_move_that_is_done_when_its_process_dies_is_not_done_again() {
    let home = Home::new();
    moved_and_died(&home);
    let second = runtime();
    second.block_on(async {
        let engine = unlocked(&home).await;
        engine.start().await;
        settle(&engine).await;
        assert_eq!(using(&engine).await, "second");
        assert!(all_final(&engine).await, "nothing is left open");
    });
    assert_eq!(home.world.passed("carry"), 1);
    assert_eq!(home.world.passed("taken back"), 0);
    second.shutdown_background();
}

#[test]
fn a_move_that_is_done_when_its_process_dies_stays_where_it_is_when_it_is_cancelled() {
    let home = Home::new();
    moved_and_died(&home);
    let second = runtime();
    second.block_on(async {
        let engine = unlocked(&home).await;
        let rows = operations(&engine).await;
        let moving = rows.iter().find(|row| !row.operation.state.is_final());
        let cancel = Intent::CancelOperation {
            operation: moving.unwrap().operation.id,
        };
        let actor = ada(&engine).await;
        engine.submit(&actor, cancel).await.unwrap();
        engine.start().await;
        settle(&engine).await;
        assert_eq!(using(&engine).await, "second");
        assert!(all_final(&engine).await, "nothing is left open");
        assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    });
    assert_eq!(home.world.passed("carry"), 1);
    assert_eq!(home.world.passed("taken back"), 0);
    second.shutdown_background();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_the_place_of_a_gone_instance_works_with_the_same_account() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    home.world.vanish();
    let beta = detail(&engine, "beta").await.instance.unwrap();
    let look = Intent::Check {
        community: Some(community),
        platform: Some(id("beta")),
    };
    engine.submit(&actor, look).await.unwrap();
    settle(&engine).await;
    home.world.come_back();
    let put_back = Intent::AnswerDrift {
        community,
        platform: id("beta"),
        only: None,
        answer: DriftAnswer::PutBack,
    };
    engine.plan(&actor, &put_back).await.unwrap();
    engine.submit(&actor, put_back).await.unwrap();
    settle(&engine).await;
    assert_ne!(detail(&engine, "beta").await.instance.unwrap().id, beta.id);
    assert_eq!(using(&engine).await, "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_moved_instance_offered_is_offered_anew_with_the_new_accounts_key() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    let connect = Intent::Connect {
        community,
        from: id("alpha"),
        to: id("beta"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    let passed = |points: [&str; 3]| points.map(|point| home.world.passed(point));
    assert_eq!(passed(["door", "join", "door closed"]), [1, 1, 0]);
    engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    assert_eq!(using(&engine).await, "second");
    assert_eq!(passed(["door", "join", "door closed"]), [2, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_joined_to_a_moving_instance_is_joined_anew_afterwards() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    home.world.stop_at("join");
    let connect = Intent::Connect {
        community,
        from: id("alpha"),
        to: id("beta"),
    };
    engine.submit(&actor, connect).await.unwrap();
    // The door stands with the former account's key, and the other end is about to be told of it.
    home.world.somebody_stopped().await;
    engine.submit(&actor, to_second(community)).await.unwrap();
    until_moved(&engine).await;
    home.world.release();
    settle(&engine).await;
    let passed = |points: [&str; 3]| points.map(|point| home.world.passed(point));
    assert_eq!(passed(["door", "join", "door closed"]), [2, 2, 1]);
    let connections = detail(&engine, "alpha").await.connections;
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].connection.state, ConnectionState::Made);
    assert!(all_final(&engine).await, "nothing is left open");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_joined_to_a_moved_instance_is_begun_anew() {
    let home = Home::new();
    let (engine, community) = two_accounts(&home).await;
    let actor = ada(&engine).await;
    let missing = Fault::new(FaultKind::NeedsKey, "alpha needs a key.");
    home.world.fail("join", missing);
    let connect = Intent::Connect {
        community,
        from: id("alpha"),
        to: id("beta"),
    };
    engine.submit(&actor, connect).await.unwrap();
    settle(&engine).await;
    assert!(!all_final(&engine).await, "it waits for the key");
    engine.submit(&actor, to_second(community)).await.unwrap();
    settle(&engine).await;
    let passed = |points: [&str; 3]| points.map(|point| home.world.passed(point));
    assert_eq!(passed(["door", "join", "door closed"]), [2, 2, 1]);
    let connections = detail(&engine, "alpha").await.connections;
    assert_eq!(connections[0].connection.state, ConnectionState::Made);
    assert!(all_final(&engine).await, "nothing is left open");
}

/// Waits until beta works with the account "second" and nothing is under way there.
async fn until_moved(engine: &Engine) {
    let mut events = engine.events(&ada(engine).await);
    while using(engine).await != "second" || observed(engine, "beta").await != Observed::Ready {
        events.next().await.unwrap();
    }
}

async fn all_final(engine: &Engine) -> bool {
    let rows = operations(engine).await;
    rows.iter().all(|row| row.operation.state.is_final())
}
