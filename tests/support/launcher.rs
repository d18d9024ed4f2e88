//! Gives a program a session and a terminal of its own, without `unsafe`.
//!
//! A process can only do that to itself, before it becomes the program. So this test binary is started again, as one
//! test that does it. A test file that uses this gets that test too; in a plain run it does nothing.

#![expect(clippy::expect_used, reason = "a test")]

use rustix::process::{ioctl_tiocsctty, setsid};
use std::{
    ffi::OsString,
    io::Write,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Command, Stdio},
};

/// Tells the test that it is to launch, and what.
const PROGRAM: &str = "GUILDHALL_TEST_PROGRAM";
const ARGUMENTS: &str = "GUILDHALL_TEST_ARGUMENTS";

/// Stands after each argument on the way there.
const SEPARATOR: char = '\x1f';

/// What starts `program` on the terminal that will be its standard input.
pub fn launch(program: &Command, terminal: impl Into<Stdio>) -> Command {
    let mut arguments = OsString::new();
    for argument in program.get_args() {
        arguments.push(argument);
        arguments.push(SEPARATOR.to_string());
    }
    let (_, folder) = module_path!()
        .split_once("::")
        .expect("a module of a test file");
    let mut launch = Command::new(std::env::current_exe().expect("this test's binary"));
    launch
        .arg(format!("{folder}::become_program"))
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env(PROGRAM, program.get_program())
        .env(ARGUMENTS, arguments)
        .stdin(terminal)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for (key, value) in program.get_envs() {
        match value {
            Some(value) => launch.env(key, value),
            None => launch.env_remove(key),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        launch.current_dir(folder);
    }
    launch
}

/// Not a test by itself: started by [`launch`], it makes the terminal on its standard input that of a new session, and
/// becomes the program.
#[test]
fn become_program() {
    let Some(program) = std::env::var_os(PROGRAM) else {
        return;
    };
    let terminal = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .expect("a terminal");
    setsid().expect("a session");
    ioctl_tiocsctty(&terminal).expect("a terminal of our own");
    let arguments = std::env::var(ARGUMENTS).expect("its arguments");
    let mut command = Command::new(program);
    command
        .args(arguments.split_terminator(SEPARATOR))
        .env_remove(PROGRAM)
        .env_remove(ARGUMENTS)
        .stdout(terminal.try_clone().expect("a terminal"))
        .stderr(terminal);
    let error = command.exec();
    let _ = writeln!(std::io::stderr(), "the program cannot be started: {error}");
    std::process::exit(127);
}
