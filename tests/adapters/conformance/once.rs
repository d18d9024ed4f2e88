//! Making an instance makes one, whatever happens on the way.

use super::{finish, settle};
use crate::{description::Platform, journal::Death, world::deaths};
use guildhall::sandbox::{Trouble, TroubleKind};

pub async fn provisioned_twice<P: Platform>() {
    let mut world = P::fresh().await;
    let first = settle(&mut world, "provision").await;
    let made = world.made().await;
    assert!(!made.is_empty(), "{}: nothing was made", P::NAME);
    let again = settle(&mut world, "provisioned again").await;
    assert_eq!(
        again.external_id,
        first.external_id,
        "{}: provisioned twice",
        P::NAME
    );
    assert_eq!(world.made().await, made, "{}: provisioned twice", P::NAME);
}

pub async fn killed_while_provisioning<P: Platform>() {
    let world = P::fresh().await;
    world.journal.revive(None);
    finish(&world).await.unwrap();
    let made = world.made().await;
    let (writes, calls) = (world.journal.writes(), world.journal.calls());
    assert!(writes > 0, "{}: nothing was journaled", P::NAME);
    for (number, death) in deaths(writes, calls).into_iter().enumerate() {
        let moment = format!("killed {death} of provision");
        let mut world = P::fresh().await;
        world.journal.revive(Some(death));
        assert!(finish(&world).await.is_err(), "{}: not {moment}", P::NAME);
        world.journal.revive(None);
        // As the operation that was interrupted, or as one that is begun after that was given up.
        if number % 3 == 2 {
            world.journal.next_operation();
        }
        settle(&mut world, &moment).await;
        assert_eq!(world.made().await, made, "{}: {moment}", P::NAME);
    }
}

pub async fn answers_lost_after_the_work<P: Platform>() {
    let made = super::there::<P>().await.made().await;
    for (method, matching) in P::CREATIONS {
        for kind in [
            TroubleKind::NoAnswer,
            TroubleKind::Cut,
            TroubleKind::CutBody,
            TroubleKind::HalfJson,
            TroubleKind::Html { status: 502 },
            TroubleKind::Html { status: 200 },
            TroubleKind::Status { status: 500 },
        ] {
            let moment = format!("{kind:?} after the work of {method} {matching}");
            let mut world = P::fresh().await;
            let trouble = Trouble::new(kind).method(method).matching(matching);
            world.sandbox.trouble(trouble.after_work()).await.unwrap();
            if let Err(fault) = finish(&world).await {
                assert!(fault.is_passing(), "{}: {moment}: {fault:?}", P::NAME);
            }
            let left = world.sandbox.calm().await.unwrap();
            assert!(left.is_empty(), "{}: {moment} never happened", P::NAME);
            settle(&mut world, &moment).await;
            assert_eq!(world.made().await, made, "{}: {moment}", P::NAME);
        }
    }
}

impl std::fmt::Display for Death {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BeforeWrite(step) => write!(formatter, "before step {step}"),
            Self::AfterWrite(step) => write!(formatter, "after step {step}"),
            Self::AfterCall(call) => write!(formatter, "after call {call}"),
        }
    }
}
