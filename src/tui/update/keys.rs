//! What was read about keys as a whole: those being replaced, who may open the vault, how far one may reach.

use super::answers::store;
use crate::tui::{
    effect::{Effect, Load},
    layers::{Layer, operators::Operators, rotations::Rotations, sharing::Sharing},
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
                let form = Sharing::new(state.ticket(), known);
                state.layers.push(Layer::Sharing(Box::new(form)));
            });
            again
        }
        _ => None,
    };
    again.into_iter().collect()
}
