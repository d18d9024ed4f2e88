//! What was read about keys as a whole: those being replaced, who may open the vault, how far one may reach.

use super::answers::store;
use crate::engine::views::AccountMoves;
use crate::tui::{
    effect::{Effect, Load},
    layers::{
        Layer, dialog::Dialog, move_account::MoveAccount, operators::Operators,
        rotations::Rotations, sharing::Sharing,
    },
    message::Answer,
    state::State,
};

/// Takes an answer: a list that is open shows it, else it opens.
pub fn take(state: &mut State, answer: Answer) -> Vec<Effect> {
    let again = match answer {
        Answer::Rotations(result) => {
            let again = state.loads.ended(|load| *load == Load::Rotations);
            store(state, result, |state, rows| {
                let open = state.layers.iter_mut().find_map(|layer| match layer {
                    Layer::Rotations(list) => Some(list),
                    _ => None,
                });
                if let Some(list) = open {
                    list.rows = rows;
                } else {
                    let list = Rotations::new(rows);
                    state.layers.push(Layer::Rotations(Box::new(list)));
                }
            });
            again
        }
        Answer::Operators(result) => {
            let again = state.loads.ended(|load| *load == Load::Operators);
            store(state, result, |state, rows| {
                let open = state.layers.iter_mut().find_map(|layer| match layer {
                    Layer::Operators(list) => Some(list),
                    _ => None,
                });
                if let Some(list) = open {
                    list.rows = rows;
                } else {
                    let list = Operators::new(rows);
                    state.layers.push(Layer::Operators(Box::new(list)));
                }
            });
            again
        }
        Answer::Sharing(platform, result) => {
            let wanted = Load::Sharing(platform);
            let again = state.loads.ended(|load| *load == wanted);
            store(state, result, |state, known| {
                let dialog = Dialog::ask(state.ticket(), Sharing(known));
                state.layers.push(dialog);
            });
            again
        }
        Answer::Moves(account, result) => {
            let wanted = Load::Moves(account);
            let again = state.loads.ended(|load| *load == wanted);
            store(state, result, moves);
            again
        }
        _ => None,
    };
    again.into_iter().collect()
}

/// Opens the form with which a community is moved, or says why there is nothing to move.
fn moves(state: &mut State, known: AccountMoves) {
    let nothing = if known.communities.is_empty() {
        Some(format!("No community works with {}.", known.name))
    } else if known.targets.is_empty() {
        Some(format!(
            "There is no other account of {} that they could work with; make one first.",
            known.platform_name
        ))
    } else {
        None
    };
    if let Some(said) = nothing {
        state.notices.warn(state.now, said);
        return;
    }
    let dialog = Dialog::ask(state.ticket(), MoveAccount(known));
    state.layers.push(dialog);
}
