//! Steps for a person, and what is said once something is done.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::EngineEvent;
use crate::tui::{effect::Effect, message::Msg, update::update};

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
