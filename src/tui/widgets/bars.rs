//! The title above, the notice and the keys below.

use super::paint::Paint;
use crate::domain::{ACTIONS, ActionId};
use crate::engine::views::VaultState;
use crate::tui::{
    layers::Layer,
    state::{Pane, State, View, notices::Weight},
    text,
    theme::Ink,
    widgets::sheet::Sheet,
};
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// Installation and host, what needs somebody, who one is. Nothing here moves with the cursor.
pub fn title(paint: &mut Paint<'_>, area: Rect, state: &State) {
    if area.height == 0 {
        return;
    }
    let mut x = 1 + paint.text(area, 1, 0, area.width, "Guildhall", Ink::Title);
    let Some(overview) = &state.overview else {
        return;
    };
    if overview.sandbox {
        x += 2 + paint.text(area, x + 2, 0, area.width, " SANDBOX ", Ink::Sandbox);
    }
    if state.is_read_only() {
        x += 2 + paint.text(area, x + 2, 0, area.width, "read-only", Ink::Waiting);
    }
    let mut right = Vec::new();
    if overview.need_you > 0 {
        let needs = text::counted(overview.need_you, "needs you", "need you");
        right.push((needs, Ink::Waiting));
    }
    if overview.requests > 0 {
        let asked = text::counted(overview.requests, "request", "requests");
        right.push((asked, Ink::Waiting));
    }
    if !overview.answers.is_empty() {
        let answered = u64::try_from(overview.answers.len()).unwrap_or(u64::MAX);
        let answered = text::counted(answered, "answer", "answers");
        right.push((answered, Ink::Waiting));
    }
    if overview.failed > 0 {
        right.push((
            format!("{} failed", text::thousands(overview.failed)),
            Ink::Failed,
        ));
    }
    if overview.keys_refused > 0 {
        let said = text::counted(overview.keys_refused, "key refused", "keys refused");
        right.push((said, Ink::Failed));
    }
    if overview.keys_due > 0 {
        let said = text::counted(overview.keys_due, "key to replace", "keys to replace");
        right.push((said, Ink::Waiting));
    }
    if overview.nearly_full > 0 {
        let said = text::counted(
            overview.nearly_full,
            "account nearly full",
            "accounts nearly full",
        );
        right.push((said, Ink::Waiting));
    }
    if overview.working > 0 {
        right.push((
            format!("{} working", text::thousands(overview.working)),
            Ink::Working,
        ));
    }
    if overview.vault == VaultState::Locked {
        right.push(("locked".to_owned(), Ink::Waiting));
    }
    if !overview.actor.is_empty() {
        right.push((format!("{}, {}", overview.actor, overview.role), Ink::Dim));
    }
    let where_ = if overview.host.is_empty() || overview.host == overview.installation {
        overview.installation.clone()
    } else {
        format!("{} on {}", overview.installation, overview.host)
    };
    let width =
        |parts: &[(String, Ink)]| -> usize { parts.iter().map(|(part, _)| part.width() + 3).sum() };
    let least = usize::from(x) + 2 + where_.width().min(24);
    // What matters least goes first when there is no room: who one is, then the counts from the right.
    while !right.is_empty() && least + width(&right) > usize::from(area.width) {
        right.pop();
    }
    let taken = u16::try_from(width(&right)).unwrap_or(area.width);
    let room = area.width.saturating_sub(x + 2 + taken);
    paint.text(area, x + 2, 0, room, &where_, Ink::Text);
    let mut x = area.width.saturating_sub(taken) + 2;
    for (part, ink) in right {
        x += paint.text(area, x, 0, area.width, &part, ink) + 3;
    }
}

/// The notice in sight.
pub fn notice(paint: &mut Paint<'_>, area: Rect, state: &State) {
    let Some(notice) = state.notices.current() else {
        return;
    };
    let ink = match notice.weight {
        Weight::Done => Ink::Good,
        Weight::Warning => Ink::Waiting,
        Weight::Error => Ink::Error,
    };
    let sign = match notice.weight {
        Weight::Done => "  ",
        Weight::Warning => "! ",
        Weight::Error => "x ",
    };
    let mut what = format!("{sign}{}", notice.what);
    if notice.weight == Weight::Error {
        let more = match state.notices.waiting() {
            0 => String::new(),
            count => format!(", {count} more"),
        };
        let _ = write!(what, "  (esc dismisses{more})");
    }
    paint.text(area, 0, 0, area.width, &what, ink);
    paint.text(area, 2, 1, area.width, &notice.hint, Ink::Text);
}

/// The keys that do something here and now. Answers where the terminal's cursor belongs, while a filter is written.
pub fn footer(
    paint: &mut Paint<'_>,
    area: Rect,
    state: &State,
    sheet: Option<&Sheet>,
) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    if let Some(Layer::Filter(line)) = state.layers.last() {
        let (written, cursor) = line.shown();
        let x = paint.text(area, 0, 0, area.width, "filter: ", Ink::Key);
        paint.text(area, x, 0, area.width, written, Ink::Text);
        let used = x + u16::try_from(written.width()).unwrap_or(0) + 3;
        paint.text(
            area,
            used,
            0,
            area.width.saturating_sub(used),
            "enter keeps it, esc clears it, ! inverts",
            Ink::Dim,
        );
        let column = x + u16::try_from(cursor).unwrap_or(0);
        return Some(Position {
            x: area.x + column.min(area.width.saturating_sub(1)),
            y: area.y,
        });
    }
    let hints = match sheet {
        Some(sheet) => sheet.hints.clone(),
        None => offered(state),
    };
    let mut x = 0;
    for (key, does) in fitting(hints, area.width, state) {
        x += paint.text(area, x, 0, area.width, &key, Ink::Key) + 1;
        x += paint.text(area, x, 0, area.width, &does, Ink::Dim) + 3;
    }
    None
}

/// Those for which there is room, in their order. The key that lists all the others is never one that is left out.
fn fitting(hints: Vec<(String, String)>, room: u16, state: &State) -> Vec<(String, String)> {
    let width = |(key, does): &(String, String)| key.width() + does.width() + 1;
    let help = state.keymap.key(ActionId::Help);
    let is_help = |hint: &(String, String)| Some(&hint.0) == help.as_ref();
    let mut kept_free = hints.iter().find(|hint| is_help(hint)).map_or(0, width);
    let mut x = 0;
    hints
        .into_iter()
        .filter(|hint| {
            let after = x + width(hint);
            let behind = if is_help(hint) {
                kept_free = 0;
                0
            } else if kept_free > 0 {
                kept_free + 3
            } else {
                0
            };
            let fits = after + behind <= usize::from(room);
            if fits {
                x = after + 3;
            }
            fits
        })
        .collect()
}

/// Keys and short names of what is offered, in the order of the table; moving about is in the help only.
fn offered(state: &State) -> Vec<(String, String)> {
    ACTIONS
        .iter()
        .filter(|action| shown(state, action.id) && state.offers(action.id))
        .filter_map(|action| Some((state.keymap.key(action.id)?, word(state, action.id)?)))
        .collect()
}

fn shown(state: &State, id: ActionId) -> bool {
    match id {
        ActionId::Toggle
        | ActionId::EnterKey
        | ActionId::Ask
        | ActionId::Configure
        | ActionId::AnswerDrift
        | ActionId::Check
        | ActionId::Open
        | ActionId::NewCommunity
        | ActionId::Tasks
        | ActionId::Filter
        | ActionId::Palette
        | ActionId::Help
        | ActionId::AddAccount
        | ActionId::AnotherAccount
        | ActionId::MoveAccount
        | ActionId::Resume
        | ActionId::Cancel
        | ActionId::Unlock => true,
        ActionId::Back => state.view != View::Communities || state.pane != Pane::Communities,
        ActionId::Operations => state.view == View::Communities,
        ActionId::Quit => state.view == View::Communities && state.pane == Pane::Communities,
        _ => false,
    }
}

/// The word for an action where it means something particular here.
fn word(state: &State, id: ActionId) -> Option<String> {
    let entry = crate::tui::keymap::entry(id);
    Some(match id {
        ActionId::Toggle => {
            let targets = state.targets();
            let wanted = targets
                .first()?
                .instance
                .as_ref()
                .is_some_and(|instance| instance.desired == crate::domain::Desired::Active);
            let verb = if wanted { "deactivate" } else { "activate" };
            match targets.len() {
                0 | 1 => verb.to_owned(),
                count => format!("{verb} {count} marked"),
            }
        }
        ActionId::Resume if state.view == View::Tasks => "check now".to_owned(),
        _ => entry.short.to_owned(),
    })
}
