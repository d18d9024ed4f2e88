//! Full accounts: what is counted, which account is chosen, what becomes of an instance when none has room.

use super::*;
use guildhall::{
    domain::{AccountPolicy, FaultKind, PlanItemKind, SlotUse},
    engine::KeyOwner,
};

const FIRST: &str = "tok-0123456789abcdef";
const OTHER: &str = "tok-0123456789abcdef-other";
const MASTER: &str = "mas-0123456789abcdef";

async fn add_account(engine: &Engine, name: &str, field: &str, secret: &str) -> Receipt {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: field.into(),
        secret: SecretString::from(secret),
    }];
    let owner = KeyOwner::Installation;
    let examined = engine
        .examine_key(&actor, owner, &id("beta"), entries, BTreeMap::new())
        .await
        .expect("examined");
    let intent = Intent::AddAccount {
        platform: id("beta"),
        name: name.into(),
        contact: String::new(),
        examination: examined.id,
    };
    engine.submit(&actor, intent).await.expect("added")
}

async fn create_named(engine: &Engine, name: &str) {
    let actor = ada(engine).await;
    let new = NewCommunity {
        slug: slug(name),
        name: name.into(),
        ..rosewood()
    };
    engine
        .submit(&actor, Intent::CreateCommunity(new))
        .await
        .expect("created");
    settle(engine).await;
}

async fn reaches(engine: &Engine, name: &str) -> u64 {
    let actor = ada(engine).await;
    let accounts = engine.accounts(&actor).await.unwrap();
    let row = accounts
        .iter()
        .find(|row| row.account.name == name)
        .expect("the account");
    row.reaches_communities
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_account_parks_the_instance_until_another_one_is_there() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.fill(10);
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    let beta = detail(&engine, "beta").await;
    let instance = beta.instance.unwrap();
    assert_eq!(instance.observed, Observed::NeedsHuman);
    assert!(
        instance.note.contains("another account"),
        "{}",
        instance.note
    );
    let actor = ada(&engine).await;
    let task = engine.tasks(&actor).await.unwrap().remove(0).task;
    assert!(task.why.contains("10 of 10 halls"), "{task:?}");
    assert_eq!(home.world.count("hall"), 1, "only alpha's was made");

    home.world.fill(2);
    enter(&engine, "token", OTHER).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert!(engine.tasks(&actor).await.unwrap().is_empty());
    let accounts = engine.accounts(&actor).await.unwrap();
    assert_eq!(accounts.len(), 1, "one account for each community");
    let halls = &accounts[0].slots[0];
    assert_eq!((halls.slots.used, halls.slots.max), (Some(3), Some(10)));
    assert!(halls.measured_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_accounts_the_least_loaded_is_taken_and_kept() {
    let home = Home::new();
    let engine = home.init().await;
    create_named(&engine, "first").await;
    home.world.fill(6);
    add_account(&engine, "heavy", "master", MASTER).await;
    settle(&engine).await;
    assert_eq!(reaches(&engine, "heavy").await, 1, "it woke what waited");
    home.world.fill(1);
    add_account(&engine, "light", "master", &format!("{MASTER}-2")).await;
    settle(&engine).await;
    create_named(&engine, "second").await;
    create_named(&engine, "third").await;
    // Two were made with it, and the platform told that its key touches the first one's hall too.
    assert_eq!(reaches(&engine, "light").await, 3);
    assert_eq!(reaches(&engine, "heavy").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_key_is_refused_makes_nothing_while_another_could() {
    let home = Home::new();
    let engine = home.init().await;
    add_account(&engine, "light", "master", MASTER).await;
    create_named(&engine, "first").await;
    home.world.kill(MASTER);
    let verified = engine
        .verify_keys(&ada(&engine).await, &slug("first"), &id("beta"))
        .await;
    assert_eq!(verified.unwrap_err().kind, FaultKind::KeyRejected);
    home.world.fill(6);
    add_account(&engine, "heavy", "master", &format!("{MASTER}-2")).await;
    create_named(&engine, "second").await;
    assert_eq!(reaches(&engine, "light").await, 1);
    let made = engine
        .instance(&ada(&engine).await, &slug("second"), &id("beta"))
        .await
        .unwrap();
    let heavy = engine.accounts(&ada(&engine).await).await.unwrap();
    let heavy = heavy.iter().find(|row| row.account.name == "heavy");
    assert_eq!(made.keys[0].account, heavy.unwrap().account.id);
    assert_eq!(made.instance.unwrap().observed, Observed::Ready);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_since_the_last_measurement_counts_and_the_last_room_is_given_once() {
    let home = Home::new();
    let engine = home.init().await;
    create_named(&engine, "first").await;
    home.world.fill(8);
    add_account(&engine, "only", "master", MASTER).await;
    settle(&engine).await;
    let actor = ada(&engine).await;
    assert_eq!(engine.overview(&actor).await.unwrap().nearly_full, 1);
    let plan = Intent::CreateCommunity(rosewood());
    let said = engine.plan(&actor, &plan).await.unwrap();
    assert!(
        said.items.iter().any(|item| item.kind == PlanItemKind::Slot
            && item.text.contains("halls: 10 of 10 after this")),
        "{:?}",
        said.items
    );
    create_named(&engine, "second").await;
    create_named(&engine, "third").await;
    assert_eq!(reaches(&engine, "only").await, 2);
    assert_eq!(engine.tasks(&actor).await.unwrap().len(), 1);
    let accounts = engine.accounts(&actor).await.unwrap();
    let row = accounts[0].pressing().expect("it presses");
    assert_eq!(row.slots.level(), SlotUse::Full);
    let doctor = engine.doctor(&actor).await.unwrap();
    assert!(
        doctor
            .iter()
            .any(|check| !check.well && check.found.contains("only on The beta: 10 of 10 halls")),
        "{doctor:?}"
    );
    let said = engine.plan(&actor, &plan).await.unwrap();
    assert!(
        said.items
            .iter()
            .any(|item| item.kind == PlanItemKind::NeedsHuman && item.text.contains("full")),
        "{:?}",
        said.items
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_made_without_the_full_account_is_made_without_it() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    home.world.fill(10);
    enter(&engine, "token", FIRST).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsHuman);
    home.world.fill(0);
    add_account(&engine, "administrator", "master", MASTER).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    let keys = detail(&engine, "beta").await.keys;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].field, "master");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shared_only_after_a_typed_acknowledgement() {
    let home = Home::new();
    let engine = home.init().await;
    create(&engine).await;
    settle(&engine).await;
    add_account(&engine, "shared", "token", FIRST).await;
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsKey);
    let actor = ada(&engine).await;
    let share = |typed: &str| Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: AccountPolicy::Shared,
        typed: typed.into(),
    };
    let fault = engine.submit(&actor, share("yes")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(
        fault.what.contains("1 community has an instance"),
        "{fault}"
    );
    assert!(engine.submit(&actor, share("0")).await.is_err());
    assert_eq!(observed(&engine, "beta").await, Observed::NeedsKey);
    engine.submit(&actor, share("1")).await.unwrap();
    settle(&engine).await;
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert_eq!(reaches(&engine, "shared").await, 1);
    // What was acknowledged is a limit: one more community needs another acknowledgement.
    create_named(&engine, "beyond").await;
    assert_eq!(reaches(&engine, "shared").await, 1);
    engine.submit(&actor, share("2")).await.unwrap();
    settle(&engine).await;
    assert_eq!(reaches(&engine, "shared").await, 2);
    // A community of its own key keeps to that.
    let own = Intent::SetAccountPolicy {
        platform: id("beta"),
        policy: AccountPolicy::Own,
        typed: String::new(),
    };
    engine.submit(&actor, own).await.unwrap();
    create_named(&engine, "late").await;
    assert_eq!(reaches(&engine, "shared").await, 2);
    assert_eq!(
        observed(&engine, "beta").await,
        Observed::Ready,
        "what was made keeps its account"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_is_moved_to_another_account_and_stays_where_that_does_not_work() {
    let home = Home::new();
    let engine = home.init().await;
    let actor = ada(&engine).await;
    let share = |policy, typed: &str| Intent::SetAccountPolicy {
        platform: id("beta"),
        policy,
        typed: typed.into(),
    };
    engine
        .submit(&actor, share(AccountPolicy::Shared, "2"))
        .await
        .unwrap();
    add_account(&engine, "first", "token", FIRST).await;
    let community = create(&engine).await.community.expect("a community");
    settle(&engine).await;
    add_account(&engine, "second", "token", OTHER).await;
    let using = async || {
        let keys = detail(&engine, "beta").await.keys;
        let accounts = engine.accounts(&actor).await.unwrap();
        let row = accounts
            .iter()
            .find(|row| row.account.id == keys[0].account);
        row.expect("the account").account.name.clone()
    };
    assert_eq!(using().await, "first");
    let rows = engine.accounts(&actor).await.unwrap();
    let row = |name: &str| rows.iter().find(|row| row.account.name == name).unwrap();
    let from = engine.account_moves(&actor, row("first").account.id).await;
    let from = from.unwrap();
    assert_eq!(from.communities[0].slug.as_str(), "rosewood");
    assert_eq!(from.targets.len(), 1);
    assert_eq!(
        (from.targets[0].name.as_str(), &from.targets[0].obstacle),
        ("second", &None)
    );
    let to = |name: &str| Intent::MoveAccount {
        community,
        platform: id("beta"),
        name: name.into(),
    };
    for (name, kind) in [
        ("nobody", FaultKind::NotFound),
        ("first", FaultKind::Conflict),
    ] {
        let fault = engine.submit(&actor, to(name)).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{name}");
    }
    let plan = engine.plan(&actor, &to("second")).await.unwrap();
    let told: Vec<_> = plan.items.iter().map(|item| item.text.as_str()).collect();
    assert!(
        told[0].contains("works with second in the place of first"),
        "{told:?}"
    );
    // The new account is refused there: nothing is different from before.
    let refused = Fault::new(FaultKind::KeyRejected, "Not this one.").hint("Another.");
    home.world.fail("observe", refused);
    engine.submit(&actor, to("second")).await.unwrap();
    settle(&engine).await;
    assert_eq!(using().await, "first");
    for row in operations(&engine).await {
        if !row.operation.state.is_final() {
            let operation = row.operation.id;
            let cancel = Intent::CancelOperation { operation };
            engine.submit(&actor, cancel).await.unwrap();
        }
    }
    settle(&engine).await;
    // It waits for a person's step, and whoever stops it there has everything as before.
    home.world.ask_for_person();
    let unseen = Fault::new(FaultKind::Refused, "Nothing is seen.").hint("Look again.");
    home.world.fail("observe", unseen);
    let moving = engine.submit(&actor, to("second")).await.unwrap();
    settle(&engine).await;
    let operation = moving.operations[0];
    let waits = operations(&engine).await;
    let waits = waits.iter().find(|row| row.operation.id == operation);
    assert_eq!(waits.unwrap().operation.state, OperationState::WaitsHuman);
    let cancel = Intent::CancelOperation { operation };
    engine.submit(&actor, cancel).await.unwrap();
    settle(&engine).await;
    assert_eq!(using().await, "first");
    engine.submit(&actor, to("second")).await.unwrap();
    settle(&engine).await;
    assert_eq!(using().await, "second");
    assert_eq!(observed(&engine, "beta").await, Observed::Ready);
    assert_eq!(home.world.count("hall"), 2, "nothing was made twice");

    engine
        .submit(&actor, share(AccountPolicy::Own, ""))
        .await
        .unwrap();
    let fault = engine.submit(&actor, to("first")).await.unwrap_err();
    assert!(fault.what.contains("may reach 1 community"), "{fault}");
}
