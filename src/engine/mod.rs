//! Authority, plan, journal, run, observe: every change goes through here, whoever asks for it.

pub mod views;
