//! What is on the screen, at every size and in every look.

use super::fixture::*;
use crate::tui::{
    effect::Effect,
    hidden::Hidden,
    layers::{Layer, proposals::Proposals, set_up::SetUpWizard},
    message::{Answer, Msg},
    state::State,
    theme::Look,
    update::update,
};
use insta::assert_snapshot;

/// Where to go, by keys, for each picture.
const PICTURES: &[(&str, &str)] = &[
    ("communities", ""),
    ("instances", "enter"),
    ("details_needs_key", "enter down down"),
    ("details_needs_you", "enter down down down down"),
    ("marked", "enter m m"),
    ("operations", "2"),
    ("operation", "2 enter"),
    ("tasks", "t"),
    ("task", "t enter"),
    ("accounts", "3"),
    ("audit", "5"),
    ("messages", "!"),
    ("help", "?"),
    ("palette", ": text:com"),
    ("filter", "/ text:ros"),
    ("new_community", "n text:Rose"),
    ("plan", "enter G space"),
    ("confirm", "enter m m space"),
    ("destroy", "enter m m X"),
    ("key_form", "enter down down e"),
    (
        "key_examined",
        "enter down down e text:tok-canary0123456789abcdef tab tab tab tab enter",
    ),
    ("settings", "enter s"),
    ("adopt", "enter down down a"),
    ("drift", "enter down down down d"),
    ("connect", "enter down c"),
    ("connections", "enter w"),
    ("log", "enter v"),
    ("log_searched", "enter v w / text:refused enter"),
    ("platforms", "4"),
    ("platform", "4 enter"),
    ("account", "3 enter"),
    ("archive", "A"),
    ("operators", "O"),
    ("operator_form", "O a"),
    ("operator_removal", "O down x"),
    ("operator_removed", "O down x tab tab tab enter"),
    ("rotations", "7"),
    ("rotation", "7 enter"),
    ("sharing", "enter down down S right"),
];

/// The sizes that every screen is looked at in.
pub const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 15)];

fn at(size: (u16, u16), look: Look, keys: &str) -> State {
    let mut state = furnished(size, look);
    if !keys.is_empty() {
        press(&mut state, keys);
    }
    state
}

#[test]
fn pictures_at_three_sizes() {
    for (name, keys) in PICTURES {
        for size in SIZES {
            let state = at(size, colour(), keys);
            assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen(&state));
        }
    }
}

/// Walks through the set-up, and looks at each step.
fn set_up(size: (u16, u16), look: Look, see: &mut dyn FnMut(&str, &State)) {
    let mut state = bare(size, look);
    state.overview = Some(overview());
    let ticket = state.ticket();
    let proposals = Proposals {
        name: "hall".into(),
        key_file: "/home/ada/identity.txt".into(),
        ssh_key: None,
        unfit_folder: None,
    };
    let wizard = SetUpWizard::new(ticket, proposals);
    state.layers.push(Layer::SetUp(Box::new(wizard)));
    see("set_up_1_name", &state);
    press(&mut state, "enter");
    see("set_up_2_protection", &state);
    let effects = press(
        &mut state,
        "tab text:canary-words enter text:canary-words enter",
    );
    see("set_up_2_making", &state);
    let [Effect::Initialise(ticket, _)] = effects[..] else {
        panic!("{effects:?}");
    };
    let key = Hidden::pasted("2QM60H 4JG23D ECGNXK 57DV".into());
    let effects = update(
        &mut state,
        Msg::Answer(Answer::Initialised(ticket, Ok(key))),
    );
    answer_all(&mut state, effects);
    see("set_up_2_recovery", &state);
    press(&mut state, "text:57dv enter");
    see("set_up_3_template", &state);
    press(&mut state, "up enter");
    see("set_up_4_homes", &state);
    press(&mut state, "text:zeta.example enter");
    see("set_up_4_homes_found", &state);
    let effects = press(&mut state, "enter");
    let taken = |effect: &Effect| {
        matches!(effect, Effect::Submit(None, intent) if matches!(
            intent.as_ref(),
            crate::domain::Intent::TakeHomes { homes } if homes.len() == 2
        ))
    };
    assert!(effects.iter().any(taken), "{effects:?}");
    see("set_up_5_community", &state);
}

/// Looks at every screen there is, of this size and in this look.
pub fn every_screen(size: (u16, u16), look: &Look, see: &mut dyn FnMut(&str, &State)) {
    for (name, keys) in PICTURES {
        see(name, &at(size, look.clone(), keys));
    }
    set_up(size, look.clone(), see);
}

#[test]
fn the_set_up_step_by_step() {
    for size in SIZES {
        set_up(size, colour(), &mut |name, state| {
            assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen(state));
            assert!(
                name != "set_up_2_recovery" || screen(state).contains("57DV"),
                "the key is out of sight at {size:?}"
            );
        });
    }
}

#[test]
fn no_size_panics_and_the_chosen_row_is_on_every_screen() {
    for (name, keys) in PICTURES {
        for size in [
            (1, 1),
            (2, 2),
            (5, 3),
            (13, 4),
            (20, 5),
            (59, 9),
            (60, 10),
            (99, 12),
            (200, 60),
        ] {
            let mut state = at((120, 40), colour(), keys);
            state.size = size;
            let shown = screen(&state);
            if *name == "instances" && size.0 >= 20 && size.1 >= 5 {
                assert!(shown.contains("> "), "{name} {size:?}: {shown}");
            }
        }
    }
}

#[test]
fn plain_mode_draws_no_rules_and_stands_on_the_chosen_row() {
    let mut plain = colour();
    plain.plain = true;
    let state = at((120, 40), plain, "enter");
    assert!(!screen(&state).contains('│'));
}

#[test]
fn the_sandbox_and_the_installation_are_named_on_every_screen() {
    for (name, keys) in PICTURES {
        for size in SIZES {
            let shown = screen(&at(size, colour(), keys));
            assert!(shown.contains("SANDBOX"), "{name} {size:?}");
            assert!(shown.contains("commons"), "{name} {size:?}: {shown}");
        }
    }
}

#[test]
fn what_is_told_of_an_unfit_folder_leaves_the_name_in_sight() {
    for size in SIZES {
        let mut state = bare(size, colour());
        let ticket = state.ticket();
        let proposals = Proposals {
            name: "hall".into(),
            unfit_folder: Some(("/tmp/hall lies below /tmp".into(), "Go elsewhere.".into())),
            ..Proposals::default()
        };
        let wizard = SetUpWizard::new(ticket, proposals);
        state.layers.push(Layer::SetUp(Box::new(wizard)));
        let shown = screen(&state);
        assert!(shown.contains("hall lies"), "{shown}");
        // On the smallest one the way on comes into sight when one goes down.
        assert!(size.1 < 24 || shown.contains("elsewhere"), "{shown}");
        assert!(shown.contains("Name") && shown.contains("Next"), "{shown}");
    }
}
