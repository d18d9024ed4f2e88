//! Off and on again, and everything is as it was.

use super::there;
use crate::{
    description::Platform,
    world::{World, deaths},
};
use guildhall::adapters::{Halt, Op};

/// Off or on, doing what people are asked for, until it is through or dies as planned.
pub async fn switch<P: Platform>(world: &mut P, on: bool) -> Result<String, Halt> {
    world.active = on;
    world.journal.next_operation();
    go_on(world).await
}

/// The operation that was interrupted, begun again.
async fn go_on<P: Platform>(world: &P) -> Result<String, Halt> {
    loop {
        let op = world.same_op();
        let outcome = world.until_death(verb(world, &op)).await;
        match outcome {
            Err(Halt::Human(task)) => world.fulfil(&task).await,
            other => return other,
        }
    }
}

async fn verb(world: &World, op: &Op) -> Result<String, Halt> {
    if world.active {
        world.adapter.activate(op).await
    } else {
        world.adapter.deactivate(op).await
    }
}

async fn used<P: Platform>() -> P {
    let mut world = there::<P>().await;
    world.use_it().await;
    world
}

pub async fn off_and_on<P: Platform>() {
    let mut world = used::<P>().await;
    let before = world.in_use().await;
    // Twice each: the second time must not take what the first did for what is to be restored.
    for time in ["once", "twice"] {
        let told = switch(&mut world, false).await;
        let told = told.unwrap_or_else(|halt| panic!("{}: off {time}: {halt:?}", P::NAME));
        assert!(!told.is_empty(), "{}: off {time}: nothing is told", P::NAME);
        let off = world.in_use().await;
        assert_ne!(off, before, "{}: off {time}: it goes on", P::NAME);
    }
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{}: off: {:?}", P::NAME, seen.drift);
    for time in ["once", "twice"] {
        let told = switch(&mut world, true).await;
        told.unwrap_or_else(|halt| panic!("{}: on {time}: {halt:?}", P::NAME));
        let on = world.in_use().await;
        assert_eq!(on, before, "{}: off and on {time}", P::NAME);
    }
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{}: on: {:?}", P::NAME, seen.drift);
}

pub async fn killed_while_switching<P: Platform>() {
    for dies_on in [false, true] {
        let verb = if dies_on { "activate" } else { "deactivate" };
        let mut world = used::<P>().await;
        if dies_on {
            switch(&mut world, false).await.unwrap();
        }
        world.journal.revive(None);
        switch(&mut world, dies_on).await.unwrap();
        let (writes, calls) = (world.journal.writes(), world.journal.calls());
        for death in deaths(writes, calls) {
            let moment = format!("{}: killed {death} of {verb}", P::NAME);
            let mut world = used::<P>().await;
            let before = world.in_use().await;
            if dies_on {
                switch(&mut world, false).await.unwrap();
            }
            world.journal.revive(Some(death));
            let died = switch(&mut world, dies_on).await;
            world.journal.revive(None);
            if died.is_err() {
                let resumed = go_on(&world).await;
                resumed.unwrap_or_else(|halt| panic!("{moment}: {halt:?}"));
            }
            let back = switch(&mut world, true).await;
            back.unwrap_or_else(|halt| panic!("{moment}: {halt:?}"));
            assert_eq!(world.in_use().await, before, "{moment}");
        }
    }
}
