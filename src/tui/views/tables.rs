//! Views that are one list each, and how such a view is drawn: steps for people, platforms, audit, messages.

use super::list::{self, Chosen, Columns, Drawable, cell, inked};
use crate::domain::{AuditResult, Mark, mebibytes};
use crate::tui::{
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
pub const NARROW: u16 = 60;

/// What a view says in its heading and when it is empty.
pub struct Words {
    pub heading: String,
    pub empty: &'static str,
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
            name: cell(row.subject.whose().to_owned()),
            cells: vec![
                cell(row.platform_name.clone()),
                inked(format!("{:>5}", text::age(state.now, row.since)), Ink::Dim),
                cell(row.task.title.clone()),
            ],
        },
    )
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
                            format!("{:>9}", mebibytes(memory))
                        } else {
                            String::new()
                        },
                        Ink::Dim,
                    ),
                    inked(
                        text::fit(manifest.licence_in_short(), 18, state.look.glyphs),
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
pub fn table<R: Row>(
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
