//! Rights are checked in the engine, against the store and not against what a screen remembers; refusals are written down.

use super::*;
use guildhall::{
    domain::{ActorId, AuditResult, FaultKind, Role},
    engine::{Communities, Page},
    store::Store,
};

async fn with_people(home: &Home) -> (Engine, Actor, Actor) {
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    settle(&engine).await;
    let store = Store::open(&home.options.home).unwrap();
    let now = jiff::Timestamp::now();
    let (admin, auditor) = store
        .write(move |writer| {
            let admin = writer.insert_actor("grace", Role::CommunityAdmin, now)?;
            writer.grant_community(admin.id, community)?;
            let auditor = writer.insert_actor("hedy", Role::Auditor, now)?;
            Ok((writer.actor(admin.id)?, auditor))
        })
        .await
        .unwrap();
    (engine, admin, auditor)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_refused_and_that_is_written_down() {
    let home = Home::new();
    let (engine, admin, auditor) = with_people(&home).await;
    let mut new = rosewood();
    new.slug = slug("fern");
    for actor in [&admin, &auditor] {
        let fault = engine
            .submit(actor, Intent::CreateCommunity(new.clone()))
            .await
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotAllowed);
    }
    let ada = ada(&engine).await;
    let entries = engine.audit(&ada, Page::first(2)).await.unwrap();
    assert!(
        entries
            .iter()
            .all(|entry| entry.result == AuditResult::Refused)
    );
    assert_eq!(entries[0].actor, "hedy (auditor)");
    assert_eq!(entries[1].actor, "grace (community-admin)");
    assert!(engine.community(&ada, &slug("fern")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_role_counts_for_nothing() {
    let home = Home::new();
    let (engine, _, auditor) = with_people(&home).await;
    let forged = Actor {
        role: Role::Operator,
        ..auditor
    };
    let fault = engine
        .submit(
            &forged,
            Intent::SetTemplate {
                choices: BTreeMap::new(),
            },
        )
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotAllowed);
    let nobody = Actor {
        id: ActorId(999),
        ..forged
    };
    assert!(engine.overview(&nobody).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_and_switches_the_own_community_and_knows_of_no_other() {
    let home = Home::new();
    let (engine, admin, _) = with_people(&home).await;
    let mut new = rosewood();
    new.slug = slug("fern");
    let ada = ada(&engine).await;
    let fern = engine
        .submit(&ada, Intent::CreateCommunity(new))
        .await
        .unwrap()
        .community
        .unwrap();
    settle(&engine).await;
    let rows = engine
        .communities(&admin, Communities::default(), Page::first(10))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(engine.overview(&admin).await.unwrap().communities, 1);
    let unknown = engine
        .community(&admin, &slug("nowhere"))
        .await
        .unwrap_err();
    let hidden = engine.community(&admin, &slug("fern")).await.unwrap_err();
    assert_eq!(unknown.what.replace("nowhere", "fern"), hidden.what);
    let switch = |community| Intent::SetDesired {
        community,
        platform: id("alpha"),
        desired: Desired::Inactive,
    };
    engine.submit(&admin, switch(rows[0].id)).await.unwrap();
    let fault = engine.submit(&admin, switch(fern)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    settle(&engine).await;
    let theirs = engine
        .operations(&admin, Operations::default())
        .await
        .unwrap();
    assert!(theirs.iter().all(|row| row.slug == slug("rosewood")));
    let foreign = operations(&engine)
        .await
        .into_iter()
        .find(|row| row.slug == slug("fern"))
        .unwrap();
    let operation = foreign.operation.id;
    assert!(engine.operation(&admin, operation).await.is_err());
    let fault = engine
        .submit(&admin, Intent::ResumeOperation { operation })
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    let audit = engine.audit(&admin, Page::first(100)).await.unwrap();
    assert!(
        audit
            .iter()
            .all(|entry| entry.community == Some(rows[0].id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_does_not_enter_the_installations_key() {
    let home = Home::new();
    let (engine, admin, _) = with_people(&home).await;
    let entries = vec![KeyEntry {
        field: "master".into(),
        secret: SecretString::from("mas-aaaaaaaaaaaaaaaaaaaa"),
    }];
    let examined = engine
        .examine_key(
            &admin,
            &slug("rosewood"),
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await
        .unwrap();
    let store = Intent::StoreKey {
        examination: examined.id,
        keep_unverified: false,
        keep_powerful: false,
    };
    let other = engine
        .submit(&ada(&engine).await, store.clone())
        .await
        .unwrap_err();
    assert_eq!(
        other.kind,
        FaultKind::NotFound,
        "only who examined it may store it"
    );
    let fault = engine.submit(&admin, store).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotAllowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_only_changes_nothing() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    drop(engine);
    let mut options = home.options.clone();
    options.read_only = true;
    let engine = Engine::open(options).await.unwrap();
    engine.start().await;
    let fault = switch(&engine, "alpha", Desired::Inactive)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotAllowed);
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_only_shown_to_who_may_do_it() {
    let home = Home::new();
    let (engine, _, auditor) = with_people(&home).await;
    let ada = ada(&engine).await;
    let community = engine
        .community(&ada, &slug("rosewood"))
        .await
        .unwrap()
        .community
        .id;
    let operation = operations(&engine).await.remove(0).operation.id;
    let platform = id("alpha");
    for intent in [
        Intent::SetTemplate {
            choices: BTreeMap::new(),
        },
        Intent::Configure {
            community,
            platform: platform.clone(),
            settings: BTreeMap::new(),
        },
        Intent::ForgetKey {
            community,
            platform: platform.clone(),
            field: None,
        },
        Intent::Connect {
            community,
            from: id("beta"),
            to: platform,
        },
        Intent::ResumeOperation { operation },
        Intent::CancelOperation { operation },
    ] {
        let fault = engine.plan(&auditor, &intent).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::NotAllowed, "{intent:?}");
        engine.plan(&ada, &intent).await.unwrap();
    }
}
