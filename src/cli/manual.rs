//! `guildhall completions` and `guildhall man`.

use super::{arguments::Arguments, exit::Exit, hall::Context, manual_tables};
use crate::domain::{Fault, FaultKind};
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

/// For which shell.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

/// Writes the completions of a shell.
///
/// # Errors
/// `Storage` when they cannot be written.
pub fn completions(context: &Context, completions: &Completions) -> Result<Exit, Fault> {
    let mut bytes = Vec::new();
    clap_complete::generate(
        completions.shell,
        &mut Arguments::command(),
        "guildhall",
        &mut bytes,
    );
    write(context, "completions", &bytes)
}

/// Writes the manual page: every command, the keys of the screen, who may do what, the objects of `--json`.
///
/// # Errors
/// `Storage` when it cannot be written.
pub fn man(context: &Context) -> Result<Exit, Fault> {
    let mut bytes = Vec::new();
    let mut command = Arguments::command();
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    let written = page
        .render(&mut bytes)
        .and_then(|()| manual_tables::render(&command, &mut bytes));
    written.map_err(|error| {
        Fault::new(FaultKind::Internal, "The manual page could not be written.")
            .hint("Read guildhall --help instead, and report this.")
            .detail(error)
    })?;
    write(context, "page", &bytes)
}

fn write(context: &Context, name: &str, bytes: &[u8]) -> Result<Exit, Fault> {
    let text = String::from_utf8_lossy(bytes);
    context
        .out
        .data(&json!({ name: text }), |_| text.clone().into_owned())?;
    Ok(Exit::Done)
}
