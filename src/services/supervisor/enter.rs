//! The two hidden commands that lie between Guildhall and what it runs. They exist because what must happen between
//! fork and exec would need unsafe code in the program that starts.

use super::{
    environment,
    folder::{ServiceFolder, holders},
};
use crate::{
    domain::{Fault, FaultKind},
    services::{files::storage, lock::FileLock, supervisor::Launch},
};
use rustix::{
    fs::Mode,
    io::{FdFlags, fcntl_setfd},
    process::{Signal, getppid, set_parent_process_death_signal, setsid, umask},
};
use secrecy::ExposeSecret as _;
use std::{
    fs::OpenOptions,
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::Path,
    process::Stdio,
};

/// The variables of our own environment that a service gets.
pub(super) const PASSED: [&str; 7] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
];

/// `detach FOLDER START`: starts the keeper of the service in a session of its own, so that no hang-up of a terminal
/// reaches it, and ends. Standard input is the keeper's.
///
/// # Errors
/// [`FaultKind::Host`], [`FaultKind::Storage`].
pub fn detach(folder: &Path, start: &str) -> Result<(), Fault> {
    let place = ServiceFolder::at(folder);
    let failed = |error: std::io::Error| not_started("keeper", &error);
    setsid().map_err(|error| failed(error.into()))?;
    umask(Mode::RWXG | Mode::RWXO);
    let path = place.log("keeper");
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| storage("A log cannot be opened", &path, &error))?;
    let own = super::OwnProgram::running()?;
    // In a group of its own and not leading the session, so that it can never get a terminal.
    std::process::Command::new(&own.program)
        .args(own.hidden(&["keep"]))
        .arg(folder)
        .arg(start)
        .stdin(Stdio::inherit())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    Ok(())
}

/// `enter FOLDER START NAME PARENT`: becomes the process or timer of this name. Before it does it takes the lock of that
/// name, which it and all that it starts keep for as long as they live; and it asks to be ended when its keeper ends.
/// Never returns when all is well.
///
/// # Errors
/// [`FaultKind::InUse`] when something of an earlier start still lives, [`FaultKind::Conflict`] when the service was
/// stopped or started anew meanwhile, [`FaultKind::Host`], [`FaultKind::Storage`].
pub fn enter(folder: &Path, start: &str, name: &str, parent: &str) -> Result<(), Fault> {
    set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| not_started(name, &error.into()))?;
    let is_orphan = getppid().is_none_or(|pid| pid.as_raw_nonzero().to_string() != parent);
    if is_orphan {
        return Err(late(name));
    }
    let place = ServiceFolder::at(folder);
    let path = place.lock(name);
    let lock = FileLock::try_take(&path)?.ok_or_else(|| {
        let pids: Vec<String> = holders(&path)
            .iter()
            .map(|mark| mark.pid.to_string())
            .collect();
        Fault::new(
            FaultKind::InUse,
            format!(
                "{name} still runs from before (process {}).",
                pids.join(", ")
            ),
        )
        .hint("It is waited for; stop the service to end it.")
    })?;
    let record = place
        .record()?
        .filter(|record| record.start.as_deref() == Some(start))
        .ok_or_else(|| late(name))?;
    let launch = record.service.launch(name).ok_or_else(|| late(name))?;
    let mut command = command(launch, name)?;
    fcntl_setfd(&lock, FdFlags::empty()).map_err(|error| not_started(name, &error.into()))?;
    Err(not_started(name, &command.exec()))
}

fn command(launch: &Launch, name: &str) -> Result<std::process::Command, Fault> {
    let mut command = std::process::Command::new(&launch.program);
    command
        .args(&launch.arguments)
        .current_dir(&launch.folder)
        .env_clear()
        .envs(
            PASSED
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .envs(&launch.environment);
    if let Some(path) = &launch.environment_file {
        for (variable, value) in environment::read(path)? {
            command.env(variable, value.expose_secret());
        }
    }
    if !launch.folder.is_dir() {
        return Err(not_started(name, &std::io::ErrorKind::NotFound.into())
            .detail(format!("{} is not there", launch.folder.display())));
    }
    Ok(command)
}

fn late(name: &str) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        format!("{name} was not started: the service was stopped or started anew meanwhile."),
    )
    .hint("Nothing is to be done.")
}

fn not_started(name: &str, error: &std::io::Error) -> Fault {
    Fault::new(
        FaultKind::Host,
        format!("The process {name} could not be started."),
    )
    .hint("Read its log, then try again.")
    .detail(error)
}
