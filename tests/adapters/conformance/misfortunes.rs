//! What befalls communities, by its plain name: nothing is lost, nothing is made twice, and what somebody did by hand is put
//! back, by us or by whoever is asked to.

use super::{finish, settle, there};
use crate::description::{Drift, Platform};
use guildhall::{
    adapters::{Halt, PUT_BACK, Standing},
    domain::{DriftKind, Fault, FaultKind},
    sandbox::{Trouble, TroubleKind},
};
use std::time::Duration;

/// More calls than any platform needs.
const EVERY_CALL: u32 = 10_000;

/// Lets every call from the middle of making it on meet the trouble, then goes on when that is over.
async fn in_the_middle<P: Platform>(kind: TroubleKind, judge: impl Fn(&Fault) -> bool) {
    let whole = there::<P>().await;
    let made = whole.made().await;
    let Ok(half) = u32::try_from(whole.requests().len() / 2) else {
        return;
    };
    if half == 0 {
        return;
    }
    let mut world = P::fresh().await;
    let trouble = Trouble::new(kind.clone()).skip(half).times(EVERY_CALL);
    world.sandbox.trouble(trouble).await.unwrap();
    let met = finish(&world).await;
    world.sandbox.calm().await.unwrap();
    if let Err(fault) = met {
        assert!(judge(&fault), "{}: {kind:?}: {fault:?}", P::NAME);
        let is_advised = !fault.what.is_empty() && !fault.hint.is_empty();
        assert!(is_advised, "{}: no advice: {fault:?}", P::NAME);
    }
    world.later(Duration::from_secs(24 * 3600)).await;
    settle(&mut world, "a day later").await;
    assert_eq!(world.made().await, made, "{}: {kind:?}", P::NAME);
}

pub async fn a_key_revoked_in_the_middle<P: Platform>() {
    // Some say so themselves; where nothing more is said than the status, it is at least not ours.
    let theirs = |fault: &Fault| !matches!(fault.kind, FaultKind::Internal | FaultKind::Storage);
    in_the_middle::<P>(TroubleKind::Status { status: 401 }, theirs).await;
}

pub async fn a_platform_down_for_a_day<P: Platform>() {
    in_the_middle::<P>(TroubleKind::Cut, Fault::is_passing).await;
}

/// Does to it what the engine does to put something back, with the people who are asked for help.
async fn mend<P: Platform>(world: &mut P, how: Drift) {
    let seen = world.observe().await;
    let is_lost = |kind| matches!(kind, DriftKind::Missing | DriftKind::Archived);
    let is_made = seen.drift.iter().any(|drift| is_lost(drift.kind));
    if let Some(task) = seen.task.as_ref().filter(|task| !task.others_decide) {
        world.fulfil(task).await;
    }
    if is_made && world.made_by_us {
        world.journal.next_operation();
        settle(world, &format!("{how:?}: made again")).await;
    }
    world.journal.next_operation();
    for _ in 0..super::MOST_TASKS {
        let op = world.same_op();
        match world.adapter.configure(&op, &[PUT_BACK.to_owned()]).await {
            Ok(presence) => {
                world.take(&presence);
                break;
            }
            Err(Halt::Human(task)) => world.fulfil(&task).await,
            Err(Halt::Stopped(fault)) => panic!("{}: {how:?}: {fault:?}", P::NAME),
        }
    }
    world.journal.next_operation();
    for _ in 0..super::MOST_TASKS {
        let op = world.same_op();
        let switched = if world.active {
            world.adapter.activate(&op).await
        } else {
            world.adapter.deactivate(&op).await
        };
        match switched {
            Ok(_) => return,
            Err(Halt::Human(task)) => world.fulfil(&task).await,
            Err(Halt::Stopped(fault)) => panic!("{}: {how:?}: {fault:?}", P::NAME),
        }
    }
    panic!("{}: {how:?}: people are asked for ever more", P::NAME);
}

/// Something is done to it by hand, is told, and is put back; nothing is there twice afterwards.
async fn by_hand<P: Platform>(how: Drift) {
    let mut world = there::<P>().await;
    let made = world.made().await;
    let before = world.observe().await;
    if !world.drift(how).await {
        return;
    }
    let seen = world.observe().await;
    let is_told = !seen.drift.is_empty() || seen.health != before.health;
    assert!(is_told, "{}: {how:?}: {seen:?}", P::NAME);
    if P::NOT_PUT_BACK.iter().any(|(left, _)| *left == how) {
        return;
    }
    mend(&mut world, how).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present, "{}: {how:?}", P::NAME);
    assert!(seen.drift.is_empty(), "{}: {how:?}: {seen:?}", P::NAME);
    assert_eq!(
        sorted(world.made().await),
        sorted(made),
        "{}: {how:?}",
        P::NAME
    );
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort_unstable();
    lines
}

pub async fn something_renamed_by_hand<P: Platform>() {
    by_hand::<P>(Drift::Renamed).await;
}

pub async fn a_marker_taken_away_by_hand<P: Platform>() {
    by_hand::<P>(Drift::Unmarked).await;
}

pub async fn something_archived_by_hand<P: Platform>() {
    by_hand::<P>(Drift::Archived).await;
}

pub async fn a_part_deleted_by_hand<P: Platform>() {
    by_hand::<P>(Drift::PartDeleted).await;
}
