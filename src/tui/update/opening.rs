//! Going into things: panes, details after a rest, views, a click.

use crate::domain::{ActionId, OperationState};
use crate::engine::views::{OperationRow, TaskRow, TaskSubject};
use crate::tui::{
    effect::{Effect, Load},
    layers::{
        Layer,
        dialog::Dialog,
        key_form::{KeyForm, Owner},
        operation::OperationSheet,
        request::RequestSheet,
        task::{TaskSheet, needed},
    },
    layout,
    state::{Pane, State, View, rows::Logged},
};

/// The cursor has rested: reads what depends on the chosen rows.
pub fn rested(state: &mut State) -> Vec<Effect> {
    if state.view != View::Communities {
        return vec![];
    }
    let Some(slug) = state.chosen_slug().cloned() else {
        return vec![];
    };
    if state.present_community().is_none() {
        return state.ask(Load::Community(slug));
    }
    match state.chosen_platform() {
        Some(row) if state.present_instance().is_none() => {
            let platform = row.platform.clone();
            state.ask(Load::Instance(slug, platform))
        }
        _ => vec![],
    }
}

/// Opens the row under the cursor.
pub fn open(state: &mut State) -> Vec<Effect> {
    match state.view {
        View::Communities => open_in_panes(state),
        View::Operations => match state.operations.chosen() {
            Some(row) => {
                let id = row.operation.id;
                if let Some(task) = task_of(row) {
                    open_sheet(state, task);
                    return vec![];
                }
                let sheet = OperationSheet::new(id);
                state.layers.push(Layer::Operation(Box::new(sheet)));
                state.ask(Load::Operation(id))
            }
            None => vec![],
        },
        View::Tasks => {
            if let Some(row) = state.tasks.chosen().cloned() {
                open_waiting(state, row);
            }
            vec![]
        }
        View::Requests => {
            if let Some(request) = state.requests.chosen().cloned() {
                let role = state.role();
                let sheet = Dialog::ask(state.ticket(), RequestSheet { request, role });
                state.layers.push(sheet);
            }
            vec![]
        }
        View::Accounts | View::Platforms | View::Audit | View::Messages => {
            if let Some(page) = super::pages::of_chosen(state) {
                state.layers.push(Layer::Page(Box::new(page)));
            }
            vec![]
        }
    }
}

fn open_in_panes(state: &mut State) -> Vec<Effect> {
    match state.pane {
        Pane::Communities => {
            if state.communities.chosen().is_none() {
                return vec![];
            }
            state.pane = Pane::Instances;
            rested(state)
        }
        Pane::Instances => {
            let Some(slug) = state.chosen_slug().cloned() else {
                return vec![];
            };
            let Some(platform) = state.chosen_platform().map(|row| row.platform.clone()) else {
                return vec![];
            };
            if open_task(state) {
                return vec![];
            }
            state.pane = Pane::Details;
            state.details_top = 0;
            if state.present_instance().is_none() {
                state.opening = Some((slug.clone(), platform.clone()));
                return state.ask(Load::Instance(slug, platform));
            }
            vec![]
        }
        Pane::Details => {
            open_task(state);
            vec![]
        }
    }
}

/// Opens the step that waits for a person in the instance in sight.
pub fn open_task(state: &mut State) -> bool {
    let Some(detail) = state.present_instance() else {
        return false;
    };
    let Some(task) = detail.task.clone() else {
        return false;
    };
    open_sheet(state, task);
    true
}

/// What waits is done where it can be: a key is entered here, everything else on its platform. Who may not store a key is
/// told who may, before one is typed for nothing.
fn open_waiting(state: &mut State, row: TaskRow) {
    if !state.may(needed(&row)) {
        return open_sheet(state, row);
    }
    let manifest = state.catalog.get(&row.platform).cloned();
    let (Some(key), Some(manifest)) = (&row.key, manifest) else {
        return open_sheet(state, row);
    };
    let owner = match &row.subject {
        TaskSubject::Instance { slug, name, .. } => Owner::Community(slug.clone(), name.clone()),
        TaskSubject::Account(wanted) => Owner::Installation {
            name: wanted.name.clone(),
            contact: wanted.contact.clone(),
        },
    };
    let mut form = KeyForm::new(
        state.ticket(),
        owner,
        manifest,
        key.settings.clone(),
        key.made,
    );
    if let Some(field) = &key.field {
        form.ask_for(field);
    }
    state.layers.push(Layer::KeyForm(Box::new(form)));
}

fn open_sheet(state: &mut State, task: TaskRow) {
    let sheet = TaskSheet::new(state.ticket(), task);
    state.layers.push(Layer::Task(Box::new(sheet)));
}

/// The step for a person at which an operation stands.
fn task_of(row: &OperationRow) -> Option<TaskRow> {
    let operation = &row.operation;
    if operation.state != OperationState::WaitsHuman {
        return None;
    }
    Some(TaskRow {
        subject: TaskSubject::Instance {
            instance: operation.instance,
            community: operation.community,
            slug: row.slug.clone(),
            name: row.community.clone(),
        },
        operation: Some(operation.id),
        platform: operation.platform.clone(),
        platform_name: row.platform_name.clone(),
        task: operation.task.clone()?,
        key: None,
        since: operation.updated_at,
    })
}

/// Goes to a view.
pub fn go(state: &mut State, view: View) -> Vec<Effect> {
    state.view = view;
    match view {
        View::Communities => rested(state),
        View::Operations => state.ask(Load::Operations),
        View::Tasks => state.ask(Load::Tasks),
        View::Accounts => state.ask(Load::Accounts),
        View::Audit => state.ask(Load::Audit),
        View::Requests => state.ask(Load::Requests),
        View::Platforms => {
            let manifests = state.catalog.iter().cloned().collect();
            let height = state.list_height();
            state.platforms.replace(manifests, height);
            vec![]
        }
        View::Messages => {
            let logged = state
                .notices
                .log
                .iter()
                .cloned()
                .enumerate()
                .rev()
                .map(|(place, notice)| Logged { place, notice })
                .collect();
            let height = state.list_height();
            state.messages.replace(logged, height);
            vec![]
        }
    }
}

/// Goes to the pane on the left or right.
pub fn to_pane(state: &mut State, right: bool) -> Vec<Effect> {
    let order = [Pane::Communities, Pane::Instances, Pane::Details];
    let at = state.pane as usize;
    let next = if right {
        (at + 1).min(2)
    } else {
        at.saturating_sub(1)
    };
    if right && state.communities.chosen().is_none() {
        return vec![];
    }
    state.pane = order[next];
    state.details_top = 0;
    rested(state)
}

/// Closes what is on top: a notice, the marks, the filter, then the pane, then the view.
pub fn back(state: &mut State) -> Vec<Effect> {
    if state.notices.dismiss() {
        return vec![];
    }
    if !state.marks.is_empty() {
        state.marks.clear();
        return vec![];
    }
    if !super::lists::filter(state).is_empty() {
        return super::lists::set_filter(state, "");
    }
    if state.view != View::Communities {
        return go(state, View::Communities);
    }
    if state.pane != Pane::Communities {
        return to_pane(state, false);
    }
    vec![]
}

/// A click: chooses the row under it, or goes into the pane.
pub fn click(state: &mut State, x: u16, y: u16) -> Vec<Effect> {
    if !state.layers.is_empty() {
        return vec![];
    }
    let body = layout::regions(state.size, state.notice_lines()).body;
    let heading = u16::from(body.height > 3);
    let Some(row) = y
        .checked_sub(body.y + heading)
        .and_then(|row| isize::try_from(row).ok())
    else {
        return vec![];
    };
    if state.view == View::Communities {
        let panes = layout::panes(body, state.pane);
        let hit = panes
            .iter()
            .position(|pane| pane.width > 0 && x >= pane.x && x < pane.right());
        match hit {
            Some(0) => state.pane = Pane::Communities,
            Some(1) => state.pane = Pane::Instances,
            Some(_) => state.pane = Pane::Details,
            None => return vec![],
        }
    }
    let height = state.list_height();
    let (index, top) = match (state.view, state.pane) {
        (View::Communities, Pane::Communities) => {
            let list = &state.communities;
            (list.cursor.index, list.cursor.top(list.rows.len(), height))
        }
        // Headings stand between the rows of this pane, so that a line is no row number.
        (View::Communities, _) => return rested(state),
        _ => return vec![],
    };
    let offset = |value: usize| isize::try_from(value).unwrap_or(0);
    super::lists::step(state, row + offset(top) - offset(index))
}

/// The view that an action goes to.
pub fn view_of(action: ActionId) -> Option<View> {
    Some(match action {
        ActionId::Communities => View::Communities,
        ActionId::Operations => View::Operations,
        ActionId::Tasks => View::Tasks,
        ActionId::Accounts => View::Accounts,
        ActionId::Platforms => View::Platforms,
        ActionId::Audit => View::Audit,
        ActionId::Requests => View::Requests,
        ActionId::Messages => View::Messages,
        _ => return None,
    })
}
