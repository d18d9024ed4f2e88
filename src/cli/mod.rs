//! The command line: the same actions as the screen, through the same engine, as text and as JSON.
//!
//! | file | reason to be |
//! |---|---|
//! | `arguments`, `exit` | what may be written, what it ends with |
//! | `place`, `logging`, `descriptors`, `hall`, `simulation` | where things lie, where secrets come from, opening |
//! | `output`, `table`, `words`, `shapes` | text for people, objects for programs |
//! | `prompt`, `choices`, `work`, `plan` | asking, reading what was written, doing and waiting, telling first |
//! | `init`, `community`, `instance`, `key`, ... | one file for each family of commands |
//! | `session`, `ssh_keys` | somebody who comes in over SSH |
//! | `manual`, `internal`, `screen` | the manual, what this program runs itself as, the screen |
//!
//! Must not know: tables, HTTP, any platform by name.

mod account;
mod admin;
mod adopt;
mod another_account;
mod arguments;
mod asking;
mod audit;
mod catalog;
mod check;
mod choices;
mod community;
mod connection;
mod copies;
mod described;
mod descriptors;
mod doctor;
mod doctor_ssh;
mod doctor_tools;
mod drift;
mod exit;
mod expose;
mod hall;
mod hand_over;
mod homes;
mod init;
mod instance;
mod instance_list;
mod instance_page;
mod internal;
mod keeping;
mod key;
mod key_age;
mod logging;
mod manual;
mod manual_tables;
mod notices;
mod operation;
mod output;
mod place;
mod plan;
mod progress_line;
mod prompt;
mod reach;
mod recipients;
mod recovery_key;
mod report;
mod request;
mod reveal;
mod rotation;
mod runtimes;
mod sandbox;
mod screen;
mod service;
mod service_logs;
mod session;
mod shapes;
mod simulation;
mod ssh_keys;
mod table;
mod task;
mod template;
mod vault;
mod words;
mod work;

use self::{
    arguments::{Arguments, Command},
    descriptors::Descriptors,
    exit::Exit,
    hall::Context,
    output::Output,
    place::Place,
};
use crate::domain::Fault;
use std::{process::ExitCode, time::Duration};

/// How long the runtime may take to end; what is left then is put away by the next start.
const LAST_MOMENTS: Duration = Duration::from_millis(50);

/// The whole program: reads the arguments, runs the command or the screen, answers with the exit code.
///
/// # Errors
/// Only when the process cannot even have its threads.
pub fn run() -> anyhow::Result<ExitCode> {
    let arguments = match Arguments::of_this_process() {
        Ok(arguments) => arguments,
        Err(error) => return Ok(answered(&error)),
    };
    if arguments
        .command
        .as_ref()
        .is_some_and(Command::is_fresh_session)
    {
        let fault = session::again(&arguments.globals);
        Output::new(&arguments.globals).fault(&fault);
        return Ok(ExitCode::from(Exit::of(&fault).code()));
    }
    // Opened before the process is hardened, and read after.
    let descriptors = Descriptors::open(&arguments);
    let hardened = crate::vault::harden_process();
    crate::tui::term::install_panic_hook();
    let globals = &arguments.globals;
    let out = Output::new(globals);
    if let Err(fault) = hardened {
        out.advise(&format!("guildhall: {fault}"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let exit = match descriptors {
        Ok(descriptors) => runtime.block_on(command(arguments, out.clone(), descriptors)),
        Err(fault) => Err(fault),
    };
    // Dropping it would wait for every blocking call.
    runtime.shutdown_timeout(LAST_MOMENTS);
    let exit = exit.unwrap_or_else(|fault| {
        out.fault(&fault);
        Exit::of(&fault)
    });
    Ok(ExitCode::from(exit.code()))
}

/// Help and version, or what is wrong with the arguments.
fn answered(error: &clap::Error) -> ExitCode {
    // A reader that went away is no fault.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

async fn command(
    arguments: Arguments,
    out: Output,
    descriptors: Descriptors,
) -> Result<Exit, Fault> {
    let Arguments { globals, command } = arguments;
    if let Some(Command::Internal(internal)) = &command {
        return Ok(Exit::Other(internal::run(internal).await));
    }
    let place = Place::find(globals.home.as_deref(), globals.sandbox)?;
    let context = &Context {
        globals,
        place,
        out,
        descriptors,
    };
    match command {
        Some(command) => dispatch(context, command).await,
        None => screen::run(context).await,
    }
}

#[expect(
    clippy::cognitive_complexity,
    reason = "one arm for each family of commands, which only names the function that runs it"
)]
async fn dispatch(context: &Context, command: Command) -> Result<Exit, Fault> {
    match command {
        Command::Init(init) => init::run(context, init).await,
        Command::Community(command) => community::run(context, command).await,
        Command::Instance(command) => instance::run(context, command).await,
        Command::Key(command) => key::run(context, command).await,
        Command::Account(command) => account::run(context, command).await,
        Command::Connect(ends) => connection::connect(context, ends).await,
        Command::Disconnect(ends) => connection::disconnect(context, ends).await,
        Command::Connection(command) => connection::run(context, command).await,
        Command::Operation(command) => operation::run(context, command).await,
        Command::Task(command) => task::run(context, command).await,
        Command::Plan(file) => described::plan(context, &file).await,
        Command::Apply(file) => described::apply(context, &file).await,
        Command::Homes(homes) => homes::run(context, homes).await,
        Command::Template(template) => template::run(context, template).await,
        Command::Catalog(catalog) => catalog::run(context, &catalog),
        Command::Check(arguments) => check::run(context, arguments).await,
        Command::Up => service::up(context).await,
        Command::Down => service::down(context).await,
        Command::Service(command) => service::run(context, command).await,
        Command::Doctor => doctor::run(context).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Admin(command) => admin::run(context, command).await,
        Command::Auditor(command) => admin::auditor(context, command).await,
        Command::Request(command) => request::run(context, command).await,
        Command::Session(_) => session::run(context).await,
        Command::SshKeys(asked) => ssh_keys::run(context, asked).await,
        Command::Unlock(unlock) => vault::unlock(context, unlock).await,
        Command::Lock(lock) => vault::lock(context, lock).await,
        Command::Notices(command) => notices::run(context, command).await,
        Command::Vault(command) => recipients::run(context, command).await,
        Command::Backup(backup) => keeping::backup(context, backup).await,
        Command::Restore(restore) => keeping::restore(context, restore).await,
        Command::Sandbox(command) => sandbox::run(context, command).await,
        Command::Completions(completions) => manual::completions(context, &completions),
        Command::Man => manual::man(context),
        Command::Internal(_) => Ok(Exit::Usage),
    }
}
