//! What was read about keys as a whole: those being replaced, who may open the vault, how far one may reach.

use super::answers::store;
use crate::engine::views::AccountMoves;
use crate::tui::{
    effect::{Effect, Load},
    layers::{
        Layer, dialog::Dialog, move_account::MoveAccount, operators::Operators, page::Page,
        rotations::Rotations, sharing::Sharing,
    },
    message::Answer,
    state::State,
    text,
    theme::Ink,
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

/// Opens the form with which a community is moved, or a page that says why there is nothing to move, and what to do first.
fn moves(state: &mut State, known: AccountMoves) {
    if known.communities.is_empty() || known.targets.is_empty() {
        let page = nothing_to_move(&known);
        state.layers.push(Layer::Page(Box::new(page)));
        return;
    }
    let dialog = Dialog::ask(state.ticket(), MoveAccount(known));
    state.layers.push(dialog);
}

fn nothing_to_move(known: &AccountMoves) -> Page {
    let (name, platform) = (&known.name, &known.platform_name);
    let mut page = Page::new(format!("Move a community from {name} on {platform}"));
    if known.communities.is_empty() {
        let found = format!("No community works with {name}, so there is nothing to move.");
        page.fact("Found", found, Ink::Text);
        let next = "Choose the account that the community works with now, and press m there.";
        page.fact("What to do", next, Ink::Text);
        return page;
    }
    let count = u64::try_from(known.communities.len()).unwrap_or(u64::MAX);
    let found = format!(
        "{} with {name}, and there is no other account of {platform} to move to.",
        text::counted(count, "community works", "communities work")
    );
    page.fact("Found", found, Ink::Text);
    let next = "Make another account first: press a here in the list for one that is to be made, or n where its key is at hand. Then press m again.";
    page.fact("What to do", next, Ink::Text);
    page.fact("Now", "Nothing was changed.", Ink::Dim);
    page
}
