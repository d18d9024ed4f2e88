//! Keys that are older than they may be, or that stop working soon: told, counted, proposed, and replaced for that reason.

use super::{
    rotation::{key_of, only_rotation, replace},
    *,
};
use guildhall::{
    domain::{FaultKind, RotationReason},
    engine::Outlet,
};
use rusqlite::Connection;

const TOKEN: &str = "tok-that-grows-old-aaaaaaaa";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Lets a column of every stored key be so many days away from now.
fn set_days(home: &Home, column: &str, days: i64) {
    let at = jiff::Timestamp::now().as_millisecond() + days * DAY_MS;
    let database = Connection::open(home.options.home.join("guildhall.db")).unwrap();
    let order = format!("UPDATE credentials SET {column} = ?1");
    database.execute(&order, [at]).unwrap();
}

/// What is told of keys: urgent or not, and the sentence.
async fn told(engine: &Engine) -> Vec<(bool, String, String)> {
    let actor = ada(engine).await;
    let notices = engine.notices(&actor).await.unwrap();
    let of_keys = notices.into_iter().filter(|it| it.id.starts_with("key:"));
    of_keys.map(|it| (it.urgent, it.what, it.hint)).collect()
}

async fn due(engine: &Engine) -> u64 {
    let actor = ada(engine).await;
    engine.overview(&actor).await.unwrap().keys_due
}

async fn furnished(home: &Home) -> Engine {
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    engine
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_older_than_its_platform_allows_is_told_of_until_it_is_being_replaced() {
    let home = Home::new();
    let engine = furnished(&home).await;
    let actor = ada(&engine).await;
    set_days(&home, "created_at", -91);
    assert_eq!((due(&engine).await, told(&engine).await.len()), (0, 0));
    for days in [0, 4_000] {
        let fault = engine.set_key_age(&actor, &id("beta"), Some(days)).await;
        assert_eq!(fault.unwrap_err().kind, FaultKind::BadInput);
    }
    engine
        .set_key_age(&actor, &id("beta"), Some(90))
        .await
        .unwrap();
    assert_eq!(due(&engine).await, 1);
    let [(urgent, what, hint)] = &told(&engine).await[..] else {
        panic!("one notice");
    };
    assert!(!urgent && what.contains("is older than 90 days"), "{what}");
    assert_eq!(
        hint,
        "What to do: guildhall key rotate rosewood beta --field token"
    );
    assert_eq!(detail(&engine, "beta").await.due.len(), 1);
    assert_eq!(engine.accounts(&actor).await.unwrap()[0].due.len(), 1);

    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Choice).await;
    settle(&engine).await;
    let rotation = only_rotation(&engine).await.rotation;
    assert_eq!(rotation.reason, RotationReason::Age);
    assert_eq!((due(&engine).await, told(&engine).await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_younger_key_is_left_alone_and_so_is_every_one_without_a_rule() {
    let home = Home::new();
    let engine = furnished(&home).await;
    let actor = ada(&engine).await;
    let set = async |days| engine.set_key_age(&actor, &id("beta"), days).await;
    set(Some(90)).await.unwrap();
    set_days(&home, "created_at", -89);
    assert_eq!(due(&engine).await, 0);
    set(Some(30)).await.unwrap();
    assert_eq!(due(&engine).await, 1);
    let ages = engine.key_ages(&actor).await.unwrap();
    assert_eq!(ages, BTreeMap::from([(id("beta"), 30)]));
    set(None).await.unwrap();
    assert_eq!(due(&engine).await, 0);
    assert!(engine.key_ages(&actor).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_stops_working_soon_or_has_stopped_is_due_without_a_rule() {
    let home = Home::new();
    let engine = furnished(&home).await;
    for (days, urgent, words) in [
        (5, false, "stops working within 14 days"),
        (-1, true, "has stopped working"),
    ] {
        set_days(&home, "expires_at", days);
        assert_eq!(due(&engine).await, 1, "{words}");
        let told = told(&engine).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0 == urgent && told[0].1.contains(words), "{told:?}");
    }
    set_days(&home, "expires_at", 20);
    assert_eq!((due(&engine).await, told(&engine).await.len()), (0, 0));
    // A key that is both too old and about to end is counted once.
    let actor = ada(&engine).await;
    set_days(&home, "created_at", -400);
    set_days(&home, "expires_at", 5);
    engine
        .set_key_age(&actor, &id("beta"), Some(90))
        .await
        .unwrap();
    assert_eq!((due(&engine).await, told(&engine).await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_a_community_is_told_each_notice_once() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let room = |platform| {
        Some(Outlet::Room {
            community: slug("rosewood"),
            platform: id(platform),
        })
    };
    for (platform, kind) in [
        ("alpha", FaultKind::Unsupported),
        ("gamma", FaultKind::Unsupported),
        ("beta", FaultKind::NotFound),
    ] {
        let refused = engine.set_outlet(&actor, room(platform)).await;
        assert_eq!(refused.unwrap_err().kind, kind, "{platform}");
    }
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    engine.set_outlet(&actor, room("beta")).await.unwrap();
    set_days(&home, "expires_at", 5);
    for sent in [1, 0] {
        let notices = engine.notices(&actor).await.unwrap();
        assert_eq!(engine.tell_notices(&actor, &notices).await.unwrap(), sent);
    }
    let said = home.world.said();
    assert!(
        said.len() == 1 && said[0].contains("stops working"),
        "{said:?}"
    );

    // What cannot be said while the vault is locked is said afterwards.
    set_days(&home, "expires_at", -1);
    engine.lock();
    let notices = engine.notices(&actor).await.unwrap();
    let held_up = engine.tell_notices(&actor, &notices).await;
    assert_eq!(held_up.unwrap_err().kind, FaultKind::Locked);
    engine
        .unlock(Unlocker::Passphrase(SecretString::from(PASSPHRASE)))
        .await
        .unwrap();
    assert_eq!(engine.tell_notices(&actor, &notices).await.unwrap(), 1);
    assert!(home.world.said()[1].contains("has stopped working"));
}
