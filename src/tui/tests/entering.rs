//! Keys and passphrases are entered, hidden, verified and stored; pastes go where they belong.

use super::fixture::*;
use crate::domain::*;
use crate::tui::{
    effect::Effect,
    hidden::Hidden,
    layers::{Layer, proposals::Proposals, set_up::SetUpWizard},
    message::{Answer, Msg},
    update::update,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 40);

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
    assert!(screen(&state).contains("Unlock the vault"));
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
fn a_key_that_was_pasted_is_not_lost_to_the_letter_that_leaves() {
    let mut state = furnished(SIZE, colour());
    press(
        &mut state,
        "enter down down e text:tok-canary0123456789abcdef tab tab tab tab enter",
    );
    assert!(screen(&state).contains("[Cancel]"), "{}", screen(&state));
    assert_eq!(press(&mut state, "q"), []);
    assert!(
        screen(&state).contains("Esc again throws away what you typed."),
        "{}",
        screen(&state)
    );
    // Anything else means that it is not to be thrown away.
    press(&mut state, "tab");
    assert_eq!(press(&mut state, "q"), []);
    assert_eq!(state.layers.len(), 1, "one q threw the key away");
    assert_eq!(press(&mut state, "q"), []);
    assert!(state.layers.is_empty(), "{}", screen(&state));
    assert_eq!(press(&mut state, "q"), [Effect::Quit(0)]);
}

#[test]
fn the_letter_that_leaves_only_closes_plans_and_questions() {
    for keys in ["enter G space", "enter m m space", "enter down down S"] {
        let mut state = furnished(SIZE, colour());
        press(&mut state, keys);
        assert_eq!(press(&mut state, "q"), [], "{keys}");
        assert!(state.layers.is_empty(), "{keys}\n{}", screen(&state));
        press(&mut state, keys.rsplit(' ').next().unwrap_or_default());
        assert_eq!(press(&mut state, "ctrl-c"), [Effect::Quit(0)], "{keys}");
    }
}

#[test]
fn the_recovery_key_stays_in_sight_whatever_letter_is_pressed() {
    let mut state = bare(SIZE, colour());
    let ticket = state.ticket();
    let proposals = Proposals {
        name: "hall".into(),
        key_file: "/home/ada/identity.txt".into(),
        ssh_key: None,
        unfit_folder: None,
    };
    let wizard = SetUpWizard::new(ticket, proposals);
    state.layers.push(Layer::SetUp(Box::new(wizard)));
    press(
        &mut state,
        "enter tab text:canary-words enter text:canary-words enter",
    );
    let key = Hidden::pasted("2QM60H 4JG23D ECGNXK 57DV".into());
    let effects = update(
        &mut state,
        Msg::Answer(Answer::Initialised(ticket, Ok(key))),
    );
    answer_all(&mut state, effects);
    assert_eq!(press(&mut state, "tab q q"), []);
    assert!(
        screen(&state).contains("2QM60H 4JG23D ECGNXK 57DV"),
        "{}",
        screen(&state)
    );
}

#[test]
fn in_place_of_a_refused_key_another_one_is_entered_at_once() {
    let mut state = furnished(SIZE, colour());
    press(
        &mut state,
        "enter down down e text:tok-canary0123456789abcdef",
    );
    let Some(ticket) = state.layers.last().and_then(Layer::ticket) else {
        panic!("no form");
    };
    let mut refused = examination();
    refused.identity = None;
    refused.fault = Some(Fault::new(
        FaultKind::KeyRejected,
        "Gamma does not accept it.",
    ));
    let answer = Answer::Examined(ticket, Box::new(Ok(refused)));
    update(&mut state, Msg::Answer(answer));
    assert!(screen(&state).contains("[Enter another]"));
    press(&mut state, "enter");
    let shown = screen(&state);
    assert!(
        shown.contains("Gamma does not accept it.") && !shown.contains("ends in cdef"),
        "{shown}"
    );
    press(&mut state, "text:tok-canary0123456789abcxyz");
    let shown = screen(&state);
    assert!(
        shown.contains("ends in cxyz") && !shown.contains("does not accept"),
        "{shown}"
    );
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
