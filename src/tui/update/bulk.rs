//! What is done to one instance or to all marked ones. Where something is made or taken away, the plan or the question
//! comes first.

use crate::domain::{Desired, Intent, Observed, RemoveMode};
use crate::engine::views::PlatformRow;
use crate::tui::{
    effect::Effect,
    layers::{Layer, confirm::Confirm, plan_preview::PlanPreview},
    state::State,
    text,
};

/// Switches the target on or off; the marked ones all to the opposite of the first.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    let Some((id, name)) = subject(state) else {
        return vec![];
    };
    let targets: Vec<PlatformRow> = state.targets().into_iter().cloned().collect();
    let Some(first) = targets.first() else {
        return vec![];
    };
    let desired = if is_wanted(first) {
        Desired::Inactive
    } else {
        Desired::Active
    };
    let intent = |row: &PlatformRow| Intent::SetDesired {
        community: id,
        platform: row.platform.clone(),
        desired,
    };
    if targets.len() == 1 {
        return if desired == Desired::Active && makes_something(first) {
            let title = format!("Activate {} for {name}", first.name);
            let (preview, effect) = PlanPreview::ask(state, &title, "Activate", intent(first));
            state.layers.push(Layer::Plan(Box::new(preview)));
            vec![effect]
        } else {
            vec![Effect::Submit(None, Box::new(intent(first)))]
        };
    }
    let concerned: Vec<&PlatformRow> = targets
        .iter()
        .filter(|row| is_wanted(row) != (desired == Desired::Active))
        .collect();
    let activates = desired == Desired::Active;
    let does = if activates { "Activate" } else { "Deactivate" };
    let intents = concerned.iter().map(|row| intent(row)).collect();
    let count = text::counted(concerned.len(), "instance", "instances");
    let title = format!("{does} {count} of {name}");
    let button = if activates {
        "Accept and activate"
    } else {
        does
    };
    let question = Confirm::new(title, button, intents)
        .says(if activates {
            "Each is made where it is not there yet, and switched on; those that need a key wait for it. \
             You accept the licence and the warnings of what is installed on this host for the first time; \
             its plan, when it is switched on alone, shows them."
        } else {
            "Each is switched off; everything in it is kept."
        })
        .objects(concerned.iter().map(|row| row.name.clone()).collect());
    let question = if activates {
        question.accepting()
    } else {
        question
    };
    state.layers.push(Layer::Confirm(Box::new(question)));
    vec![]
}

fn is_wanted(row: &PlatformRow) -> bool {
    row.instance
        .as_ref()
        .is_some_and(|instance| instance.desired == Desired::Active)
}

/// Whether switching it on makes something on the platform or on this host.
fn makes_something(row: &PlatformRow) -> bool {
    row.instance
        .as_ref()
        .is_none_or(|instance| instance.observed == Observed::Absent)
}

/// Looks at the targets now.
pub fn check(state: &mut State) -> Vec<Effect> {
    let Some((id, _)) = subject(state) else {
        return vec![];
    };
    state
        .targets()
        .into_iter()
        .filter(|row| row.instance.is_some())
        .map(|row| {
            Effect::Submit(
                None,
                Box::new(Intent::Check {
                    community: Some(id),
                    platform: Some(row.platform.clone()),
                }),
            )
        })
        .collect()
}

/// Removes the targets: one with its plan, several with their names and the community's typed.
pub fn remove(state: &mut State, mode: RemoveMode) -> Vec<Effect> {
    let Some((id, name)) = subject(state) else {
        return vec![];
    };
    let Some(slug) = state.chosen_slug().map(ToString::to_string) else {
        return vec![];
    };
    let targets: Vec<PlatformRow> = state
        .targets()
        .into_iter()
        .filter(|row| row.instance.is_some())
        .cloned()
        .collect();
    let (does, sentence) = match mode {
        RemoveMode::Soft => (
            "Remove",
            "Each is forgotten here and hidden there where the platform can; what is there can be found again.",
        ),
        RemoveMode::Hard => (
            "Destroy",
            "Each is destroyed on its platform. This cannot be undone.",
        ),
    };
    let intent = |row: &PlatformRow, typed: &str| Intent::Remove {
        community: id,
        platform: row.platform.clone(),
        mode,
        typed: typed.to_owned(),
    };
    if let [row] = targets.as_slice() {
        let title = format!("{does} {} of {name}", row.name);
        let (preview, effect) = PlanPreview::ask(state, &title, does, intent(row, ""));
        state.layers.push(Layer::Plan(Box::new(preview)));
        return vec![effect];
    }
    let intents = targets.iter().map(|row| intent(row, &slug)).collect();
    let title = format!(
        "{does} {} of {name}",
        crate::domain::counted(targets.len(), "instance", "instances")
    );
    let question = Confirm::new(title, does, intents)
        .says(sentence)
        .objects(targets.iter().map(|row| row.name.clone()).collect())
        .typed(slug);
    state.layers.push(Layer::Confirm(Box::new(question)));
    vec![]
}

fn subject(state: &State) -> Option<(crate::domain::CommunityId, String)> {
    let detail = state.present_community()?;
    Some((detail.community.id, detail.community.name.clone()))
}
