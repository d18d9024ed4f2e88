//! What the engine tells by itself: something changed, an operation moved, the vault was locked.

use super::answers;
use crate::domain::{CommunityId, OperationState};
use crate::engine::views::EngineEvent;
use crate::tui::{
    effect::{Effect, Load},
    layers::Layer,
    state::State,
};

/// Takes an event.
pub fn take(state: &mut State, event: &EngineEvent) -> Vec<Effect> {
    match event {
        EngineEvent::Changed {
            community: Some(community),
        } => {
            let mut effects = state.ask(Load::Overview);
            effects.extend(community_changed(state, *community));
            effects
        }
        EngineEvent::Changed { community: None } => {
            let load = state.communities.again();
            let mut effects = state.ask(load);
            effects.extend(answers::refresh(state));
            effects
        }
        EngineEvent::Vault(vault) => {
            if let Some(overview) = &mut state.overview {
                overview.vault = *vault;
            }
            state.ask(Load::Overview)
        }
        EngineEvent::Operation {
            operation,
            community,
            title,
            state: now,
            fault,
        } => {
            tell(state, title, *now, fault.as_ref());
            state.layers.retain_mut(|layer| match layer {
                Layer::Task(sheet) if sheet.operation == *operation => {
                    !sheet.stopped(*now, state.now)
                }
                _ => true,
            });
            let mut effects = state.ask(Load::Operations);
            effects.extend(state.ask(Load::Overview));
            effects.extend(community_changed(state, *community));
            effects.extend(answers::view_again(state));
            effects
        }
    }
}

fn tell(state: &mut State, title: &str, now: OperationState, fault: Option<&crate::domain::Fault>) {
    match (now, fault) {
        (OperationState::Failed, Some(fault)) => state.notices.fault(state.now, fault),
        (OperationState::Failed, None) => {
            state.notices.warn(state.now, format!("{title}: failed."));
        }
        (OperationState::WaitsHuman, _) => {
            state
                .notices
                .warn(state.now, format!("{title}: waits for a person."));
        }
        (OperationState::WaitsKey, _) => {
            state
                .notices
                .warn(state.now, format!("{title}: waits for a key."));
        }
        (OperationState::WaitsUnlock, _) => {
            state.notices.warn(
                state.now,
                format!("{title}: waits until the vault is unlocked."),
            );
        }
        (OperationState::Done, _) => state.notices.done(state.now, format!("{title}: done.")),
        (OperationState::Cancelled, _) => {
            state.notices.done(
                state.now,
                format!("{title}: cancelled; what it did stays done."),
            );
        }
        (OperationState::Queued | OperationState::Running, _) => {}
    }
}

/// A community that is in sight or in the list is read again; its row is brought up to date from that.
fn community_changed(state: &mut State, community: CommunityId) -> Vec<Effect> {
    let row = state
        .communities
        .rows
        .iter()
        .find(|row| row.id == community)
        .map(|row| row.slug.clone());
    let Some(slug) = row else {
        if state.communities.complete && state.communities.filter.is_empty() {
            let load = state.communities.again();
            return state.ask(load);
        }
        return vec![];
    };
    let mut effects = state.ask(Load::Community(slug.clone()));
    if state.chosen_slug() == Some(&slug)
        && let Some(platform) = state.chosen_platform().map(|row| row.platform.clone())
    {
        effects.extend(state.ask(Load::Instance(slug, platform)));
    }
    effects
}
