//! What stands in the way when something is to be made: it is said with what to do about it, nothing of others is touched,
//! nothing is made that would be made again, and once people did what was said it goes on.

use super::{settle, there};
use crate::description::{Luck, Platform};
use guildhall::{
    adapters::Halt,
    domain::{Fault, FaultKind, HumanTask},
};

/// Lets it stand in the way, looks at what is said, and goes on when people did something about it.
async fn in_the_way<P: Platform>(luck: Luck, fits: impl Fn(&FaultKind) -> bool) {
    let mut world = P::fresh().await;
    if let Err(reason) = world.befall(luck).await {
        return assert!(!reason.is_empty(), "{}: {luck:?}: no reason", P::NAME);
    }
    let undisturbed = there::<P>().await.made().await;
    let theirs = world.of_others().await;
    match world.provision().await {
        // A name that many may have stands in nobody's way.
        Ok(_) => assert_eq!(luck, Luck::NameTaken, "{}: it was made", P::NAME),
        Err(Halt::Human(task)) => is_told(P::NAME, luck, &task),
        Err(Halt::Stopped(fault)) => {
            assert!(fits(&fault.kind), "{}: {luck:?}: {fault:?}", P::NAME);
            is_advised(P::NAME, luck, &fault);
        }
    }
    untouched(&world, &theirs, luck).await;
    goes_on(&mut world, luck, undisturbed).await;
}

/// People did what was said: it is made as if nothing had been.
async fn goes_on<P: Platform>(world: &mut P, luck: Luck, undisturbed: Vec<String>) {
    world.relieve(luck).await;
    let theirs = world.of_others().await;
    settle(world, &format!("{luck:?}, and what was said was done")).await;
    untouched(world, &theirs, luck).await;
    let made = world.made().await;
    assert_eq!(made, undisturbed, "{}: {luck:?}", P::NAME);
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{}: {luck:?}: {seen:?}", P::NAME);
}

/// A fault says what happened and what to do about it.
fn is_advised(name: &str, luck: Luck, fault: &Fault) {
    assert!(!fault.what.is_empty(), "{name}: {luck:?}: {fault:?}");
    assert!(!fault.hint.is_empty(), "{name}: {luck:?}: {fault:?}");
}

/// A person's step says what to do, who can, and why it is needed.
fn is_told(name: &str, luck: Luck, task: &HumanTask) {
    let words = [&task.title, &task.why, &task.who];
    let is_told = words.iter().all(|word| !word.is_empty()) && !task.instructions.is_empty();
    assert!(is_told, "{name}: {luck:?}: {task:?}");
}

/// Everything of others is there as it was.
async fn untouched<P: Platform>(world: &P, theirs: &[String], luck: Luck) {
    let now = world.of_others().await;
    for one in theirs {
        assert!(
            now.contains(one),
            "{}: {luck:?}: {one} is not among {now:?}",
            P::NAME
        );
    }
}

pub async fn a_bot_that_is_not_in_the_server<P: Platform>() {
    let outside = |kind: &FaultKind| {
        matches!(
            kind,
            FaultKind::KeyRejected | FaultKind::ScopeMissing | FaultKind::NotFound
        )
    };
    in_the_way::<P>(Luck::NotInServer, outside).await;
}

pub async fn a_bot_without_the_permission<P: Platform>() {
    let refused = |kind: &FaultKind| matches!(kind, FaultKind::ScopeMissing | FaultKind::Refused);
    in_the_way::<P>(Luck::Unpermitted, refused).await;
}

pub async fn a_key_of_another_server<P: Platform>() {
    let foreign = |kind: &FaultKind| matches!(kind, FaultKind::KeyRejected | FaultKind::BadInput);
    in_the_way::<P>(Luck::OfAnotherServer, foreign).await;
}

pub async fn a_name_taken_by_somebody_else<P: Platform>() {
    in_the_way::<P>(Luck::NameTaken, |kind| *kind == FaultKind::Conflict).await;
}
