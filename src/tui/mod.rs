//! The full-screen terminal program: state, update, views, and the terminal's life cycle.
//!
//! ```text
//! keys, pastes, size ─┐
//! engine events ──────┼─► Msg ─► update(&mut State) ─► Vec<Effect> ─► engine, clipboard, terminal
//! answers, progress ──┘              └► dirty? one frame, at most 60 a second
//! ```
//!
//! Nothing here knows SQL or HTTP, and nothing here names a platform: forms, actions and help are drawn from the
//! manifests and from the one table of actions.

mod app;
mod effect;
mod hall;
mod hidden;
mod input;
mod keymap;
mod layers;
mod layout;
mod message;
mod operators;
mod options;
mod run;
mod state;
pub mod term;
mod text;
mod theme;
mod update;
mod views;
mod widgets;

pub use app::Exit;
pub use options::Wishes;
pub use run::{Session, Start, TuiOptions, run, run_on};

#[cfg(test)]
mod tests;
