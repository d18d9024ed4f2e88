//! Somebody writes the database, puts an older one back, or leaves the circle of those who may open the vault.

use super::*;
use guildhall::{
    domain::{CredentialState, FaultKind},
    engine::views::VaultState,
    vault::{NewRecipient, Unlocker},
};
use rusqlite::{Connection, types::Value};

const KEYS: [&str; 3] = [
    "tok-of-rosewood-aaaaaaaa",
    "tok-of-fern-bbbbbbbbbbbb",
    "tok-of-harbour-cccccccc",
];
const COMMUNITIES: [&str; 3] = ["rosewood", "fern", "harbour"];
const HERS: &str = "another passphrase of hers";

fn database(home: &Home) -> Connection {
    Connection::open(home.options.home.join("guildhall.db")).expect("the database")
}

/// Three communities with a key each.
async fn furnished(home: &Home) -> Engine {
    let engine = home.init().await;
    let actor = ada(&engine).await;
    for (community, key) in COMMUNITIES.into_iter().zip(KEYS) {
        let mut new = rosewood();
        new.slug = slug(community);
        engine
            .submit(&actor, Intent::CreateCommunity(new))
            .await
            .expect("created");
        settle(&engine).await;
        enter_for(&engine, community, key).await.expect("entered");
        settle(&engine).await;
    }
    engine
}

async fn key_states(engine: &Engine) -> Vec<CredentialState> {
    let actor = ada(engine).await;
    let mut states = Vec::new();
    for community in COMMUNITIES {
        let detail = engine.instance(&actor, &slug(community), &id("beta")).await;
        states.push(detail.expect("the details").keys[0].state);
    }
    states
}

/// Works with the key of every community.
async fn use_all(engine: &Engine) {
    let actor = ada(engine).await;
    let check = Intent::Check {
        community: None,
        platform: Some(id("beta")),
    };
    engine.submit(&actor, check).await.expect("looked");
    settle(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pair_of_rows_can_be_swapped_and_the_third_works_on() {
    for (one, other) in [(1, 2), (1, 3), (2, 3)] {
        let home = Home::new();
        furnished(&home).await.shutdown().await;
        let swap = "UPDATE credentials SET sealed = (SELECT o.sealed FROM credentials o WHERE o.id = ?2) WHERE id = ?1";
        let before = database(&home);
        let sealed: Vec<u8> = before
            .query_row(
                "SELECT sealed FROM credentials WHERE id = ?1",
                [one],
                |row| row.get(0),
            )
            .unwrap();
        before.execute(swap, [one, other]).unwrap();
        before
            .execute(
                "UPDATE credentials SET sealed = ?2 WHERE id = ?1",
                (other, sealed),
            )
            .unwrap();
        drop(before);
        let engine = unlocked(&home).await;
        let actor = ada(&engine).await;
        let tried = engine.try_keys(&actor).await.unwrap();
        assert_eq!((tried.stored, tried.open), (3, 1), "{one} and {other}");
        let verdict = engine.audit_verify(&actor).await.unwrap();
        assert!(
            verdict
                .broken
                .as_ref()
                .is_some_and(|(_, what)| what.contains("other stored keys")),
            "{verdict:?}"
        );
        use_all(&engine).await;
        let third = 6 - one - other;
        for (place, state) in (1..).zip(key_states(&engine).await) {
            let expected = if place == third {
                CredentialState::Active
            } else {
                CredentialState::NeedsReentry
            };
            assert_eq!(state, expected, "{one} and {other} swapped, row {place}");
        }
    }
}

fn row(database: &Connection, id: i64) -> Vec<Value> {
    database
        .query_row("SELECT * FROM credentials WHERE id = ?1", [id], |row| {
            (0..row.as_ref().column_count())
                .map(|column| row.get(column))
                .collect()
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_row_put_back_whole_opens_and_the_audit_tells_of_it() {
    let home = Home::new();
    let engine = furnished(&home).await;
    engine.shutdown().await;
    let old = row(&database(&home), 1);
    let engine = unlocked(&home).await;
    let actor = ada(&engine).await;
    assert_eq!(engine.audit_verify(&actor).await.unwrap().broken, None);
    enter_for(&engine, "rosewood", "tok-the-newer-one-dddddd")
        .await
        .unwrap();
    settle(&engine).await;
    assert_eq!(engine.audit_verify(&actor).await.unwrap().broken, None);
    engine.shutdown().await;
    let changed = database(&home);
    changed
        .execute("DELETE FROM credentials WHERE id = 4", [])
        .unwrap();
    let places = vec!["?"; old.len()].join(", ");
    changed
        .execute(
            &format!("INSERT INTO credentials VALUES ({places})"),
            rusqlite::params_from_iter(old),
        )
        .unwrap();
    drop(changed);
    let engine = unlocked(&home).await;
    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (3, 3), "no seal can tell");
    let verdict = engine.audit_verify(&actor).await.unwrap();
    assert!(
        verdict
            .broken
            .is_some_and(|(_, what)| what.contains("put back"))
    );
    // The next change of any key does not hide it.
    enter_for(&engine, "fern", "tok-the-newer-one-eeeeee")
        .await
        .unwrap();
    let verdict = engine.audit_verify(&actor).await.unwrap();
    assert!(verdict.keys_differed.is_some(), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_last_week_lacks_the_head_that_was_noted() {
    let home = Home::new();
    let engine = furnished(&home).await;
    let actor = ada(&engine).await;
    let file = home.folder.path().join("last-week.db");
    let kept = engine.backup(&actor, &file).await.unwrap();
    let kept = kept.expect("the vault is open");
    assert_eq!((kept.stored, kept.open), (3, 3), "proven before it ends");
    enter_for(&engine, "rosewood", "tok-the-newer-one-dddddd")
        .await
        .unwrap();
    let head = engine.audit_verify(&actor).await.unwrap().head;
    assert!(engine.audit_bears(&actor, &head).await.unwrap());
    engine.lock();
    let locked = home.folder.path().join("locked.db");
    assert_eq!(
        engine.backup(&actor, &locked).await.unwrap(),
        None,
        "nobody could try"
    );
    engine.shutdown().await;
    drop(engine);
    Engine::restore(&file, &home.options.home).unwrap();
    let engine = unlocked(&home).await;
    let verdict = engine.audit_verify(&actor).await.unwrap();
    assert_eq!(verdict.broken, None, "by itself it is whole");
    assert!(!engine.audit_bears(&actor, &head).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_vault_opens_nothing_of_it_and_what_could_be_read_is_listed() {
    let home = Home::new();
    let engine = furnished(&home).await;
    let actor = ada(&engine).await;
    let hers = NewRecipient::Passphrase {
        label: "Bea".into(),
        passphrase: SecretString::from(HERS),
    };
    engine.add_recipient(&actor, hers).await.unwrap();
    engine.lock();
    let her_way = || Unlocker::Passphrase(SecretString::from(HERS));
    engine.unlock(her_way()).await.expect("hers opens it too");
    let open_elsewhere = unlocked(&home).await;

    let fault = engine
        .remove_recipient(&actor, "Bea", None)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict, "nobody could open it then");
    let mine = Some(SecretString::from(PASSPHRASE));
    let removal = engine.remove_recipient(&actor, "Bea", mine).await.unwrap();
    assert!(removal.dropped.is_empty());
    let mut exposed: Vec<String> = removal
        .exposed
        .iter()
        .map(|key| key.community.clone().unwrap().to_string())
        .collect();
    exposed.sort_unstable();
    assert_eq!(
        exposed,
        ["fern", "harbour", "rosewood"],
        "exactly the stored keys"
    );

    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (3, 3), "sealed anew");
    assert_eq!(engine.audit_verify(&actor).await.unwrap().broken, None);
    enter_for(&engine, "rosewood", "tok-made-after-she-left-x")
        .await
        .unwrap();

    // A session that was open meanwhile neither seals with the former key nor calls good rows bad.
    let fault = enter_for(&open_elsewhere, "fern", "tok-from-the-open-session")
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Locked, "{fault}");
    assert!(fault.what.contains("removed from the vault"), "{fault}");
    use_all(&open_elsewhere).await;
    assert_eq!(key_states(&engine).await, [CredentialState::Active; 3]);

    let fresh = home.open().await;
    let fault = fresh.unlock(her_way()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Locked);
    assert_eq!(fresh.vault_state(), VaultState::Locked);
    let mine = Unlocker::Passphrase(SecretString::from(PASSPHRASE));
    fresh.unlock(mine).await.expect("mine opens it still");
    let tried = fresh.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (3, 3));
    let fault = fresh
        .remove_recipient(&actor, "passphrase", None)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict, "the last one stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_recovery_key_opens_nothing_any_more_and_the_new_one_everything() {
    let home = Home::new();
    let engine = furnished(&home).await;
    let actor = ada(&engine).await;
    let fault = engine.replace_recovery_key(&actor, None).await.unwrap_err();
    assert_eq!(
        fault.kind,
        FaultKind::Conflict,
        "only it could open the vault"
    );
    let mine = || Some(SecretString::from(PASSPHRASE));
    let (former, _) = engine.replace_recovery_key(&actor, mine()).await.unwrap();
    let (now, removal) = engine.replace_recovery_key(&actor, mine()).await.unwrap();
    assert_eq!((removal.exposed.len(), removal.dropped.len()), (3, 0));
    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (3, 3), "sealed anew");
    assert_eq!(engine.audit_verify(&actor).await.unwrap().broken, None);
    let kinds = engine.recipients(&actor).await.unwrap();
    assert_eq!(kinds.len(), 2, "one recovery key: {kinds:?}");
    engine.shutdown().await;

    let fresh = home.open().await;
    let by = |key: &guildhall::vault::RecoveryKey| Unlocker::RecoveryKey(key.written());
    let fault = fresh.unlock(by(&former)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Locked, "{fault}");
    fresh.unlock(by(&now)).await.expect("the new one opens it");
    let tried = fresh.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (3, 3));
    fresh.lock();
    let mine = Unlocker::Passphrase(SecretString::from(PASSPHRASE));
    fresh.unlock(mine).await.expect("the passphrase stays");
}
