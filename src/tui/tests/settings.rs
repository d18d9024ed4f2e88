//! The settings form, and changes that can cost a community something.

use super::fixture::*;
use crate::domain::Intent;
use crate::tui::effect::Effect;

const SIZE: (u16, u16) = (120, 40);

/// What was typed as confirmation, of every change that is sent.
fn confirmations(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Submit(_, intent) => match intent.as_ref() {
                Intent::Configure { typed, .. } => Some(typed.as_str()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

#[test]
fn a_harmless_setting_is_sent_at_once() {
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter s text:kind tab tab tab enter");
    assert_eq!(confirmations(&effects), [""], "{}", screen(&state));
}

#[test]
fn a_dangerous_setting_wants_the_short_name_typed() {
    let mut state = furnished(SIZE, colour());
    let effects = press(&mut state, "enter s text:vulgar tab tab tab enter");
    assert_eq!(confirmations(&effects), Vec::<&str>::new());
    let shown = screen(&state);
    assert!(
        shown.contains("cannot be scraped off") && shown.contains("Type rosewood-co-op"),
        "{shown}"
    );
    let effects = press(&mut state, "text:rose tab tab enter");
    assert_eq!(confirmations(&effects), Vec::<&str>::new());
    let shown = screen(&state);
    assert!(shown.contains("nothing was changed"), "{shown}");
    let effects = press(&mut state, "text:wood-co-op tab tab enter");
    assert_eq!(confirmations(&effects), ["rosewood-co-op"]);
}
