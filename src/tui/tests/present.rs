//! What is there already: drift, connections, logs.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::ServiceLine;
use crate::tui::{
    app::{App, Exit, Hall, Replies},
    effect::Effect,
    message::{Answer, Msg},
    state::State,
    term::{Headless, TermEvent},
    update::update,
};
use std::time::Duration;

const SIZE: (u16, u16) = (120, 40);

#[test]
fn what_differs_is_answered_from_its_row_after_a_plan() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down");
    assert!(screen(&state).contains("d drift"), "{}", screen(&state));
    press(&mut state, "d");
    let shown = screen(&state);
    assert!(
        shown.contains("missing") && shown.contains("put back what was"),
        "{shown}"
    );
    // The third answer asks for a day, and proposes one.
    press(&mut state, "right right");
    assert!(screen(&state).contains("2026-09-03"), "{}", screen(&state));
    press(&mut state, "tab ctrl-u text:2020-01-01 tab tab enter");
    assert!(
        screen(&state).contains("no day to come"),
        "{}",
        screen(&state)
    );
    press(&mut state, "ctrl-u text:2026-12-24 tab tab enter");
    let effects = press(&mut state, "tab enter");
    let [
        Intent::AnswerDrift {
            platform,
            answer: DriftAnswer::IgnoreUntil(until),
            only: None,
            ..
        },
    ] = submitted(&effects)[..]
    else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!(platform.as_str(), "delta");
    assert_eq!(until.to_string(), "2026-12-24T00:00:00Z");
}

#[test]
fn the_key_for_drift_is_offered_only_where_something_differs() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter");
    assert!(!screen(&state).contains("d drift"));
    press(&mut state, "d");
    assert!(state.layers.is_empty());
}

#[test]
fn a_connection_is_tested_and_undone_from_either_of_its_ends() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter");
    let shown = screen(&state);
    for part in ["-> reads Delta: ok,", "tested 11 m ago"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    press(&mut state, "down down down");
    assert!(
        screen(&state).contains("<- Alpha reads this"),
        "{}",
        screen(&state)
    );
    press(&mut state, "w");
    let effects = press(&mut state, "t");
    assert!(matches!(
        submitted(&effects)[..],
        [Intent::TestConnection {
            connection: ConnectionId(1)
        }]
    ));
    assert!(
        submitted(&press(&mut state, "x")).is_empty(),
        "it asks first"
    );
    let effects = press(&mut state, "tab enter");
    assert!(matches!(
        submitted(&effects)[..],
        [Intent::Disconnect {
            connection: ConnectionId(1)
        }]
    ));
}

#[test]
fn a_log_is_followed_searched_and_stands_still_for_whoever_reads() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter v");
    assert!(
        screen(&state).contains("60 GET / 200"),
        "{}",
        screen(&state)
    );
    let asked = |state: &mut State| {
        let effects: Vec<Effect> = (0..6).flat_map(|_| update(state, Msg::Tick)).collect();
        let many = effects.len();
        answer_all(state, effects);
        many
    };
    assert_eq!(asked(&mut state), 1, "it is read again");
    assert!(state.is_live());

    // The newest that fits first, then the one before.
    press(&mut state, "/ text:refused enter");
    let shown = screen(&state);
    assert!(
        shown.contains("refused: 2 lines") && shown.contains("41 Refused"),
        "{shown}"
    );
    assert!(!state.is_live(), "it stands still");
    assert_eq!(asked(&mut state), 0);
    press(&mut state, "N");
    assert!(screen(&state).contains("17 Refused"), "{}", screen(&state));
    press(&mut state, "w");
    assert!(screen(&state).contains("events"), "{}", screen(&state));
    press(&mut state, "f");
    assert!(state.is_live());
    press(&mut state, "s");
    assert!(screen(&state).contains("Saved in"), "{}", screen(&state));
    press(&mut state, "esc down v");
    assert!(
        state.layers.is_empty(),
        "what lives elsewhere has no log here"
    );
}

#[test]
fn accounts_that_fill_up_are_told_in_the_title_and_in_their_list() {
    let mut state = furnished(SIZE, colour());
    let mut told = overview();
    told.nearly_full = 2;
    update(&mut state, Msg::Answer(Answer::Overview(Ok(told))));
    let shown = screen(&state);
    assert!(shown.contains("2 accounts nearly full"), "{shown}");
    press(&mut state, "3");
    let shown = screen(&state);
    let row = |name: &str| {
        shown
            .lines()
            .find(|line| line.contains(name))
            .unwrap_or_else(|| panic!("{shown}"))
    };
    assert!(row("guildhall-shared").contains("83 of 100 servers joined"));
    assert!(row("guildhall-shared").contains("nearly full"));
    assert!(row("guildhall-old").contains("full: make another"));
    assert!(row("guildhall-rosewood").contains("counted here"));
}

/// Reads a log that has grown by a line each time, and leaves once that line was in sight.
struct Growing {
    readings: usize,
    leave: futures::channel::mpsc::UnboundedSender<TermEvent>,
}

impl Hall for Growing {
    fn carry_out(&mut self, effect: Effect, replies: &Replies) {
        let Effect::Log(ticket, ..) = effect else {
            return;
        };
        self.readings += 1;
        if self.readings > 1 {
            self.leave
                .unbounded_send(TermEvent::Quit { code: 0 })
                .unwrap();
            return;
        }
        let mut lines = log();
        lines.push(ServiceLine {
            process: "web".into(),
            text: "61 POST /votes 201".into(),
        });
        let pending = replies.pending();
        tokio::spawn(pending.answer(Msg::Answer(Answer::Log(ticket, Ok(lines)))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_is_followed_also_on_a_plain_screen() {
    let mut plain = colour();
    plain.plain = true;
    let mut state = furnished(SIZE, plain);
    press(&mut state, "enter v");
    assert!(screen(&state).contains("follows"), "{}", screen(&state));
    let (leave, events) = futures::channel::mpsc::unbounded();
    let hall = Growing { readings: 0, leave };
    let surface = Headless::new(SIZE.0, SIZE.1).unwrap();
    let mut app = App::new(surface, state, hall, 30);
    let run = app.run(events);
    let exit = tokio::time::timeout(Duration::from_secs(10), run).await;
    assert_eq!(exit.expect("it is read again"), Exit::Quit(0));
    let shown = app.surface.backend().to_string();
    assert!(shown.contains("61 POST /votes 201"), "{shown}");
}
