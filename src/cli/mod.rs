//! The command line: the same actions as the screen, as text and as JSON.

pub mod internal;
