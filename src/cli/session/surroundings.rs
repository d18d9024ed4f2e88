//! The surroundings of a session: everything the connection brought along is dropped, but the type of the terminal and what
//! was asked for. A process cannot safely empty its own environment, so it starts itself anew without one.

use super::ASKED;
use crate::{
    cli::arguments::Globals,
    domain::{Fault, FaultKind},
    engine,
};
use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    process::Command,
};

/// Where programs are looked for, whatever the connection says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The text of this program is Unicode; the terminal at the other end has to be of this century.
const LANGUAGE: &str = "C.UTF-8";
/// The longest name of a terminal type.
const LONGEST_TERM: usize = 64;

/// Starts this program anew for the same session, in surroundings of its own. Comes back only when that did not work.
pub fn again(globals: &Globals) -> Fault {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return not_started(&error),
    };
    let mut command = Command::new(program);
    command.env_clear();
    for (name, value) in kept(|name| std::env::var_os(name)) {
        command.env(name, value);
    }
    if let Some(folder) = engine::home_of_login() {
        command.env("HOME", folder);
    }
    if let Some(home) = &globals.home {
        command.arg("--home").arg(home);
    }
    if globals.sandbox {
        command.arg("--sandbox");
    }
    if let Some(actor) = globals.actor {
        command.arg("--actor").arg(actor.to_string());
    }
    command.arg("session").arg("--bare");
    not_started(&command.exec())
}

/// The variables of a session, made from those of the connection.
pub(super) fn kept(connection: impl Fn(&str) -> Option<OsString>) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![("PATH", PATH.into()), ("LANG", LANGUAGE.into())];
    if let Some(term) = connection("TERM").filter(|term| is_terminal_type(term)) {
        variables.push(("TERM", term));
    }
    if let Some(asked) = connection(ASKED) {
        variables.push((ASKED, asked));
    }
    variables
}

/// Whether this can be the name of a terminal type: a library that looks it up makes it part of a path.
fn is_terminal_type(term: &OsStr) -> bool {
    let bytes = term.as_encoded_bytes();
    (1..=LONGEST_TERM).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_+".contains(byte))
}

fn not_started(error: &std::io::Error) -> Fault {
    Fault::new(FaultKind::Host, "The session could not be started.")
        .hint("Tell the operator of this server.")
        .detail(error)
}
