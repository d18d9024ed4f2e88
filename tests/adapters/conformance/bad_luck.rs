//! Every trouble is told in a sentence with advice, harms nothing, and is over when it is over.

use super::{finish, settle, there};
use crate::description::Platform;
use guildhall::{
    domain::{Fault, FaultKind},
    sandbox::{LimitShape, Trouble, TroubleKind},
};
use std::time::Duration;

/// Has every creation meet the trouble, looks at what is said, and goes on when it is over.
async fn meet<P: Platform>(kind: TroubleKind, judge: impl Fn(&Fault) -> bool) {
    let made = there::<P>().await.made().await;
    for (method, matching) in P::CREATIONS {
        let moment = format!("{kind:?} at {method} {matching}");
        let mut world = P::fresh().await;
        let trouble = Trouble::new(kind.clone()).method(method).matching(matching);
        world.sandbox.trouble(trouble.times(99)).await.unwrap();
        let met = finish(&world).await;
        let left = world.sandbox.calm().await.unwrap();
        let hit = left.first().is_none_or(|trouble| trouble.times < 99);
        assert!(hit, "{}: {moment} never happened", P::NAME);
        // Half an answer comes after the work: who then looks and finds it has succeeded.
        if let Err(fault) = met {
            assert!(judge(&fault), "{}: {moment}: {fault:?}", P::NAME);
            assert!(
                !fault.what.is_empty() && !fault.hint.is_empty(),
                "{}: {moment}: no advice: {fault:?}",
                P::NAME
            );
        }
        world.later(Duration::from_secs(3700)).await;
        settle(&mut world, &moment).await;
        assert_eq!(world.made().await, made, "{}: {moment}", P::NAME);
    }
}

pub async fn refused<P: Platform>() {
    for status in [401, 403, 404, 409, 422] {
        // Whose fault it is the platforms say in their own ways; that it is one of the machine's own it never is.
        let theirs = |fault: &Fault| {
            !matches!(
                fault.kind,
                FaultKind::Internal
                    | FaultKind::Storage
                    | FaultKind::InUse
                    | FaultKind::Cancelled
                    | FaultKind::Locked
                    | FaultKind::RateLimited { .. }
            )
        };
        meet::<P>(TroubleKind::Status { status }, theirs).await;
    }
}

pub async fn broken<P: Platform>() {
    for kind in [
        TroubleKind::Status { status: 500 },
        TroubleKind::Status { status: 503 },
        TroubleKind::Html { status: 502 },
        TroubleKind::Html { status: 200 },
        TroubleKind::HalfJson,
        TroubleKind::Cut,
    ] {
        let passing = |fault: &Fault| fault.is_passing() || fault.kind == FaultKind::BadAnswer;
        meet::<P>(kind, passing).await;
    }
}

pub async fn slowed_down<P: Platform>() {
    for shape in P::LIMITS {
        let kind = TroubleKind::TooMany {
            shape: *shape,
            seconds: 3600,
        };
        // A platform that names no time leaves it to us how long to wait.
        let named = !matches!(shape, LimitShape::Text | LimitShape::Bare);
        let least = Duration::from_secs(if named { 3590 } else { 1 });
        let waits = |fault: &Fault| matches!(fault.kind, FaultKind::RateLimited { retry_after } if retry_after >= least);
        meet::<P>(kind, waits).await;
    }
}
