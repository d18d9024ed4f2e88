//! Keys are replaced: everything moves, the old key is kept until then, and nobody says that it is dead before the platform
//! has refused it.

use super::*;
use guildhall::{
    domain::{
        AccountPolicy, CommunityId, ConnectionState, CredentialId, CredentialState, FaultKind,
        PartState, RotationReason,
    },
    engine::{KeyOwner, RotationReport},
    vault::Unlocker,
};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tokio::runtime::{Builder, Runtime};

pub const OLD: &str = "tok-the-old-one-aaaaaaaaaa";
pub const NEW: &str = "tok-the-new-one-bbbbbbbbbb";
/// How many communities share one key.
const COMMUNITIES: usize = 12;
/// How often the process dies meanwhile.
const DEATHS: usize = 50;

pub fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// As a process begins: unlocked, and what was interrupted is taken up.
pub async fn begun(home: &Home) -> Engine {
    let engine = unlocked(home).await;
    engine.start().await;
    engine
}

pub async fn key_of(engine: &Engine, community: &str) -> CredentialId {
    let actor = ada(engine).await;
    let detail = engine.instance(&actor, &slug(community), &id("beta")).await;
    detail.expect("the details").keys[0].id
}

pub async fn replace(engine: &Engine, key: CredentialId, reason: RotationReason) -> Receipt {
    let actor = ada(engine).await;
    let intent = Intent::RotateKey {
        key,
        reason,
        why: "it stood in a paste".into(),
    };
    engine.submit(&actor, intent).await.expect("it begins")
}

pub async fn only_rotation(engine: &Engine) -> RotationReport {
    let actor = ada(engine).await;
    let mut all = engine.rotations(&actor, false).await.expect("rotations");
    assert_eq!(all.len(), 1);
    all.remove(0)
}

pub async fn resume_what_waits(engine: &Engine) {
    let actor = ada(engine).await;
    for row in operations(engine).await {
        if row.operation.state == OperationState::WaitsHuman {
            let operation = row.operation.id;
            // It may have gone on in between.
            let _ = engine
                .submit(&actor, Intent::ResumeOperation { operation })
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_key_works_until_the_new_one_does_and_is_seen_to_be_dead() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Leaked).await;
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    let task = beta.task.expect("a person's step").task;
    assert_eq!(task.title, "make and enter a new Token");
    assert!(
        task.why.contains("other hands: it stood in a paste"),
        "{task:?}"
    );
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert!(
        home.world.passed("activated") >= 1,
        "the old key is in use still"
    );

    let fault = enter_for(&engine, "rosewood", OLD).await.unwrap_err();
    assert!(fault.what.contains("That is the old key"), "{fault}");
    enter_for(&engine, "rosewood", NEW).await.unwrap();
    settle(&engine).await;
    let report = only_rotation(&engine).await;
    assert_eq!(report.parts[0].state, PartState::Moved);
    assert_eq!(
        report.rotation.ended_at, None,
        "the platform accepts the old one"
    );
    let actor = ada(&engine).await;
    let states = || async {
        let accounts = engine.accounts(&actor).await.unwrap();
        let keys = accounts.into_iter().flat_map(|row| row.keys);
        keys.map(|key| key.state).collect::<Vec<_>>()
    };
    assert_eq!(
        states().await,
        [CredentialState::Active, CredentialState::Retiring]
    );
    let task = detail(&engine, "beta").await.task.unwrap().task;
    assert!(task.title.starts_with("end the old key"), "{task:?}");

    home.world.kill(OLD);
    resume_what_waits(&engine).await;
    settle(&engine).await;
    let report = only_rotation(&engine).await;
    assert!(report.rotation.ended_at.is_some());
    assert!(report.rotation.proof.contains("refused it"), "{report:?}");
    assert_eq!(
        states().await,
        [CredentialState::Active, CredentialState::Revoked]
    );
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (1, 1), "the dead one is gone");
    assert!(enter_for(&engine, "rosewood", OLD).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_platform_makes_and_ends_keys_nobody_is_asked() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    home.world.mint_keys();
    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Choice).await;
    settle(&engine).await;
    let report = only_rotation(&engine).await;
    assert!(report.rotation.ended_at.is_some(), "{report:?}");
    assert_eq!(home.world.passed("revoke"), 1);
    assert_ne!(key_of(&engine, "rosewood").await, key);
    let actor = ada(&engine).await;
    assert!(engine.tasks(&actor).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_could_ask_about_replaces_none() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Choice).await;
    settle(&engine).await;
    let fault = enter_as(&engine, "rosewood", "tok-offline-aaaaaaaaaaaa", true)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(
        fault.what.contains("the old one is in use still"),
        "{fault}"
    );
    assert_eq!(key_of(&engine, "rosewood").await, key);
    let before = home.world.passed("activated");
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    let activated = home.world.passed("activated");
    assert_eq!(activated, before + 1, "with the old one");
    assert_eq!(only_rotation(&engine).await.parts[0].state, PartState::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_key_that_is_refused_before_the_new_one_works_is_told_so() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    home.world.kill(OLD);
    let actor = ada(&engine).await;
    let asked = engine
        .verify_keys(&actor, &slug("rosewood"), &id("beta"))
        .await;
    assert_eq!(asked.unwrap_err().kind, FaultKind::KeyRejected);
    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Leaked).await;
    settle(&engine).await;
    let task = detail(&engine, "beta").await.task.expect("a person's step");
    assert!(
        task.task.why.contains("refuses it already"),
        "{:?}",
        task.task
    );
    enter_for(&engine, "rosewood", NEW).await.unwrap();
    settle(&engine).await;
    let report = only_rotation(&engine).await;
    assert!(report.rotation.proof.contains("refused it"), "{report:?}");
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert!(engine.tasks(&actor).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_connections_were_made_of_is_made_anew_where_the_key_was_exposed() {
    for (reason, made) in [(RotationReason::Leaked, 2), (RotationReason::Choice, 1)] {
        let home = Home::new();
        let engine = home.init().await;
        let community = create(&engine).await.community.expect("a community");
        enter(&engine, "token", OLD).await;
        settle(&engine).await;
        let actor = ada(&engine).await;
        let connect = Intent::Connect {
            community,
            from: id("beta"),
            to: id("alpha"),
        };
        engine.submit(&actor, connect).await.unwrap();
        settle(&engine).await;
        assert_eq!(home.world.passed("join"), 1);
        home.world.mint_keys();
        let key = key_of(&engine, "rosewood").await;
        replace(&engine, key, reason).await;
        settle(&engine).await;
        assert_eq!(home.world.passed("join"), made, "{reason}");
        assert_eq!(home.world.passed("part"), made - 1, "{reason}");
        let calls = home.world.calls();
        let at = |point: &str| calls.iter().rposition(|call| call == point);
        assert!(
            made == 1 || at("part") > at("revoke"),
            "after the old key's end"
        );
        let report = only_rotation(&engine).await;
        assert_eq!(report.connections.len(), 1);
        assert_eq!(report.connections[0].state, ConnectionState::Made);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_prove_is_called_unproven() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", OLD).await;
    settle(&engine).await;
    let key = key_of(&engine, "rosewood").await;
    replace(&engine, key, RotationReason::Choice).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let rotation = only_rotation(&engine).await.rotation.id;
    let close = |why: &str| Intent::CloseRotation {
        rotation,
        why: why.into(),
    };
    let fault = engine.submit(&actor, close("I saw it")).await.unwrap_err();
    assert_eq!(
        fault.kind,
        FaultKind::Conflict,
        "something works with it still"
    );
    enter_for(&engine, "rosewood", NEW).await.unwrap();
    settle(&engine).await;
    let fault = engine.submit(&actor, close("")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    engine.submit(&actor, close("I saw it")).await.unwrap();
    let report = only_rotation(&engine).await;
    assert_eq!(report.rotation.proof, "not proven; ada says: I saw it");
    assert!(engine.tasks(&actor).await.unwrap().is_empty());
}

async fn share(home: &Home) -> CredentialId {
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let policy = Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: AccountPolicy::Shared,
        typed: COMMUNITIES.to_string(),
    };
    engine.submit(&actor, policy).await.expect("the policy");
    home.world.make_room();
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(OLD),
    }];
    let examined = engine
        .examine_key(
            &actor,
            KeyOwner::Installation,
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await
        .expect("examined");
    let account = Intent::AddAccount {
        platform: id("beta"),
        name: "shared".into(),
        contact: String::new(),
        examination: examined.id,
    };
    engine.submit(&actor, account).await.expect("the account");
    for number in 0..COMMUNITIES {
        let mut new = rosewood();
        new.slug = slug(&format!("community-{number}"));
        new.choices.insert(id("alpha"), Choice::Off);
        new.choices.insert(id("beta"), Choice::Active);
        engine
            .submit(&actor, Intent::CreateCommunity(new))
            .await
            .expect("created");
    }
    settle(&engine).await;
    let accounts = engine.accounts(&actor).await.expect("accounts");
    assert_eq!(accounts[0].reaches_communities, COMMUNITIES as u64);
    accounts[0].keys[0].id
}

#[test]
fn a_key_of_twelve_communities_is_replaced_though_the_process_dies_fifty_times() {
    let home = Home::new();
    let first = runtime();
    first.block_on(async {
        let key = share(&home).await;
        let engine = begun(&home).await;
        replace(&engine, key, RotationReason::Leaked).await;
    });
    first.shutdown_background();
    let mut entered = 0;
    for death in 0..DEATHS {
        let process = runtime();
        process.block_on(async {
            let engine = begun(&home).await;
            let stops = death % 3 != 0;
            if stops {
                let points = ["observe", "ask with the old key"];
                home.world.stop_at(points[death % 2]);
            }
            resume_what_waits(&engine).await;
            if death % 4 == 0 && entered < COMMUNITIES {
                let community = format!("community-{entered}");
                let new = format!("tok-new-of-{community}-aaaaaaaa");
                enter_for(&engine, &community, &new).await.expect("entered");
                entered += 1;
            }
            if stops {
                let somebody = home.world.somebody_stopped();
                // Nobody comes by where everything waits for a person; then it dies at rest.
                let _ = tokio::time::timeout(Duration::from_millis(300), somebody).await;
            }
        });
        process.shutdown_background();
        home.world.release();
    }
    assert_eq!(entered, COMMUNITIES);
    home.world.kill(OLD);
    let last = runtime();
    last.block_on(async {
        let engine = begun(&home).await;
        settle(&engine).await;
        resume_what_waits(&engine).await;
        settle(&engine).await;
        let report = only_rotation(&engine).await;
        assert!(report.rotation.ended_at.is_some(), "{report:#?}");
        assert!(report.rotation.proof.contains("refused it"));
        assert_eq!(report.count(PartState::Moved), COMMUNITIES, "{report:#?}");
        let actor = ada(&engine).await;
        let mut keys = BTreeSet::new();
        for number in 0..COMMUNITIES {
            let community = slug(&format!("community-{number}"));
            let beta = engine.instance(&actor, &community, &id("beta")).await;
            let beta = beta.expect("the details");
            let instance = beta.instance.expect("an instance");
            assert_eq!(instance.observed, Observed::Ready, "{instance:#?}");
            keys.insert(beta.keys[0].fingerprint.clone());
        }
        assert_eq!(keys.len(), COMMUNITIES, "each has its own");
        let accounts = engine.accounts(&actor).await.expect("accounts");
        let old = accounts.iter().find(|row| row.account.name == "shared");
        let old = old.expect("the old account");
        assert_eq!(old.keys[0].state, CredentialState::Revoked);
        assert_eq!(old.reaches_communities, 0);
        let verdict = engine.audit_verify(&actor).await.expect("a verdict");
        assert_eq!(verdict.broken, None);
    });
    assert_eq!(
        home.world.count("hall"),
        COMMUNITIES,
        "nothing was made twice"
    );
}

/// What happens to an installation between two looks at its keys.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Switch(bool),
    Check,
    Configure(u8),
    Restart,
    LockAndUnlock,
    Resume,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        any::<bool>().prop_map(Happening::Switch),
        Just(Happening::Check),
        any::<u8>().prop_map(Happening::Configure),
        Just(Happening::Restart),
        Just(Happening::LockAndUnlock),
        Just(Happening::Resume),
    ]
}

async fn happen(home: &Home, engine: Engine, community: CommunityId, what: Happening) -> Engine {
    let actor = ada(&engine).await;
    match what {
        Happening::Switch(on) => {
            let desired = if on {
                Desired::Active
            } else {
                Desired::Inactive
            };
            switch(&engine, "beta", desired).await.expect("switched");
        }
        Happening::Check => {
            let check = Intent::Check {
                community: Some(community),
                platform: None,
            };
            engine.submit(&actor, check).await.expect("looked");
        }
        Happening::Configure(motto) => {
            let configure = Intent::Configure {
                community,
                platform: id("beta"),
                settings: BTreeMap::from([("motto".into(), format!("motto {motto}"))]),
                typed: String::new(),
            };
            engine.submit(&actor, configure).await.expect("configured");
        }
        Happening::Restart => {
            engine.shutdown().await;
            drop(engine);
            return begun(home).await;
        }
        Happening::LockAndUnlock => {
            engine.lock();
            engine
                .unlock(Unlocker::Passphrase(SecretString::from(PASSPHRASE)))
                .await
                .expect("unlocked");
        }
        Happening::Resume => resume_what_waits(&engine).await,
    }
    settle(&engine).await;
    engine
}

async fn sealed(engine: &Engine) -> Vec<(CredentialId, i64, String)> {
    let actor = ada(engine).await;
    let accounts = engine.accounts(&actor).await.expect("accounts");
    let keys = accounts.into_iter().flat_map(|row| row.keys);
    keys.map(|key| (key.id, key.version, key.fingerprint))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_stored_key_changes_but_by_replacing_it(
        happenings in proptest::collection::vec(happening(), 1..8)
    ) {
        let process = runtime();
        process.block_on(async {
            let home = Home::new();
            let mut engine = home.init().await;
            let community = create(&engine).await.community.expect("a community");
            enter(&engine, "token", OLD).await;
            settle(&engine).await;
            let before = sealed(&engine).await;
            for what in happenings {
                engine = happen(&home, engine, community, what).await;
                assert_eq!(sealed(&engine).await, before, "after {what:?}");
            }
            home.world.mint_keys();
            let key = key_of(&engine, "rosewood").await;
            replace(&engine, key, RotationReason::Choice).await;
            settle(&engine).await;
            assert_ne!(sealed(&engine).await, before);
        });
        process.shutdown_background();
    }
}
