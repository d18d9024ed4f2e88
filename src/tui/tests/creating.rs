//! A new community, from its name to its creation.

use super::fixture::*;
use crate::domain::*;
use crate::tui::{
    effect::Effect,
    message::{Answer, Msg},
    update::update,
};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn a_new_community_goes_from_name_to_plan_to_creation() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "n text:Rose tab");
    assert!(
        screen(&state).contains("rose"),
        "no short name was suggested"
    );
    // From the first platform to the button: around the end.
    press(&mut state, "up up enter");
    assert!(
        screen(&state).contains("Nothing has been sent yet."),
        "{}",
        screen(&state)
    );
    let effects = press(&mut state, "tab enter");
    let [Intent::CreateCommunity(new)] = submitted(&effects)[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((new.name.as_str(), new.slug.as_str()), ("Rose", "rose"));
}

#[test]
fn a_refused_creation_keeps_what_was_typed() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "n text:Rose tab up up enter");
    let effects = press(&mut state, "tab enter");
    let [Effect::SubmitPlanned(ticket, ..)] = effects[..] else {
        panic!("{effects:?}");
    };
    let fault = Fault::new(FaultKind::Conflict, "There is a community rose already.")
        .hint("Choose another short name.");
    update(
        &mut state,
        Msg::Answer(Answer::Submitted(Some(ticket), Err(fault))),
    );
    let shown = screen(&state);
    assert!(
        shown.contains("already") && shown.contains("Choose another"),
        "{shown}"
    );
    press(&mut state, "esc");
    assert!(screen(&state).contains("Rose"), "the form was thrown away");
}

#[test]
fn a_wrong_slug_is_said_at_once() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "n text:Rose tab text:_x");
    let shown = screen(&state);
    assert!(shown.contains("holds only a-z"), "{shown}");
}
