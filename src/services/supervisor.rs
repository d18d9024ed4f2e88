//! Detached processes: they outlive the screen, and are found again by their pid file.
//!
//! A service lies in a folder with four files: `<name>.launch.json` (what is started), `<name>.lock` (who starts or
//! stops holds it), `<name>.pid.json` (which process it is, see [`ProcessMark`]) and `<name>.log`. The process is
//! started by our own program under a hidden command, which makes a session of its own first: only so does no
//! hang-up of a terminal reach it, without unsafe code.

use super::{
    files::{self, storage},
    lock::FileLock,
    process_mark::ProcessMark,
};
use crate::domain::{Fault, FaultKind};
use rustix::{
    fs::Mode,
    process::{Signal, setsid, umask},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{io::AsyncWriteExt as _, time::Instant};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How long a start or a stop waits for another one of the same service.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the hidden command may take to start a service.
const START: Duration = Duration::from_secs(15);
/// How often it is looked whether a service has ended.
const LOOK: Duration = Duration::from_millis(25);
/// A log larger than this is put aside at the next start; one former log is kept.
const LOG_LIMIT: u64 = 1024 * 1024;

/// The variables of our own environment that a service gets.
const PASSED: [&str; 7] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
];

/// How this program starts itself under a hidden command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProgram {
    /// The program.
    pub program: PathBuf,
    /// The arguments that lead to the hidden commands.
    pub arguments: Vec<String>,
}

impl OwnProgram {
    /// The program that runs now.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when its file cannot be found out.
    pub fn running() -> Result<Self, Fault> {
        let program = std::env::current_exe().map_err(|error| {
            Fault::new(
                FaultKind::Host,
                "Where the program guildhall lies cannot be found out.",
            )
            .hint("Check that /proc can be read, then try again.")
            .detail(error)
        })?;
        Ok(Self::at(program))
    }

    /// The program at this place.
    #[must_use]
    pub fn at(program: PathBuf) -> Self {
        Self {
            program,
            arguments: vec!["internal".to_owned()],
        }
    }
}

/// A program that is started and left alone. Holds no secret: those are given on standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// Variables besides the usual ones.
    pub environment: BTreeMap<String, String>,
}

/// How a service was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It did not run.
    WasNot,
    /// It ended when asked to.
    Ended,
    /// It did not end in time and was killed.
    Killed,
}

/// One detached process, running or not.
#[derive(Debug, Clone)]
pub struct Service {
    folder: PathBuf,
    name: String,
}

impl Service {
    /// The service of this name whose files lie in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, name: &str) -> Self {
        Self {
            folder: folder.into(),
            name: name.to_owned(),
        }
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.name))
    }

    /// Where its output is kept.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.file("log")
    }

    /// The process, when it runs.
    ///
    /// # Errors
    /// [`FaultKind::Storage`] when the pid file cannot be read. One that is cut or foreign counts as no process.
    pub fn running(&self) -> Result<Option<ProcessMark>, Fault> {
        let Some(bytes) = files::read(&self.file("pid.json"))? else {
            return Ok(None);
        };
        let mark = serde_json::from_slice::<ProcessMark>(&bytes).ok();
        Ok(mark.filter(ProcessMark::is_alive))
    }

    /// What it was last started as.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn launched(&self) -> Result<Option<Launch>, Fault> {
        files::read_json(&self.file("launch.json"))
    }

    /// Starts it, unless it runs. `input` is written to its standard input, which then ends.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when it cannot be started, [`FaultKind::Storage`].
    pub async fn start(
        &self,
        own: &OwnProgram,
        launch: &Launch,
        input: &Zeroizing<Vec<u8>>,
    ) -> Result<ProcessMark, Fault> {
        if let Some(mark) = self.running()? {
            return Ok(mark);
        }
        files::make_folder(&self.folder)?;
        files::write_json(&self.file("launch.json"), launch)?;
        let mut command = tokio::process::Command::new(&own.program);
        command
            .args(&own.arguments)
            .arg("detach")
            .arg(&self.folder)
            .arg(&self.name)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for name in PASSED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let mut child = command.spawn().map_err(|error| self.not_started(error))?;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that does not read its input is told by how it ends.
            let _ = pipe.write_all(input).await;
            let _ = pipe.shutdown().await;
        }
        let ended = tokio::time::timeout(START, child.wait_with_output())
            .await
            .map_err(|_| self.not_started("it did not answer in time"))?
            .map_err(|error| self.not_started(error))?;
        if !ended.status.success() {
            return Err(self.not_started(String::from_utf8_lossy(&ended.stderr).trim()));
        }
        self.running()?
            .ok_or_else(|| self.not_started("it ended at once; its log says why"))
    }

    /// Asks it to end (TERM), and ends it and its group (KILL) when it has not within `grace`.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when it cannot be ended, [`FaultKind::InUse`] while it is being started, [`FaultKind::Storage`].
    pub async fn stop(&self, grace: Duration) -> Result<Stopped, Fault> {
        if !self.folder.is_dir() {
            return Ok(Stopped::WasNot);
        }
        let _lock = FileLock::take(&self.file("lock"), PATIENCE, &CancellationToken::new()).await?;
        let Some(mark) = self.running()? else {
            files::remove(&self.file("pid.json"))?;
            return Ok(Stopped::WasNot);
        };
        let mut how = Stopped::Ended;
        if !(mark.signal(Signal::TERM) && ended_within(&mark, grace).await) && mark.is_alive() {
            how = Stopped::Killed;
            mark.kill_group();
            if !ended_within(&mark, Duration::from_secs(5)).await {
                return Err(Fault::new(
                    FaultKind::Host,
                    format!("The process {} ({}) cannot be ended.", self.name, mark.pid),
                )
                .hint("Look at what it waits for, or restart this host."));
            }
        }
        files::remove(&self.file("pid.json"))?;
        Ok(how)
    }

    fn not_started(&self, error: impl std::fmt::Display) -> Fault {
        Fault::new(
            FaultKind::Host,
            format!("The process {} could not be started.", self.name),
        )
        .hint("Read its log, then try again.")
        .detail(format!("{error} ({})", self.log().display()))
    }
}

async fn ended_within(mark: &ProcessMark, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while mark.is_alive() {
        if Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}

/// The hidden command behind [`Service::start`]: leaves the session, starts the program, writes down which process it is.
/// Whoever holds the lock is the only one to do so.
///
/// # Errors
/// [`FaultKind::Host`], [`FaultKind::Storage`], [`FaultKind::InUse`].
pub async fn detach(folder: &Path, name: &str) -> Result<(), Fault> {
    let service = Service::new(folder, name);
    let _lock = FileLock::take(
        &service.file("lock"),
        Duration::from_secs(10),
        &CancellationToken::new(),
    )
    .await?;
    if service.running()?.is_some() {
        return Ok(());
    }
    let launch = service
        .launched()?
        .ok_or_else(|| service.not_started("nothing is written down to be started"))?;
    setsid().map_err(|error| service.not_started(error))?;
    umask(Mode::RWXG | Mode::RWXO);
    let log = open_log(&service.log())?;
    let errors = log
        .try_clone()
        .map_err(|error| storage("A log cannot be opened", &service.log(), &error))?;
    // In a group of its own, so that what it starts can be ended with it; not leading the session, so that it can
    // never get a terminal.
    let child = std::process::Command::new(&launch.program)
        .args(&launch.arguments)
        .current_dir(&launch.folder)
        .envs(&launch.environment)
        .stdin(Stdio::inherit())
        .stdout(log)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|error| service.not_started(error))?;
    let mark = i32::try_from(child.id()).ok().and_then(ProcessMark::of);
    let Some(mark) = mark else {
        return Err(service.not_started("it ended at once"));
    };
    files::write_json(&service.file("pid.json"), &mark).inspect_err(|_| mark.kill_group())
}

fn open_log(path: &Path) -> Result<File, Fault> {
    let failed = |error: io::Error| storage("A log cannot be opened", path, &error);
    if fs::metadata(path).is_ok_and(|about| about.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.1")).map_err(failed)?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)
}
