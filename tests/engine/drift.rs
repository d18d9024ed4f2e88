//! What differs from the record, and the three answers: take over, put back, ignore until a day.

use super::*;
use guildhall::{
    domain::{DriftAnswer, DriftKind, DriftVerdict, FaultKind, Health, Instance},
    engine::Page,
};
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 24 * 3600;

async fn alpha(engine: &Engine) -> Instance {
    detail(engine, "alpha").await.instance.expect("alpha")
}

async fn check(engine: &Engine) {
    let actor = ada(engine).await;
    // Asked of its community: a look at everything leaves out what was looked at in the same millisecond.
    let intent = Intent::Check {
        community: Some(alpha(engine).await.community),
        platform: Some(id("alpha")),
    };
    engine.submit(&actor, intent).await.expect("a look");
    settle(engine).await;
}

async fn answer(engine: &Engine, answer: DriftAnswer) -> Result<Receipt, Fault> {
    let actor = ada(engine).await;
    let intent = Intent::AnswerDrift {
        community: alpha(engine).await.community,
        platform: id("alpha"),
        only: None,
        answer,
    };
    engine.plan(&actor, &intent).await?;
    let receipt = engine.submit(&actor, intent).await?;
    settle(engine).await;
    Ok(receipt)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_look_finds_wrong_is_told_without_looking() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let told = |engine: Engine| async move {
        let all = engine.notices(&ada(&engine).await).await.unwrap();
        all.into_iter()
            .filter(|notice| notice.what.contains("alpha"))
            .map(|notice| (notice.urgent, notice.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(engine.clone()).await, []);
    home.world
        .differ(DriftKind::Changed, "Room 1 is painted red.");
    check(&engine).await;
    let [(urgent, what)] = &told(engine.clone()).await[..] else {
        panic!("one notice");
    };
    assert!(!urgent && what.contains("Room 1 is painted red"), "{what}");
    home.world.vanish();
    check(&engine).await;
    let [(urgent, what)] = &told(engine.clone()).await[..] else {
        panic!("one notice");
    };
    assert!(*urgent && what.contains("of rosewood is gone"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_over_is_no_difference_any_more_and_another_one_is() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world
        .differ(DriftKind::Changed, "Room 1 is painted red.");
    check(&engine).await;
    let seen = alpha(&engine).await;
    assert_eq!(
        seen.note, "Room 1 is painted red",
        "the row says what is so"
    );
    let advice = detail(&engine, "alpha").await.advice;
    assert!(advice[0].contains("Take over what is there"), "{advice:?}");

    answer(&engine, DriftAnswer::TakeOver).await.unwrap();
    let seen = alpha(&engine).await;
    assert!(seen.drift.is_empty() && seen.note.is_empty(), "{seen:?}");
    let answered = detail(&engine, "alpha").await.answered;
    assert_eq!(answered[0].verdict, DriftVerdict::TakenOver);
    assert_eq!(answered[0].by, "ada");
    home.world
        .differ(DriftKind::Changed, "Room 2 is painted red.");
    check(&engine).await;
    let seen = alpha(&engine).await;
    assert_eq!(seen.drift.len(), 1);
    assert_eq!(seen.drift[0].what, "Room 2 is painted red.");

    let actor = ada(&engine).await;
    let audit = engine.audit(&actor, Page::first(20)).await.unwrap();
    assert!(
        audit.iter().any(|entry| entry.action == "instance-drift"
            && entry.detail == "taken over: Room 1 is painted red."),
        "{audit:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_held_against_its_health_until_somebody_takes_it_over() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.differ(DriftKind::Missing, "Room 2 is missing.");
    check(&engine).await;
    assert_eq!(alpha(&engine).await.health, Health::Degraded);
    answer(&engine, DriftAnswer::TakeOver).await.unwrap();
    assert_eq!(alpha(&engine).await.health, Health::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_until_a_day_comes_back_on_that_day() {
    let mut home = Home::new();
    let ahead = Arc::new(AtomicI64::new(0));
    let shared = ahead.clone();
    home.options.clock = Arc::new(move || {
        let seconds = Timestamp::now().as_second() + shared.load(Ordering::Relaxed);
        Timestamp::from_second(seconds).expect("a time")
    });
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.differ(DriftKind::Changed, "A wall was moved.");
    check(&engine).await;
    let now = Timestamp::now().as_second();
    let day = |days: i64| Timestamp::from_second(now + days * DAY).unwrap();
    let past = answer(&engine, DriftAnswer::IgnoreUntil(day(-1))).await;
    assert_eq!(past.unwrap_err().kind, FaultKind::BadInput);
    answer(&engine, DriftAnswer::IgnoreUntil(day(2)))
        .await
        .unwrap();
    check(&engine).await;
    assert!(alpha(&engine).await.drift.is_empty());
    ahead.store(3 * DAY, Ordering::Relaxed);
    check(&engine).await;
    assert_eq!(alpha(&engine).await.drift.len(), 1);
    assert!(detail(&engine, "alpha").await.answered.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_back_makes_what_is_missing_sends_what_changed_and_looks_again() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let before = home.world.objects();
    home.world.differ(DriftKind::Missing, "Room 2 is missing.");
    home.world.differ(DriftKind::Changed, "Room 1 is locked.");
    check(&engine).await;
    let looks = home.world.passed("observe");
    answer(&engine, DriftAnswer::PutBack).await.unwrap();
    let seen = alpha(&engine).await;
    assert_eq!(seen.observed, Observed::Ready);
    assert!(seen.drift.is_empty(), "{seen:?}");
    assert!(home.world.passed("observe") > looks, "a look followed");
    assert_eq!(home.world.passed("provision"), 2);
    assert_eq!(home.world.objects(), before, "what was there was found");
    assert!(home.world.objects().iter().all(|object| object.active));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_made_anew_or_removed_here_too() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.vanish();
    check(&engine).await;
    let former = alpha(&engine).await;
    assert_eq!(former.observed, Observed::Gone);
    home.world.come_back();
    answer(&engine, DriftAnswer::PutBack).await.unwrap();
    let seen = alpha(&engine).await;
    assert_eq!(seen.observed, Observed::Ready);
    assert_ne!(seen.id, former.id);
    assert_eq!(seen.desired, Desired::Active);
    // What did not go with the former is known to the one in its place, and to no third.
    assert_eq!(home.world.passed("former taken in"), 1);

    home.world.vanish();
    check(&engine).await;
    answer(&engine, DriftAnswer::TakeOver).await.unwrap();
    assert!(detail(&engine, "alpha").await.instance.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_key_is_not_taken_over_and_lost_rights_become_a_step_for_a_person() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world
        .differ(DriftKind::CredentialDead, "The key is dead.");
    check(&engine).await;
    let fault = answer(&engine, DriftAnswer::TakeOver).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    answer(&engine, DriftAnswer::PutBack).await.unwrap();
    assert_eq!(observed(&engine, "alpha").await, Observed::NeedsKey);

    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world
        .differ(DriftKind::ScopeShrank, "The key may not paint.");
    check(&engine).await;
    answer(&engine, DriftAnswer::PutBack).await.unwrap();
    let seen = alpha(&engine).await;
    assert_eq!(seen.observed, Observed::NeedsHuman);
    assert_eq!(seen.note, "give the key its rights back");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_differs_there_is_nothing_to_answer() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let fault = answer(&engine, DriftAnswer::PutBack).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_holds_while_only_the_numbers_of_a_difference_change() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.overfill(10);
    check(&engine).await;
    assert!(
        alpha(&engine).await.drift.is_empty(),
        "full is not too full"
    );
    home.world.overfill(11);
    check(&engine).await;
    let seen = alpha(&engine).await;
    assert_eq!(seen.drift[0].kind, DriftKind::OverQuota);
    assert_eq!(seen.drift[0].what, "11 halls where 10 are allowed.");
    answer(&engine, DriftAnswer::TakeOver).await.unwrap();
    home.world.overfill(12);
    check(&engine).await;
    assert!(alpha(&engine).await.drift.is_empty());
    home.world
        .differ(DriftKind::Changed, "Room 1 is painted red.");
    check(&engine).await;
    assert_eq!(alpha(&engine).await.drift.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_decides_is_not_shown_as_a_step_of_ours() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let before = engine.overview(&actor).await.unwrap().need_you;
    home.world.others_decide();
    check(&engine).await;
    assert_eq!(alpha(&engine).await.observed, Observed::NeedsOthers);
    let waiting = engine.overview(&actor).await.unwrap().need_you;
    assert_eq!(waiting, before, "nobody here can do it");
    // It works all the same, and the next look tells that it was decided.
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    assert_eq!(alpha(&engine).await.desired, Desired::Inactive);
    assert!(home.world.objects().iter().all(|object| !object.active));
    home.world.person_does_it();
    check(&engine).await;
    assert_eq!(alpha(&engine).await.observed, Observed::Ready);
}
