//! What happens when Guildhall itself makes a mistake: the terminal is handed back, and nothing secret is shown.
//!
//! The hook runs for every thread and task, also where the runtime turns the panic into an error of that one task. Only
//! the thread that owns the terminal ends the program, so only there the terminal is left.

use super::guard;
use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::Write,
    panic,
    thread::{self, ThreadId},
};

/// Replaces the panic hook of the process. To be called once, on the main thread.
///
/// The payload is never printed or logged: it may hold a secret. Where the panic happened is.
pub fn install_panic_hook() {
    let main: ThreadId = thread::current().id();
    panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(
            || "an unknown place".to_owned(),
            |place| format!("{}:{}:{}", place.file(), place.line(), place.column()),
        );
        let ends_program = thread::current().id() == guard::owner().unwrap_or(main);
        if ends_program {
            // Before logging: whatever goes wrong there, the terminal is the person's again.
            guard::leave();
            let _ = writeln!(
                std::io::stderr(),
                "Guildhall stopped because of a mistake of its own; everything recorded is safe. ({place})"
            );
        }
        let backtrace = Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => backtrace.to_string(),
            _ => String::new(),
        };
        tracing::error!(%place, ends_program, backtrace, "a mistake of Guildhall itself");
    }));
}
