//! Whose it is: told by the platform, given away by a call where that can be, and never guessed.

use super::there;
use crate::description::{Platform, Whose};
use guildhall::{
    adapters::{OurHold, Ownership},
    domain::{Fault, FaultKind},
    sandbox::{Trouble, TroubleKind},
};

async fn asked<P: Platform>(world: &P) -> Result<Ownership, Fault> {
    world.adapter.ownership(&world.site()).await
}

async fn told<P: Platform>(world: &P, moment: &str) -> Ownership {
    let told = asked(world).await;
    told.unwrap_or_else(|fault| panic!("{}: {moment}: {fault:?}", P::NAME))
}

pub async fn told_when_people_own_it<P: Platform>() {
    let mut world = there::<P>().await;
    if let Err(reason) = world.owned_by(Whose::Ours).await {
        let fault = asked(&world).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unsupported, "{}: {reason}", P::NAME);
        assert!(!fault.hint.is_empty(), "{}: {reason}", P::NAME);
        return;
    }
    let ours = told(&world, "ours").await;
    assert!(!ours.is_handed_over(), "{}: ours: {ours:?}", P::NAME);
    world.owned_by(Whose::Peoples).await.unwrap();
    let theirs = told(&world, "theirs").await;
    assert!(theirs.is_handed_over(), "{}: theirs: {theirs:?}", P::NAME);
    assert_ne!(theirs.ours, OurHold::Above, "{}", P::NAME);
    world.owned_by(Whose::Ours).await.unwrap();
    let again = told(&world, "ours again").await;
    assert!(!again.is_handed_over(), "{}: again: {again:?}", P::NAME);
}

pub async fn given_away_by_a_call<P: Platform>() {
    let mut world = there::<P>().await;
    let by = world.adapter.names_owner_by(&world.site());
    assert_eq!(by.is_some(), P::NEW_OWNER.is_some(), "{}", P::NAME);
    let Some(person) = P::NEW_OWNER else {
        let refused = world.adapter.hand_to(&world.site(), "amina").await;
        assert_eq!(refused.unwrap_err().kind, FaultKind::Unsupported);
        return;
    };
    world.owned_by(Whose::Ours).await.unwrap();
    let stranger = person.replace(char::is_alphabetic, "z");
    let nobody = world.adapter.hand_to(&world.site(), &stranger).await;
    let kind = nobody.unwrap_err().kind;
    let is_told = matches!(kind, FaultKind::BadInput | FaultKind::NotFound);
    assert!(is_told, "{}: {stranger}: {kind:?}", P::NAME);
    // Once more is what an interrupted operation does.
    for moment in ["given", "given again"] {
        let given = world.adapter.hand_to(&world.site(), person).await;
        let said = given.unwrap_or_else(|fault| panic!("{}: {moment}: {fault:?}", P::NAME));
        assert!(said.contains(person), "{}: {moment}: {said}", P::NAME);
        world.accept_ownership().await;
        let now = told(&world, moment).await;
        assert!(now.is_handed_over(), "{}: {moment}: {now:?}", P::NAME);
        assert!(now.people.iter().any(|name| name == person), "{now:?}");
    }
    let seen = world.observe().await;
    assert!(seen.drift.is_empty(), "{}: given: {seen:?}", P::NAME);
}

pub async fn not_theirs_by_answers_of_a_wrong_shape<P: Platform>() {
    let mut world = there::<P>().await;
    let _ = world.owned_by(Whose::Ours).await;
    let trouble = Trouble::new(TroubleKind::WrongShape).times(u32::MAX);
    world.sandbox.trouble(trouble).await.unwrap();
    if let Ok(told) = asked(&world).await {
        assert!(!told.is_handed_over(), "{}: {told:?}", P::NAME);
    }
}
