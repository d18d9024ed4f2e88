//! What lies over the view: forms, questions, lists to pick from. The top one takes an input or passes it on; each
//! draws a page and waits for its own answers by ticket.

pub mod account_contact;
pub mod adopt;
pub mod another_account;
pub mod ask;
pub mod confirm;
pub mod connect;
pub mod connections;
pub mod dialog;
pub mod drift;
mod examined;
pub mod filter_line;
pub mod finder;
mod homes;
mod key_fields;
pub mod key_form;
pub mod log;
pub mod move_account;
pub mod new_account;
pub mod new_community;
pub mod operation;
pub mod operator_form;
pub mod operator_removal;
pub mod operators;
pub mod page;
pub mod plan_preview;
pub mod proposals;
mod protection;
pub mod request;
pub mod reveal;
pub mod revealed;
pub mod rotations;
pub mod set_up;
mod setting_fields;
pub mod settings;
pub mod sharing;
pub mod task;
pub mod unlock;
pub mod which_key;

use super::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    widgets::sheet::Sheet,
};
use crate::domain::ActionId;
use jiff::Timestamp;

/// A layer.
#[derive(Debug)]
pub enum Layer {
    Adopt(Box<adopt::Adopt>),
    Confirm(Box<confirm::Confirm>),
    Connections(Box<connections::Connections>),
    Dialog(Box<dialog::Dialog>),
    Drift(Box<drift::DriftDialog>),
    Filter(Box<filter_line::FilterLine>),
    Finder(Box<finder::Finder>),
    KeyForm(Box<key_form::KeyForm>),
    Log(Box<log::LogSheet>),
    NewCommunity(Box<new_community::NewCommunityForm>),
    Operation(Box<operation::OperationSheet>),
    Operators(Box<operators::Operators>),
    Page(Box<page::Page>),
    Plan(Box<plan_preview::PlanPreview>),
    Revealed(Box<revealed::Revealed>),
    Rotations(Box<rotations::Rotations>),
    SetUp(Box<set_up::SetUpWizard>),
    Task(Box<task::TaskSheet>),
}

/// What becomes of a layer after an input or an answer.
#[derive(Debug, Default)]
pub enum After {
    /// It stays on top.
    #[default]
    Stay,
    /// It goes.
    Close,
    /// It goes, and so does the form it was opened from.
    CloseWithForm,
    /// It stays, under another one.
    Open(Layer),
    /// It gives way to another one.
    Replace(Layer),
}

/// What a layer answers.
#[derive(Debug, Default)]
pub struct Turn {
    pub effects: Vec<Effect>,
    pub after: After,
    /// An action to run once the layer is gone.
    pub run: Option<ActionId>,
    /// The input was not for this layer.
    pub passed: bool,
}

impl Turn {
    /// Nothing more.
    pub fn stay() -> Self {
        Self::default()
    }

    /// The layer goes.
    pub fn close() -> Self {
        Self {
            after: After::Close,
            ..Self::default()
        }
    }

    /// The input was not for this layer.
    pub fn passed() -> Self {
        Self {
            passed: true,
            ..Self::default()
        }
    }

    /// The layer stays and something is to be done.
    pub fn with(effects: Vec<Effect>) -> Self {
        Self {
            effects,
            ..Self::default()
        }
    }

    /// The layer gives way to another one.
    pub fn replace(layer: Layer, effects: Vec<Effect>) -> Self {
        Self {
            effects,
            after: After::Replace(layer),
            ..Self::default()
        }
    }

    /// Another layer comes on top.
    pub fn open(layer: Layer, effects: Vec<Effect>) -> Self {
        Self {
            effects,
            after: After::Open(layer),
            ..Self::default()
        }
    }
}

/// Calls the same method on whichever layer it is.
macro_rules! each {
    ($layer:expr, $inner:ident => $call:expr) => {
        match $layer {
            Layer::Adopt($inner) => $call,
            Layer::Confirm($inner) => $call,
            Layer::Connections($inner) => $call,
            Layer::Dialog($inner) => $call,
            Layer::Drift($inner) => $call,
            Layer::Filter($inner) => $call,
            Layer::Finder($inner) => $call,
            Layer::KeyForm($inner) => $call,
            Layer::Log($inner) => $call,
            Layer::NewCommunity($inner) => $call,
            Layer::Operation($inner) => $call,
            Layer::Operators($inner) => $call,
            Layer::Page($inner) => $call,
            Layer::Plan($inner) => $call,
            Layer::Revealed($inner) => $call,
            Layer::Rotations($inner) => $call,
            Layer::SetUp($inner) => $call,
            Layer::Task($inner) => $call,
        }
    };
}

/// What every layer does.
pub trait Overlay {
    /// Takes an input.
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn;

    /// Its page, wrapped to a width; none for a layer that leaves the view in sight.
    fn sheet(&self, state: &State, width: u16) -> Option<Sheet>;

    /// By what its answers find it.
    fn ticket(&self) -> Option<Ticket> {
        None
    }

    /// Whether time passing changes it.
    fn is_live(&self) -> bool {
        false
    }

    /// When it goes by itself, whatever lies over it.
    fn ends_at(&self) -> Option<Timestamp> {
        None
    }

    /// A quarter of a second passed, where time passing changes it.
    fn tick(&mut self) -> Vec<Effect> {
        vec![]
    }

    /// Takes an answer that it waits for.
    fn answer(&mut self, _answer: Answer, _state: &mut State) -> Turn {
        Turn::stay()
    }
}

impl Layer {
    /// Takes an input.
    pub fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        each!(self, inner => inner.handle(input, state))
    }

    /// Its page, wrapped to a width; none for a layer that leaves the view in sight.
    pub fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        each!(self, inner => inner.sheet(state, width))
    }

    /// By what its answers find it.
    pub fn ticket(&self) -> Option<Ticket> {
        each!(self, inner => inner.ticket())
    }

    /// Whether time passing changes it.
    pub fn is_live(&self) -> bool {
        each!(self, inner => inner.is_live())
    }

    /// When it goes by itself.
    pub fn ends_at(&self) -> Option<Timestamp> {
        each!(self, inner => inner.ends_at())
    }

    /// A quarter of a second passed.
    pub fn tick(&mut self) -> Vec<Effect> {
        each!(self, inner => inner.tick())
    }

    /// Takes an answer that it waits for.
    pub fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        each!(self, inner => inner.answer(answer, state))
    }
}

/// How far a key reaches, in one sentence.
pub fn reach_words(reach: &crate::domain::Reach) -> String {
    examined::reach(reach)
}
