//! The simulated platforms a command talks to with `--sandbox`: those that `sandbox serve` serves for this home, else its
//! own, for as long as the command runs. Both keep their state in the same files, so that each sees what others did.

use crate::{
    adapters::process::Runner,
    domain::{Fault, FaultKind},
    sandbox::{self, RunningSandbox, Sandbox, SandboxOptions, internal::stand_ins},
};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};
use url::Url;

/// Where the simulated platforms are.
pub enum Simulation {
    /// Served by this process.
    Own(RunningSandbox),
    /// Served by another process.
    Served(Announcement),
}

/// What a sandbox that is served writes down for others. Holds no key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Announcement {
    /// Where it serves.
    pub base: Url,
    /// The hosts whose requests go there.
    pub overrides: HashMap<String, Url>,
}

/// The announcement, held: as long as this lives others find it.
#[derive(Debug)]
pub struct Announced {
    _file: File,
}

impl Simulation {
    /// Finds the one that is served for this home, or begins its own.
    ///
    /// # Errors
    /// `Storage` or `Host` when it cannot be begun.
    pub async fn begin(home: &Path) -> Result<Self, Fault> {
        lay_runtimes(home)?;
        if let Some(served) = announced(home) {
            return Ok(Self::Served(served));
        }
        let running = Sandbox::start(SandboxOptions {
            home: Some(home.to_owned()),
            ..SandboxOptions::default()
        })
        .await?;
        Ok(Self::Own(running))
    }

    /// For the one HTTP client: requests to these hosts go there instead.
    pub fn overrides(&self) -> HashMap<String, Url> {
        match self {
            Self::Own(running) => running.overrides(),
            Self::Served(served) => served.overrides.clone(),
        }
    }

    /// The process runner that starts this program again where a program is asked for that the sandbox imitates.
    ///
    /// # Errors
    /// `Host` when it cannot be found out where this program lies.
    pub fn runner(&self) -> Result<Runner, Fault> {
        let base = match self {
            Self::Own(running) => running.base(),
            Self::Served(served) => &served.base,
        };
        let commands = stand_ins(&own_program()?, base);
        Ok(commands
            .into_iter()
            .fold(Runner::default(), |runner, (program, command)| {
                runner.standing_in(program, command)
            }))
    }
}

/// Stand-ins for what local services are made of: this program again, so that nothing has to be installed.
fn lay_runtimes(home: &Path) -> Result<(), Fault> {
    sandbox::lay_runtimes(&home.join("runtimes"), &own_program()?)
}

fn own_program() -> Result<PathBuf, Fault> {
    std::env::current_exe().map_err(|error| {
        Fault::new(
            FaultKind::Host,
            "Where the program guildhall lies cannot be found out.",
        )
        .hint("Check that /proc can be read, then try again.")
        .detail(error)
    })
}

fn path(home: &Path) -> PathBuf {
    home.join("sandbox").join("serving.json")
}

/// What is served for this home by another process. Whoever announces holds a lock, which a killed process loses.
fn announced(home: &Path) -> Option<Announcement> {
    let mut file = File::open(path(home)).ok()?;
    if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Announces what this process serves.
///
/// # Errors
/// `InUse` when another process serves for this home; `Storage`.
pub fn announce(home: &Path, announcement: &Announcement) -> Result<Announced, Fault> {
    let path = path(home);
    let unusable = |error: std::io::Error| {
        Fault::new(
            FaultKind::Storage,
            format!("The file {} cannot be written.", path.display()),
        )
        .hint("Look whether the folder is yours and the disk has room.")
        .detail(error)
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(unusable)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Fault::new(
            FaultKind::InUse,
            "Another Guildhall serves the sandbox of this home already.",
        )
        .hint("Use that one, or name another folder with --home.")
    })?;
    let text = serde_json::to_string(announcement).map_err(|error| unusable(error.into()))?;
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(text.as_bytes()))
        .map_err(unusable)?;
    Ok(Announced { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_counts_only_while_somebody_serves() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("sandbox")).unwrap();
        let announcement = Announcement {
            base: Url::parse("http://127.0.0.1:9/").unwrap(),
            overrides: HashMap::new(),
        };
        assert!(announced(home.path()).is_none());
        let held = announce(home.path(), &announcement).unwrap();
        assert_eq!(announced(home.path()).unwrap().base, announcement.base);
        let fault = announce(home.path(), &announcement).unwrap_err();
        assert_eq!(fault.kind, FaultKind::InUse);
        drop(held);
        assert!(announced(home.path()).is_none());
    }
}
