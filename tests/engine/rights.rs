//! Rights are checked in the engine, against the store and not against what a screen remembers; refusals are written down.

use super::*;
use guildhall::{
    domain::{ActorId, AuditResult, FaultKind, Role},
    engine::{Communities, Page, views::EngineEvent},
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
    assert!(audit.iter().all(|entry| entry.community == Some(rows[0].id)
        || (entry.community.is_none() && entry.actor == "grace (community-admin)")));
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
            typed: String::new(),
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

/// What needs no actor, and why.
const WITHOUT_ACTOR: &[(&str, &str)] = &[
    (
        "exists",
        "asks the file system, of which the caller has the rights",
    ),
    ("init", "makes the first operator"),
    (
        "open",
        "there is nobody yet; what is opened answers nothing by itself",
    ),
    (
        "entrance",
        "sshd asks for a key that somebody shows; the answer is who that is",
    ),
    (
        "restore",
        "there may be no installation to ask; may_restore is asked where there is one",
    ),
    ("actor", "answers who one is"),
    ("start", "takes up what somebody was allowed to ask for"),
    ("settle", "waits"),
    ("shutdown", "puts away what this process does"),
    (
        "progress",
        "of an operation whose number only its listeners were told",
    ),
    ("changed_elsewhere", "a number that tells nothing"),
    ("touch", "a key was pressed, by whoever is there"),
    ("catalog", "the same in every installation"),
    ("has_adapter", "the same in every installation"),
    ("vault_state", "on every screen's title"),
    ("unlock", "whoever holds the secret"),
    ("unwrap_key", "whoever holds the secret"),
    ("lock", "of this process alone"),
];

#[test]
fn every_way_into_the_engine_asks_who_it_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut ways = BTreeMap::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for block in text.split("\nimpl Engine {\n").skip(1) {
                let block = block.split("\n}\n").next().unwrap();
                for method in block.split("\n    pub ").skip(1) {
                    let method = method.trim_start_matches("async ");
                    let Some(rest) = method.strip_prefix("fn ") else {
                        continue;
                    };
                    let name = rest.split(['(', '<']).next().unwrap().to_owned();
                    let asks = rest.split('{').next().unwrap().contains("actor: &Actor");
                    ways.insert(name, asks);
                }
            }
        }
    }
    assert!(ways.len() > 25, "the methods were found: {ways:?}");
    let free: Vec<&str> = WITHOUT_ACTOR.iter().map(|(name, _)| *name).collect();
    for (name, asks) in &ways {
        assert_ne!(*asks, free.contains(&name.as_str()), "{name}");
    }
    for name in free {
        assert!(ways.contains_key(name), "{name} is there no more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_installations_is_not_shown_to_an_administrator_of_one_community() {
    let home = Home::new();
    let (engine, admin, auditor) = with_people(&home).await;
    let ada = ada(&engine).await;
    let refused = |fault: Fault| assert_eq!(fault.kind, FaultKind::NotAllowed);
    refused(engine.template(&admin).await.unwrap_err());
    refused(engine.doctor(&admin).await.unwrap_err());
    refused(engine.idle_lock(&admin).await.unwrap_err());
    refused(engine.try_keys(&admin).await.unwrap_err());
    for actor in [&admin, &auditor] {
        refused(engine.may_restore(actor).await.unwrap_err());
        refused(engine.set_idle_lock(actor, 5).await.unwrap_err());
        let file = home.folder.path().join("theirs.db");
        refused(engine.backup(actor, &file).await.unwrap_err());
    }
    engine.template(&ada).await.unwrap();
    engine.doctor(&auditor).await.unwrap();
    engine.may_restore(&ada).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_what_happens_in_a_community_they_may_not_know_of() {
    let home = Home::new();
    let (engine, admin, _) = with_people(&home).await;
    let ada = ada(&engine).await;
    let (mut theirs, mut all) = (engine.events(&admin), engine.events(&ada));
    let mut new = rosewood();
    new.slug = slug("fern");
    let fern = engine
        .submit(&ada, Intent::CreateCommunity(new))
        .await
        .unwrap()
        .community;
    settle(&engine).await;
    let of_fern = |events: Vec<EngineEvent>| {
        events
            .into_iter()
            .filter(|event| match event {
                EngineEvent::Changed { community } => *community == fern,
                EngineEvent::Operation { community, .. }
                | EngineEvent::Looked { community, .. } => Some(*community) == fern,
                _ => false,
            })
            .count()
    };
    assert!(of_fern(all.so_far().await) > 0);
    assert_eq!(of_fern(theirs.so_far().await), 0);
}
