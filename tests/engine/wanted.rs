//! Another account is wanted: a person's step until its key is there, or made by the platform.

use super::*;
use guildhall::{
    domain::{CredentialState, FaultKind, WantedAccount},
    engine::{
        KeyOwner,
        views::{AccountRow, TaskRow},
    },
};

const TOKEN: &str = "tok-0123456789abcdef";
const OTHER: &str = "tok-0123456789abcdef-other";
const MASTER: &str = "mas-0123456789abcdef";

async fn want(engine: &Engine, platform: &str, name: &str) -> Result<Receipt, Fault> {
    let actor = ada(engine).await;
    let intent = Intent::WantAccount {
        platform: id(platform),
        name: name.into(),
        contact: "Bea, bea@example.org".into(),
    };
    let planned = engine.plan(&actor, &intent).await?;
    engine.submit_planned(&actor, intent, planned.basis).await
}

async fn add(
    engine: &Engine,
    platform: &str,
    name: &str,
    (field, secret): (&str, &str),
) -> Result<Receipt, Fault> {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: field.into(),
        secret: SecretString::from(secret),
    }];
    let owner = KeyOwner::Installation;
    let examined = engine
        .examine_key(&actor, owner, &id(platform), entries, BTreeMap::new())
        .await?;
    let intent = Intent::AddAccount {
        platform: id(platform),
        name: name.into(),
        contact: String::new(),
        examination: examined.id,
    };
    engine.submit(&actor, intent).await
}

/// The accounts that are asked for, with their steps.
async fn wanted(engine: &Engine) -> Vec<(WantedAccount, TaskRow)> {
    let tasks = engine.tasks(&ada(engine).await).await.unwrap();
    tasks
        .into_iter()
        .filter_map(|row| Some((row.wanted()?.clone(), row)))
        .collect()
}

async fn account(engine: &Engine, name: &str) -> Option<AccountRow> {
    let rows = engine.accounts(&ada(engine).await).await.unwrap();
    rows.into_iter().find(|row| row.account.name == name)
}

async fn check(engine: &Engine) -> Result<Receipt, Fault> {
    let (_, row) = wanted(engine).await.remove(0);
    engine.submit(&ada(engine).await, row.check()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_makes_is_a_step_for_hours_until_a_key_of_another_account_is_there() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    add(&engine, "beta", "first", ("token", TOKEN))
        .await
        .unwrap();
    let waiting = engine.overview(&actor).await.unwrap().need_you;
    want(&engine, "beta", "second").await.unwrap();
    assert_eq!(
        want(&engine, "beta", "second").await.unwrap_err().kind,
        FaultKind::Conflict
    );
    assert_eq!(
        want(&engine, "beta", "first").await.unwrap_err().kind,
        FaultKind::Conflict
    );
    assert_eq!(engine.overview(&actor).await.unwrap().need_you, waiting + 1);
    drop(engine);

    // Another login, later.
    let engine = unlocked(&home).await;
    let (asked, row) = wanted(&engine).await.remove(0);
    assert_eq!(
        (asked.name.as_str(), asked.actor.as_str()),
        ("second", "ada")
    );
    assert!(
        row.task.title.contains("make another account: second"),
        "{row:?}"
    );
    assert!(
        row.task
            .instructions
            .iter()
            .any(|step| step == "Ask the test.")
    );
    assert_eq!(check(&engine).await.unwrap_err().kind, FaultKind::NeedsKey);

    // A second key of the first account is no second account; the fake tells accounts apart by length.
    let same = TOKEN.replace('0', "9");
    let fault = add(&engine, "beta", "second", ("token", &same))
        .await
        .unwrap_err();
    assert!(fault.what.contains("the account first already"), "{fault}");
    assert_eq!(wanted(&engine).await.len(), 1);
    add(&engine, "beta", "second", ("token", OTHER))
        .await
        .unwrap();
    assert_eq!(wanted(&engine).await, []);
    let second = account(&engine, "second").await.expect("it is there");
    assert_eq!(second.account.contact, "Bea, bea@example.org");
    assert_eq!(engine.overview(&actor).await.unwrap().need_you, waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_makes_it_with_the_key_that_is_stored() {
    let home = Home::new();
    let engine = home.init().await;
    add(&engine, "alpha", "administrator", ("master", MASTER))
        .await
        .unwrap();
    want(&engine, "alpha", "bot").await.unwrap();
    settle(&engine).await;
    assert_eq!((wanted(&engine).await, home.world.accounts()), (vec![], 1));
    let made = account(&engine, "bot").await.expect("it is there");
    assert_eq!(made.account.external_id.as_deref(), Some("made-bot"));
    assert_eq!(made.keys.len(), 1);
    assert_eq!(
        (made.keys[0].field.as_str(), made.keys[0].state),
        ("token", CredentialState::Active)
    );
    assert!(made.keys[0].verified_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_that_key_it_is_a_step_and_the_key_is_used_once_and_forgotten() {
    let home = Home::new();
    let engine = home.init().await;
    want(&engine, "alpha", "bot").await.unwrap();
    settle(&engine).await;
    let (_, row) = wanted(&engine).await.remove(0);
    assert!(row.task.title.contains("enter Master key"), "{row:?}");
    add(&engine, "alpha", "bot", ("master", MASTER))
        .await
        .unwrap();
    settle(&engine).await;
    assert_eq!(wanted(&engine).await, []);
    let fields: Vec<_> = account(&engine, "bot").await.expect("it is there").keys;
    let fields: Vec<_> = fields.iter().map(|key| key.field.as_str()).collect();
    assert_eq!(fields, ["token"], "the powerful key is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_and_not_recorded_is_found_again_and_not_made_twice() {
    let home = Home::new();
    let engine = home.init().await;
    add(&engine, "alpha", "administrator", ("master", MASTER))
        .await
        .unwrap();
    let trouble = Fault::new(
        FaultKind::Unreachable,
        "The platform has trouble. More of it.",
    );
    home.world.fail("account made", trouble);
    want(&engine, "alpha", "bot").await.unwrap();
    settle(&engine).await;
    let (asked, row) = wanted(&engine).await.remove(0);
    assert_eq!(asked.note, "The platform has trouble");
    assert!(row.task.why.contains("The platform has trouble"));
    check(&engine).await.unwrap();
    settle(&engine).await;
    assert_eq!((wanted(&engine).await, home.world.accounts()), (vec![], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_halfway_is_nobodys_and_is_tried_again() {
    let home = Home::new();
    let engine = home.init().await;
    add(&engine, "alpha", "administrator", ("master", MASTER))
        .await
        .unwrap();
    home.world.panic_at("account made");
    want(&engine, "alpha", "bot").await.unwrap();
    settle(&engine).await;
    let (asked, _) = wanted(&engine).await.remove(0);
    assert!(asked.note.contains("Guildhall failed"), "{asked:?}");
    check(&engine).await.unwrap();
    settle(&engine).await;
    assert_eq!((wanted(&engine).await, home.world.accounts()), (vec![], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_while_the_vault_is_locked_is_made_at_the_next_unlock() {
    let home = Home::new();
    let engine = home.init().await;
    add(&engine, "alpha", "administrator", ("master", MASTER))
        .await
        .unwrap();
    engine.lock();
    want(&engine, "alpha", "bot").await.unwrap();
    settle(&engine).await;
    assert_eq!((wanted(&engine).await.len(), home.world.accounts()), (1, 0));
    engine
        .unlock(Unlocker::Passphrase(SecretString::from(PASSPHRASE)))
        .await
        .unwrap();
    settle(&engine).await;
    assert_eq!((wanted(&engine).await, home.world.accounts()), (vec![], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_wanted_any_more_is_no_step() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    want(&engine, "beta", "second").await.unwrap();
    let (asked, _) = wanted(&engine).await.remove(0);
    let intent = Intent::DropWantedAccount { wanted: asked.id };
    engine.submit(&actor, intent.clone()).await.unwrap();
    assert_eq!(wanted(&engine).await, []);
    assert_eq!(
        engine.submit(&actor, intent).await.unwrap_err().kind,
        FaultKind::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_a_community_neither_asks_for_accounts_nor_sees_that_they_are_asked_for() {
    let town = super::town::Town::new(guildhall::domain::Role::CommunityAdmin).await;
    let intent = Intent::WantAccount {
        platform: id("beta"),
        name: "second".into(),
        contact: String::new(),
    };
    let fault = town
        .engine
        .submit(&town.actor, intent.clone())
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotAllowed);
    let operator = ada(&town.engine).await;
    town.engine.submit(&operator, intent).await.unwrap();
    let seen = town.engine.tasks(&town.actor).await.unwrap();
    assert!(seen.iter().all(|row| row.wanted().is_none()));
    assert_eq!(wanted(&town.engine).await.len(), 1);
}
