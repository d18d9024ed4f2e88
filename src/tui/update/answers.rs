//! What the engine answered, put into the state, and what must be read next.

use super::{actions, finish, lists::settle, opening};
use crate::domain::{Fault, OperationState, Role};
use crate::tui::{
    effect::{Effect, Load},
    layers::Layer,
    message::{Answer, Ticket},
    state::{Pane, State},
};

/// Takes an answer.
pub fn take(state: &mut State, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Overview(result) => {
            let again = state.loads.ended(|load| *load == Load::Overview);
            store(state, result, |state, overview| {
                super::requests::tell(state, &overview);
                let first = state.overview.is_none();
                let alone = overview.communities == 1;
                state.overview = Some(overview);
                if first && alone && state.role() == Some(Role::CommunityAdmin) {
                    // The list of one says nothing: what they came for is in it.
                    state.pane = Pane::Instances;
                }
            });
            let looked = super::requests::looked(state);
            again.into_iter().chain(looked).collect()
        }
        Answer::Communities {
            filter,
            after,
            result,
        } => communities(state, &filter, after, result),
        Answer::Community(slug, result) => {
            let again = state
                .loads
                .ended(|load| *load == Load::Community(slug.clone()));
            let mut effects: Vec<_> = again.into_iter().collect();
            match result {
                Ok(detail) => {
                    state.communities.refresh(&detail);
                    if state.chosen_slug() == Some(&slug) {
                        let height = state.list_height();
                        let another = state.community.as_ref().map(|old| old.community.id)
                            != Some(detail.community.id);
                        if another {
                            state.marks.clear();
                        }
                        state.instances.replace(detail.platforms.clone(), height);
                        state.community = Some(detail);
                        effects.extend(opening::rested(state));
                    }
                }
                Err(fault) => state.notices.fault(state.now, &fault),
            }
            effects
        }
        Answer::Instance(slug, platform, result) => {
            let wanted = Load::Instance(slug, platform);
            let again = state.loads.ended(|load| *load == wanted);
            let mut effects: Vec<_> = again.into_iter().collect();
            match *result {
                Ok(detail) => effects.extend(instance(state, detail)),
                Err(fault) => {
                    state.opening = None;
                    state.opening_form = None;
                    state.notices.fault(state.now, &fault);
                }
            }
            effects
        }
        Answer::Operations(_)
        | Answer::Operation(..)
        | Answer::Tasks(_)
        | Answer::Accounts(_)
        | Answer::Requests(_)
        | Answer::Reach(..)
        | Answer::Audit(_) => lists(state, answer),
        Answer::Rotations(_) | Answer::Operators(_) | Answer::Sharing(..) | Answer::Moves(..) => {
            super::keys::take(state, answer)
        }
        Answer::Submitted(ticket, result) => submitted(state, ticket, result),
        Answer::AnswersSeen(Ok(())) => vec![],
        Answer::AnswersSeen(Err(fault)) => {
            state.notices.fault(state.now, &fault);
            vec![]
        }
        Answer::Locked(result) => {
            if let Err(fault) = result {
                state.notices.fault(state.now, &fault);
            }
            state.ask(Load::Overview)
        }
        Answer::Template(ticket, _)
        | Answer::Planned(ticket, _)
        | Answer::Examined(ticket, _)
        | Answer::Discovered(ticket, _)
        | Answer::Log(ticket, _)
        | Answer::LogSaved(ticket, _)
        | Answer::Homes(ticket, _)
        | Answer::Unlocked(ticket, _)
        | Answer::OperatorAdded(ticket, _)
        | Answer::OperatorRemoved(ticket, _)
        | Answer::AccountOffer(ticket, _)
        | Answer::Revealed(ticket, _)
        | Answer::Initialised(ticket, _) => to_layer(state, ticket, answer),
    }
}

/// The answers that fill a list, or the page of one of its rows.
fn lists(state: &mut State, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Operations(result) => {
            let again = state.loads.ended(|load| *load == Load::Operations);
            store(state, result, |state, rows| {
                state.progress.retain(|id, _| {
                    rows.iter().any(|row| {
                        row.operation.id == *id && row.operation.state == OperationState::Running
                    })
                });
                let height = state.list_height();
                state.operations.replace(rows, height);
            });
            again.into_iter().collect()
        }
        Answer::Operation(id, result) => {
            let again = state.loads.ended(|load| *load == Load::Operation(id));
            store(state, *result, |state, detail| {
                for layer in &mut state.layers {
                    if let Layer::Operation(sheet) = layer
                        && sheet.operation == id
                    {
                        sheet.detail = Some(detail.clone());
                    }
                }
            });
            again.into_iter().collect()
        }
        Answer::Tasks(result) => {
            let again = state.loads.ended(|load| *load == Load::Tasks);
            let height = state.list_height();
            store(state, result, |state, rows| {
                state.tasks.replace(rows, height);
            });
            again.into_iter().collect()
        }
        Answer::Accounts(result) => {
            let again = state.loads.ended(|load| *load == Load::Accounts);
            let height = state.list_height();
            store(state, result, |state, rows| {
                state.accounts.replace(rows, height);
            });
            again.into_iter().collect()
        }
        Answer::Requests(result) => {
            let again = state.loads.ended(|load| *load == Load::Requests);
            let height = state.list_height();
            store(state, result, |state, rows| {
                state.requests.replace(rows, height);
            });
            let looked = super::requests::looked(state);
            again.into_iter().chain(looked).collect()
        }
        Answer::Reach(key, result) => {
            let again = state.loads.ended(|load| *load == Load::Reach(key));
            store(state, *result, |state, reach| {
                let page = super::reach::page(state, &reach);
                state.layers.push(Layer::Page(Box::new(page)));
            });
            again.into_iter().collect()
        }
        Answer::Audit(result) => {
            let again = state.loads.ended(|load| *load == Load::Audit);
            let height = state.list_height();
            store(state, result, |state, rows| {
                state.audit.replace(rows, height);
            });
            again.into_iter().collect()
        }
        _ => vec![],
    }
}

pub(super) fn store<T>(
    state: &mut State,
    result: Result<T, Fault>,
    take: impl FnOnce(&mut State, T),
) {
    match result {
        Ok(value) => take(state, value),
        Err(fault) => state.notices.fault(state.now, &fault),
    }
}

fn communities(
    state: &mut State,
    filter: &str,
    after: Option<crate::domain::CommunityId>,
    result: Result<crate::tui::message::CommunityPage, Fault>,
) -> Vec<Effect> {
    let again = state.loads.ended(|load| {
        matches!(load, Load::Communities { filter: f, after: a, .. }
            if f == filter && *a == after)
    });
    let mut effects: Vec<_> = again.into_iter().collect();
    let page = match result {
        Ok(page) => page,
        Err(fault) => {
            state.notices.fault(state.now, &fault);
            return effects;
        }
    };
    let height = state.list_height();
    if let Some(load) = state.communities.take(filter, after, page, height) {
        effects.extend(state.ask(load));
    }
    if let Some(id) = state.going_to
        && state.communities.choose(id, height)
    {
        state.going_to = None;
    }
    effects.extend(opening::rested(state));
    effects
}

fn instance(state: &mut State, detail: crate::engine::views::InstanceDetail) -> Vec<Effect> {
    let which = (detail.slug.clone(), detail.platform.clone());
    let chosen = state.chosen_slug() == Some(&which.0)
        && state
            .chosen_platform()
            .is_some_and(|row| row.platform == which.1);
    if !chosen {
        return vec![];
    }
    let another = state
        .instance
        .as_ref()
        .is_none_or(|old| old.slug != detail.slug || old.platform != detail.platform);
    if another {
        state.details_top = 0;
    }
    state.instance = Some(detail);
    if state.opening.take() == Some(which.clone()) {
        opening::open_task(state);
    }
    match state.opening_form.take() {
        Some((slug, platform, action)) if slug == which.0 && platform == which.1 => {
            actions::waiting_form(state, action)
        }
        _ => vec![],
    }
}

fn submitted(
    state: &mut State,
    ticket: Option<Ticket>,
    result: Result<crate::engine::views::Receipt, Fault>,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    match &result {
        Ok(receipt) => {
            if !receipt.message.is_empty() {
                state.notices.done(state.now, receipt.message.clone());
            }
            state.marks.clear();
        }
        // A layer that waits shows the fault itself; the log keeps it either way.
        Err(fault) if ticket.is_none_or(|ticket| !waits(state, ticket)) => {
            state.notices.fault(state.now, fault);
        }
        Err(_) => {}
    }
    if let Some(ticket) = ticket {
        effects.extend(to_layer(
            state,
            ticket,
            Answer::Submitted(Some(ticket), result),
        ));
    }
    effects.extend(refresh(state));
    effects
}

fn waits(state: &State, ticket: Ticket) -> bool {
    state
        .layers
        .iter()
        .any(|layer| layer.ticket() == Some(ticket))
}

/// Reads again what is in sight.
pub fn refresh(state: &mut State) -> Vec<Effect> {
    let mut effects = state.ask(Load::Overview);
    if let Some(slug) = state.chosen_slug().cloned() {
        effects.extend(state.ask(Load::Community(slug.clone())));
        if let Some(platform) = state.chosen_platform().map(|row| row.platform.clone()) {
            effects.extend(state.ask(Load::Instance(slug, platform)));
        }
    }
    if state.going_to.is_some() || !state.communities.loaded {
        let load = state.communities.again();
        effects.extend(state.ask(load));
    }
    effects.extend(state.ask(Load::Operations));
    effects.extend(view_again(state));
    effects
}

/// Reads the current view again.
pub fn view_again(state: &mut State) -> Vec<Effect> {
    use crate::tui::state::View;
    let mut effects = match state.view {
        View::Tasks => state.ask(Load::Tasks),
        View::Accounts => state.ask(Load::Accounts),
        View::Audit => state.ask(Load::Audit),
        View::Requests => state.ask(Load::Requests),
        View::Operations | View::Communities | View::Platforms | View::Messages => vec![],
    };
    let open: Vec<_> = state
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Operation(sheet) => Some(sheet.operation),
            _ => None,
        })
        .collect();
    for operation in open {
        effects.extend(state.ask(Load::Operation(operation)));
    }
    let shows_rotations = |layer: &Layer| matches!(layer, Layer::Rotations(_));
    if state.layers.iter().any(shows_rotations) {
        effects.extend(state.ask(Load::Rotations));
    }
    effects
}

/// Hands an answer to the layer that waits for it; an answer for a closed layer is dropped, a fault in it is not.
fn to_layer(state: &mut State, ticket: Ticket, answer: Answer) -> Vec<Effect> {
    let place = state
        .layers
        .iter()
        .position(|layer| layer.ticket() == Some(ticket));
    let Some(place) = place else {
        // Of what was submitted it was told already.
        let told = matches!(answer, Answer::Submitted(..));
        if let Some(fault) = answer.refusal().filter(|_| !told) {
            state.notices.fault(state.now, &fault);
        }
        return vec![];
    };
    let above = state.layers.split_off(place + 1);
    let Some(mut layer) = state.layers.pop() else {
        return vec![];
    };
    let turn = layer.answer(answer, state);
    let effects = finish(state, layer, turn);
    state.layers.extend(above);
    settle(state);
    effects
}
