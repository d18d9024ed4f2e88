//! Keys that are too powerful to be kept: at hand for the work they are entered for, and forgotten after it.

use super::*;
use guildhall::domain::CommunityId;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn a_powerful_key_is_used_once_and_forgotten() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let examined = examine(&engine, "beta", "master", "mas-canary-aaaaaaaaaaaa")
        .await
        .unwrap();
    assert!(
        examined
            .warnings
            .iter()
            .any(|line| line.contains("powerful"))
    );
    let receipt = enter(&engine, "master", "mas-canary-aaaaaaaaaaaa").await;
    assert!(
        receipt
            .message
            .starts_with("The key is used now and then forgotten.")
    );
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    assert!(beta.instance.unwrap().external_id.is_some());
    assert!(beta.keys.is_empty());
    let receipt = switch(&engine, "beta", Desired::Active).await.unwrap();
    assert!(
        receipt.message.contains("waits for a key"),
        "{}",
        receipt.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_powerful_key_is_at_hand_until_the_last_of_what_was_begun_with_it_is_over() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    switch(&engine, "beta", Desired::Active).await.unwrap();
    enter(&engine, "master", "mas-canary-aaaaaaaaaaaa").await;
    settle(&engine).await;
    assert_eq!(
        states(&engine).await[2..],
        [
            ("beta provision".to_owned(), OperationState::Done),
            ("beta activate".to_owned(), OperationState::Done),
        ]
    );
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    let receipt = switch(&engine, "beta", Desired::Inactive).await.unwrap();
    assert!(
        receipt.message.contains("waits for a key"),
        "it is forgotten then: {}",
        receipt.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_do_something_first_is_told_that_a_powerful_key_is_not_kept() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.ask_for_person();
    enter(&engine, "master", "mas-0123456789abcdef").await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let task = engine.tasks(&actor).await.unwrap().remove(0).task;
    assert!(
        task.instructions
            .iter()
            .any(|step| step.contains("is not kept")),
        "{task:?}"
    );
}

/// Enters the powerful key of one community.
async fn lend(engine: &Engine, community: &Slug) {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: "master".into(),
        secret: SecretString::from("mas-canary-aaaaaaaaaaaa"),
    }];
    let examined = engine
        .examine_key(&actor, community, &id("beta"), entries, BTreeMap::new())
        .await
        .unwrap();
    let store = Intent::StoreKey {
        examination: examined.id,
        keep_unverified: false,
        keep_powerful: false,
    };
    engine.submit(&actor, store).await.unwrap();
}

/// Keeps the engine at work until it is told to end.
async fn busy(engine: Engine, community: CommunityId, end: CancellationToken) {
    let actor = ada(&engine).await;
    while !end.is_cancelled() {
        for desired in [Desired::Inactive, Desired::Active] {
            let toggle = Intent::SetDesired {
                community,
                platform: id("alpha"),
                desired,
            };
            engine.submit(&actor, toggle).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn work_that_a_key_is_lent_for_never_begins_without_it() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let names: Vec<Slug> = (0..60)
        .map(|number| slug(&format!("hall-{number}")))
        .collect();
    let mut communities = Vec::new();
    for name in &names {
        let new = NewCommunity {
            slug: name.clone(),
            ..rosewood()
        };
        let receipt = engine
            .submit(&actor, Intent::CreateCommunity(new))
            .await
            .unwrap();
        communities.push(receipt.community.unwrap());
    }
    settle(&engine).await;
    let end = CancellationToken::new();
    let busy = tokio::spawn(busy(engine.clone(), communities[0], end.clone()));
    let lending = names[1..].chunks(15).map(|names| {
        let (engine, names) = (engine.clone(), names.to_vec());
        tokio::spawn(async move {
            for name in names {
                lend(&engine, &name).await;
            }
        })
    });
    for each in futures::future::join_all(lending).await {
        each.unwrap();
    }
    end.cancel();
    busy.await.unwrap();
    settle(&engine).await;
    for name in &names[1..] {
        let beta = engine.instance(&actor, name, &id("beta")).await.unwrap();
        let instance = beta.instance.unwrap();
        assert!(
            instance.external_id.is_some(),
            "{name}: {:?}",
            instance.observed
        );
    }
}
