//! What each action does on the screen.

use super::{accounts, bulk, lists, opening, stored_keys};
use crate::domain::{ActionId, Desired, Intent, Observed, OperationState, RotationReason};
use crate::engine::views::{InstanceDetail, TaskRow};
use crate::tui::{
    effect::Effect,
    layers::{
        Layer,
        adopt::Adopt,
        ask::{Ask, Subject},
        confirm::Confirm,
        connect::Connect,
        connections::Connections,
        dialog::{Dialog, Question},
        drift::{self, DriftDialog},
        filter_line::FilterLine,
        finder::{Finder, Kind},
        key_form::{KeyForm, Owner},
        log::LogSheet,
        new_community::NewCommunityForm,
        plan_preview::PlanPreview,
        settings::Settings,
        unlock::Unlock,
        which_key::KeyMatter,
    },
    state::{State, View},
};
use std::collections::BTreeMap;

/// Runs an action that is offered.
pub fn run(state: &mut State, action: ActionId) -> Vec<Effect> {
    if let Some(view) = opening::view_of(action) {
        return opening::go(state, view);
    }
    match action {
        ActionId::Up => lists::step(state, -1),
        ActionId::Down => lists::step(state, 1),
        ActionId::PageUp => lists::page(state, false),
        ActionId::PageDown => lists::page(state, true),
        ActionId::Top => lists::top(state),
        ActionId::Bottom => lists::bottom(state),
        ActionId::PaneLeft => opening::to_pane(state, false),
        ActionId::PaneRight => opening::to_pane(state, true),
        ActionId::Open => opening::open(state),
        ActionId::Back => opening::back(state),
        ActionId::Quit => vec![Effect::Quit(0)],
        ActionId::Suspend => vec![Effect::Suspend],
        ActionId::Redraw => vec![Effect::Repaint],
        ActionId::Lock => vec![Effect::Lock],
        ActionId::Mouse => switch_mouse(state),
        ActionId::Mark => mark(state),
        ActionId::CopyAddress => copy_address(state),
        ActionId::Help => push(state, Layer::Finder(Box::new(Finder::new(Kind::Help)))),
        ActionId::Palette => push(state, Layer::Finder(Box::new(Finder::new(Kind::Palette)))),
        ActionId::Filter => {
            let filter = lists::filter(state);
            push(state, Layer::Filter(Box::new(FilterLine::new(&filter))))
        }
        ActionId::Unlock => dialog(state, Unlock),
        ActionId::NewCommunity => {
            let ticket = state.ticket();
            let form = NewCommunityForm::new(ticket, "");
            state.layers.push(Layer::NewCommunity(Box::new(form)));
            vec![Effect::Template(ticket)]
        }
        ActionId::Toggle => bulk::toggle(state),
        ActionId::Check => bulk::check(state),
        ActionId::RemoveSoft => bulk::remove(state, crate::domain::RemoveMode::Soft),
        ActionId::RemoveHard => bulk::remove(state, crate::domain::RemoveMode::Hard),
        ActionId::ArchiveCommunity => archive(state),
        ActionId::EnterKey | ActionId::Configure | ActionId::AskSettings => {
            instance_form(state, action)
        }
        ActionId::AnswerDrift => answer_drift(state),
        ActionId::Adopt => adopt(state),
        ActionId::Connect => connect(state),
        ActionId::Connections => connections(state),
        ActionId::Ask => ask(state),
        ActionId::Logs => logs(state),
        ActionId::Rotations => state.ask(crate::tui::effect::Load::Rotations),
        ActionId::Operators => state.ask(crate::tui::effect::Load::Operators),
        ActionId::ShareKeys => match state.chosen_keys_platform() {
            Some(platform) => state.ask(crate::tui::effect::Load::Sharing(platform)),
            None => vec![],
        },
        ActionId::RevealKey
        | ActionId::AddAccount
        | ActionId::AnotherAccount
        | ActionId::MoveAccount
        | ActionId::AccountContact => accounts::run(state, action),
        ActionId::Reach => stored_keys::run(state, KeyMatter::Reach),
        ActionId::RotateKey => stored_keys::run(state, KeyMatter::Replace(RotationReason::Choice)),
        ActionId::AssumeLeaked => {
            stored_keys::run(state, KeyMatter::Replace(RotationReason::Leaked))
        }
        ActionId::Resume => resume(state),
        ActionId::Cancel => cancel(state),
        // Views are handled above; the compiler wants them named here.
        ActionId::Communities
        | ActionId::Operations
        | ActionId::Tasks
        | ActionId::Accounts
        | ActionId::Requests
        | ActionId::Platforms
        | ActionId::Audit
        | ActionId::Messages => vec![],
    }
}

/// Opens a dialog.
pub(super) fn dialog(state: &mut State, question: impl Question + 'static) -> Vec<Effect> {
    let layer = Dialog::ask(state.ticket(), question);
    push(state, layer)
}

fn push(state: &mut State, layer: Layer) -> Vec<Effect> {
    state.layers.push(layer);
    vec![]
}

fn logs(state: &mut State) -> Vec<Effect> {
    let slug = state.chosen_slug().cloned();
    let row = state.chosen_platform().cloned();
    let (Some(slug), Some(row)) = (slug, row) else {
        return vec![];
    };
    let sheet = LogSheet::new(state.ticket(), slug, row.platform, &row.name);
    let effects = vec![sheet.read()];
    state.layers.push(Layer::Log(Box::new(sheet)));
    effects
}

fn switch_mouse(state: &mut State) -> Vec<Effect> {
    state.mouse = !state.mouse;
    let said = if state.mouse {
        "The mouse is on; Shift selects text."
    } else {
        "The mouse is off."
    };
    state.notices.done(state.now, said);
    vec![Effect::Mouse(state.mouse)]
}

fn mark(state: &mut State) -> Vec<Effect> {
    let Some(platform) = state.chosen_platform().map(|row| row.platform.clone()) else {
        return vec![];
    };
    if !state.marks.remove(&platform) {
        state.marks.insert(platform);
    }
    lists::step(state, 1)
}

fn copy_address(state: &mut State) -> Vec<Effect> {
    let Some(address) = state.address() else {
        return vec![];
    };
    state.notices.done(
        state.now,
        "The address was sent to your terminal's clipboard.",
    );
    vec![Effect::Clipboard(address)]
}

fn archive(state: &mut State) -> Vec<Effect> {
    let Some(community) = state.communities.chosen() else {
        return vec![];
    };
    let intent = Intent::ArchiveCommunity {
        community: community.id,
    };
    let question = Confirm::new(
        format!("Archive {}", community.name),
        "Archive",
        vec![intent],
    )
    .says(
        "It is kept and does nothing any more; its instances stay as they are on their platforms.",
    )
    .typed(community.slug.as_str());
    push(state, Layer::Confirm(Box::new(question)))
}

/// The forms that need the settings of an instance: those in sight, else none set.
fn instance_form(state: &mut State, action: ActionId) -> Vec<Effect> {
    let Some(row) = state.chosen_platform().cloned() else {
        return vec![];
    };
    let Some(detail) = state.present_community() else {
        return vec![];
    };
    let (community, slug, name) = (
        detail.community.id,
        detail.community.slug.clone(),
        detail.community.name.clone(),
    );
    let Some(manifest) = state.catalog.get(&row.platform).cloned() else {
        return vec![];
    };
    if !row.adapter {
        state.notices.warn(
            state.now,
            format!("{} has no adapter in this build yet.", row.name),
        );
        return vec![];
    }
    let shown = state
        .present_instance()
        .and_then(|detail| detail.instance.as_ref());
    if shown.is_none() && row.instance.is_some() {
        // Without its settings a form would show the defaults as if they were set.
        state.opening_form = Some((slug.clone(), row.platform.clone(), action));
        return state.ask(crate::tui::effect::Load::Instance(slug, row.platform));
    }
    let set = shown.map_or_else(BTreeMap::new, |instance| instance.settings.clone());
    let made = shown.is_some_and(|instance| instance.external_id.is_some());
    if action == ActionId::EnterKey {
        let owner = Owner::Community(slug, name);
        let form = KeyForm::new(state.ticket(), owner, manifest, set, made);
        return push(state, Layer::KeyForm(Box::new(form)));
    }
    let asks = action == ActionId::AskSettings;
    let title = if asks {
        format!("Ask for other settings of {}, {name}", manifest.name)
    } else {
        format!("Settings of {}, {name}", manifest.name)
    };
    let settings = Settings::new(title, (community, slug), manifest, set, made);
    dialog(state, if asks { settings.asking() } else { settings })
}

/// Runs the form that waited for its instance's settings.
pub fn waiting_form(state: &mut State, action: ActionId) -> Vec<Effect> {
    match action {
        ActionId::AnswerDrift => answer_drift(state),
        ActionId::Adopt => adopt(state),
        _ => instance_form(state, action),
    }
}

/// The details of the row under the cursor; where they are not read yet, they are asked for and the action waits.
fn with_details(state: &mut State, action: ActionId) -> Result<InstanceDetail, Vec<Effect>> {
    if let Some(detail) = state.present_instance() {
        return Ok(detail.clone());
    }
    let slug = state.chosen_slug().cloned();
    let platform = state.chosen_platform().map(|row| row.platform.clone());
    let (Some(slug), Some(platform)) = (slug, platform) else {
        return Err(vec![]);
    };
    state.opening_form = Some((slug.clone(), platform.clone(), action));
    Err(state.ask(crate::tui::effect::Load::Instance(slug, platform)))
}

fn answer_drift(state: &mut State) -> Vec<Effect> {
    let detail = match with_details(state, ActionId::AnswerDrift) {
        Ok(detail) => detail,
        Err(effects) => return effects,
    };
    let Some(instance) = detail.instance else {
        return vec![];
    };
    let gone = instance.observed == Observed::Gone;
    if instance.drift.is_empty() && !gone {
        let said = "Nothing differs there, as far as the last look told.";
        state.notices.done(state.now, said);
        return vec![];
    }
    let subject = drift::Subject {
        title: format!("Drift of {}, {}", detail.platform_name, detail.community),
        community: instance.community,
        platform: instance.platform,
        drift: if gone { vec![] } else { instance.drift },
        gone,
    };
    let dialog = DriftDialog::new(subject, state);
    push(state, Layer::Drift(Box::new(dialog)))
}

fn adopt(state: &mut State) -> Vec<Effect> {
    let Some(row) = state.chosen_platform().cloned() else {
        return vec![];
    };
    let Some(detail) = state.present_community() else {
        return vec![];
    };
    let (id, slug) = (detail.community.id, detail.community.slug.clone());
    let name = detail.community.name.clone();
    if row.instance.is_some() {
        let known = match with_details(state, ActionId::Adopt) {
            Ok(known) => known,
            Err(effects) => return effects,
        };
        // The second step: what was only looked at is managed from here.
        if known.instance.is_some_and(|instance| instance.observe_only) {
            let title = format!("Manage {} of {name}", row.name);
            let intent = Intent::Manage {
                community: id,
                platform: row.platform,
            };
            let (preview, effect) = PlanPreview::ask(state, &title, "Manage", intent);
            state.layers.push(Layer::Plan(Box::new(preview)));
            return vec![effect];
        }
    }
    let title = format!("Adopt for {name}: {}", row.name);
    let ticket = state.ticket();
    let dialog = Adopt::new(ticket, title, id, row.platform.clone());
    state.layers.push(Layer::Adopt(Box::new(dialog)));
    vec![Effect::Discover(ticket, slug, row.platform)]
}

fn connect(state: &mut State) -> Vec<Effect> {
    let Some(row) = state.chosen_platform().cloned() else {
        return vec![];
    };
    let Some((id, name)) = state
        .present_community()
        .map(|detail| (detail.community.id, detail.community.name.clone()))
    else {
        return vec![];
    };
    let offers = state
        .catalog
        .get(&row.platform)
        .map_or_else(Vec::new, |manifest| manifest.connections.clone());
    let targets: Vec<_> = state
        .connection_targets()
        .into_iter()
        .map(|target| {
            let verb = offers
                .iter()
                .find(|offer| offer.to.contains(&target))
                .map_or("", |offer| offer.verb.as_str());
            let meaning = format!("{verb} {}", state.platform_name(&target));
            (target, meaning)
        })
        .collect();
    let title = format!("Connect {} of {name}", row.name);
    let question = Connect {
        title,
        community: id,
        from: row.platform,
        targets,
    };
    dialog(state, question)
}

fn ask(state: &mut State) -> Vec<Effect> {
    let Some((id, name)) = state
        .present_community()
        .map(|detail| (detail.community.id, detail.community.name.clone()))
    else {
        return vec![];
    };
    let settable = state.offers(ActionId::AskSettings);
    let subject = state.chosen_platform().map(|row| Subject {
        platform: row.platform.clone(),
        name: row.name.clone(),
        is_on: row
            .instance
            .as_ref()
            .is_some_and(|instance| instance.desired == Desired::Active),
        is_there: row.instance.is_some(),
        settable,
    });
    dialog(state, Ask::new((id, &name), subject))
}

fn connections(state: &mut State) -> Vec<Effect> {
    let Some(row) = state.chosen_platform() else {
        return vec![];
    };
    let list = Connections::new(row.name.clone());
    push(state, Layer::Connections(Box::new(list)))
}

fn chosen_operation(state: &State) -> Option<(crate::domain::OperationId, String, OperationState)> {
    if state.view == View::Tasks {
        let row = state.tasks.chosen()?;
        let title = format!("{} of {}", row.platform_name, row.subject.whose());
        return Some((row.operation?, title, OperationState::WaitsHuman));
    }
    let row = state.acting_operation()?;
    let title = format!(
        "{} {} of {}",
        row.platform_name, row.operation.verb, row.community
    );
    Some((row.operation.id, title, row.operation.state))
}

fn resume(state: &mut State) -> Vec<Effect> {
    if state.view == View::Tasks
        && let Some(row) = state.tasks.chosen()
    {
        return vec![Effect::Submit(None, Box::new(row.check()))];
    }
    match chosen_operation(state) {
        Some((operation, ..)) => vec![Effect::Submit(
            None,
            Box::new(Intent::ResumeOperation { operation }),
        )],
        None => vec![],
    }
}

fn cancel(state: &mut State) -> Vec<Effect> {
    if state.view == View::Tasks
        && let Some(wanted) = state.tasks.chosen().and_then(TaskRow::wanted)
    {
        let question = Confirm::new(
            format!("Want the account {} no longer", wanted.name),
            "Take it off",
            vec![Intent::DropWantedAccount { wanted: wanted.id }],
        )
        .says("Its step goes; what was made on the platform meanwhile stays there.");
        return push(state, Layer::Confirm(Box::new(question)));
    }
    let Some((operation, title, _)) = chosen_operation(state) else {
        return vec![];
    };
    let question = Confirm::new(
        format!("Cancel: {title}"),
        "Stop it",
        vec![Intent::CancelOperation { operation }],
    )
    .says("What it has done stays done; it can be taken up again by making the instance anew.");
    push(state, Layer::Confirm(Box::new(question)))
}
