//! A screen that stands still in time, an engine that answers from the furniture, and keys as words.

use crate::domain::*;
use crate::tui::{
    effect::Effect,
    keymap::{Chord, Keymap},
    message::{Answer, CommunityPage, Msg},
    state::State,
    term::Link,
    theme::{Glyphs, Look, UNICODE},
    update::update,
    views,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Style};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

pub use super::furniture::*;

/// Read once: it goes through files.
static CATALOG: LazyLock<Arc<crate::catalog::Catalog>> = LazyLock::new(|| Arc::new(catalog()));

/// The moment at which the tests stand.
pub fn now() -> Timestamp {
    "2026-08-20T09:14:00Z".parse().unwrap()
}

pub fn ago(minutes: i64) -> Timestamp {
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

/// The built-in theme without colours.
pub fn monochrome() -> Look {
    Look::new("monochrome", UNICODE)
}

/// A screen with nothing on it yet.
pub fn bare(size: (u16, u16), look: Look) -> State {
    let (keymap, _) = Keymap::load(None);
    State::new(size, look, Arc::new(keymap), CATALOG.clone(), now(), || {
        TimeZone::UTC
    })
}

/// A screen with five communities, the first of them open.
pub fn furnished(size: (u16, u16), look: Look) -> State {
    let mut state = bare(size, look);
    let mut opening = state.opening_loads();
    opening.extend(state.later_loads());
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
        Effect::Load(Load::Requests) => Answer::Requests(Ok(vec![])),
        Effect::Load(Load::Rotations) => Answer::Rotations(Ok(super::key_matters::rotations())),
        Effect::Load(Load::Operators) => Answer::Operators(Ok(super::key_matters::operators())),
        Effect::Load(Load::Sharing(platform)) => {
            Answer::Sharing(platform.clone(), Ok(super::key_matters::sharing(platform)))
        }
        Effect::Load(Load::Moves(account)) => Answer::Moves(*account, Ok(super::accounts::moves())),
        Effect::AccountOffer(ticket, platform, _) => {
            Answer::AccountOffer(*ticket, Ok(super::accounts::offer(platform)))
        }
        Effect::Reveal(ticket, ..) => Answer::Revealed(*ticket, Ok(super::accounts::read())),
        Effect::RemoveOperator(ticket, ..) => {
            Answer::OperatorRemoved(*ticket, Box::new(Ok(super::key_matters::removal())))
        }
        Effect::Load(Load::Audit) => Answer::Audit(Ok(audit())),
        Effect::Template(ticket) => Answer::Template(*ticket, Ok(BTreeMap::new())),
        Effect::Plan(ticket, _) => Answer::Planned(*ticket, Ok(plan())),
        Effect::Examine(ticket, _) => Answer::Examined(*ticket, Box::new(Ok(examination()))),
        Effect::FindHomes(ticket, domains) => Answer::Homes(*ticket, Ok(homes(domains))),
        Effect::Log(ticket, ..) => Answer::Log(*ticket, Ok(log())),
        Effect::SaveLog(ticket, ..) => {
            Answer::LogSaved(*ticket, Ok("/srv/guildhall/saved-logs/a.log".into()))
        }
        Effect::Discover(ticket, ..) => Answer::Discovered(*ticket, Ok(discovered())),
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

pub fn event(word: &str) -> KeyEvent {
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
    drawn(state).to_string()
}

fn drawn(state: &State) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal
        .draw(|frame| {
            views::draw(frame, state);
        })
        .unwrap();
    terminal.backend().clone()
}

/// The cells of the screen, and its links.
pub fn cells(state: &State) -> (Buffer, Vec<Link>) {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    let mut links = Vec::new();
    terminal
        .draw(|frame| links = views::draw(frame, state))
        .unwrap();
    (terminal.backend().buffer().clone(), links)
}

/// The style of every cell of the screen, row by row.
pub fn styles(state: &State) -> Vec<Vec<Style>> {
    let drawn = drawn(state);
    let buffer = drawn.buffer();
    let area = buffer.area;
    (0..area.height)
        .map(|y| (0..area.width).map(|x| buffer[(x, y)].style()).collect())
        .collect()
}

/// The intents that were sent, in a plan or without one.
pub fn submitted(effects: &[Effect]) -> Vec<&Intent> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Submit(_, intent)
            | Effect::SubmitAccepting(intent)
            | Effect::SubmitPlanned(_, intent, _) => Some(intent.as_ref()),
            _ => None,
        })
        .collect()
}
