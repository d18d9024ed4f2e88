//! Switching, marking and removing instances by keys.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::EngineEvent;
use crate::tui::{effect::Effect, message::Msg, update::update};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn space_on_an_active_instance_deactivates_it_at_once() {
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter space");
    let [
        Intent::SetDesired {
            platform, desired, ..
        },
    ] = submitted(&effects)[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!((platform.as_str(), *desired), ("alpha", Desired::Inactive));
}

#[test]
fn space_on_a_platform_that_is_off_shows_the_plan_first_with_cancel_highlighted() {
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter G space");
    assert_eq!(submitted(&effects), Vec::<&Intent>::new());
    let shown = screen(&state);
    assert!(
        shown.contains("Nothing has been sent yet.") && shown.contains("[Cancel]"),
        "{shown}"
    );
    assert!(
        submitted(&press(&mut state, "enter")).is_empty(),
        "cancel did something"
    );
    let effects = press(&mut state, "space tab enter");
    assert_eq!(submitted(&effects).len(), 1);
}

#[test]
fn space_does_nothing_while_the_communities_have_the_focus() {
    let mut state = furnished(SIZE, colour());
    assert!(press(&mut state, "space").is_empty());
}

#[test]
fn an_instance_of_another_community_is_never_acted_on() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter left");
    // The list has moved on, and the instances in sight are still those of the first community.
    let down = KeyEvent::new(KeyCode::Down, KeyModifiers::NONE);
    update(&mut state, Msg::Key(down));
    let right = KeyEvent::new(KeyCode::Right, KeyModifiers::NONE);
    update(&mut state, Msg::Key(right));
    let space = KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE);
    assert_eq!(update(&mut state, Msg::Key(space)), []);
}

#[test]
fn marked_rows_are_named_before_they_are_switched_together() {
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter m m space");
    assert!(submitted(&effects).is_empty());
    let shown = screen(&state);
    assert!(
        shown.contains("Deactivate 1 instances") || shown.contains("Alpha"),
        "{shown}"
    );
    let effects = press(&mut state, "tab enter");
    assert_eq!(
        submitted(&effects).len(),
        1,
        "only what is on is switched off"
    );
}

#[test]
fn switching_marked_rows_on_accepts_what_its_question_says_it_accepts() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down m m space");
    let shown = screen(&state);
    assert!(
        shown.contains("You accept the licence") && shown.contains("Accept and activate"),
        "{shown}"
    );
    let effects = press(&mut state, "tab enter");
    assert!(
        effects.len() == 2
            && effects
                .iter()
                .all(|effect| matches!(effect, Effect::SubmitAccepting(_))),
        "{effects:?}"
    );
    // Where nothing is said of accepting, nothing is accepted.
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter m m space tab enter");
    assert!(
        matches!(effects[..], [Effect::Submit(None, _)]),
        "{effects:?}"
    );
}

#[test]
fn marks_survive_a_refresh_and_a_filter() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter m m");
    press(&mut state, "/ text:eta enter");
    let event = EngineEvent::Changed {
        community: Some(CommunityId(1)),
    };
    let effects = update(&mut state, Msg::Engine(event));
    answer_all(&mut state, effects);
    assert_eq!(state.marks.len(), 2);
    assert!(
        screen(&state).contains("2 marked, 1 hidden"),
        "{}",
        screen(&state)
    );
}

#[test]
fn removing_asks_for_the_slug_and_sends_it() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter m m X");
    let shown = screen(&state);
    assert!(
        shown.contains("cannot be undone") && shown.contains("Type rosewood-co-op"),
        "{shown}"
    );
    // A wrong word does nothing.
    assert!(submitted(&press(&mut state, "text:rose tab tab enter")).is_empty());
    press(&mut state, "ctrl-u");
    let effects = press(&mut state, "text:rosewood-co-op tab tab enter");
    let intents = submitted(&effects);
    assert_eq!(intents.len(), 2);
    assert!(intents.iter().all(|intent| matches!(
        intent,
        Intent::Remove { typed, mode: RemoveMode::Hard, .. } if typed == "rosewood-co-op"
    )));
}
