//! The terminal's life cycle: enter, draw, read, leave, on every way in and out.
//!
//! For whoever writes a loop over a terminal: [`Screen::enter`] gives the screen and its [`Events`]; [`Surface`] is what
//! the loop draws on, so that a test can hand it a [`Headless`] one and a stream of [`TermEvent`]s of its own. This room
//! must not know what is drawn: no state, no view, no platform, no operation.
//!
//! Three rules hold everywhere here. Nothing is ever asked of the terminal, because its answer would race with the
//! keys. Each frame is one `write`, or none when nothing changed. Leaving is one path (`guard::leave`), the same for
//! a normal end, a panic, a signal, a suspension and a lost terminal.
//!
//! | file | reason to be |
//! |---|---|
//! | `screen`, `surface`, `headless` | what the loop holds; the same without a terminal |
//! | `guard`, `device`, `panics`, `suspend` | modes set and taken back; the file descriptors; a mistake of ours; ctrl-z |
//! | `backend`, `encode`, `frame`, `link` | ratatui's way here, cells to few bytes, one write a frame, OSC 8 |
//! | `events`, `reader`, `signals` | everything that can happen, as one stream |
//! | `decode`, `sequence`, `pasted` | bytes to keys, mouse and pastes |
//! | `clipboard`, `capabilities` | OSC 52; what the environment tells |

mod backend;
mod capabilities;
mod clipboard;
mod decode;
mod device;
mod encode;
mod events;
mod frame;
mod guard;
mod headless;
mod link;
#[cfg(test)]
pub mod measured;
mod panics;
mod pasted;
mod reader;
mod screen;
mod sequence;
mod signals;
mod surface;
mod suspend;

pub use capabilities::{Capabilities, Colours, Glyphs};
pub use events::{Events, TermEvent};
pub use headless::Headless;
pub use link::Link;
pub use panics::install_panic_hook;
pub use pasted::Pasted;
pub use screen::{Options, Screen};
pub use surface::Surface;

/// The exit code of a program whose terminal has gone: 128 + SIGHUP.
pub const EXIT_HUNG_UP: u8 = 129;
