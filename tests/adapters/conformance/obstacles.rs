//! What stands in the way when something is to be made: it is said with what to do about it, nothing of others is touched,
//! nothing is made that would be made again, and once people did what was said it goes on.

use super::{settle, there};
use crate::description::{Luck, Platform};
use guildhall::{
    adapters::Halt,
    domain::{FaultKind, HumanTask},
};

/// Lets it stand in the way, looks at what is said, and goes on when people did something about it.
async fn in_the_way<P: Platform>(luck: Luck, fits: impl Fn(&FaultKind) -> bool) {
    let mut world = P::fresh().await;
    if let Err(reason) = world.befall(luck).await {
        assert!(!reason.is_empty(), "{}: {luck:?}: no reason", P::NAME);
        return;
    }
    let undisturbed = there::<P>().await.made().await;
    let theirs = world.of_others().await;
    match world.provision().await {
        // A name that many may have stands in nobody's way.
        Ok(_) => assert_eq!(luck, Luck::NameTaken, "{}: it was made", P::NAME),
        Err(Halt::Human(task)) => is_told(P::NAME, luck, &task),
        Err(Halt::Stopped(fault)) => {
            assert!(fits(&fault.kind), "{}: {luck:?}: {fault:?}", P::NAME);
            let is_advised = !fault.what.is_empty() && !fault.hint.is_empty();
            assert!(is_advised, "{}: {luck:?}: no advice: {fault:?}", P::NAME);
        }
    }
    untouched(&world, &theirs, luck).await;
    world.relieve(luck).await;
    let theirs = world.of_others().await;
    settle(&mut world, &format!("{luck:?}, and what was said was done")).await;
    untouched(&world, &theirs, luck).await;
    let made = world.made().await;
    assert_eq!(made, undisturbed, "{}: {luck:?}", P::NAME);
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{}: {luck:?}: {seen:?}", P::NAME);
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
