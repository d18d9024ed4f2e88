//! What is done about accounts and their keys: one is added, another is made, a community is moved, a key is read.

use super::{actions::dialog, stored_keys};
use crate::domain::{ActionId, PlatformId};
use crate::tui::{
    effect::{Effect, Load},
    layers::{
        account_contact::AccountContact, another_account::AnotherAccount, new_account::NewAccount,
        reveal::Reveal,
    },
    state::State,
};

/// Runs one of these actions.
pub fn run(state: &mut State, action: ActionId) -> Vec<Effect> {
    match action {
        ActionId::AddAccount => add(state),
        ActionId::RevealKey => reveal(state),
        ActionId::AnotherAccount => {
            let Some(row) = state.accounts.chosen() else {
                return vec![];
            };
            let question = AnotherAccount {
                platform: row.account.platform.clone(),
                platform_name: row.platform_name.clone(),
            };
            dialog(state, question)
        }
        ActionId::AccountContact => {
            let Some(row) = state.accounts.chosen() else {
                return vec![];
            };
            let question = AccountContact {
                account: row.account.id,
                named: format!("{} on {}", row.account.name, row.platform_name),
                known: row.account.contact.clone(),
            };
            dialog(state, question)
        }
        ActionId::MoveAccount => match state.accounts.chosen().map(|row| row.account.id) {
            Some(account) => state.ask(Load::Moves(account)),
            None => vec![],
        },
        _ => vec![],
    }
}

fn add(state: &mut State) -> Vec<Effect> {
    let platforms: Vec<(PlatformId, String)> = state
        .catalog
        .iter()
        .filter(|manifest| manifest.entered_credentials().next().is_some())
        .map(|manifest| (manifest.id.clone(), manifest.name.clone()))
        .collect();
    if platforms.is_empty() {
        let said = "No platform of the catalog has keys that could be entered.";
        state.notices.warn(state.now, said);
        return vec![];
    }
    let chosen = state.accounts.chosen();
    let first = chosen.map(|row| row.account.platform.clone());
    dialog(state, NewAccount { platforms, first })
}

fn reveal(state: &mut State) -> Vec<Effect> {
    let keys = state.chosen_keys().to_vec();
    match stored_keys::place(state) {
        Some(named) if !keys.is_empty() => dialog(state, Reveal { named, keys }),
        _ => vec![],
    }
}
