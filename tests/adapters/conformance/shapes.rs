//! An answer of another shape than the platform promises is no knowledge: nothing counts as gone because of it, nothing is
//! made twice, nothing is switched so that it cannot be switched back.

use super::{finish, settle, switching::switch, there};
use crate::{description::Platform, world::deaths};
use guildhall::{
    adapters::Standing,
    domain::{DriftKind, FaultKind},
    sandbox::{Trouble, TroubleKind},
};

/// From now on every answer has an object wherever a list belongs.
async fn misshape<P: Platform>(world: &P) {
    let trouble = Trouble::new(TroubleKind::WrongShape).times(u32::MAX);
    world.sandbox.trouble(trouble).await.unwrap();
}

pub async fn made_once_by_answers_of_a_wrong_shape<P: Platform>() {
    let world = P::fresh().await;
    world.journal.revive(None);
    finish(&world).await.unwrap();
    let made = world.made().await;
    for death in deaths(0, world.journal.calls()) {
        let moment = format!("killed {death} of provision, then answered in a wrong shape");
        let mut world = P::fresh().await;
        world.journal.revive(Some(death));
        assert!(finish(&world).await.is_err(), "{}: not {moment}", P::NAME);
        world.journal.revive(None);
        misshape(&world).await;
        if let Err(fault) = finish(&world).await {
            let is_told = fault.is_passing() || fault.kind == FaultKind::BadAnswer;
            assert!(is_told, "{}: {moment}: {fault:?}", P::NAME);
        }
        world.sandbox.calm().await.unwrap();
        settle(&mut world, &moment).await;
        assert_eq!(world.made().await, made, "{}: {moment}", P::NAME);
    }
}

pub async fn nothing_is_gone_by_an_answer_of_a_wrong_shape<P: Platform>() {
    let world = there::<P>().await;
    misshape(&world).await;
    match world.adapter.observe(&world.site()).await {
        Ok(seen) => {
            let lost = |kind| {
                matches!(
                    kind,
                    DriftKind::Missing | DriftKind::CredentialDead | DriftKind::ScopeShrank
                )
            };
            assert_ne!(seen.standing, Standing::Gone, "{}: {seen:?}", P::NAME);
            let told = seen.drift.iter().any(|drift| lost(drift.kind));
            assert!(!told, "{}: {seen:?}", P::NAME);
        }
        Err(fault) => assert_eq!(fault.kind, FaultKind::BadAnswer, "{}: {fault:?}", P::NAME),
    }
}

pub async fn switched_back_after_answers_of_a_wrong_shape<P: Platform>() {
    let mut world = there::<P>().await;
    world.use_it().await;
    let before = world.in_use().await;
    for on in [false, true] {
        misshape(&world).await;
        // Whether it gets through depends on what the platform is asked; what counts is what it leaves behind.
        let _ = switch(&mut world, on).await;
        world.sandbox.calm().await.unwrap();
        let told = switch(&mut world, on).await;
        told.unwrap_or_else(|halt| panic!("{}: on {on}: {halt:?}", P::NAME));
    }
    assert_eq!(world.in_use().await, before, "{}", P::NAME);
}
