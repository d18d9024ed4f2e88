//! A message in, the state changed, effects out. No I/O, no waiting.

mod accounts;
mod actions;
mod answers;
mod bulk;
mod engine_events;
mod keys;
pub mod lists;
mod opening;
mod pages;
mod reach;
mod requests;
mod stored_keys;

use super::{
    effect::Effect,
    input::Input,
    keymap::Chord,
    layers::{After, Layer, Turn, revealed},
    message::Msg,
    state::State,
};
use crate::domain::ActionId;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};

/// Lines that one notch of the wheel turns.
const NOTCH: isize = 3;

/// Takes a message.
pub fn update(state: &mut State, message: Msg) -> Vec<Effect> {
    end_layers(state);
    match message {
        Msg::Key(key) if key.kind == KeyEventKind::Release => vec![],
        Msg::Key(key) => {
            state.notices.pass();
            on_key(state, key)
        }
        Msg::Paste(text) => {
            let input = Input::Paste(text);
            match with_top(state, &input) {
                Some(turn) => turn.0,
                None => vec![],
            }
        }
        Msg::Mouse(event) => match event.kind {
            MouseEventKind::ScrollUp => wheel(state, -NOTCH),
            MouseEventKind::ScrollDown => wheel(state, NOTCH),
            MouseEventKind::Down(_) => opening::click(state, event.column, event.row),
            _ => vec![],
        },
        Msg::Resize(width, height) => {
            state.size = (width, height);
            lists::settle(state);
            vec![]
        }
        Msg::Tick => {
            state.spinner = (state.spinner + 1) % 4;
            match state.layers.last_mut() {
                Some(layer) if layer.is_live() => layer.tick(),
                _ => vec![],
            }
        }
        Msg::Rested => opening::rested(state),
        Msg::Engine(event) => engine_events::take(state, &event),
        Msg::Progress(operation, progress) => {
            state.progress.insert(operation, progress);
            vec![]
        }
        Msg::Answer(answer) => answers::take(state, answer),
        Msg::Trouble(fault) => {
            state.notices.fault(state.now, &fault);
            vec![]
        }
    }
}

/// Turns what is read: the list in sight, or the page over it. In a form it would change what is filled in.
fn wheel(state: &mut State, by: isize) -> Vec<Effect> {
    match state.layers.last() {
        None | Some(Layer::Filter(_)) => lists::step(state, by),
        Some(Layer::Page(_) | Layer::Operation(_) | Layer::Task(_) | Layer::Log(_)) => {
            let code = if by < 0 { KeyCode::Up } else { KeyCode::Down };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            (0..by.unsigned_abs())
                .filter_map(|_| with_top(state, &Input::Key(key)))
                .flat_map(|(effects, _)| effects)
                .collect()
        }
        Some(_) => vec![],
    }
}

/// Takes away what was to be seen for a while only.
fn end_layers(state: &mut State) {
    let (now, before) = (state.now, state.layers.len());
    state
        .layers
        .retain(|layer| layer.ends_at().is_none_or(|end| end > now));
    if state.layers.len() < before {
        state.notices.done(now, revealed::GONE);
    }
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    // Terminals send Esc and x in one piece as alt-x; where alt-x means nothing, it is those two.
    let alt = key.modifiers.contains(KeyModifiers::ALT) && matches!(key.code, KeyCode::Char(_));
    if alt && state.keymap.actions(Chord::of(&key)).next().is_none() {
        let mut effects = on_key(state, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        let rest = KeyEvent::new(key.code, key.modifiers - KeyModifiers::ALT);
        effects.extend(on_key(state, rest));
        return effects;
    }
    if let Some((effects, passed)) = with_top(state, &Input::Key(key))
        && !passed
    {
        return effects;
    }
    let action = offered(state, &key);
    match action {
        // What is open may hold what cannot be had again, a pasted key say: it goes first, with its own warnings.
        Some(ActionId::Quit)
            if !state.layers.is_empty() && !key.modifiers.contains(KeyModifiers::CONTROL) =>
        {
            let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
            with_top(state, &Input::Key(escape)).map_or_else(Vec::new, |(effects, _)| effects)
        }
        Some(action) if state.layers.is_empty() || reaches_through(state, action) => {
            actions::run(state, action)
        }
        _ => vec![],
    }
}

/// The one meaning of a key that is possible here.
fn offered(state: &State, key: &KeyEvent) -> Option<ActionId> {
    let chord = Chord::of(key);
    let mut meanings: Vec<_> = state.keymap.actions(chord).collect();
    let possible = meanings.iter().position(|action| state.offers(*action));
    possible.map(|place| meanings.swap_remove(place))
}

/// What works while a layer is open: leaving, redrawing, and whatever the layer says it does not use itself.
fn reaches_through(state: &State, action: ActionId) -> bool {
    let always = matches!(
        action,
        ActionId::Suspend | ActionId::Redraw | ActionId::Quit | ActionId::Mouse
    );
    let under = match state.layers.last() {
        Some(Layer::Filter(_)) => matches!(
            action,
            ActionId::Up | ActionId::Down | ActionId::PageUp | ActionId::PageDown
        ),
        Some(Layer::Operation(_)) => matches!(action, ActionId::Resume | ActionId::Cancel),
        _ => false,
    };
    always || under
}

/// Lets the top layer take an input. Answers the effects and whether it was passed on; none without a layer.
fn with_top(state: &mut State, input: &Input) -> Option<(Vec<Effect>, bool)> {
    let mut layer = state.layers.pop()?;
    let turn = layer.handle(input, state);
    let passed = turn.passed;
    Some((finish(state, layer, turn), passed))
}

/// Puts a layer back, or what came of it.
fn finish(state: &mut State, layer: Layer, turn: Turn) -> Vec<Effect> {
    let mut effects = turn.effects;
    match turn.after {
        After::Stay => state.layers.push(layer),
        After::Close => {}
        After::CloseWithForm => {
            state.layers.pop();
        }
        After::Open(above) => {
            state.layers.push(layer);
            state.layers.push(above);
        }
        After::Replace(instead) => state.layers.push(instead),
    }
    if let Some(action) = turn.run {
        effects.extend(actions::run(state, action));
    }
    effects
}
