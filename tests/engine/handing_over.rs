//! A community leaves: what it takes along, who owns what is elsewhere, and our keys ended.

use super::*;
use guildhall::{
    domain::{CommunityId, FaultKind},
    engine::{HandOver, HandOverProgress, Page},
};

/// The key of the community.
const KEY: &str = "tok-canary-aaaaaaaaaaaaaaaa";

/// A community with a key of its own on beta.
async fn leaving(home: &Home) -> Engine {
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    enter(&engine, "token", KEY).await;
    settle(&engine).await;
    engine
}

/// How far a line is, and what was found.
fn line(list: &HandOver, what: &str) -> (HandOverProgress, String) {
    let found = list.lines.iter().find(|line| line.what == what);
    let found = found.unwrap_or_else(|| panic!("no line {what}: {list:?}"));
    (found.progress, found.found.clone())
}

fn hand_over(community: CommunityId, platform: &str, to: &str) -> Intent {
    Intent::HandOver {
        community,
        platform: id(platform),
        to: to.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_handed_over_while_the_platform_says_that_it_is_ours() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    let (progress, found) = line(&list, "The beta: ownership");
    assert_eq!(progress, HandOverProgress::Open);
    assert!(found.contains("owned by our account alone"), "{found}");

    engine.export(&ada, &rosewood).await.unwrap();
    let ended = engine
        .end_keys(&ada, &rosewood, "rosewood", &[])
        .await
        .unwrap();
    assert!(ended.operations.is_empty(), "{ended:?}");
    let (name, fault) = &ended.refused[0];
    assert_eq!(
        (name.as_str(), fault.kind.clone()),
        ("The beta", FaultKind::Conflict)
    );
    assert!(fault.hint.contains("--owner beta"), "{fault:?}");

    // Somebody ends the key elsewhere: nobody can be asked any more, and what was said last counts.
    home.world.revoke_keys();
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    assert_eq!(line(&list, "The beta: ownership").0, HandOverProgress::Open);
    assert!(!list.is_done());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_named_by_the_operator_becomes_the_owner_and_the_platform_has_the_last_word() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    let community = engine
        .community(&ada, &rosewood)
        .await
        .unwrap()
        .community
        .id;
    let begun = engine
        .submit(&ada, hand_over(community, "beta", "amina"))
        .await;
    let operation = begun.unwrap().operations[0];
    settle(&engine).await;
    let task = detail(&engine, "beta").await.task.expect("a step").task;
    assert!(task.title.contains("owners of The beta"), "{task:?}");
    assert_eq!(home.world.passed("hand to"), 1);

    // Saying that it is done does not make it so.
    let done = Intent::ResumeOperation { operation };
    engine.submit(&ada, done.clone()).await.unwrap();
    settle(&engine).await;
    let state = |row: guildhall::engine::views::OperationRow| row.operation.state;
    let found = operations(&engine).await.remove(0);
    assert_eq!(state(found), OperationState::WaitsHuman);
    let another = engine
        .submit(&ada, hand_over(community, "beta", "kofi"))
        .await;
    assert_eq!(another.unwrap_err().kind, FaultKind::Conflict);

    home.world.accept_ownership();
    engine.submit(&ada, done).await.unwrap();
    settle(&engine).await;
    let found = operations(&engine).await.remove(0);
    assert_eq!(state(found), OperationState::Done);
    assert_eq!(home.world.passed("hand to"), 1, "asked for once");
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    let (progress, found) = line(&list, "The beta: ownership");
    assert_eq!(progress, HandOverProgress::Done);
    assert!(found.contains("owned by amina"), "{found}");

    // It stays so when no key of ours opens it any more.
    home.world.revoke_keys();
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    let (progress, found) = line(&list, "The beta: ownership");
    assert_eq!(progress, HandOverProgress::Done, "{found}");
    assert!(
        found.contains("owned by amina, and our account beside on "),
        "{found}"
    );
    let export = engine.export(&ada, &rosewood).await.unwrap();
    let beta = export
        .instances
        .iter()
        .find(|each| each.instance.platform == id("beta"));
    let owned = beta.unwrap().owned.as_ref().expect("who owned it");
    assert_eq!(owned.ownership.people, ["amina"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_cannot_be_asked_has_not_said_that_it_is_theirs() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    engine.export(&ada, &rosewood).await.unwrap();
    let down =
        || Fault::new(FaultKind::Unreachable, "Beta does not answer.").hint("Look again tomorrow.");
    let end = async || {
        let ended = engine.end_keys(&ada, &rosewood, "rosewood", &[]).await;
        ended.unwrap()
    };

    home.world.fail("ownership", down());
    let ended = end().await;
    assert!(ended.operations.is_empty(), "{ended:?}");
    let fault = &ended.refused[0].1;
    assert!(
        fault.what.contains("Beta does not answer") && fault.what.contains("was not ended"),
        "{fault:?}"
    );
    assert!(
        fault.hint.contains("tomorrow") && fault.hint.contains("--although beta"),
        "{fault:?}"
    );

    // What cannot be seen now is no reason to throw it away, and not done either.
    for seen_before in [false, true] {
        if seen_before {
            engine.hand_over(&ada, &rosewood).await.unwrap();
        }
        // Its other instance is asked too.
        home.world.fail("ownership", down());
        home.world.fail("ownership", down());
        let list = engine.hand_over(&ada, &rosewood).await.unwrap();
        let mut lines = list.lines.iter();
        let line = lines.find(|line| line.what == "The beta: ownership");
        let line = line.expect("a line about whose it is");
        assert_eq!(line.progress, HandOverProgress::Open);
        assert_eq!(line.to_do, "Look again tomorrow.");
    }

    // Where it was theirs when it was last asked, nothing there needs the key.
    let community = engine.community(&ada, &rosewood).await.unwrap();
    let hand_over = hand_over(community.community.id, "beta", "amina");
    engine.submit(&ada, hand_over).await.unwrap();
    settle(&engine).await;
    home.world.accept_ownership();
    engine.hand_over(&ada, &rosewood).await.unwrap();
    home.world.fail("ownership", down());
    assert_eq!(end().await.operations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_it_was_when_its_key_was_ended_is_known_afterwards() {
    let home = Home::new();
    let engine = leaving(&home).await;
    home.world.mint_keys();
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    engine.export(&ada, &rosewood).await.unwrap();
    engine.hand_over(&ada, &rosewood).await.unwrap();
    home.world.taken_by("amina");
    let ended = engine.end_keys(&ada, &rosewood, "rosewood", &[]).await;
    assert_eq!(ended.unwrap().refused, []);
    settle(&engine).await;
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    let (progress, found) = line(&list, "The beta: ownership");
    assert_eq!(progress, HandOverProgress::Done, "{found}");
    assert!(found.contains("owned by amina"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_looks_whether_the_person_has_accepted_meanwhile() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    let community = engine.community(&ada, &rosewood).await.unwrap();
    let to_amina = hand_over(community.community.id, "beta", "amina");
    let begun = engine.submit(&ada, to_amina.clone()).await.unwrap();
    settle(&engine).await;
    assert_eq!(
        operations(&engine).await[0].operation.state,
        OperationState::WaitsHuman
    );
    home.world.accept_ownership();
    let again = engine.submit(&ada, to_amina).await.unwrap();
    assert_eq!(again.operations, begun.operations);
    assert!(again.message.contains("looked at again"), "{again:?}");
    settle(&engine).await;
    assert_eq!(
        operations(&engine).await[0].operation.state,
        OperationState::Done
    );
    assert_eq!(home.world.passed("hand to"), 1, "nobody was asked twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_that_was_stopped_is_not_mistaken_for_one_to_somebody_else() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    let community = engine.community(&ada, &rosewood).await.unwrap();
    let to = |who: &str| hand_over(community.community.id, "beta", who);
    let first = engine.submit(&ada, to("amina")).await.unwrap();
    settle(&engine).await;
    let operation = first.operations[0];
    let stop = Intent::CancelOperation { operation };
    engine.submit(&ada, stop).await.unwrap();
    home.world
        .fail("hand to", Fault::new(FaultKind::Refused, "They may not."));
    let second = engine.submit(&ada, to("kofi")).await.unwrap();
    settle(&engine).await;
    let resume = Intent::ResumeOperation { operation };
    let fault = engine.submit(&ada, resume).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(
        fault.hint.contains("community hand-over rosewood"),
        "{fault:?}"
    );
    let rows = operations(&engine).await;
    let of = |id| rows.iter().find(|row| row.operation.id == id).unwrap();
    let state = |id| of(id).operation.state;
    assert_eq!(state(operation), OperationState::Cancelled);
    assert_eq!(state(second.operations[0]), OperationState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_told_whose_it_is_that_is_said_and_nothing_waits_for_it() {
    let home = Home::new();
    let engine = leaving(&home).await;
    home.world.keep_owner_secret();
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    let (progress, found) = line(&list, "The beta: ownership");
    assert_eq!(progress, HandOverProgress::Unproven);
    assert!(found.contains("Nobody is told"), "{found}");
    engine.export(&ada, &rosewood).await.unwrap();
    let ended = engine
        .end_keys(&ada, &rosewood, "rosewood", &[])
        .await
        .unwrap();
    assert_eq!((ended.operations.len(), ended.refused.len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_ended_although_it_is_ours_where_the_operator_says_so() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    engine.export(&ada, &rosewood).await.unwrap();
    let although = [id("beta")];
    let ended = engine
        .end_keys(&ada, &rosewood, "rosewood", &although)
        .await;
    assert_eq!(ended.unwrap().operations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_leaves_takes_everything_and_our_keys_are_seen_to_be_dead() {
    let home = Home::new();
    let engine = leaving(&home).await;
    let ada = ada(&engine).await;
    let open = |list: &HandOver| -> Vec<String> {
        list.lines
            .iter()
            .filter(|line| line.progress == HandOverProgress::Open)
            .map(|line| line.what.clone())
            .collect()
    };
    let before = engine.hand_over(&ada, &slug("rosewood")).await.unwrap();
    assert!(!before.is_done());
    assert_eq!(
        open(&before),
        [
            "export",
            "The alpha: ownership",
            "The beta: ownership",
            "The beta: key"
        ],
        "{before:?}"
    );

    let export = engine.export(&ada, &slug("rosewood")).await.unwrap();
    let text = serde_json::to_string(&export).unwrap();
    assert!(!text.contains("canary"), "a secret was written out");
    let beta = export
        .instances
        .iter()
        .find(|each| each.instance.platform == id("beta"))
        .unwrap();
    assert!(beta.instance.external_id.is_some());
    assert!(beta.keys[0].own && beta.keys[0].who.as_deref() == Some("a bot"));
    assert!(export.audit.len() > 2 && !export.operations.is_empty());

    home.world.taken_by("amina");
    engine.hand_over(&ada, &slug("rosewood")).await.unwrap();
    home.world.revoke_keys();
    let after = engine.hand_over(&ada, &slug("rosewood")).await.unwrap();
    assert!(after.is_done(), "{after:?}");
    let key = after
        .lines
        .iter()
        .find(|line| line.what == "The beta: key")
        .unwrap();
    assert!(key.found.contains("refused it"), "{key:?}");
    let told = engine.audit(&ada, Page::first(3)).await.unwrap();
    assert_eq!(told[0].action, "community-hand-over");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_a_community_that_leaves_are_ended_and_no_new_one_is_asked_for() {
    let home = Home::new();
    let engine = home.init().await;
    home.world.mint_keys();
    create(&engine).await;
    settle(&engine).await;
    enter(&engine, "token", KEY).await;
    settle(&engine).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    home.world.taken_by("amina");
    let too_soon = engine.end_keys(&ada, &rosewood, "rosewood", &[]).await;
    assert_eq!(too_soon.unwrap_err().kind, FaultKind::Conflict);
    engine.export(&ada, &rosewood).await.unwrap();
    let not_typed = engine.end_keys(&ada, &rosewood, "", &[]).await;
    assert_eq!(not_typed.unwrap_err().kind, FaultKind::BadInput);

    let ended = engine
        .end_keys(&ada, &rosewood, "rosewood", &[])
        .await
        .unwrap();
    assert_eq!((ended.operations.len(), ended.refused.len()), (1, 0));
    settle(&engine).await;
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    assert!(list.is_done(), "{list:?}");
    let found = |what: &str| {
        let line = list.lines.iter().find(|line| line.what == what);
        line.unwrap().found.clone()
    };
    assert!(found("The beta: key").contains("refused it"), "{list:?}");
    let again = engine.end_keys(&ada, &rosewood, "rosewood", &[]).await;
    assert_eq!(again.unwrap_err().kind, FaultKind::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_a_person_can_end_a_key_that_is_a_step_and_the_list_waits_for_it() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    enter(&engine, "token", KEY).await;
    settle(&engine).await;
    let (ada, rosewood) = (ada(&engine).await, slug("rosewood"));
    home.world.taken_by("amina");
    engine.export(&ada, &rosewood).await.unwrap();
    engine
        .end_keys(&ada, &rosewood, "rosewood", &[])
        .await
        .unwrap();
    settle(&engine).await;
    let task = detail(&engine, "beta").await.task.expect("a step").task;
    assert!(task.why.contains("The community leaves"), "{task:?}");
    assert!(!engine.hand_over(&ada, &rosewood).await.unwrap().is_done());

    home.world.kill(KEY);
    let waiting = operations(&engine).await.remove(0).operation.id;
    let resume = Intent::ResumeOperation { operation: waiting };
    engine.submit(&ada, resume).await.unwrap();
    settle(&engine).await;
    let list = engine.hand_over(&ada, &rosewood).await.unwrap();
    assert!(list.is_done(), "{list:?}");
}
