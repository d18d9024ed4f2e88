//! The full text of the chosen row of a list.

use crate::catalog::Manifest;
use crate::domain::{AuditEntry, SlotUse, Slug, mebibytes};
use crate::engine::views::AccountRow;
use crate::tui::{
    layers::page::Page,
    state::{State, View, notices::Notice},
    text,
    theme::Ink,
};

/// The page of the chosen row, in the views that have one.
pub fn of_chosen(state: &State) -> Option<Page> {
    match state.view {
        View::Accounts => state.accounts.chosen().map(|row| account(state, row)),
        View::Platforms => state.platforms.chosen().map(platform),
        View::Audit => state.audit.chosen().map(|entry| audit(state, entry)),
        View::Messages => state
            .messages
            .chosen()
            .map(|logged| message(state, &logged.notice)),
        View::Communities | View::Operations | View::Tasks | View::Requests => None,
    }
}

fn account(state: &State, row: &AccountRow) -> Page {
    let mut page = Page::new(format!("{} on {}", row.account.name, row.platform_name));
    let owner = row.slug.as_ref().map_or("the installation", Slug::as_str);
    page.fact("for", owner, Ink::Text);
    page.fact("one asks", row.account.contact.clone(), Ink::Text);
    page.fact(
        "is",
        row.account.external_id.clone().unwrap_or_default(),
        Ink::Text,
    );
    page.fact(
        "reaches",
        text::counted(row.reaches_communities, "community", "communities"),
        Ink::Text,
    );
    for slots in &row.slots {
        let per = if slots.per.is_empty() {
            String::new()
        } else {
            format!(" per {}", slots.per)
        };
        let level = slots.slots.level();
        page.fact(
            "slots",
            format!("{}{per}", slots.words()),
            text::slot_ink(level),
        );
        let age = crate::tui::views::slots_age(state, slots);
        let measured = if slots.measured_at.is_some() {
            format!("measured {age}")
        } else {
            age
        };
        page.fact("", format!("{measured}; {}", slots.slots.source), Ink::Dim);
        if level >= SlotUse::Near {
            page.fact("", slots.note.clone(), Ink::Text);
        }
    }
    for key in &row.keys {
        page.fact(
            &key.field,
            crate::tui::views::key_words(key),
            crate::tui::views::key_ink(key.state),
        );
        if let Some(due) = row.due.iter().find(|due| due.key == key.id) {
            page.fact("!", crate::tui::views::due_words(state, due), Ink::Waiting);
        }
        if let Some(at) = key.verified_at {
            page.fact(
                "verified",
                text::when(state.now, at, &state.zone),
                Ink::Text,
            );
        }
        if let Some(identity) = &key.identity {
            page.fact("who", identity.who.clone(), Ink::Text);
            page.fact("may", identity.scopes_held.join(", "), Ink::Text);
            page.fact("lacks", identity.scopes_missing.join(", "), Ink::Failed);
            page.fact("too much", identity.scopes_excess.join(", "), Ink::Waiting);
            page.fact(
                "reach",
                crate::tui::layers::reach_words(&identity.reach),
                Ink::Text,
            );
            for warning in &identity.warnings {
                page.fact("!", warning.clone(), Ink::Waiting);
            }
        }
    }
    page
}

fn platform(manifest: &Manifest) -> Page {
    let mut page = Page::new(manifest.name.clone());
    page.fact("is", manifest.summary.clone(), Ink::Text);
    page.fact("an instance", manifest.instance.clone(), Ink::Text);
    page.fact("home page", manifest.homepage.clone(), Ink::Key);
    page.fact("licence", manifest.licence.clone(), Ink::Text);
    page.fact(
        "maturity",
        format!(
            "{}; {} ({})",
            manifest.maturity, manifest.upstream.health, manifest.upstream.as_of
        ),
        Ink::Text,
    );
    for warning in &manifest.warnings {
        page.fact("mind", warning.clone(), Ink::Waiting);
    }
    let resources = &manifest.resources;
    if resources.memory_active_mib > 0 {
        page.fact(
            "memory",
            format!(
                "{} when active, {} at most",
                mebibytes(resources.memory_active_mib),
                mebibytes(resources.memory_peak_mib)
            ),
            Ink::Text,
        );
    }
    for offer in &manifest.kinds {
        page.fact(offer.kind.word(), offer.text.clone(), Ink::Text);
    }
    for slots in &manifest.slots {
        let most = slots.max.map_or("no known limit".to_owned(), |most| {
            format!("at most {}", text::thousands(most))
        });
        page.fact(
            "slots",
            format!(
                "{}: {most} for each {}. {}",
                slots.unit, slots.per, slots.note
            ),
            Ink::Text,
        );
    }
    for (verb, note) in &manifest.capabilities {
        page.fact(
            verb.word(),
            format!("{}: {}", note.how, note.note),
            Ink::Text,
        );
    }
    for offer in &manifest.connections {
        let to: Vec<&str> = offer
            .to
            .iter()
            .map(crate::domain::PlatformId::as_str)
            .collect();
        page.fact(
            &offer.verb,
            format!("{} ({}): {}", to.join(", "), offer.how, offer.note),
            Ink::Text,
        );
    }
    page
}

fn audit(state: &State, entry: &AuditEntry) -> Page {
    let mut page = Page::new(format!("Audit entry {}", entry.sequence));
    page.fact(
        "when",
        text::when(state.now, entry.at, &state.zone),
        Ink::Text,
    );
    page.fact("who", entry.actor.clone(), Ink::Text);
    page.fact("what", entry.action.clone(), Ink::Text);
    page.fact("on", entry.subject.clone(), Ink::Text);
    page.fact("result", entry.result.word(), Ink::Text);
    page.fact("because", entry.detail.clone(), Ink::Text);
    let seal = if entry.keyed {
        "keyed"
    } else {
        "plain, until the vault is unlocked"
    };
    page.fact("digest", format!("{} ({seal})", entry.digest), Ink::Dim);
    page
}

fn message(state: &State, notice: &Notice) -> Page {
    let mut page = Page::new("Message");
    page.fact(
        "when",
        text::when(state.now, notice.at, &state.zone),
        Ink::Text,
    );
    page.fact("what", notice.what.clone(), Ink::Text);
    page.fact("do", notice.hint.clone(), Ink::Text);
    page.fact("cause", notice.detail.clone().unwrap_or_default(), Ink::Dim);
    page
}
