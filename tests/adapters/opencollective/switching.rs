//! Announcements, and switching off and on: honest, and back to exactly what was there.

use super::world::{OURS, World, adapter, chat, fault, task};
use crate::journal::Death;
use guildhall::adapters::{Halt, Op, Peer, Settings, Target};
use guildhall::domain::{DriftKind, Fault, FaultKind, InstanceId, PlatformId};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

const SECRET: &str = "https://hooks.slack.com/services/T0/B0/abcdefghijklmnop";

async fn connected() -> (World, String) {
    let world = World::new().await;
    let id = world.provision().await.unwrap().external_id;
    adapter()
        .connect(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    (world, id)
}

#[tokio::test]
async fn connecting_twice_makes_one_webhook_and_its_address_stays_secret() {
    let (world, _) = connected().await;
    let said = adapter()
        .connect(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    let one = [("ACTIVITY_ALL".to_owned(), SECRET.to_owned())];
    assert_eq!(world.webhooks().await, one);
    assert!(said.contains("hooks.slack.com"), "{said}");
    let open = format!(
        "{said} {:?} {:?}",
        world.journal.facts(),
        world.observe().await
    );
    assert!(!open.contains("abcdefghijklmnop"), "{open}");
}

#[tokio::test]
async fn a_lost_answer_to_a_webhook_is_looked_for() {
    for kind in [TroubleKind::Cut, TroubleKind::Status { status: 500 }] {
        let world = World::new().await;
        world.provision().await.unwrap();
        let trouble = Trouble::new(kind).matching("GuildhallHook(").after_work();
        world.sandbox.trouble(trouble).await.unwrap();
        adapter()
            .connect(&world.op(), &chat(7, SECRET))
            .await
            .unwrap();
        assert_eq!(world.webhooks().await.len(), 1);
    }
}

#[tokio::test]
async fn another_address_of_the_same_peer_replaces_the_first() {
    let (world, _) = connected().await;
    let moved = "https://hooks.slack.com/services/T0/B0/qrstuvwxyzabcdef";
    adapter()
        .connect(&world.op(), &chat(7, moved))
        .await
        .unwrap();
    assert_eq!(world.webhooks().await[0].1, moved);
    assert_eq!(world.webhooks().await.len(), 1);
}

#[tokio::test]
async fn a_second_target_of_the_same_kind_is_refused_and_one_of_another_kind_is_not() {
    let (mut world, id) = connected().await;
    let other = chat(
        8,
        "https://hooks.slack.com/services/T0/B0/second-of-two-000",
    );
    let refused = fault(adapter().connect(&world.op(), &other).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Conflict, "{refused}");
    world.set("announce", "COLLECTIVE_EXPENSE_CREATED");
    adapter().connect(&world.op(), &other).await.unwrap();
    assert_eq!(world.webhooks().await.len(), 2);

    // One that our user made by hand is not known here, and is not touched.
    let by_hand = json!({"id": id, "user": OURS, "activity": "COLLECTIVE_EDITED",
        "address": "https://hooks.slack.com/services/T0/B0/made-by-hand-0000"});
    world.act("add-webhook", by_hand).await;
    world.set("announce", "COLLECTIVE_EDITED");
    let third = chat(9, "https://hooks.slack.com/services/T0/B0/third-of-three-0");
    let refused = fault(adapter().connect(&world.op(), &third).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Conflict, "{refused}");
    assert_eq!(world.webhooks().await.len(), 3);
}

#[tokio::test]
async fn disconnecting_takes_our_webhook_and_nobody_elses() {
    let (world, id) = connected().await;
    let foreign = json!({"id": id, "user": "somebody-else", "activity": "ACTIVITY_ALL",
        "address": "https://example.org/hook"});
    world.act("add-webhook", foreign).await;
    let person = json!({"id": id, "user": "somebody-else", "activity": "COLLECTIVE_EDITED"});
    world.act("add-webhook", person).await;
    adapter()
        .disconnect(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    adapter()
        .disconnect(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    let left = world.webhooks().await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|(_, address)| address != SECRET));
    assert!(world.journal.secrets().is_empty());
}

#[tokio::test]
async fn what_cannot_be_announced_to_is_said() {
    let (world, _) = connected().await;
    let mut peer = chat(8, SECRET);
    peer.platform = PlatformId::new("elsewhere");
    peer.target = None;
    let none = fault(adapter().connect(&world.op(), &peer).await.unwrap_err());
    assert_eq!(none.kind, FaultKind::Unsupported);
    let inside = Peer {
        target: Some(Target::Webhook {
            flavour: "json".into(),
            address: "https://10.0.0.9/hook-0123456789abcdef".into(),
        }),
        settings: Settings::default(),
        instance: InstanceId(9),
        ..peer
    };
    let mut world = world;
    world.set("announce", "COLLECTIVE_APPLY");
    let refused = fault(adapter().connect(&world.op(), &inside).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::BadInput, "{refused}");
}

#[tokio::test]
async fn a_test_causes_an_announcement_and_claims_no_arrival() {
    let (world, id) = connected().await;
    let before = world.account(&id).await["settings"].clone();
    let probe = adapter()
        .probe_connection(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    assert!(!probe.arrived);
    assert!(probe.what.contains("hooks.slack.com"), "{probe:?}");
    assert_eq!(world.account(&id).await["settings"], before);
    world.on("delete-webhooks", &id).await;
    let look = world.observe().await;
    assert_eq!(look.drift[0].kind, DriftKind::Missing, "{look:?}");
    let probe = adapter()
        .probe_connection(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    assert!(probe.what.contains("deleted"), "{probe:?}");
}

#[tokio::test]
async fn quiet_takes_the_webhooks_and_activation_brings_them_back() {
    let (world, _) = connected().await;
    let said = adapter().deactivate(&world.op()).await.unwrap();
    assert!(said.contains("still public and open"), "{said}");
    assert!(world.webhooks().await.is_empty());
    assert!(world.observe().await.drift.is_empty(), "as it was wanted");
    let said = adapter().activate(&world.op()).await.unwrap();
    assert!(said.contains("1 webhook"), "{said}");
    let one = [("ACTIVITY_ALL".to_owned(), SECRET.to_owned())];
    assert_eq!(world.webhooks().await, one);
    assert!(!world.journal.facts().contains_key("pause"));
}

#[tokio::test]
async fn closed_restores_settings_exactly_and_keeps_what_a_person_changed() {
    let (mut world, id) = connected().await;
    world.set("when_inactive", "closed");
    let open = json!({"id": id, "key": "disableCustomContributions", "value": false});
    world.act("set-setting", open).await;
    let shut = json!({"id": id, "key": "disablePublicExpenseSubmission", "value": true});
    world.act("set-setting", shut).await;
    let before = world.account(&id).await["settings"].clone();
    let said = adapter().deactivate(&world.op()).await.unwrap();
    assert!(said.contains("closed to custom contributions"), "{said}");
    let closed = world.account(&id).await["settings"].clone();
    assert_eq!(closed["disableCustomContributions"], true);
    // A second one must not take the closed state for what stood there before.
    adapter().deactivate(&world.op()).await.unwrap();
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(world.account(&id).await["settings"], before);
}

async fn until_death(world: &World, work: impl Future<Output = Result<String, Halt>>) {
    tokio::select! {
        biased;
        () = world.journal.death() => {}
        // A death after the last call comes too late to be noticed.
        _ = work => {}
    }
}

#[tokio::test]
async fn a_crash_anywhere_while_switching_loses_nothing() {
    let (mut world, _) = connected().await;
    world.set("when_inactive", "closed");
    world.journal.revive(None);
    adapter().deactivate(&world.op()).await.unwrap();
    let (off_writes, off_calls) = (world.journal.writes(), world.journal.calls());
    world.journal.revive(None);
    adapter().activate(&world.op()).await.unwrap();
    let (on_writes, on_calls) = (world.journal.writes(), world.journal.calls());
    let deaths = |writes: usize, calls: usize| {
        (1..=writes)
            .flat_map(|write| [Death::BeforeWrite(write), Death::AfterWrite(write)])
            .chain((1..=calls).map(Death::AfterCall))
            .collect::<Vec<_>>()
    };
    assert!(off_writes > 1 && off_calls > 3 && on_writes > 2 && on_calls > 4);
    for (switch_off, deaths) in [
        (true, deaths(off_writes, off_calls)),
        (false, deaths(on_writes, on_calls)),
    ] {
        for death in deaths {
            let (mut world, id) = connected().await;
            world.set("when_inactive", "closed");
            let before = world.account(&id).await["settings"].clone();
            if !switch_off {
                adapter().deactivate(&world.op()).await.unwrap();
            }
            world.journal.revive(Some(death));
            let (op, adapter) = (world.op(), adapter());
            if switch_off {
                until_death(&world, adapter.deactivate(&op)).await;
            } else {
                until_death(&world, adapter.activate(&op)).await;
            }
            world.journal.revive(None);
            if switch_off {
                adapter.deactivate(&world.same_op()).await.unwrap();
                assert!(world.webhooks().await.is_empty(), "{death:?}");
            }
            adapter.activate(&world.same_op()).await.unwrap();
            assert_eq!(world.webhooks().await.len(), 1, "{death:?}");
            let after = world.account(&id).await["settings"].clone();
            for key in [
                "disableCustomContributions",
                "disablePublicExpenseSubmission",
            ] {
                assert_ne!(after[key], true, "{death:?}: {before} became {after}");
            }
        }
    }
}

#[tokio::test]
async fn a_full_stop_waits_for_a_person_and_is_undone_by_one() {
    let (mut world, id) = connected().await;
    world.set("when_inactive", "archived");
    let waits = task(adapter().deactivate(&world.op()).await.unwrap_err());
    assert_eq!(waits.step, "archive");
    assert!(world.webhooks().await.is_empty());
    world.on("archive", &id).await;
    let said = adapter().deactivate(&world.same_op()).await.unwrap();
    assert!(said.contains("archived"), "{said}");
    assert!(world.observe().await.drift.is_empty(), "as it was wanted");

    let waits = task(adapter().activate(&world.op()).await.unwrap_err());
    assert_eq!(waits.step, "unarchive");
    world.on("unarchive", &id).await;
    let said = adapter().activate(&world.same_op()).await.unwrap();
    assert!(said.contains("apply again"), "{said}");
    assert_eq!(world.webhooks().await.len(), 1);
}

#[tokio::test]
async fn a_collective_whose_host_we_administer_is_frozen_and_unfrozen() {
    let mut world = World::new().await;
    world.use_key("token", "token_of_the_host");
    let id = world.provision().await.unwrap().external_id;
    let attached = json!({"id": id, "host": world.key("open_host")});
    world.act("attach-host", attached).await;
    let identity = world.verify(&world.key("token_of_the_host")).await.unwrap();
    assert!(
        identity.scopes_held.contains(&"host".to_owned()),
        "{identity:?}"
    );
    let said = adapter().deactivate(&world.op()).await.unwrap();
    assert!(said.contains("frozen"), "{said}");
    assert_eq!(world.account(&id).await["frozen"], true);
    adapter().deactivate(&world.op()).await.unwrap();
    adapter().activate(&world.op()).await.unwrap();
    assert_eq!(world.account(&id).await["frozen"], false);
}

#[tokio::test]
async fn one_that_its_host_froze_is_not_called_active() {
    let (world, id) = connected().await;
    world.on("freeze", &id).await;
    let refused: Fault = fault(adapter().activate(&world.op()).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Refused);
    assert!(refused.hint.contains("host"), "{refused}");
}

#[tokio::test]
async fn while_switched_off_a_connection_is_kept_for_later() {
    let mut world = World::new().await;
    world.provision().await.unwrap();
    world.active = false;
    let said = adapter()
        .connect(&world.op(), &chat(7, SECRET))
        .await
        .unwrap();
    assert!(said.contains("once the instance is active"), "{said}");
    assert!(world.webhooks().await.is_empty());
    world.active = true;
    let op: Op = world.op();
    adapter().activate(&op).await.unwrap();
    assert_eq!(world.webhooks().await.len(), 1);
}
