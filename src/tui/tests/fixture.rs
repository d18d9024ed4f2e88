//! Made-up communities on made-up platforms, a screen that stands still in time, and keys as words.

use crate::catalog::Catalog;
use crate::domain::*;
use crate::engine::views::*;
use crate::tui::{
    effect::Effect,
    keymap::{Chord, Keymap},
    message::{Answer, CommunityPage, Msg},
    state::State,
    theme::{ASCII, Glyphs, Look, UNICODE},
    update::update,
    views,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend};
use std::{collections::BTreeMap, sync::Arc};

/// The moment at which the tests stand.
pub fn now() -> Timestamp {
    "2026-08-20T09:14:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - minutes * 60).unwrap()
}

pub fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

pub fn colour() -> Look {
    Look::new("default", UNICODE)
}

pub fn look(theme: &str, glyphs: &'static Glyphs) -> Look {
    Look::new(theme, glyphs)
}

pub fn ascii() -> &'static Glyphs {
    ASCII
}

/// A screen with nothing on it yet.
pub fn bare(size: (u16, u16), look: Look) -> State {
    let (keymap, _) = Keymap::load(None);
    let catalog = Catalog::builtin().unwrap();
    State::new(
        size,
        look,
        Arc::new(keymap),
        Arc::new(catalog),
        now(),
        TimeZone::UTC,
    )
}

/// A screen with five communities, the first of them open.
pub fn furnished(size: (u16, u16), look: Look) -> State {
    let mut state = bare(size, look);
    let opening = state.opening_loads();
    answer_all(&mut state, opening);
    state
}

/// Answers effects as the made-up engine would, and the effects that come of that. Returns what was submitted.
pub fn answer_all(state: &mut State, effects: Vec<Effect>) -> Vec<Effect> {
    let mut left = Vec::new();
    let mut queue: std::collections::VecDeque<Effect> = effects.into();
    while let Some(effect) = queue.pop_front() {
        if effect == Effect::Rest {
            queue.extend(update(state, Msg::Rested));
            continue;
        }
        match answer(&effect) {
            Some(answer) => queue.extend(update(state, Msg::Answer(answer))),
            None => left.push(effect),
        }
    }
    left
}

fn answer(effect: &Effect) -> Option<Answer> {
    use crate::tui::effect::Load;
    Some(match effect {
        Effect::Load(Load::Overview) => Answer::Overview(Ok(overview())),
        Effect::Load(Load::Communities { filter, after, .. }) => Answer::Communities {
            filter: filter.clone(),
            after: *after,
            result: Ok(CommunityPage {
                rows: communities()
                    .into_iter()
                    .filter(|row| crate::tui::state::filter::passes(filter, &row.name))
                    .collect(),
                complete: true,
                at: now(),
            }),
        },
        Effect::Load(Load::Community(slug)) => Answer::Community(slug.clone(), Ok(community(slug))),
        Effect::Load(Load::Instance(slug, platform)) => Answer::Instance(
            slug.clone(),
            platform.clone(),
            Box::new(Ok(instance(slug, platform))),
        ),
        Effect::Load(Load::Operations) => Answer::Operations(Ok(operations())),
        Effect::Load(Load::Operation(id)) => Answer::Operation(*id, Box::new(Ok(operation(*id)))),
        Effect::Load(Load::Tasks) => Answer::Tasks(Ok(tasks())),
        Effect::Load(Load::Accounts) => Answer::Accounts(Ok(accounts())),
        Effect::Load(Load::Audit) => Answer::Audit(Ok(audit())),
        Effect::Template(ticket) => Answer::Template(*ticket, Ok(BTreeMap::new())),
        Effect::Plan(ticket, _) => Answer::Planned(*ticket, Ok(plan())),
        _ => return None,
    })
}

/// Presses keys written as words: "down e ctrl-p text:abc".
pub fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut left = Vec::new();
    for word in keys.split(' ') {
        let events: Vec<KeyEvent> = match word.strip_prefix("text:") {
            Some(text) => text
                .chars()
                .map(|character| KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE))
                .collect(),
            None => vec![event(word)],
        };
        for event in events {
            let effects = update(state, Msg::Key(event));
            left.extend(answer_all(state, effects));
        }
    }
    left
}

fn event(word: &str) -> KeyEvent {
    let (modifiers, name) = match word.split_once("ctrl-") {
        Some(("", name)) => (KeyModifiers::CONTROL, name),
        _ => (KeyModifiers::NONE, word),
    };
    let code = match name {
        "space" => KeyCode::Char(' '),
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "end" => KeyCode::End,
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    let event = KeyEvent::new(code, modifiers);
    assert!(!Chord::of(&event).to_string().is_empty());
    event
}

/// The screen as text.
pub fn screen(state: &State) -> String {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal
        .draw(|frame| {
            views::draw(frame, state);
        })
        .unwrap();
    terminal.backend().to_string()
}

/// The styled runs of the screen, one a line: where, which text, which style.
pub fn runs(state: &State) -> String {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal
        .draw(|frame| {
            views::draw(frame, state);
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let start = x;
            let mut text = String::new();
            while x < buffer.area.width && buffer[(x, y)].style() == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            let named = format!("{:?} {:?}", style.fg, style.add_modifier);
            if !text.trim().is_empty() && named != "Some(Reset) NONE" {
                lines.push(format!("{y:>2},{start:<3} {named:<40} {}", text.trim_end()));
            }
        }
    }
    lines.join("\n")
}

pub fn overview() -> Overview {
    Overview {
        installation: "commons.example".into(),
        host: "hall".into(),
        sandbox: true,
        read_only: false,
        vault: VaultState::Unlocked,
        actor: "root".into(),
        role: "operator".into(),
        communities: 128,
        need_you: 3,
        working: 2,
        failed: 1,
    }
}

fn communities() -> Vec<CommunityRow> {
    let row = |id, name: &str, active, total, mark, archived| CommunityRow {
        id: CommunityId(id),
        slug: Slug::suggest(name).unwrap(),
        name: name.into(),
        active,
        total,
        mark,
        archived,
    };
    vec![
        row(1, "Rosewood Co-op", 9, 11, Mark::Waiting, false),
        row(2, "Fern Collective", 4, 11, Mark::Working, false),
        row(3, "Harbour Tenants", 2, 11, Mark::Drift, false),
        row(
            4,
            "Mill Lane Makers of the Northern Quarter",
            6,
            11,
            Mark::Failed,
            false,
        ),
        row(5, "Old Quay", 0, 4, Mark::Inactive, true),
    ]
}

fn summary(
    id: i64,
    platform: &str,
    desired: Desired,
    observed: Observed,
    note: &str,
) -> InstanceSummary {
    InstanceSummary {
        id: InstanceId(id),
        platform: PlatformId::new(platform),
        desired,
        observed,
        health: if observed == Observed::Ready {
            Health::Ok
        } else {
            Health::Unknown
        },
        checked_at: (observed == Observed::Ready).then(|| ago(id * 2)),
        drifted: platform == "delta",
        note: note.into(),
        url: (observed == Observed::Ready).then(|| format!("https://{platform}.example/rosewood")),
    }
}

pub fn community(slug: &Slug) -> CommunityDetail {
    let listed = communities()
        .into_iter()
        .find(|row| row.slug == *slug)
        .unwrap();
    let row = |name: &str, group: &str, instance: Option<InstanceSummary>| PlatformRow {
        platform: PlatformId::new(name.to_lowercase()),
        name: name.into(),
        group: group.into(),
        adapter: name != "Theta",
        instance,
    };
    let (active, inactive) = (Desired::Active, Desired::Inactive);
    CommunityDetail {
        community: Community {
            id: listed.id,
            slug: listed.slug,
            name: listed.name,
            description: "Housing held in common by the people who live in it.".into(),
            created_at: ago(60 * 24 * 9),
            archived_at: listed.archived.then(|| ago(60)),
        },
        platforms: vec![
            row(
                "Alpha",
                "governance",
                Some(summary(1, "alpha", active, Observed::Ready, "")),
            ),
            row(
                "Beta",
                "governance",
                Some(summary(2, "beta", inactive, Observed::Ready, "")),
            ),
            row(
                "Gamma",
                "governance",
                Some(summary(
                    3,
                    "gamma",
                    inactive,
                    Observed::NeedsKey,
                    "a key of its bot",
                )),
            ),
            row(
                "Delta",
                "home",
                Some(summary(4, "delta", active, Observed::Ready, "")),
            ),
            row(
                "Epsilon",
                "home",
                Some(summary(
                    5,
                    "epsilon",
                    active,
                    Observed::NeedsHuman,
                    "invite the bot",
                )),
            ),
            row(
                "Zeta",
                "home",
                Some(summary(6, "zeta", active, Observed::Working, "rooms")),
            ),
            row(
                "Eta",
                "home",
                Some(summary(
                    7,
                    "eta",
                    active,
                    Observed::Failed,
                    "missing scope channels:manage",
                )),
            ),
            row("Theta", "home", None),
        ],
        connections: vec![ConnectionRow {
            connection: Connection {
                id: ConnectionId(1),
                from: InstanceId(1),
                to: InstanceId(4),
                verb: "reads".into(),
                state: ConnectionState::Ok,
                note: String::new(),
                tested_at: Some(ago(11)),
            },
            from: "Alpha".into(),
            to: "Delta".into(),
        }],
    }
}

pub fn task() -> HumanTask {
    HumanTask {
        step: "invite".into(),
        title: "invite the bot to Rosewood's server".into(),
        why: "a program cannot create or enter a server by itself".into(),
        who: "somebody with \"Manage Server\" there".into(),
        url: Some("https://epsilon.example/oauth2/authorize?client_id=123&scope=bot".into()),
        instructions: vec![
            "Open the address.".into(),
            "Choose the server and confirm.".into(),
        ],
        asks_for: vec![
            "manage channels".into(),
            "manage roles".into(),
            "send".into(),
        ],
        others_decide: false,
    }
}

pub fn instance(slug: &Slug, platform: &PlatformId) -> InstanceDetail {
    let detail = community(slug);
    let row = detail
        .platforms
        .iter()
        .find(|row| row.platform == *platform)
        .unwrap()
        .clone();
    let key = CredentialMeta {
        id: CredentialId(1),
        account: AccountId(1),
        field: "token".into(),
        version: 1,
        state: CredentialState::Active,
        length: 32,
        last_four: "a1b2".into(),
        fingerprint: "0011".into(),
        created_at: ago(500),
        verified_at: Some(ago(500)),
        expires_at: None,
        identity: Some(identity()),
    };
    InstanceDetail {
        slug: slug.clone(),
        community: detail.community.name.clone(),
        platform: platform.clone(),
        platform_name: row.name.clone(),
        meaning: "An account on a hosted service.".into(),
        adapter: row.adapter,
        advice: match row.instance.as_ref().map(|i| i.observed) {
            Some(Observed::NeedsKey) => vec![
                "There, make a bot user that belongs to this group only.".into(),
                "Copy its API key.".into(),
                "Press e and paste it.".into(),
            ],
            _ => vec![],
        },
        task: (platform.as_str() == "epsilon").then(|| (OperationId(3), task())),
        keys: if platform.as_str() == "delta" {
            vec![key]
        } else {
            vec![]
        },
        connections: detail.connections.clone(),
        operations: vec![operations()[0].operation.clone()],
        warnings: vec!["Upstream has had no release for two years.".into()],
        capabilities: vec![],
        instance: row.instance.map(|summary| Instance {
            id: summary.id,
            community: detail.community.id,
            platform: platform.clone(),
            kind: InstanceKind::Account,
            desired: summary.desired,
            observed: summary.observed,
            note: summary.note,
            health: summary.health,
            checked_at: summary.checked_at,
            drift: if summary.drifted {
                vec![Drift {
                    kind: DriftKind::Missing,
                    what: "The room general is missing.".into(),
                }]
            } else {
                vec![]
            },
            observe_only: false,
            made_by_us: true,
            external_id: summary.url.as_ref().map(|_| "x1".to_owned()),
            url: summary.url,
            settings: BTreeMap::new(),
            created_at: ago(700),
        }),
    }
}

pub fn identity() -> Identity {
    Identity {
        external_id: "u1".into(),
        who: "rosewood-bot, a bot account".into(),
        scopes_held: vec!["read groups".into(), "make polls".into()],
        scopes_missing: vec![],
        scopes_excess: vec!["delete groups".into()],
        warnings: vec![
            "It is also an administrator of the whole server: it sees every group there.".into(),
        ],
        reach: Reach {
            unit: "group".into(),
            objects: vec![ReachedObject {
                external_id: "g1".into(),
                name: "rosewood".into(),
                role: "admin".into(),
                community: Some(CommunityId(1)),
            }],
            total: None,
            everything: None,
        },
        slots: vec![Slots {
            unit: "tokens".into(),
            max: Some(15),
            used: Some(2),
            source: "measured".into(),
        }],
        expires_at: None,
    }
}

fn operation_row(
    id: i64,
    community: &str,
    platform: &str,
    state: OperationState,
    fault: Option<Fault>,
) -> OperationRow {
    OperationRow {
        operation: Operation {
            id: OperationId(id),
            instance: InstanceId(id),
            community: CommunityId(1),
            platform: PlatformId::new(platform.to_lowercase()),
            verb: OperationVerb::Provision,
            state,
            actor: "root".into(),
            argument: serde_json::Value::Null,
            task: (state == OperationState::WaitsHuman).then(task),
            fault,
            attempts: 1,
            not_before: None,
            created_at: ago(5),
            updated_at: ago(2),
        },
        community: community.into(),
        slug: Slug::suggest(community).unwrap(),
        platform_name: platform.into(),
        progress: (state == OperationState::Running).then(|| Progress {
            phase: "rooms".into(),
            done: 2,
            of: 4,
            item: "general".into(),
        }),
    }
}

pub fn operations() -> Vec<OperationRow> {
    vec![
        operation_row(1, "Fern Collective", "Zeta", OperationState::Running, None),
        operation_row(2, "Rosewood Co-op", "Gamma", OperationState::WaitsKey, None),
        operation_row(
            3,
            "Rosewood Co-op",
            "Epsilon",
            OperationState::WaitsHuman,
            None,
        ),
        operation_row(
            4,
            "Mill Lane Makers",
            "Eta",
            OperationState::Failed,
            Some(
                Fault::new(
                    FaultKind::ScopeMissing,
                    "Eta refused: the scope channels:manage is missing.",
                )
                .hint("Add the scope there and retry."),
            ),
        ),
        operation_row(5, "Harbour Tenants", "Alpha", OperationState::Done, None),
    ]
}

fn operation(id: OperationId) -> OperationDetail {
    let row = operations()
        .into_iter()
        .find(|row| row.operation.id == id)
        .unwrap();
    let step = |name: &str, state, minutes| StepRecord {
        name: name.into(),
        state,
        key: OperationKey::recorded("00"),
        result: None,
        intended_at: ago(minutes),
        recorded_at: None,
    };
    OperationDetail {
        row,
        steps: vec![
            step("space", StepState::Recorded, 4),
            step("room general", StepState::Recorded, 3),
            step("room votes", StepState::Intended, 2),
        ],
    }
}

fn tasks() -> Vec<TaskRow> {
    vec![TaskRow {
        operation: OperationId(3),
        slug: slug("rosewood-co-op"),
        community: "Rosewood Co-op".into(),
        platform: PlatformId::new("epsilon"),
        platform_name: "Epsilon".into(),
        task: task(),
        since: ago(2),
    }]
}

fn accounts() -> Vec<AccountRow> {
    let row = |id, platform: &str, name: &str, used, reaches| AccountRow {
        account: Account {
            id: AccountId(id),
            platform: PlatformId::new(platform.to_lowercase()),
            name: name.into(),
            community: None,
            external_id: None,
            created_at: ago(600),
        },
        platform_name: platform.into(),
        slug: None,
        keys: vec![],
        slots: vec![Slots {
            unit: "servers joined".into(),
            max: Some(100),
            used: Some(used),
            source: "measured".into(),
        }],
        reaches_communities: reaches,
    };
    vec![
        row(1, "Epsilon", "guildhall-rosewood", 1, 1),
        row(2, "Epsilon", "guildhall-shared", 83, 83),
        row(3, "Epsilon", "guildhall-old", 100, 100),
    ]
}

fn audit() -> Vec<AuditEntry> {
    vec![AuditEntry {
        sequence: AuditSequence(2),
        at: ago(2),
        actor: "root (operator)".into(),
        action: "instance-activate".into(),
        subject: "rosewood-co-op/alpha".into(),
        community: Some(CommunityId(1)),
        result: AuditResult::ALL[0],
        detail: String::new(),
        digest: "00".into(),
        keyed: true,
    }]
}

pub fn plan() -> Plan {
    let item = |kind, platform: &str, text: &str| PlanItem {
        kind,
        platform: (!platform.is_empty()).then(|| PlatformId::new(platform)),
        text: text.into(),
    };
    Plan {
        title: "Create Rosewood Co-op".into(),
        items: vec![
            item(PlanItemKind::Now, "alpha", "starts, about 250 MB"),
            item(PlanItemKind::Now, "beta", "made, left inactive"),
            item(PlanItemKind::NeedsKey, "gamma", "a key of its bot"),
            item(PlanItemKind::NeedsHuman, "epsilon", "invite the bot"),
            item(
                PlanItemKind::Slot,
                "epsilon",
                "servers joined: 42 of 100 after this",
            ),
            item(
                PlanItemKind::NotYet,
                "theta",
                "its adapter is not there yet",
            ),
        ],
        memory_mib: 250,
        memory_free_mib: 3_100,
        disk_mib: 40,
        typed_confirmation: None,
        basis: "1".into(),
    }
}
