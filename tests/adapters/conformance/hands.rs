//! What people did by hand is told, what is theirs is left, and what is removed is gone.

use super::there;
use crate::{
    description::{Drift, Platform},
    world::World,
};
use guildhall::{
    adapters::{Halt, Removed, Standing},
    domain::{DriftKind, RemoveMode},
};

pub async fn drift_is_told<P: Platform>() {
    let mut tried = 0;
    for how in [
        Drift::Renamed,
        Drift::Unmarked,
        Drift::Archived,
        Drift::PartDeleted,
        Drift::RightTaken,
        Drift::KeyRevoked,
        Drift::Deleted,
    ] {
        let world = there::<P>().await;
        let before = world.observe().await;
        assert_eq!(before.standing, Standing::Present, "{}: made", P::NAME);
        assert!(before.drift.is_empty(), "{}: made: {before:?}", P::NAME);
        if world.drift(how).await.is_err() {
            continue;
        }
        tried += 1;
        let after = world.observe().await;
        let has = |kind| after.drift.iter().any(|drift| drift.kind == kind);
        let told = match how {
            Drift::Deleted => after.standing == Standing::Gone,
            Drift::KeyRevoked => {
                after.standing == Standing::Unseen && has(DriftKind::CredentialDead)
            }
            _ => !after.drift.is_empty() || after.health != before.health,
        };
        assert!(told, "{}: {how:?}: {after:?}", P::NAME);
    }
    assert!(tried > 1, "{}: hardly anything can happen to it", P::NAME);
}

/// Removes until it is gone, doing what people are asked for.
async fn remove<P: Platform>(world: &P, mode: RemoveMode) -> Removed {
    world.journal.next_operation();
    for _ in 0..super::MOST_TASKS {
        match remove_once(world, mode).await {
            Ok(removed) => return removed,
            Err(Halt::Human(task)) => world.fulfil(&task).await,
            Err(Halt::Stopped(fault)) => panic!("{}: removed {mode:?}: {fault:?}", P::NAME),
        }
    }
    panic!(
        "{}: removed {mode:?}: people are asked for ever more",
        P::NAME
    );
}

async fn remove_once(world: &World, mode: RemoveMode) -> Result<Removed, Halt> {
    world.adapter.remove(&world.same_op(), mode).await
}

/// Adopts, doing what people are asked for.
async fn adopt<P: Platform>(world: &mut P, reference: &str) {
    world.journal.next_operation();
    for _ in 0..super::MOST_TASKS {
        let op = world.same_op();
        match world.adapter.adopt(&op, reference).await {
            Ok(presence) => {
                assert!(!presence.made_by_us, "{}: {reference} is not ours", P::NAME);
                return world.take(&presence);
            }
            Err(Halt::Human(task)) => world.fulfil(&task).await,
            Err(Halt::Stopped(fault)) => panic!("{}: adopt: {fault:?}", P::NAME),
        }
    }
    panic!("{}: people are asked for ever more", P::NAME);
}

pub async fn adopting_deletes_nothing<P: Platform>() {
    let mut world = P::fresh().await;
    let Some(reference) = world.somebody_elses().await else {
        return;
    };
    world.made_by_us = false;
    let theirs = world.of_others().await;
    assert!(!theirs.is_empty(), "{}: nothing of others", P::NAME);
    let found = world.adapter.discover(&world.site()).await;
    let found = found.unwrap_or_else(|fault| panic!("{}: discover: {fault:?}", P::NAME));
    assert!(
        found.iter().any(|one| one.reference == reference),
        "{}: {reference} is not among {found:?}",
        P::NAME
    );
    adopt(&mut world, &reference).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present, "{}: adopted", P::NAME);
    assert_eq!(world.of_others().await, theirs, "{}: adopted", P::NAME);
    remove(&world, RemoveMode::Soft).await;
    assert_eq!(world.of_others().await, theirs, "{}: let go", P::NAME);
}

pub async fn removed_and_removed_again<P: Platform>() {
    for mode in [RemoveMode::Soft, RemoveMode::Hard] {
        let world = there::<P>().await;
        let removed = remove(&world, mode).await;
        let left = world.made().await;
        assert!(
            left.is_empty() || !removed.left.is_empty(),
            "{}: removed {mode:?}: nobody is told of {left:?}",
            P::NAME
        );
        remove(&world, mode).await;
        let still = world.made().await;
        assert_eq!(still, left, "{}: removed {mode:?} again", P::NAME);
    }
}
