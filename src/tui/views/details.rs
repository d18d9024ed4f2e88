//! The pane of details: what to do next before anything else, then state, keys, connections, what happened last.

use super::instances::connection_state;
use crate::catalog::Manifest;
use crate::domain::{
    ActionId, CredentialMeta, CredentialState, Desired, DriftVerdict, Health, IntentKind, Observed,
    mebibytes,
};
use crate::engine::views::{ConnectionRow, Due, InstanceDetail, TaskRow};
use crate::tui::{
    layout,
    state::{Pane, State},
    term::Link,
    text,
    theme::Ink,
    widgets::{
        paint::Paint,
        sheet::{Sheet, SheetBuilder},
    },
};
use ratatui::layout::Rect;
use std::fmt::Write as _;

/// Draws the pane; answers its links.
pub fn draw(paint: &mut Paint<'_>, area: Rect, state: &State) -> Vec<Link> {
    let focused = state.pane == Pane::Details;
    let sheet = match &state.instance {
        Some(detail) if shown(state, detail) => page(state, detail, area.width),
        _ => match state.community.as_ref() {
            Some(_) if state.pane == Pane::Communities => return community(paint, area, state),
            _ => return vec![],
        },
    };
    let title = if focused && state.columns() == layout::Columns::One {
        // The breadcrumb of the one-pane mode.
        state
            .instance
            .as_ref()
            .map(|detail| format!("{} > {}", detail.community, detail.platform_name))
    } else {
        state
            .instance
            .as_ref()
            .map(|detail| detail.platform_name.clone())
    };
    let title = title.unwrap_or_default();
    let heading = u16::from(area.height > 3);
    if heading > 0 {
        paint.text(area, 1, 0, area.width, &title, super::heading_ink(focused));
    }
    let body = Rect {
        x: area.x + 1,
        y: area.y + heading,
        width: area.width.saturating_sub(1),
        height: area.height - heading,
    };
    sheet.draw(paint, body).links
}

/// Whether the details in sight belong to the community in sight.
fn shown(state: &State, detail: &InstanceDetail) -> bool {
    state.pane != Pane::Communities
        && state
            .community
            .as_ref()
            .is_some_and(|community| community.community.slug == detail.slug)
}

/// What is said of the community while the focus is in the list of communities.
fn community(paint: &mut Paint<'_>, area: Rect, state: &State) -> Vec<Link> {
    let Some(detail) = &state.community else {
        return vec![];
    };
    let community = &detail.community;
    let mut sheet = SheetBuilder::new("", area.width.saturating_sub(1), state.look.glyphs);
    sheet.paragraph(community.slug.as_str(), Ink::Dim);
    if !community.description.is_empty() {
        sheet.gap();
        sheet.paragraph(&community.description, Ink::Text);
    }
    let waiting: Vec<_> = detail
        .platforms
        .iter()
        .filter_map(|row| Some((row, row.instance.as_ref()?)))
        .filter(|(_, instance)| instance.mark() == crate::domain::Mark::Waiting)
        .collect();
    if !waiting.is_empty() {
        sheet.gap();
        sheet.paragraph("Waits for you", Ink::Heading);
        for (row, instance) in waiting {
            sheet.fact(&row.name, instance.state_words(), Ink::Waiting);
        }
    }
    let heading = u16::from(area.height > 3);
    let body = Rect {
        x: area.x + 1,
        y: area.y + heading,
        width: area.width.saturating_sub(1),
        height: area.height - heading,
    };
    sheet.done().draw(paint, body).links
}

fn page(state: &State, detail: &InstanceDetail, width: u16) -> Sheet {
    let mut sheet = SheetBuilder::new("", width.saturating_sub(1), state.look.glyphs);
    standing(&mut sheet, state, detail);
    if !detail.advice.is_empty() {
        sheet.gap();
        sheet.paragraph("What to do", Ink::Heading);
        sheet.steps(&detail.advice);
        if state.offers(ActionId::AnswerDrift)
            && let Some(key) = state.keymap.key(ActionId::AnswerDrift)
        {
            sheet.fact("", &format!("{key} decides about what differs"), Ink::Key);
        }
        sheet.gap();
    }
    facts(&mut sheet, state, detail);
    if let Some(TaskRow { task, .. }) = &detail.task {
        sheet.gap();
        sheet.fact("step", &task.title, Ink::Waiting);
        if let Some(address) = &task.url {
            sheet.address("open", address);
        }
    }
    keys(&mut sheet, state, detail);
    if !detail.connections.is_empty() {
        sheet.gap();
        sheet.paragraph("Connections", Ink::Heading);
        for row in &detail.connections {
            let (said, ink) = connection_state(row);
            let other = ends(row, &detail.platform_name);
            let age = row.connection.tested_at.map_or(String::new(), |at| {
                format!(", tested {}", text::ago(state.now, at))
            });
            sheet.fact("", &format!("{other}: {said}{age}"), ink);
        }
        if !state.is_read_only()
            && let Some(key) = state.keymap.key(ActionId::Connections)
        {
            let does = match (
                state.may(IntentKind::TestConnection),
                state.may(IntentKind::Disconnect),
            ) {
                (true, true) => "tests or undoes them",
                (true, false) => "tests them",
                (false, true) => "undoes them",
                (false, false) => "lists them",
            };
            sheet.fact("", &format!("{key} {does}"), Ink::Key);
        }
    }
    if !detail.operations.is_empty() {
        sheet.gap();
        sheet.paragraph("Last", Ink::Heading);
        for operation in detail.operations.iter().take(5) {
            let at = text::when(state.now, operation.updated_at, &state.zone);
            let said = format!(
                "{} {}, {}",
                operation.actor,
                operation.verb,
                operation.state.word()
            );
            sheet.fact(&at, &said, Ink::Text);
            if let Some(fault) = &operation.fault {
                sheet.fact("", &fault.what, Ink::Error);
                sheet.fact("", &fault.hint, Ink::Text);
            }
        }
    }
    if !detail.warnings.is_empty() {
        sheet.gap();
        sheet.paragraph("To know", Ink::Heading);
        for warning in &detail.warnings {
            sheet.paragraph(warning, Ink::Text);
        }
    }
    // At the end: in the middle it would move everything below it from row to row.
    if state.offers(ActionId::Logs)
        && let Some(key) = state.keymap.key(ActionId::Logs)
    {
        sheet.gap();
        sheet.fact("", &format!("{key} shows what it writes"), Ink::Key);
    }
    sheet.scroll_to(state.details_top);
    sheet.done()
}

/// A connection as one of its ends sees it: what goes out and what comes in.
pub fn ends(row: &ConnectionRow, here: &str) -> String {
    if row.from == here {
        format!("-> {} {}", row.connection.verb, row.to)
    } else {
        format!("<- {} {} this", row.from, row.connection.verb)
    }
}

/// The state, first of all.
fn standing(sheet: &mut SheetBuilder<'_>, state: &State, detail: &InstanceDetail) {
    if !detail.adapter {
        sheet.fact(
            "adapter",
            "not there yet; the instance is recorded only",
            Ink::Waiting,
        );
    }
    let Some(instance) = &detail.instance else {
        sheet.fact("state", "off", Ink::Dim);
        return;
    };
    let summary = crate::domain::InstanceSummary::from(instance);
    let mark = instance.mark();
    let mut words = format!(
        "{} {}",
        text::mark(mark, state.look.glyphs),
        summary.state_words()
    );
    if instance.observed != Observed::Ready && instance.desired != Desired::Removed {
        let _ = write!(words, ", wanted {}", instance.desired);
    }
    sheet.fact("state", &words, text::mark_ink(mark));
    sheet.fact("note", &instance.note, Ink::Text);
}

fn facts(sheet: &mut SheetBuilder<'_>, state: &State, detail: &InstanceDetail) {
    let Some(instance) = &detail.instance else {
        sheet.fact("is", &detail.meaning, Ink::Text);
        if let Some(manifest) = state.catalog.get(&detail.platform) {
            about(sheet, manifest);
        }
        return;
    };
    if let Some(at) = instance.checked_at {
        let health = format!("{}, {}", instance.health, text::ago(state.now, at));
        sheet.fact("health", &health, Ink::Text);
    }
    if instance.health != Health::Ok
        && let Some(at) = detail.healthy_at
    {
        sheet.fact("last ok", &text::ago(state.now, at), Ink::Text);
    }
    for drift in &instance.drift {
        sheet.fact("drift", &drift.what, Ink::Drift);
    }
    for answer in &detail.answered {
        let verdict = match (answer.verdict, answer.until) {
            (DriftVerdict::Ignored, Some(until)) => format!(
                "ignored until {}",
                text::when(state.now, until, &state.zone)
            ),
            _ => "taken over".to_owned(),
        };
        sheet.fact(&verdict, &answer.drift.what, Ink::Dim);
    }
    let kind = state
        .catalog
        .get(&detail.platform)
        .and_then(|manifest| {
            manifest
                .kinds
                .iter()
                .find(|offer| offer.kind == instance.kind)
        })
        .map_or_else(
            || instance.kind.word().to_owned(),
            |offer| offer.text.clone(),
        );
    sheet.fact("kind", &kind, Ink::Text);
    if let Some(address) = &instance.url {
        sheet.address("at", address);
    }
    if instance.observe_only {
        let said = match state.keymap.key(ActionId::Adopt) {
            Some(key) => format!("only looked at, never changed; {key} manages it"),
            None => "only looked at, never changed".to_owned(),
        };
        sheet.fact("adopted", &said, Ink::Text);
    }
}

/// What the manifest says of a platform that is off.
fn about(sheet: &mut SheetBuilder<'_>, manifest: &Manifest) {
    sheet.fact(
        "licence",
        &format!("{}, {}", manifest.licence, manifest.maturity),
        Ink::Text,
    );
    if manifest.resources.memory_active_mib > 0 {
        sheet.fact(
            "memory",
            &format!(
                "about {} when active",
                mebibytes(manifest.resources.memory_active_mib)
            ),
            Ink::Text,
        );
    }
    sheet.fact(
        "upstream",
        &format!("{} ({})", manifest.upstream.health, manifest.upstream.as_of),
        Ink::Text,
    );
}

fn keys(sheet: &mut SheetBuilder<'_>, state: &State, detail: &InstanceDetail) {
    let needs_key = detail
        .instance
        .as_ref()
        .is_some_and(|instance| instance.observed == Observed::NeedsKey);
    if detail.keys.is_empty() {
        if needs_key {
            sheet.gap();
            sheet.fact("key", "none; one for this community", Ink::Waiting);
        }
        return;
    }
    sheet.gap();
    sheet.paragraph("Keys", Ink::Heading);
    if detail.keys_reach > 1 {
        let reached = text::counted(detail.keys_reach, "community", "communities");
        sheet.fact("!", &format!("reaches {reached}"), Ink::Waiting);
    }
    for key in &detail.keys {
        sheet.fact(&key.field, &key_words(key), key_ink(key.state));
        if let Some(identity) = &key.identity {
            sheet.fact("", &identity.who, Ink::Text);
            let reach = crate::tui::layers::reach_words(&identity.reach);
            sheet.fact("reach", &reach, Ink::Text);
        }
        if let Some(at) = key.expires_at {
            sheet.fact("until", &text::when(state.now, at, &state.zone), Ink::Text);
        }
        if let Some(due) = detail.due.iter().find(|due| due.key == key.id) {
            sheet.fact("!", &due_words(state, due), Ink::Waiting);
        }
    }
}

/// "is older than 90 days: replace it with z".
pub fn due_words(state: &State, due: &Due) -> String {
    let key = state.keymap.key(ActionId::RotateKey);
    match key.filter(|_| state.may(IntentKind::RotateKey)) {
        Some(key) => format!("{}: replace it with {key}", due.words),
        None => format!("{}: it should be replaced", due.words),
    }
}

/// "in use, 32 characters, ends in a1b2".
pub fn key_words(key: &CredentialMeta) -> String {
    let length = u64::try_from(key.length).unwrap_or(0);
    let mut words = format!(
        "{}, {}",
        match key.state {
            CredentialState::Active => "in use",
            CredentialState::Inbox => "waits for the vault to be unlocked",
            CredentialState::NeedsReentry => "has to be entered again",
            CredentialState::Unverified => "not verified yet",
            CredentialState::Rejected => "no longer accepted",
            CredentialState::Retiring => "being replaced",
            CredentialState::Revoked => "revoked",
        },
        text::counted(length, "character", "characters")
    );
    if !key.last_four.is_empty() {
        let _ = write!(words, ", ends in {}", key.last_four);
    }
    words
}

/// The ink for the state of a key.
pub fn key_ink(state: CredentialState) -> Ink {
    match state {
        CredentialState::Active => Ink::Text,
        CredentialState::Rejected | CredentialState::NeedsReentry | CredentialState::Revoked => {
            Ink::Failed
        }
        CredentialState::Inbox | CredentialState::Unverified | CredentialState::Retiring => {
            Ink::Waiting
        }
    }
}
