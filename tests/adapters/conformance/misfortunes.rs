//! What befalls communities, by its plain name: nothing is lost, nothing is made twice, and what somebody did by hand is put
//! back, by us or by whoever is asked to.

use super::{finish, settle, there};
use crate::{
    description::{Drift, Platform},
    journal::Death,
};
use guildhall::{
    adapters::{Halt, PUT_BACK, Standing},
    domain::{DriftKind, Fault, FaultKind, HumanTask, InstanceKind, OperationKey},
    sandbox::{LimitShape, Trouble, TroubleKind},
};
use std::time::Duration;

/// More calls than any platform needs.
const EVERY_CALL: u32 = 10_000;

/// Lets every call from the middle of making it on meet the trouble, then goes on when that is over.
async fn in_the_middle<P: Platform>(kind: TroubleKind, judge: impl Fn(&Fault) -> bool) {
    let whole = there::<P>().await;
    let made = whole.made().await;
    let half = u32::try_from(whole.requests().len() / 2).unwrap();
    if half == 0 {
        assert!(P::ASKS_NOBODY.is_some(), "{}: nobody is asked", P::NAME);
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

pub async fn a_key_refused_in_the_middle<P: Platform>() {
    // Some say so themselves; where nothing more is said than the status, it is at least not ours.
    let theirs = |fault: &Fault| !matches!(fault.kind, FaultKind::Internal | FaultKind::Storage);
    in_the_middle::<P>(TroubleKind::Status { status: 401 }, theirs).await;
}

/// The platform itself ends the key, after any call of making it; with another key it goes on.
pub async fn a_key_revoked_in_the_middle<P: Platform>() {
    let world = P::fresh().await;
    world.journal.revive(None);
    finish(&world).await.unwrap();
    let (made, calls) = (world.made().await, world.journal.calls());
    if calls == 0 {
        assert!(P::ASKS_NOBODY.is_some(), "{}: nobody is asked", P::NAME);
        return;
    }
    for call in 1..calls {
        revoked_after::<P>(call, &made).await;
    }
}

async fn revoked_after<P: Platform>(call: usize, made: &Vec<String>) {
    let moment = format!("the key was revoked after call {call}");
    let mut world = P::fresh().await;
    world.journal.revive(Some(Death::AfterCall(call)));
    assert!(finish(&world).await.is_err(), "{}: not {moment}", P::NAME);
    world.journal.revive(None);
    world.revoke_key().await;
    // Where an administrator's key is at hand, another one is made without a word.
    if let Err(fault) = finish(&world).await {
        let kind = &fault.kind;
        assert_eq!(*kind, FaultKind::KeyRejected, "{}: {moment}", P::NAME);
        assert!(!fault.hint.is_empty(), "{}: {moment}: {fault:?}", P::NAME);
    }
    world.enter_another_key().await;
    settle(&mut world, &moment).await;
    assert_eq!(world.made().await, *made, "{}: {moment}", P::NAME);
}

/// From the middle of it on every call is one too many, for an hour.
pub async fn slowed_down_for_an_hour<P: Platform>() {
    for shape in P::LIMITS {
        let named = !matches!(shape, LimitShape::Text | LimitShape::Bare);
        let least = Duration::from_secs(if named { 3590 } else { 1 });
        let waits = |fault: &Fault| matches!(fault.kind, FaultKind::RateLimited { retry_after } if retry_after >= least);
        let kind = TroubleKind::TooMany {
            shape: *shape,
            seconds: 3600,
        };
        in_the_middle::<P>(kind, waits).await;
    }
    let asks_nobody = P::ASKS_NOBODY.is_some();
    assert_eq!(P::LIMITS.is_empty(), asks_nobody, "{}", P::NAME);
}

pub async fn a_platform_down_for_a_day<P: Platform>() {
    in_the_middle::<P>(TroubleKind::Cut, Fault::is_passing).await;
}

/// What people do who are asked to, and whoever gives rights back.
async fn people_help<P: Platform>(world: &P, mut task: Option<HumanTask>) {
    for _ in 0..super::MOST_TASKS {
        let Some(asked) = task.filter(|task| !task.others_decide) else {
            break;
        };
        world.fulfil(&asked).await;
        task = world.observe().await.task;
    }
    let seen = world.observe().await;
    let shrank = |drift: &guildhall::domain::Drift| drift.kind == DriftKind::ScopeShrank;
    if seen.drift.iter().any(shrank) {
        world.give_rights_back().await;
    }
}

/// Does to it what the engine does to put something back, with the people who are asked for help.
async fn mend<P: Platform>(world: &mut P, how: Drift) {
    let seen = world.observe().await;
    let is_lost = |kind| matches!(kind, DriftKind::Missing | DriftKind::Archived);
    let is_made = seen.drift.iter().any(|drift| is_lost(drift.kind));
    people_help(world, seen.task).await;
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
    if let Err(reason) = world.drift(how).await {
        assert!(!reason.is_empty(), "{}: {how:?}: no reason", P::NAME);
        return;
    }
    let seen = world.observe().await;
    let is_told = !seen.drift.is_empty() || seen.health != before.health;
    assert!(is_told, "{}: {how:?}: {seen:?}", P::NAME);
    let is_in_the_row = seen.drift.iter().all(|drift| !drift.what.is_empty())
        && !(seen.drift.is_empty() && seen.note.is_empty());
    assert!(is_in_the_row, "{}: {how:?}: {seen:?}", P::NAME);
    if let Some((_, reason)) = P::NOT_PUT_BACK.iter().find(|(left, _)| *left == how) {
        assert!(!reason.is_empty(), "{}: {how:?}: no reason", P::NAME);
        return;
    }
    mend(&mut world, how).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present, "{}: {how:?}", P::NAME);
    assert!(seen.drift.is_empty(), "{}: {how:?}: {seen:?}", P::NAME);
    if P::PUT_BACK_WITH_MORE.iter().any(|(more, _)| *more == how) {
        return;
    }
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

pub async fn our_right_taken_by_hand<P: Platform>() {
    by_hand::<P>(Drift::RightTaken).await;
}

/// It is told as gone, and another one can be made in its place; on a host the same one is made whole.
pub async fn deleted_by_hand<P: Platform>() {
    let mut world = there::<P>().await;
    let made = world.made().await;
    if let Err(reason) = world.drift(Drift::Deleted).await {
        assert!(!reason.is_empty(), "{}: no reason", P::NAME);
        return;
    }
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Gone, "{}: {seen:?}", P::NAME);
    assert!(!seen.note.is_empty(), "{}: nothing in the row", P::NAME);
    if let Some(reason) = P::NOT_MADE_ANEW {
        assert!(!reason.is_empty(), "{}: no reason", P::NAME);
        return;
    }
    let is_the_same = world.kind == InstanceKind::Dedicated;
    if !is_the_same {
        world.marker = OperationKey::fresh().to_string();
        world.forget_all();
    }
    settle(&mut world, "made anew").await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present, "{}: {seen:?}", P::NAME);
    assert!(seen.drift.is_empty(), "{}: {seen:?}", P::NAME);
    if is_the_same {
        assert_eq!(sorted(world.made().await), sorted(made), "{}", P::NAME);
    }
}

pub async fn a_part_deleted_by_hand<P: Platform>() {
    by_hand::<P>(Drift::PartDeleted).await;
}
