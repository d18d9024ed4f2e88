//! Moving, paging and filtering, in whichever list is the current one.

use crate::tui::{
    effect::{Effect, Load},
    state::{Pane, State, View, cursor::Cursor},
};

/// Calls the same on whichever plain list fills the screen.
macro_rules! on_table {
    ($state:expr, $table:ident => $call:expr) => {
        match $state.view {
            View::Communities => {
                let $table = &mut $state.instances;
                $call
            }
            View::Operations => {
                let $table = &mut $state.operations;
                $call
            }
            View::Tasks => {
                let $table = &mut $state.tasks;
                $call
            }
            View::Accounts => {
                let $table = &mut $state.accounts;
                $call
            }
            View::Requests => {
                let $table = &mut $state.requests;
                $call
            }
            View::Platforms => {
                let $table = &mut $state.platforms;
                $call
            }
            View::Audit => {
                let $table = &mut $state.audit;
                $call
            }
            View::Messages => {
                let $table = &mut $state.messages;
                $call
            }
        }
    };
}

/// Moves by some rows.
pub fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let height = state.list_height();
    match (state.view, state.pane) {
        (View::Communities, Pane::Communities) => {
            let before = state.communities.cursor.key;
            let more = state.communities.step(by, height);
            chose_community(state, before, more)
        }
        (View::Communities, Pane::Details) => {
            state.details_top = state.details_top.saturating_add_signed(by);
            vec![]
        }
        (View::Communities, Pane::Instances) => {
            state.instances.step(by, height);
            vec![Effect::Rest]
        }
        _ => {
            on_table!(state, table => table.step(by, height));
            vec![]
        }
    }
}

/// Moves by most of the list's height.
pub fn page(state: &mut State, down: bool) -> Vec<Effect> {
    let page = Cursor::<u8>::page(state.list_height());
    step(state, if down { page } else { -page })
}

/// Goes to the first row.
pub fn top(state: &mut State) -> Vec<Effect> {
    step(state, isize::MIN + 1)
}

/// Goes to the last row.
pub fn bottom(state: &mut State) -> Vec<Effect> {
    let height = state.list_height();
    match (state.view, state.pane) {
        (View::Communities, Pane::Communities) => {
            let before = state.communities.cursor.key;
            let more = state.communities.last(height);
            chose_community(state, before, more)
        }
        (View::Communities, Pane::Details) => step(state, 1_000),
        _ => step(state, isize::MAX),
    }
}

fn chose_community(
    state: &mut State,
    before: Option<crate::domain::CommunityId>,
    more: Option<Load>,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    if before != state.communities.cursor.key {
        state.marks.clear();
        effects.push(Effect::Rest);
    }
    if let Some(load) = more {
        effects.extend(state.ask(load));
    }
    effects
}

/// The filter of the current list.
pub fn filter(state: &mut State) -> String {
    if (state.view, state.pane) == (View::Communities, Pane::Communities) {
        return state.communities.filter.clone();
    }
    on_table!(state, table => table.filter.clone())
}

/// Takes a new filter for the current list.
pub fn set_filter(state: &mut State, filter: &str) -> Vec<Effect> {
    let height = state.list_height();
    if (state.view, state.pane) == (View::Communities, Pane::Communities) {
        let load = state.communities.set_filter(filter);
        let mut effects = state.ask(load);
        effects.push(Effect::Rest);
        return effects;
    }
    on_table!(state, table => table.set_filter(filter, height));
    if state.view == View::Communities {
        vec![Effect::Rest]
    } else {
        vec![]
    }
}

/// Keeps the chosen rows in sight after the size changed.
pub fn settle(state: &mut State) {
    let height = state.list_height();
    state.communities.step(0, height);
    on_table!(state, table => table.step(0, height));
}
