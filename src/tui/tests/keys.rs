//! What keys do: the state and the effects that come of them.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::EngineEvent;
use crate::tui::{
    effect::{Effect, Load},
    hidden::Hidden,
    layers::Layer,
    message::{Answer, Msg},
    state::{Pane, State, View},
    update::update,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 40);

fn submitted(effects: &[Effect]) -> Vec<&Intent> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Submit(_, intent) | Effect::SubmitPlanned(_, intent, _) => {
                Some(intent.as_ref())
            }
            _ => None,
        })
        .collect()
}

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
        instance: row.instance,
        community: row.community_id,
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

#[test]
fn pasting_reaches_every_field_of_every_form_without_line_ends_and_without_submitting() {
    let forms = [
        "n",
        "enter down down e",
        "enter s",
        "enter a",
        "enter m m X",
        ": text:com",
        "A",
    ];
    for keys in forms {
        let mut state = furnished(SIZE, colour());
        press(&mut state, keys);
        let layer = state
            .layers
            .last()
            .unwrap_or_else(|| panic!("{keys:?} opened nothing"));
        let name = format!("{layer:?}");
        let name = name.split('(').next().unwrap_or_default().to_owned();
        for _ in 0..30 {
            let effects = update(
                &mut state,
                Msg::Paste(Hidden::pasted("canary\r\n\u{1b}[A".into())),
            );
            assert!(
                effects
                    .iter()
                    .all(|effect| matches!(effect, Effect::Load(_) | Effect::Rest)),
                "{name}: {effects:?}"
            );
            assert!(!screen(&state).contains('\r'), "{name}");
            update(
                &mut state,
                Msg::Key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE)),
            );
        }
        assert_eq!(state.layers.len(), 1, "{name} was closed by a paste");
    }
}

#[test]
fn the_unlock_form_hides_what_is_pasted_and_hands_it_on() {
    let mut state = furnished(SIZE, colour());
    let mut overview = overview();
    overview.vault = crate::engine::views::VaultState::Locked;
    state.overview = Some(overview);
    press(&mut state, "U");
    assert!(matches!(state.layers.last(), Some(Layer::Unlock(_))));
    update(
        &mut state,
        Msg::Paste(Hidden::pasted("canary passphrase\n".into())),
    );
    assert!(!screen(&state).contains("canary"));
    let effects = press(&mut state, "enter");
    assert!(matches!(
        &effects[..],
        [Effect::Unlock(_, crate::tui::effect::Opener::Passphrase(hidden))]
            if hidden.reveal() == "canary passphrase"
    ));
    assert!(!format!("{effects:?}").contains("canary"));
}

#[test]
fn a_key_is_verified_before_it_can_be_stored() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down e");
    let effects = press(&mut state, "text:tok-canary0123456789abcdef");
    assert_eq!(effects, []);
    let shown = screen(&state);
    assert!(
        shown.contains("shape ok") && shown.contains("ends in cdef"),
        "{shown}"
    );
    assert!(
        !shown.contains("canary") && !shown.contains("[Store]"),
        "{shown}"
    );
    let effects = press(&mut state, "tab tab tab tab enter");
    assert_eq!(submitted(&effects), Vec::<&Intent>::new());
    let shown = screen(&state);
    assert!(
        shown.contains("verified now") && shown.contains("[Cancel]"),
        "{shown}"
    );
    let effects = press(&mut state, "tab enter");
    assert!(matches!(
        submitted(&effects)[..],
        [Intent::StoreKey {
            keep_unverified: false,
            keep_powerful: false,
            ..
        }]
    ));
}

#[test]
fn a_key_that_cannot_be_verified_is_kept_only_on_a_second_press() {
    let mut state = furnished(SIZE, colour());
    press(
        &mut state,
        "enter down down e text:tok-canary0123456789abcdef",
    );
    let Some(ticket) = state.layers.last().and_then(Layer::ticket) else {
        panic!("no form");
    };
    let mut unverified = examination();
    unverified.identity = None;
    unverified.fault = Some(Fault::new(
        FaultKind::Unreachable,
        "Gamma cannot be reached.",
    ));
    let answer = Answer::Examined(ticket, Box::new(Ok(unverified)));
    update(&mut state, Msg::Answer(answer));
    let effects = press(&mut state, "tab tab enter");
    assert_eq!(effects, []);
    assert!(screen(&state).contains("Press again"), "{}", screen(&state));
    let effects = press(&mut state, "enter");
    assert!(matches!(
        submitted(&effects)[..],
        [Intent::StoreKey {
            keep_unverified: true,
            ..
        }]
    ));
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
