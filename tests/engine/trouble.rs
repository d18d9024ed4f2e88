//! What goes wrong: faults of the platform, people who are waited for, panics, cancelling.

use super::*;
use guildhall::{domain::FaultKind, engine::views::TaskRow};

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind, "The platform has trouble. More of it.").hint("Wait.")
}

/// What people have to do on the platforms; a missing key is none of it here.
async fn steps(engine: &Engine) -> Vec<TaskRow> {
    let actor = ada(engine).await;
    let mut tasks = engine.tasks(&actor).await.unwrap();
    tasks.retain(|row| row.key.is_none());
    tasks
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_trouble_is_tried_again_by_itself() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.fail("link", fault(FaultKind::Unreachable));
    home.world.fail("link", fault(FaultKind::Unreachable));
    create(&engine).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    assert_eq!(
        (home.world.passed("link"), home.world.count("hall")),
        (3, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_outcome_is_unknown_is_looked_for_before_it_is_tried_again() {
    let home = Home::new();
    let engine = home.init().await;
    home.world
        .fail("after hall", fault(FaultKind::OutcomeUnknown));
    home.world
        .fail("before room-1", fault(FaultKind::OutcomeUnknown));
    create(&engine).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    for part in super::fake_adapter::PARTS {
        assert_eq!(home.world.count(part), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_parks_until_the_time_the_platform_said() {
    let home = Home::new();
    let engine = home.init().await;
    let retry_after = Duration::from_secs(77);
    home.world
        .fail("link", fault(FaultKind::RateLimited { retry_after }));
    create(&engine).await;
    settle(&engine).await;
    let operation = operations(&engine).await.remove(0).operation;
    assert_eq!(operation.state, OperationState::Queued);
    let until = operation
        .not_before
        .unwrap()
        .duration_since(operation.updated_at);
    assert!((76..=77).contains(&until.as_secs()), "{until}");
    let actor = ada(&engine).await;
    let resume = Intent::ResumeOperation {
        operation: operation.id,
    };
    engine.submit(&actor, resume).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_fails_with_advice_and_the_next_wish_tries_again() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.fail("link", fault(FaultKind::Refused));
    create(&engine).await;
    settle(&engine).await;
    let alpha = detail(&engine, "alpha").await;
    let instance = alpha.instance.unwrap();
    assert_eq!(instance.observed, Observed::Failed);
    assert_eq!(instance.note, "The platform has trouble");
    assert_eq!(
        alpha.advice[0],
        "The platform has trouble. More of it. Wait."
    );
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    assert_eq!(home.world.count("hall"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_for_a_person_parks_and_goes_on_once_it_is_done() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.ask_for_person();
    create(&engine).await;
    settle(&engine).await;
    let alpha = detail(&engine, "alpha").await;
    assert_eq!(alpha.instance.unwrap().observed, Observed::NeedsHuman);
    assert_eq!(alpha.advice[0], "somebody there: invite the bot.");
    let actor = ada(&engine).await;
    let task = steps(&engine).await.remove(0);
    let check = task.check();
    engine.submit(&actor, check.clone()).await.unwrap();
    settle(&engine).await;
    assert_eq!(steps(&engine).await.len(), 1, "it was not done yet");
    home.world.person_does_it();
    engine.submit(&actor, check).await.unwrap();
    settle(&engine).await;
    assert_eq!(steps(&engine).await, []);
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_a_look_finds_is_a_task_until_another_look_by_anybody_finds_it_done() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    assert_eq!(steps(&engine).await, []);
    home.world.need_person_later();
    let everything = Intent::Check {
        community: None,
        platform: None,
    };
    engine.submit(&actor, everything).await.unwrap();
    settle(&engine).await;
    let first = steps(&engine).await.remove(0);
    assert_eq!(first.operation, None, "no operation stands at it");
    assert_eq!(
        (
            first.subject.slug().unwrap().as_str(),
            first.task.title.as_str()
        ),
        ("rosewood", "invite the bot")
    );
    assert_eq!(detail(&engine, "alpha").await.task.as_ref(), Some(&first));
    engine.shutdown().await;

    // Hours later, another process.
    let engine = home.open().await;
    engine.submit(&actor, first.check()).await.unwrap();
    settle(&engine).await;
    assert_eq!(
        steps(&engine).await,
        std::slice::from_ref(&first),
        "not done yet, and waiting since the same moment"
    );
    assert_eq!(observed(&engine, "alpha").await, Observed::NeedsHuman);
    home.world.person_does_it();
    engine.submit(&actor, first.check()).await.unwrap();
    settle(&engine).await;
    assert_eq!(steps(&engine).await, []);
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_an_adapter_is_a_fault_of_that_operation_and_its_words_go_nowhere() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.panic_at("link");
    create(&engine).await;
    settle(&engine).await;
    let operation = operations(&engine).await.remove(0).operation;
    assert_eq!(operation.state, OperationState::Failed);
    let fault = operation.fault.unwrap();
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(!format!("{fault:?}").contains("canary"));
    switch(&engine, "alpha", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_can_be_cancelled_and_taken_up_again() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.stop_at("before room-1");
    create(&engine).await;
    home.world.somebody_stopped().await;
    let actor = ada(&engine).await;
    let operation = operations(&engine).await.remove(0).operation.id;
    let receipt = engine
        .submit(&actor, Intent::CancelOperation { operation })
        .await
        .unwrap();
    assert!(
        receipt
            .message
            .ends_with("The step it had finished stays done.")
    );
    settle(&engine).await;
    home.world.release();
    let states = states(&engine).await;
    assert_eq!(
        states,
        [("alpha provision".to_owned(), OperationState::Cancelled)]
    );
    let instance = detail(&engine, "alpha").await.instance.unwrap();
    assert_eq!(
        (instance.observed, instance.note.as_str()),
        (Observed::Absent, "stopped before it was finished")
    );
    let again = engine
        .submit(&actor, Intent::CancelOperation { operation })
        .await
        .unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
    engine
        .submit(&actor, Intent::ResumeOperation { operation })
        .await
        .unwrap();
    settle(&engine).await;
    for part in super::fake_adapter::PARTS {
        assert_eq!(home.world.count(part), 1, "{part}");
    }
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_elsewhere_is_cancelled_by_its_holder() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.stop_at("before room-1");
    create(&engine).await;
    home.world.somebody_stopped().await;
    let other = home.open().await;
    let actor = ada(&other).await;
    let operation = operations(&other).await.remove(0).operation.id;
    other
        .submit(&actor, Intent::CancelOperation { operation })
        .await
        .unwrap();
    settle(&engine).await;
    let states = states(&other).await;
    assert_eq!(
        states,
        [("alpha provision".to_owned(), OperationState::Cancelled)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_cancelled_at_once() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.ask_for_person();
    create(&engine).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let operation = operations(&engine).await.remove(0).operation.id;
    let receipt = engine
        .submit(&actor, Intent::CancelOperation { operation })
        .await
        .unwrap();
    assert!(
        receipt
            .message
            .contains("is stopped. It had finished no step.")
    );
    assert_eq!(steps(&engine).await, []);
    assert_eq!(observed(&engine, "alpha").await, Observed::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_communities_are_refused_in_one_sentence_and_leave_nothing() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    let actor = ada(&engine).await;
    let mut cases: Vec<(NewCommunity, FaultKind)> = Vec::new();
    cases.push((rosewood(), FaultKind::Conflict));
    for name in ["", " \u{200b}\t ", &"x".repeat(10_000)] {
        let mut new = rosewood();
        new.slug = slug("fern");
        new.name = name.to_owned();
        cases.push((new, FaultKind::BadInput));
    }
    let mut new = rosewood();
    new.slug = slug("fern");
    new.choices.insert(id("alhpa"), Choice::Active);
    cases.push((new, FaultKind::NotFound));
    for (new, kind) in cases {
        let fault = engine
            .submit(&actor, Intent::CreateCommunity(new))
            .await
            .unwrap_err();
        assert_eq!(fault.kind, kind);
        assert!(!fault.hint.is_empty() && fault.what.len() < 200, "{fault}");
    }
    assert!(engine.community(&actor, &slug("fern")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_settings_let_what_waits_for_a_person_look_again_by_itself() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.ask_for_person();
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::NeedsHuman);
    home.world.person_does_it();
    let configure = Intent::Configure {
        community,
        platform: id("alpha"),
        settings: BTreeMap::from([("motto".to_owned(), "chosen".to_owned())]),
        typed: String::new(),
    };
    engine.submit(&ada(&engine).await, configure).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    assert_eq!(steps(&engine).await, []);
}
