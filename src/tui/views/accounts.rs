//! The view of accounts: slots, keys, how far they reach.

use super::{
    details,
    list::{Columns, Drawable, cell, inked},
    tables::{Words, table},
};
use crate::domain::{Mark, SlotUse};
use crate::engine::views::AccountRow;
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
