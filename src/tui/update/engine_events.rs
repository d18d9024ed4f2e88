//! What the engine tells by itself: something changed, an operation moved, the vault was locked.

use super::answers;
use crate::domain::{CommunityId, OperationState};
use crate::engine::views::{EngineEvent, VaultState};
use crate::tui::{
    effect::{Effect, Load},
    layers::Layer,
    state::State,
};

/// The exit code of a screen whose person may not look at anything any more: "not allowed" of the command line.
pub const ACCESS_ENDED: i32 = 4;

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
        EngineEvent::Looked {
            instance,
            task,
            fault,
            ..
        } => {
            let mut layers = std::mem::take(&mut state.layers);
            layers.retain_mut(|layer| match layer {
                Layer::Task(sheet) => {
                    !sheet.looked(*instance, task.as_ref(), fault.as_ref(), state)
                }
                _ => true,
            });
            state.layers = layers;
            answers::view_again(state)
        }
        EngineEvent::Vault(vault) => {
            if let Some(overview) = &mut state.overview {
                overview.vault = *vault;
            }
            state.ask(Load::Overview)
        }
        EngineEvent::LockedItself => {
            if let Some(overview) = &mut state.overview {
                overview.vault = VaultState::Locked;
            }
            state.notices.warn(
                state.now,
                "The vault locked itself, since nobody used it for a while. Unlock it to go on with keys.",
            );
            state.ask(Load::Overview)
        }
        EngineEvent::AccessEnded => vec![Effect::Quit(ACCESS_ENDED)],
        EngineEvent::Operation {
            operation,
            community,
            title,
            state: now,
            fault,
            said,
        } => {
            tell(state, title, *now, fault.as_ref(), said.as_deref());
            state.layers.retain_mut(|layer| match layer {
                Layer::Task(sheet) => !sheet.stopped(*operation, *now, state.now),
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

fn tell(
    state: &mut State,
    title: &str,
    now: OperationState,
    fault: Option<&crate::domain::Fault>,
    said: Option<&str>,
) {
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
        (OperationState::Done, _) => {
            let said = said.unwrap_or("done.");
            state.notices.done(state.now, format!("{title}: {said}"));
        }
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
