//! Keys: verified before they are stored, kept sealed, entered while locked, forgotten where they are too powerful.

use super::*;
use guildhall::{
    domain::{CredentialState, FaultKind},
    engine::{
        Copies, KeyOwner, Page,
        views::{EngineEvent, VaultState},
    },
    vault::Unlocker,
};
use secrecy::ExposeSecret as _;
use std::path::Path;

const TOKEN: &str = "tok-canary-aaaaaaaaaaaa";

async fn unlock(engine: &Engine) {
    engine
        .unlock(Unlocker::Passphrase(SecretString::from(PASSPHRASE)))
        .await
        .expect("it unlocks");
}

fn holds(folder: &Path, text: &str) -> bool {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_verified_stored_sealed_and_used() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let receipt = enter(&engine, "token", &format!("  {TOKEN}\n")).await;
    assert!(
        receipt.message.starts_with("The key is stored."),
        "{}",
        receipt.message
    );
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    assert_eq!(beta.instance.unwrap().observed, Observed::Ready);
    let key = &beta.keys[0];
    assert_eq!(
        (key.state, key.last_four.as_str()),
        (CredentialState::Active, "aaaa")
    );
    assert_eq!(key.identity.as_ref().unwrap().who, "a bot");
    engine.shutdown().await;
    assert!(!holds(home.folder.path(), "canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_wrong_is_refused_and_nothing_is_stored() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    let misshapen = examine(&engine, "beta", "token", "nonsense")
        .await
        .unwrap_err();
    assert_eq!(misshapen.kind, FaultKind::BadInput);
    let unknown = examine(&engine, "beta", "tokn", TOKEN).await.unwrap_err();
    assert_eq!(unknown.kind, FaultKind::BadInput);
    let refused = examine(&engine, "beta", "token", "tok-bad-aaaaaaaaaaaaaaa")
        .await
        .unwrap();
    assert_eq!(refused.fault.unwrap().kind, FaultKind::KeyRejected);
    let actor = ada(&engine).await;
    let store = |examination, keep_unverified| Intent::StoreKey {
        examination,
        keep_unverified,
        keep_powerful: false,
    };
    for keep in [false, true] {
        let fault = engine
            .submit(&actor, store(refused.id, keep))
            .await
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::KeyRejected);
    }
    let offline = examine(&engine, "beta", "token", "tok-offline-aaaaaaaaaaaa")
        .await
        .unwrap();
    let fault = engine
        .submit(&actor, store(offline.id, false))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(detail(&engine, "beta").await.keys.is_empty());
    engine
        .submit(&actor, store(offline.id, true))
        .await
        .unwrap();
    let keys = detail(&engine, "beta").await.keys;
    assert_eq!(keys[0].state, CredentialState::Unverified);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_vault_parks_what_needs_a_key_and_unlocking_goes_on() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    engine.lock();
    assert_eq!(engine.vault_state(), VaultState::Locked);
    switch(&engine, "beta", Desired::Active).await.unwrap();
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    assert!(
        states(&engine)
            .await
            .contains(&("beta activate".into(), OperationState::WaitsUnlock))
    );
    assert_eq!(
        detail(&engine, "beta").await.advice[0],
        "Unlock the vault; the work goes on by itself."
    );
    assert_eq!(
        observed(&engine, "alpha").await,
        Observed::Ready,
        "it needs no key"
    );
    let wrong = engine
        .unlock(Unlocker::Passphrase(SecretString::from(
            "wrong horse battery",
        )))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind, FaultKind::Locked);
    unlock(&engine).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert!(home.world.calls().contains(&"activated".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_can_be_entered_while_the_vault_is_locked() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    engine.lock();
    let receipt = enter(&engine, "token", TOKEN).await;
    assert!(
        receipt.message.contains("in its inbox"),
        "{}",
        receipt.message
    );
    settle(&engine).await;
    assert_eq!(
        detail(&engine, "beta").await.keys[0].state,
        CredentialState::Inbox
    );
    drop(engine);
    let later = home.open().await;
    assert_eq!(later.vault_state(), VaultState::Locked);
    unlock(&later).await;
    settle(&later).await;
    let beta = detail(&later, "beta").await;
    assert_eq!(beta.keys[0].state, CredentialState::Active);
    assert_eq!(beta.instance.unwrap().observed, Observed::Ready);
    let report = later.audit_verify(&ada(&later).await).await.unwrap();
    assert_eq!((report.broken, report.seals_checked), (None, true));
    assert_eq!(
        report.entries, report.sealed,
        "written while locked, sealed at the unlock"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_does_not_open_is_entered_again_and_everything_else_works() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let file = rusqlite::Connection::open(home.options.home.join("guildhall.db")).unwrap();
    let changed = file
        .execute(
            "UPDATE credentials SET sealed = zeroblob(length(sealed))",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    drop(file);
    switch(&engine, "beta", Desired::Active).await.unwrap();
    switch(&engine, "alpha", Desired::Inactive).await.unwrap();
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    assert_eq!(beta.keys[0].state, CredentialState::NeedsReentry);
    assert_eq!(beta.instance.unwrap().observed, Observed::NeedsKey);
    assert!(
        beta.advice
            .iter()
            .any(|line| line.contains("enter it again")),
        "{:?}",
        beta.advice
    );
    assert_eq!(observed(&engine, "alpha").await, Observed::Ready);
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_refused_later_waits_for_a_new_one() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let refused =
        Fault::new(FaultKind::KeyRejected, "The key was revoked.").hint("Enter a new one.");
    home.world.fail("activate", refused);
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    assert_eq!(beta.instance.unwrap().observed, Observed::NeedsKey);
    assert_eq!(beta.keys[0].state, CredentialState::Rejected);
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
}

async fn create_fern(engine: &Engine, name: &str) {
    let mut new = rosewood();
    new.slug = slug(name);
    let actor = ada(engine).await;
    engine
        .submit(&actor, Intent::CreateCommunity(new))
        .await
        .unwrap();
    settle(engine).await;
}

async fn examine_for(engine: &Engine, community: &str, secret: &str) -> Examination {
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(secret),
    }];
    let actor = ada(engine).await;
    engine
        .examine_key(
            &actor,
            &slug(community),
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await
        .unwrap()
}

fn store(examined: &Examination) -> Intent {
    Intent::StoreKey {
        examination: examined.id,
        keep_unverified: false,
        keep_powerful: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_serves_one_community_until_an_operator_says_how_many() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    create_fern(&engine, "fern").await;
    let actor = ada(&engine).await;
    let examined = examine_for(&engine, "fern", TOKEN).await;
    assert_eq!(examined.same_as, ["The beta of rosewood"]);
    assert_eq!(
        examined.our_communities,
        [slug("rosewood")],
        "it reaches that hall"
    );
    assert!(
        examined
            .warnings
            .iter()
            .any(|word| word.contains("narrowest")),
        "{examined:?}"
    );
    let fault = engine.submit(&actor, store(&examined)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(fault.what.contains("serves rosewood already"), "{fault}");
    let fern = engine.instance(&actor, &slug("fern"), &id("beta")).await;
    assert_eq!(fern.unwrap().keys, []);

    let share = Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: guildhall::domain::AccountPolicy::Shared,
        typed: "2".into(),
    };
    engine.submit(&actor, share).await.unwrap();
    let examined = examine_for(&engine, "fern", TOKEN).await;
    engine.submit(&actor, store(&examined)).await.unwrap();
    settle(&engine).await;
    let fern = engine.instance(&actor, &slug("fern"), &id("beta")).await;
    assert_eq!(fern.unwrap().keys_reach, 2);
    for row in engine.accounts(&actor).await.unwrap() {
        assert_eq!(row.reaches_communities, 2, "{}", row.account.name);
    }
    let reach = engine
        .keys_reach(&actor, &slug("rosewood"), &id("beta"))
        .await
        .unwrap()
        .remove(0);
    assert_eq!(reach.communities, [slug("fern"), slug("rosewood")]);
    assert_eq!(reach.also_stored, ["The beta of fern"]);
    assert_eq!(reach.instances.len(), 2);
    assert!(reach.key.used_at.is_some(), "it was provisioned with it");
    assert_eq!(reach.copies, Copies::default());

    create_fern(&engine, "third").await;
    let examined = examine_for(&engine, "third", TOKEN).await;
    let fault = engine.submit(&actor, store(&examined)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict, "two were acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_entered_while_nobody_could_compare_it_is_refused_at_the_unlock() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    create_fern(&engine, "fern").await;
    engine.lock();
    let actor = ada(&engine).await;
    let examined = examine_for(&engine, "fern", TOKEN).await;
    engine.submit(&actor, store(&examined)).await.unwrap();
    unlock(&engine).await;
    settle(&engine).await;
    let fern = engine.instance(&actor, &slug("fern"), &id("beta")).await;
    let fern = fern.unwrap();
    assert_eq!(fern.keys[0].state, CredentialState::NeedsReentry);
    assert_ne!(fern.instance.unwrap().observed, Observed::Ready);
    let page = guildhall::engine::Page::first(50);
    let audit = engine.audit(&actor, page).await.unwrap();
    let refused = audit.iter().find(|entry| {
        entry.action == "key-set" && entry.result == guildhall::domain::AuditResult::Refused
    });
    let refused = refused.expect("it is written down");
    assert!(refused.detail.contains("1 other community"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_entered_beside_an_unlocked_guildhall_is_compared_before_it_is_used() {
    let home = Home::new();
    let locked = home.init().await;
    create(&locked).await;
    enter(&locked, "token", TOKEN).await;
    settle(&locked).await;
    create_fern(&locked, "fern").await;
    let beside = unlocked(&home).await;
    beside.start().await;
    settle(&beside).await;
    locked.lock();
    let actor = ada(&locked).await;
    let examined = examine_for(&locked, "fern", TOKEN).await;
    locked.submit(&actor, store(&examined)).await.unwrap();
    settle(&locked).await;
    let made = home.world.count("hall");

    let again = Intent::SetDesired {
        community: beside
            .community(&actor, &slug("fern"))
            .await
            .unwrap()
            .community
            .id,
        platform: id("beta"),
        desired: Desired::Active,
    };
    beside.submit(&actor, again).await.unwrap();
    settle(&beside).await;
    let fern = beside.instance(&actor, &slug("fern"), &id("beta")).await;
    let fern = fern.unwrap();
    assert_eq!(fern.keys[0].state, CredentialState::NeedsReentry);
    assert_ne!(fern.instance.unwrap().observed, Observed::Ready);
    assert_eq!(home.world.count("hall"), made, "nothing was made with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_vault_goes_on_where_it_is_open() {
    let home = Home::new();
    let locked = home.init().await;
    create(&locked).await;
    settle(&locked).await;
    let screen = unlocked(&home).await;
    screen.start().await;
    settle(&screen).await;
    let actor = ada(&screen).await;
    let mut events = screen.events(&actor);
    locked.lock();
    enter(&locked, "token", TOKEN).await;
    let ready = tokio::time::timeout(Duration::from_secs(20), async {
        while observed(&screen, "beta").await != Observed::Ready {
            events.next().await;
        }
    });
    ready.await.expect("the one that can does it");
    let beta = screen
        .instance(&actor, &slug("rosewood"), &id("beta"))
        .await;
    assert_eq!(beta.unwrap().keys[0].state, CredentialState::Active);
    assert_eq!(locked.vault_state(), VaultState::Locked);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_measures_again_and_marks_what_is_refused() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    home.world.fill(7);
    let verify = || engine.verify_keys(&actor, &SLUG, &BETA);
    let verified = verify().await.unwrap();
    assert_eq!(verified.identity.slots[0].used, Some(7));
    assert_eq!(verified.our_communities, [slug("rosewood")]);
    home.world.kill(TOKEN);
    let fault = verify().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected);
    let keys = detail(&engine, "beta").await.keys;
    assert_eq!(keys[0].state, CredentialState::Rejected);
    engine.lock();
    assert_eq!(verify().await.unwrap_err().kind, FaultKind::Locked);
}

static SLUG: std::sync::LazyLock<Slug> = std::sync::LazyLock::new(|| slug("rosewood"));
static BETA: std::sync::LazyLock<PlatformId> = std::sync::LazyLock::new(|| id("beta"));

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_key_is_gone_and_said_to_be_missing() {
    let home = Home::new();
    let engine = home.init().await;
    let community = create(&engine).await.community.unwrap();
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let forget = || Intent::ForgetKey {
        community,
        platform: id("beta"),
        field: None,
    };
    engine.submit(&actor, forget()).await.unwrap();
    let beta = detail(&engine, "beta").await;
    assert!(beta.keys.is_empty());
    assert_eq!(beta.instance.unwrap().observed, Observed::NeedsKey);
    let fault = engine.submit(&actor, forget()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_restores_on_another_folder_and_opens_with_the_passphrase() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let file = home.folder.path().join("backup.db");
    engine.backup(&ada(&engine).await, &file).await.unwrap();
    let mut elsewhere = home.options.clone();
    elsewhere.home = home.folder.path().join("elsewhere");
    let restored = Engine::restore(&file, &elsewhere.home).unwrap();
    assert_eq!(restored.installation, "commons.example");
    let engine = Engine::open(elsewhere).await.unwrap();
    let actor = ada(&engine).await;
    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (1, 0), "it is locked");
    unlock(&engine).await;
    let tried = engine.try_keys(&actor).await.unwrap();
    assert_eq!((tried.stored, tried.open), (1, 1));
    settle(&engine).await;
    switch(&engine, "beta", Desired::Active).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_a_person_opened_locks_itself_when_nobody_is_there() {
    let mut home = Home::new();
    home.options.limits.idle_lock = Duration::from_millis(150);
    drop(home.init().await);
    let engine = home.open().await;
    let actor = ada(&engine).await;
    engine.start().await;
    let mut events = engine.events(&actor);
    unlock(&engine).await;
    assert_eq!(engine.vault_state(), VaultState::Unlocked);
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(event) = events.next().await {
            if event == EngineEvent::LockedItself {
                return;
            }
        }
    });
    waited.await.expect("it locks itself");
    assert_eq!(engine.vault_state(), VaultState::Locked);
    engine.set_idle_lock(&actor, 0).await.unwrap();
    assert_eq!(engine.idle_lock(&actor).await.unwrap(), None);
    assert!(engine.set_idle_lock(&actor, 100_000).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_installation_is_examined_before_there_is_any_community() {
    let home = Home::new();
    let engine = home.init().await;
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(TOKEN),
    }];
    let examined = engine
        .examine_key(
            &ada(&engine).await,
            KeyOwner::Installation,
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await
        .unwrap();
    assert_eq!(examined.fault, None);
    assert_eq!(examined.identity.unwrap().who, "a bot");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_nobody_could_look_for_copies_is_told_as_it_is() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let why = async || {
        let reach = engine
            .keys_reach(&actor, &slug("rosewood"), &id("beta"))
            .await;
        reach.unwrap().remove(0).copies.incomplete
    };
    assert_eq!(why().await, None);
    engine.lock();
    assert!(why().await.unwrap().contains("The vault is locked"));
    unlock(&engine).await;
    let database = rusqlite::Connection::open(home.options.home.join("guildhall.db")).unwrap();
    database
        .execute(
            "UPDATE credentials SET sealed = zeroblob(length(sealed))",
            [],
        )
        .unwrap();
    assert!(why().await.unwrap().contains("does not open any more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_read_with_a_reason_that_is_written_down_first() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    enter(&engine, "token", TOKEN).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    let key = detail(&engine, "beta").await.keys[0].id;
    let fault = engine.reveal_key(&actor, key, " ").await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::BadInput);
    let revealed = engine.reveal_key(&actor, key, "moving to a new host").await;
    let revealed = revealed.ok().unwrap();
    assert_eq!(revealed.secret.expose_secret(), TOKEN);
    assert_eq!(revealed.what, "token of The beta, rosewood");
    let entries = engine.audit(&actor, Page::first(10)).await.unwrap();
    let of_reveals: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action == "key-reveal")
        .map(|entry| (entry.result.word(), entry.detail.as_str()))
        .collect();
    assert_eq!(of_reveals.len(), 2, "{of_reveals:?}");
    assert_eq!(
        of_reveals[0],
        ("permitted", "token, ends in aaaa: moving to a new host")
    );
    assert_eq!(of_reveals[1].0, "refused");
    engine.lock();
    let fault = engine.reveal_key(&actor, key, "again").await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::Locked);
    engine.shutdown().await;
    assert!(!holds(home.folder.path(), "canary"));
}
