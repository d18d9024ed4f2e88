//! The view of accounts: slots, keys, how far they reach.

use super::{
    details,
    list::{Columns, Drawable, cell, inked},
    tables::{Words, table},
};
use crate::domain::{Mark, SlotUse};
use crate::engine::views::{AccountRow, SlotRow};
use crate::tui::{state::State, text, theme::Ink, widgets::paint::Paint};
use ratatui::layout::{Position, Rect};

/// Accounts with their slots and keys.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Option<Position> {
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
            name: 15,
            cells: &[20, 26, 15, 60],
        },
        |row| account(state, row),
    )
}

fn account(state: &State, row: &AccountRow) -> Drawable {
    // The limit that presses most, else one that a new instance takes of, else the first that is known.
    let shown = row
        .pressing()
        .or_else(|| row.slots.iter().find(|slots| slots.takes > 0))
        .or(row.slots.first());
    let level = row
        .pressing()
        .map_or(SlotUse::Unknown, |pressing| pressing.slots.level());
    let key = row.keys.first();
    let ending = key.map_or("no key".to_owned(), |key| {
        if key.last_four.is_empty() {
            "key".to_owned()
        } else {
            format!("key ..{}", key.last_four)
        }
    });
    let advice = match level {
        SlotUse::Full => "full: make another; ",
        SlotUse::Near => "nearly full; ",
        SlotUse::Free | SlotUse::Unknown => "",
    };
    let due = if row.due.is_empty() {
        ""
    } else {
        "replace its key; "
    };
    let reaches = text::counted(row.reaches_communities, "community", "communities");
    let age = shown.map_or(String::new(), |slots| age(state, slots));
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
            inked(
                shown.map_or(String::new(), SlotRow::words),
                text::slot_ink(level),
            ),
            inked(age, Ink::Dim),
            inked(
                format!("{advice}{due}{ending}; reaches {reaches}"),
                key.map_or(Ink::Waiting, |key| details::key_ink(key.state)),
            ),
        ],
    }
}

/// How old the number of a limit is, and whose it is.
pub fn age(state: &State, row: &SlotRow) -> String {
    match row.measured_at {
        Some(at) => text::ago(state.now, at),
        None if row.slots.used.is_some() => "counted here".to_owned(),
        None => "not measured".to_owned(),
    }
}
