//! The views that are one list each: operations, steps for people, accounts, platforms, audit, messages.

use super::{
    details,
    list::{self, Chosen, Columns, Drawable, cell, inked},
};
use crate::domain::{AuditResult, Mark, OperationState, SlotUse};
use crate::engine::views::{AccountRow, OperationRow};
use crate::tui::{
    layers::operation::progress_words,
    state::{
        State,
        notices::Weight,
        table::{Row, Table},
    },
    text,
    theme::Ink,
    widgets::paint::Paint,
};
use ratatui::layout::{Position, Rect};
use std::fmt::Write as _;

/// Widths below which columns that matter less are left out.
const NARROW: u16 = 60;

/// What a view says in its heading and when it is empty.
struct Words {
    heading: String,
    empty: &'static str,
}

/// Operations: whose, what, how far, since when, what can be done.
pub fn operations(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    let all = state.operations.all();
    let count = |wanted: fn(OperationState) -> bool| {
        all.iter().filter(|row| wanted(row.operation.state)).count()
    };
    let heading = format!(
        "Operations   {} working   {} waiting   {} failed",
        count(|state| matches!(state, OperationState::Running | OperationState::Queued)),
        count(|state| matches!(
            state,
            OperationState::WaitsHuman | OperationState::WaitsKey | OperationState::WaitsUnlock
        )),
        count(|state| state == OperationState::Failed),
    );
    let narrow = area.width < NARROW;
    let name = if narrow { 12 } else { 20 };
    let cells: &[u16] = if narrow { &[8, 60] } else { &[16, 12, 7, 60] };
    table(
        paint,
        area,
        state,
        &state.operations,
        &Words {
            heading,
            empty: "Nothing was asked for yet.",
        },
        &Columns { name, cells },
        |row| operation(state, row, narrow),
    )
}

fn operation(state: &State, row: &OperationRow, narrow: bool) -> Drawable {
    let operation = &row.operation;
    let mark = match operation.state {
        OperationState::Queued | OperationState::Running => Mark::Working,
        OperationState::WaitsHuman | OperationState::WaitsKey | OperationState::WaitsUnlock => {
            Mark::Waiting
        }
        OperationState::Done => Mark::Active,
        OperationState::Failed => Mark::Failed,
        OperationState::Cancelled => Mark::Inactive,
    };
    let running = operation.state == OperationState::Running;
    let time = if running {
        text::elapsed(
            state.now,
            operation
                .updated_at
                .min(state.now)
                .max(operation.created_at),
        )
    } else {
        text::age(state.now, operation.updated_at)
    };
    let (said, ink) = operation_words(state, row);
    Drawable {
        mark: Some(mark),
        sign: (running && !state.look.plain).then(|| super::spinner(state)),
        name: cell(row.community.clone()),
        cells: if narrow {
            let platform = text::fit(&row.platform_name, 8, state.look.glyphs);
            vec![cell(platform), inked(said, ink)]
        } else {
            vec![
                cell(row.platform_name.clone()),
                cell(operation.verb.word()),
                inked(format!("{time:>6}"), Ink::Dim),
                inked(said, ink),
            ]
        },
    }
}

fn operation_words(state: &State, row: &OperationRow) -> (String, Ink) {
    let operation = &row.operation;
    let fault = operation.fault.as_ref();
    match operation.state {
        OperationState::Running => {
            let progress = state.progress.get(&operation.id).or(row.progress.as_ref());
            (
                progress.map_or_else(|| "working".to_owned(), progress_words),
                Ink::Working,
            )
        }
        OperationState::Queued => match (operation.not_before, fault) {
            (Some(at), Some(fault)) => (
                format!(
                    "again at {}: {}",
                    text::when(state.now, at, &state.zone),
                    fault.what
                ),
                Ink::Waiting,
            ),
            _ => ("queued".to_owned(), Ink::Dim),
        },
        OperationState::WaitsHuman => (
            operation.task.as_ref().map_or_else(
                || "waits for you".to_owned(),
                |task| format!("waits for you: {}", task.title),
            ),
            Ink::Waiting,
        ),
        OperationState::WaitsKey => ("waits for a key".to_owned(), Ink::Waiting),
        OperationState::WaitsUnlock => (
            "waits for the vault to be unlocked".to_owned(),
            Ink::Waiting,
        ),
        OperationState::Done => ("done".to_owned(), Ink::Dim),
        OperationState::Cancelled => ("cancelled; what it did stays done".to_owned(), Ink::Dim),
        OperationState::Failed => (
            fault.map_or_else(|| "failed".to_owned(), |fault| fault.what.clone()),
            Ink::Error,
        ),
    }
}

/// Every step that waits for a person.
pub fn tasks(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.tasks,
        &Words {
            heading: "Steps for you".to_owned(),
            empty: "Nothing waits for a person.",
        },
        &Columns {
            name: if area.width < NARROW { 14 } else { 20 },
            cells: &[16, 5, 70],
        },
        |row| Drawable {
            mark: Some(Mark::Waiting),
            sign: None,
            name: cell(row.community.clone()),
            cells: vec![
                cell(row.platform_name.clone()),
                inked(format!("{:>5}", text::age(state.now, row.since)), Ink::Dim),
                cell(row.task.title.clone()),
            ],
        },
    )
}

/// Accounts with their slots and keys.
pub fn accounts(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.accounts,
        &Words {
            heading: "Accounts".to_owned(),
            empty: "None yet; the first key of a platform makes one.",
        },
        &Columns {
            name: 16,
            cells: &[22, 30, 12, 60],
        },
        account,
    )
}

fn account(row: &AccountRow) -> Drawable {
    let fullest = row.slots.iter().max_by_key(|slots| slots.level());
    let (slots, level) = match fullest {
        Some(slots) => {
            let used = slots.used.map_or("?".to_owned(), text::thousands);
            let most = slots
                .max
                .map_or_else(String::new, |most| format!(" of {}", text::thousands(most)));
            (format!("{} {used}{most}", slots.unit), slots.level())
        }
        None => (String::new(), SlotUse::Unknown),
    };
    let key = row.keys.first();
    let ending = key.map_or("no key".to_owned(), |key| {
        if key.last_four.is_empty() {
            "key".to_owned()
        } else {
            format!("key ..{}", key.last_four)
        }
    });
    let full = if level == SlotUse::Full {
        "full: make another; "
    } else {
        ""
    };
    let reaches = text::counted(row.reaches_communities, "community", "communities");
    let state_words = key.map_or(String::new(), |key| {
        format!("{}; ", details::key_words(key))
    });
    Drawable {
        mark: Some(match level {
            SlotUse::Full => Mark::Failed,
            SlotUse::Near => Mark::Waiting,
            SlotUse::Free | SlotUse::Unknown => Mark::Active,
        }),
        sign: None,
        name: cell(row.platform_name.clone()),
        cells: vec![
            cell(row.account.name.clone()),
            inked(slots, text::slot_ink(level)),
            inked(
                ending,
                key.map_or(Ink::Waiting, |key| details::key_ink(key.state)),
            ),
            inked(format!("{full}{state_words}reaches {reaches}"), Ink::Dim),
        ],
    }
}

/// The platforms of the catalog.
pub fn platforms(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.platforms,
        &Words {
            heading: "Platforms".to_owned(),
            empty: "The catalog is empty.",
        },
        &Columns {
            name: 16,
            cells: &[11, 13, 9, 18, 80],
        },
        |manifest| {
            let memory = manifest.resources.memory_active_mib;
            Drawable {
                mark: None,
                sign: None,
                name: cell(manifest.name.clone()),
                cells: vec![
                    cell(manifest.group.word()),
                    cell(manifest.maturity.word()),
                    inked(
                        if memory > 0 {
                            format!("{:>9}", text::megabytes(memory))
                        } else {
                            String::new()
                        },
                        Ink::Dim,
                    ),
                    inked(
                        text::fit(&manifest.licence, 18, state.look.glyphs),
                        Ink::Dim,
                    ),
                    inked(manifest.summary.clone(), Ink::Dim),
                ],
            }
        },
    )
}

/// Who did what.
pub fn audit(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.audit,
        &Words {
            heading: "Audit".to_owned(),
            empty: "Nothing was done yet.",
        },
        &Columns {
            name: 22,
            cells: &[16, 16, 9, 26, 80],
        },
        |entry| {
            let ink = match entry.result {
                AuditResult::Refused | AuditResult::Failed => Ink::Failed,
                _ => Ink::Text,
            };
            Drawable {
                mark: None,
                sign: None,
                name: cell(entry.action.clone()),
                cells: vec![
                    inked(text::when(state.now, entry.at, &state.zone), Ink::Dim),
                    cell(text::fit(&entry.actor, 16, state.look.glyphs)),
                    inked(entry.result.word(), ink),
                    cell(text::fit(&entry.subject, 26, state.look.glyphs)),
                    inked(entry.detail.clone(), Ink::Dim),
                ],
            }
        },
    )
}

/// Every message of this session, newest first.
pub fn messages(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
    table(
        paint,
        area,
        state,
        &state.messages,
        &Words {
            heading: "Messages of this session".to_owned(),
            empty: "None.",
        },
        &Columns {
            name: 16,
            cells: &[200],
        },
        |logged| {
            let notice = &logged.notice;
            let (mark, ink) = match notice.weight {
                Weight::Done => (Mark::Active, Ink::Text),
                Weight::Warning => (Mark::Waiting, Ink::Waiting),
                Weight::Error => (Mark::Failed, Ink::Error),
            };
            let mut said = notice.what.clone();
            for more in [Some(&notice.hint), notice.detail.as_ref()]
                .into_iter()
                .flatten()
            {
                if !more.is_empty() {
                    said.push(' ');
                    said.push_str(more);
                }
            }
            Drawable {
                mark: Some(mark),
                sign: None,
                name: cell(text::when(state.now, notice.at, &state.zone)),
                cells: vec![inked(said, ink)],
            }
        },
    )
}

/// A heading and the rows in sight.
fn table<R: Row>(
    paint: &mut Paint<'_>,
    area: Rect,
    state: &State,
    rows: &Table<R>,
    words: &Words,
    columns: &Columns<'_>,
    drawable: impl Fn(&R) -> Drawable,
) -> Option<Position> {
    let heading = u16::from(area.height > 3);
    if heading > 0 {
        let mut title = words.heading.clone();
        if !rows.filter.is_empty() {
            let _ = write!(title, "  /{}", rows.filter);
        }
        paint.text(area, 1, 0, area.width, &title, Ink::Heading);
    }
    let body = Rect {
        y: area.y + heading,
        height: area.height - heading,
        ..area
    };
    if rows.count() == 0 {
        let loaded = rows.loaded || state.view == crate::tui::state::View::Messages;
        let said = match (loaded, rows.filter.is_empty()) {
            (false, _) => "Reading.",
            (true, true) => words.empty,
            (true, false) => "Nothing matches.",
        };
        paint.text(body, 1, 0, body.width, said, Ink::Dim);
        return None;
    }
    let height = usize::from(body.height);
    let top = rows.cursor.top(rows.count(), height);
    let mut place = None;
    for (y, row) in rows.visible().skip(top).take(height).enumerate() {
        let here = rows.cursor.key.as_ref() == Some(&row.key());
        let chosen = if here { Chosen::Here } else { Chosen::No };
        let Ok(y) = u16::try_from(y) else { break };
        let at = list::row(paint, body, y, columns, &drawable(row), chosen);
        if here {
            place = Some(at);
        }
    }
    place
}
