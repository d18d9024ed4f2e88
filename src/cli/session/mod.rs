//! `guildhall session`: what OpenSSH starts for somebody who came in by a key. The screen, or one command of a few, for
//! one actor and no other.
//!
//! | file | reason to be |
//! |---|---|
//! | `surroundings` | nothing of the connection's environment reaches the process that works |
//! | `words` | a command line taken apart without a shell |
//! | `allowed` | the commands that can be asked for |
//!
//! What that actor may do is the engine's to say; here it is only decided what can be asked.

mod allowed;
mod surroundings;
#[cfg(test)]
mod tests;
mod words;

pub use surroundings::again;

use super::{
    arguments::{Arguments, Command, Globals},
    descriptors::Descriptors,
    exit::Exit,
    hall::Context,
    output::Output,
    screen,
};
use crate::{
    domain::{Fault, FaultKind},
    engine::Engine,
};
use clap::{Args, Parser, error::ErrorKind};
use std::io::IsTerminal;

/// The variable in which OpenSSH says what was asked for.
const ASKED: &str = "SSH_ORIGINAL_COMMAND";

/// A session of somebody who came in over SSH.
#[derive(Debug, Args)]
pub struct Session {
    /// Set by this program itself, once nothing of the connection's environment is left.
    #[arg(long, hide = true)]
    pub bare: bool,
}

/// What somebody asked for.
#[derive(Debug)]
enum Wanted {
    /// A command that can be asked for.
    Command(Box<Arguments>),
    /// The help or the version, as it is to be shown.
    Text(String),
}

/// Runs the screen, or the command that was asked for.
///
/// # Errors
/// `BadInput` without an actor or for a line that cannot be taken apart; `NotAllowed` for a command that cannot be asked
/// for, and when the actor may not look at anything any more.
pub async fn run(context: &Context) -> Result<Exit, Fault> {
    let Some(actor) = context.globals.actor else {
        return Err(
            Fault::new(FaultKind::BadInput, "Nobody was named for the session.")
                .hint("Let guildhall ssh-keys write the line that starts it."),
        );
    };
    let globals = Globals {
        actor: Some(actor),
        confined: true,
        home: context.globals.home.clone(),
        sandbox: context.globals.sandbox,
        ..Globals::default()
    };
    let Some(asked) = std::env::var_os(ASKED) else {
        return screen(&confined(context, globals)?).await;
    };
    match read(asked.as_encoded_bytes())? {
        Wanted::Text(text) => {
            use std::io::Write as _;
            // A reader that went away is no fault.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            Ok(Exit::Done)
        }
        Wanted::Command(arguments) => {
            let asked = arguments.globals;
            let globals = Globals {
                json: asked.json,
                read_only: asked.read_only,
                yes: asked.yes,
                no_wait: asked.no_wait,
                ascii: asked.ascii,
                plain: asked.plain,
                ..globals
            };
            let Some(command) = arguments.command else {
                return screen(&confined(context, globals)?).await;
            };
            let inner = confined(context, globals)?;
            // What is wrong is told in the form that was asked for.
            match Box::pin(super::dispatch(&inner, command)).await {
                Ok(exit) => Ok(exit),
                Err(fault) => {
                    inner.out.fault(&fault);
                    Ok(Exit::of(&fault))
                }
            }
        }
    }
}

fn confined(context: &Context, globals: Globals) -> Result<Context, Fault> {
    let out = Output::new(&globals);
    let nothing = Arguments {
        globals: globals.clone(),
        command: None,
    };
    Ok(Context {
        place: context.place.clone(),
        descriptors: Descriptors::open(&nothing)?,
        globals,
        out,
    })
}

async fn screen(context: &Context) -> Result<Exit, Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The screen needs a terminal, and this connection has none.",
        )
        .hint("Connect without -T, or ask for a command: ssh HOST instance list"));
    }
    // Else the screen would begin a set-up, and whoever came in would be its operator.
    if !Engine::exists(&context.place.home) {
        return Err(Fault::new(
            FaultKind::NotFound,
            "There is no installation here now, so there is nothing to show.",
        )
        .hint("Tell the operator of this server."));
    }
    let exit = screen::run(context).await?;
    if exit.code() == Exit::NotAllowed.code() {
        context.out.advise(
            "guildhall: You do not administer anything here any more, so the session has ended.",
        );
    }
    Ok(exit)
}

/// What a line asks for, without running anything.
fn read(line: &[u8]) -> Result<Wanted, Fault> {
    let mut words = words::split(line)?;
    // As people write it on the host itself.
    if words.first().is_some_and(|word| word == "guildhall") {
        words.remove(0);
    }
    let named = std::iter::once("guildhall".to_owned()).chain(words);
    let arguments = match Arguments::try_parse_from(named) {
        Ok(arguments) => arguments,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            return Ok(Wanted::Text(error.render().to_string()));
        }
        Err(error) => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            let first = first.trim_start_matches("error: ").to_owned();
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("That is no command: {}.", crate::domain::clean_line(&first)),
            )
            .hint("Ask for --help to see the commands.")
            .detail(text));
        }
    };
    allowed::require(&arguments)?;
    Ok(Wanted::Command(Box::new(arguments)))
}

impl Command {
    /// Whether this is a session whose surroundings are still those of the connection.
    pub const fn is_fresh_session(&self) -> bool {
        matches!(self, Self::Session(session) if !session.bare)
    }
}
