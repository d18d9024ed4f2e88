//! The full-screen terminal program.

pub mod term;
