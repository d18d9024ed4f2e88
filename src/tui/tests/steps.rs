//! Steps for a person, and what is said once something is done.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::EngineEvent;
use crate::tui::{
    effect::Effect,
    message::{Answer, Msg},
    state::State,
    update::update,
};
use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};

const SIZE: (u16, u16) = (120, 40);

#[test]
fn a_step_for_a_person_is_checked_sent_and_put_off() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "t enter");
    assert!(screen(&state).contains("manage channels"));
    let effects = press(&mut state, "y");
    assert!(matches!(&effects[..], [Effect::Clipboard(url)] if url.contains("client_id=123")));
    let effects = press(&mut state, "enter");
    assert_eq!(
        submitted(&effects),
        [&Intent::ResumeOperation {
            operation: OperationId(3)
        }]
    );
    let event = EngineEvent::Operation {
        operation: OperationId(3),
        community: CommunityId(1),
        title: "Epsilon of Rosewood Co-op".into(),
        state: OperationState::WaitsHuman,
        fault: None,
        said: None,
    };
    update(&mut state, Msg::Engine(event));
    assert!(
        screen(&state).contains("Not there yet (checked 09:14)"),
        "{}",
        screen(&state)
    );
    press(&mut state, "l");
    assert!(state.layers.is_empty());
}

#[test]
fn a_step_that_a_look_found_is_looked_at_again_and_goes_when_it_is_done() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "t");
    let mut row = state.tasks.chosen().cloned().unwrap();
    row.operation = None;
    state.tasks.replace(vec![row.clone()], 20);
    press(&mut state, "enter");
    let effects = press(&mut state, "enter");
    assert_eq!(submitted(&effects), [&row.check()]);
    assert!(matches!(row.check(), Intent::Check { .. }));
    let looked = |task| EngineEvent::Looked {
        instance: row.subject.instance().unwrap(),
        community: CommunityId(1),
        task,
        fault: None,
    };
    update(&mut state, Msg::Engine(looked(Some(row.task.clone()))));
    assert!(
        screen(&state).contains("Not there yet (checked 09:14)"),
        "{}",
        screen(&state)
    );
    update(&mut state, Msg::Engine(looked(None)));
    assert!(state.layers.is_empty());
    assert!(screen(&state).contains("done:"), "{}", screen(&state));
}

#[test]
fn keys_in_the_page_of_an_operation_act_on_the_one_that_is_shown() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "2 down enter");
    let shown = screen(&state);
    assert!(shown.contains("Gamma provision of Rosewood"), "{shown}");
    // Beneath the page the row that was chosen goes, and another is under the cursor.
    let mut rows = operations();
    rows.retain(|row| row.operation.id != OperationId(2));
    update(&mut state, Msg::Answer(Answer::Operations(Ok(rows))));
    let effects = press(&mut state, "r");
    assert_eq!(
        submitted(&effects),
        [&Intent::ResumeOperation {
            operation: OperationId(2)
        }]
    );
    press(&mut state, "C");
    let shown = screen(&state);
    assert!(
        shown.contains("Cancel: Gamma provision of Rosewood"),
        "{shown}"
    );
    let effects = press(&mut state, "tab enter");
    assert_eq!(
        submitted(&effects),
        [&Intent::CancelOperation {
            operation: OperationId(2)
        }]
    );
}

#[test]
fn the_wheel_turns_the_page_on_top_and_never_the_list_beneath() {
    let mut state = furnished((120, 8), colour());
    let wheel = |state: &mut State| {
        let event = MouseEvent {
            kind: MouseEventKind::ScrollDown,
            column: 3,
            row: 3,
            modifiers: KeyModifiers::NONE,
        };
        let effects = update(state, Msg::Mouse(event));
        answer_all(state, effects);
    };
    let chosen = |state: &State| state.operations.chosen().map(|row| row.operation.id);
    for (keys, turns) in [("2 down enter", true), ("2 down C", false)] {
        press(&mut state, keys);
        let (before, list) = (screen(&state), chosen(&state));
        wheel(&mut state);
        assert_eq!(chosen(&state), list, "{keys} moved the list");
        assert_eq!(screen(&state) != before, turns, "{}", screen(&state));
        press(&mut state, "esc 1");
    }
    press(&mut state, "2");
    let list = chosen(&state);
    wheel(&mut state);
    assert_ne!(chosen(&state), list, "the wheel moves a list in sight");
}

#[test]
fn what_is_now_so_is_said_in_the_adapters_words() {
    let mut state = furnished(SIZE, colour());
    let event = EngineEvent::Operation {
        operation: OperationId(3),
        community: CommunityId(1),
        title: "Epsilon of Rosewood Co-op".into(),
        state: OperationState::Done,
        fault: None,
        said: Some("Members cannot write; everything is kept.".into()),
    };
    update(&mut state, Msg::Engine(event));
    assert!(
        screen(&state).contains("Rosewood Co-op: Members cannot write; everything is kept."),
        "{}",
        screen(&state)
    );
}
