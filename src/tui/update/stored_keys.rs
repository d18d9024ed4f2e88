//! What is done to a key that is stored under the cursor. Where there are several it is asked which one is meant, so that
//! none is replaced in place of another.

use super::actions::dialog;
use crate::tui::{
    effect::{Effect, Load},
    layers::which_key::{KeyMatter, WhichKey, replacing},
    state::{State, View},
};

/// Does it, or asks first which key is meant.
pub fn run(state: &mut State, matter: KeyMatter) -> Vec<Effect> {
    let keys = state.chosen_keys().to_vec();
    let Some(named) = place(state) else {
        return vec![];
    };
    match (keys.as_slice(), matter) {
        ([], _) => vec![],
        ([key], KeyMatter::Reach) => state.ask(Load::Reach(key.id)),
        ([key], KeyMatter::Replace(reason)) => {
            state.layers.push(replacing(key, &named, reason));
            vec![]
        }
        _ => {
            let first = state.chosen_due().map(|due| due.key);
            let question = WhichKey {
                named,
                keys,
                first,
                matter,
            };
            dialog(state, question)
        }
    }
}

/// Where the keys under the cursor are stored: "guildhall-shared on Epsilon".
pub fn place(state: &State) -> Option<String> {
    match state.view {
        View::Accounts => state
            .accounts
            .chosen()
            .map(|row| format!("{} on {}", row.account.name, row.platform_name)),
        _ => state
            .present_instance()
            .map(|detail| format!("{}, {}", detail.platform_name, detail.community)),
    }
}
