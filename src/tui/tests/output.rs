//! How many bytes the screen writes for what happens most often: on a slow line these are what one waits for.
//!
//! The numbers are the budgets of the design for 120x40.

use super::fixture::*;
use crate::domain::{OperationId, Progress};
use crate::tui::{message::Msg, state::State, term::measured::bytes_of, update::update};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 40);
const CURSOR_MOVE: usize = 350;
const PROGRESS_TICK: usize = 60;
const REPAINT: usize = 4_500;

/// What a change of the state writes, after the first frame.
fn written(state: &mut State, change: impl FnOnce(&mut State)) -> (usize, usize) {
    let before = cells(state);
    change(state);
    let sizes = bytes_of(&[before, cells(state)]);
    (sizes[0], sizes[1])
}

#[test]
fn a_full_repaint_and_a_cursor_move_are_small() {
    let down = || KeyEvent::new(KeyCode::Down, KeyModifiers::NONE);
    for keys in ["", "enter", "enter down"] {
        let mut state = furnished(SIZE, colour());
        if !keys.is_empty() {
            press(&mut state, keys);
        }
        // The frame that answers the key; what depends on the row follows once the cursor rests.
        let (repaint, moved) = written(&mut state, |state| {
            update(state, Msg::Key(down()));
        });
        assert!(repaint <= REPAINT, "{keys}: {repaint}");
        assert!((1..=CURSOR_MOVE).contains(&moved), "{keys}: {moved}");
    }
}

#[test]
fn progress_of_an_operation_is_small_in_every_view() {
    let step = |done| Progress {
        phase: "rooms".into(),
        done,
        of: 6,
        item: String::new(),
    };
    for keys in ["enter", "o"] {
        let mut state = furnished(SIZE, colour());
        press(&mut state, keys);
        update(&mut state, Msg::Progress(OperationId(2), step(3)));
        let (_, further) = written(&mut state, |state| {
            update(state, Msg::Progress(OperationId(2), step(4)));
        });
        let (_, ticked) = written(&mut state, |state| {
            state.now = now() + jiff::SignedDuration::from_secs(1);
            update(state, Msg::Tick);
        });
        assert!(further <= PROGRESS_TICK, "{keys}: {further}");
        assert!(ticked <= PROGRESS_TICK, "{keys}: {ticked}");
        assert!(further + ticked > 0, "{keys}: nothing moves");
    }
}
