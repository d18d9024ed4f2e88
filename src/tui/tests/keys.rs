//! What keys do everywhere: moving, leaving one thing at a time, finding an action, messages, read-only.

use super::fixture::*;
use crate::domain::*;
use crate::tui::{
    effect::{Effect, Load},
    message::{Answer, Msg},
    state::{Pane, View},
    update::update,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn moving_reads_the_rest_only_after_the_cursor_rested() {
    let mut state = furnished(SIZE, colour());
    let key = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
    assert_eq!(update(&mut state, Msg::Key(key)), [Effect::Rest]);
    assert_eq!(
        update(&mut state, Msg::Rested),
        [Effect::Load(Load::Community(slug("fern-collective")))]
    );
}

#[test]
fn read_only_removes_every_changing_action() {
    let mut state = furnished(SIZE, colour());
    state.read_only = true;
    press(&mut state, "enter");
    for action in ACTIONS {
        let reading =
            action.danger == Danger::None || matches!(action.id, ActionId::Lock | ActionId::Unlock);
        assert!(
            reading || !state.offers(action.id),
            "{} is offered",
            action.name
        );
    }
    let shown = screen(&state);
    assert!(
        shown.contains("read-only") && !shown.contains("activate "),
        "{shown}"
    );
    assert!(press(&mut state, "space").is_empty());
    assert!(press(&mut state, "n").is_empty());
}

#[test]
fn escape_closes_one_thing_at_a_time() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter m");
    let fault = Fault::new(FaultKind::Refused, "It broke.");
    update(&mut state, Msg::Trouble(Box::new(fault)));
    press(&mut state, "esc");
    assert!(state.notices.current().is_none() && !state.marks.is_empty());
    press(&mut state, "esc");
    assert!(state.marks.is_empty() && state.pane == Pane::Instances);
    press(&mut state, "esc");
    assert_eq!(state.pane, Pane::Communities);
}

#[test]
fn every_error_is_in_the_message_log() {
    let mut state = furnished(SIZE, colour());
    for what in ["One broke.", "Two broke."] {
        let fault = Fault::new(FaultKind::Refused, what).hint("Try again.");
        update(&mut state, Msg::Trouble(Box::new(fault)));
    }
    press(&mut state, "esc esc !");
    let shown = screen(&state);
    assert!(
        shown.contains("One broke. Try again.") && shown.contains("Two broke."),
        "{shown}"
    );
}

#[test]
fn the_help_runs_the_chosen_row() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "? text:accounts enter");
    assert_eq!(state.view, View::Accounts);
    assert!(state.layers.is_empty());
}

#[test]
fn alt_and_a_key_that_means_nothing_is_escape_and_the_key() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "?");
    let key = KeyEvent::new(KeyCode::Char('3'), KeyModifiers::ALT);
    let effects = update(&mut state, Msg::Key(key));
    answer_all(&mut state, effects);
    assert_eq!(state.view, View::Accounts);
}

#[test]
fn an_answer_for_a_closed_form_is_not_lost_when_it_is_a_fault() {
    let mut state = furnished(SIZE, colour());
    let key = KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE);
    press(&mut state, "enter G");
    let effects = update(&mut state, Msg::Key(key));
    let [Effect::Plan(ticket, _)] = effects[..] else {
        panic!("{effects:?}");
    };
    press(&mut state, "esc");
    let fault = Fault::new(FaultKind::Storage, "The database cannot be read.");
    update(&mut state, Msg::Answer(Answer::Planned(ticket, Err(fault))));
    assert!(screen(&state).contains("The database cannot be read."));
}
