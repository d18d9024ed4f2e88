//! The hidden command between Guildhall and a program that takes secrets from its environment only: a manager of the host
//! shows the variables of its units to everybody, so they come on standard input and are set here.

use super::OwnProgram;
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::Read as _,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
};
use zeroize::Zeroizing;

/// The most that is read.
const MOST: u64 = 64 * 1024;

/// The arguments with which our program becomes this one, with secrets in its environment.
#[must_use]
pub fn arguments(own: &OwnProgram, program: &Path, arguments: &[String]) -> Vec<String> {
    let program = program.to_string_lossy();
    let mut words = own.hidden(&["keyed", &program]);
    words.extend_from_slice(arguments);
    words
}

/// What it reads on standard input: each variable with its secret.
#[must_use]
pub fn input(secrets: &[(&str, &SecretString)]) -> SecretString {
    let mut text = Zeroizing::new(String::from("{"));
    for (place, (variable, secret)) in secrets.iter().enumerate() {
        let value = Zeroizing::new(serde_json::Value::from(secret.expose_secret()).to_string());
        if place > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(variable);
        text.push_str("\":");
        text.push_str(&value);
    }
    text.push('}');
    SecretString::from(text.as_str())
}

/// `keyed PROGRAM ARGUMENTS...`: becomes the program. Never returns when all is well.
///
/// # Errors
/// [`FaultKind::BadInput`] when what comes on standard input is not what [`input`] makes, [`FaultKind::Host`] when the
/// program cannot be started.
pub fn become_program(program: &str, arguments: &[String]) -> Result<(), Fault> {
    let mut text = Zeroizing::new(Vec::new());
    std::io::stdin()
        .lock()
        .take(MOST)
        .read_to_end(&mut text)
        .map_err(|error| not_started(program, &error))?;
    let variables: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(|_| {
        Fault::new(
            FaultKind::BadInput,
            format!("The keys for {program} cannot be read, so it was not started."),
        )
        .hint("It is called by Guildhall itself only.")
    })?;
    let mut command = Command::new(OsString::from(program));
    command.args(arguments).stdin(Stdio::null());
    for (variable, value) in variables {
        let value = Zeroizing::new(value);
        command.env(variable, value.as_str());
    }
    Err(not_started(program, &command.exec()))
}

fn not_started(program: &str, error: &std::io::Error) -> Fault {
    Fault::new(
        FaultKind::Host,
        format!("The program {program} could not be started."),
    )
    .hint("Check that it is installed, then try again.")
    .detail(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_arrives_as_it_is_whatever_is_in_it() {
        let odd = SecretString::from("a\"b\\c\nd é");
        let plain = SecretString::from("canary");
        let text = input(&[("ONE", &odd), ("TWO", &plain)]);
        let read: BTreeMap<String, String> = serde_json::from_str(text.expose_secret()).unwrap();
        assert_eq!(read["ONE"], "a\"b\\c\nd é");
        assert_eq!(read["TWO"], "canary");
        assert_eq!(input(&[]).expose_secret(), "{}");
    }

    #[test]
    fn its_arguments_are_the_programs() {
        let own = OwnProgram::at("/usr/bin/guildhall".into());
        let words = arguments(
            &own,
            Path::new("/usr/bin/node"),
            &["x.js".to_owned(), "load".to_owned()],
        );
        assert_eq!(
            words,
            ["internal", "keyed", "/usr/bin/node", "x.js", "load"]
        );
    }
}
