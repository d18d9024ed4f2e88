//! The steps that every installation has, whatever the recipe: a lock, a folder beside, marks for what is finished, a log,
//! the switch at the end.
//!
//! A mark holds a digest of what its step was made from, and of every step before it: another list of packages voids
//! that step and those after it, and nothing else.

use super::{DESCRIPTION, Description, Runtime, find, trouble::Trouble};
use crate::{
    domain::{Fault, FaultKind},
    services::{
        command::{Command, Commands, Ended, LineSink},
        files,
        lock::FileLock,
        supervisor::HOME,
    },
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long another Guildhall's installation is waited for.
const PATIENCE: Duration = Duration::from_secs(45 * 60);
/// How long the packages may take to come, and a native module to be built (sheet: sourcecred 3: minutes).
const STEP_LIMIT: Duration = Duration::from_secs(40 * 60);

/// Sees how far an installation is: the phase, the number of finished phases, of how many, the last line.
pub type Watch = Arc<dyn Fn(&str, usize, usize, &str) + Send + Sync>;

/// What an installation works with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The folder of shared runtimes.
    pub runtimes: &'a Path,
    /// Runs programs of ours to choose: git, and a look at what is installed.
    pub commands: &'a dyn Commands,
    /// Runs what others wrote: package managers, builds, and what they brought.
    pub builds: &'a dyn Commands,
    /// Sees how far it is.
    pub watch: &'a Watch,
    /// Stops it.
    pub cancel: &'a CancellationToken,
}

/// Where the runtime of this name is made, beside those that are used.
#[must_use]
pub fn folder_beside(runtimes: &Path, name: &str) -> PathBuf {
    runtimes.join(format!(".{name}.new"))
}

/// What a runtime is called, and in how many steps it is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The name of its folder, with the version.
    pub name: &'static str,
    /// The platform's version.
    pub version: &'static str,
    /// How many steps there are, the switch included.
    pub steps: usize,
}

/// The runtime that was there, or the installation that may begin.
pub(super) enum Begun<'a> {
    /// It is there.
    There(Runtime),
    /// It is not, and nobody else installs it.
    Ours(Installation<'a>),
}

/// Finds the runtime, or waits until this installation may begin.
///
/// # Errors
/// [`FaultKind::InUse`] when another installation takes too long, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
pub(super) async fn begin(tools: Tools<'_>, plan: Plan) -> Result<Begun<'_>, Fault> {
    let Tools { runtimes, .. } = tools;
    if let Some(runtime) = find(runtimes, plan.name, plan.version)? {
        return Ok(Begun::There(runtime));
    }
    files::make_folder(runtimes)?;
    (tools.watch)("waiting for another installation", 0, plan.steps, plan.name);
    let lock = runtimes.join(format!(".{}.lock", plan.name));
    let lock = FileLock::take(&lock, PATIENCE, tools.cancel).await?;
    if let Some(runtime) = find(runtimes, plan.name, plan.version)? {
        return Ok(Begun::There(runtime));
    }
    let installation = Installation::new(tools, plan, Some(lock));
    files::make_folder(&installation.folder)?;
    Ok(Begun::Ours(installation))
}

/// What is written down of a runtime that is ready.
pub(super) struct Described {
    /// What is run, and its first arguments; `{runtime}` stands for the folder.
    pub program: Vec<String>,
    /// The shared site, below the folder.
    pub site: Option<String>,
    /// Where its sources came from.
    pub sources: BTreeMap<String, String>,
}

/// An installation under way, in a folder that nobody uses.
pub(super) struct Installation<'a> {
    /// Where it is made.
    pub folder: PathBuf,
    log: PathBuf,
    tools: Tools<'a>,
    plan: Plan,
    /// The steps that are finished or passed over.
    at: usize,
    phase: String,
    /// What every step so far was made from.
    made_from: Sha256,
    _lock: Option<FileLock>,
}

impl<'a> Installation<'a> {
    /// An installation whose lock is held by whoever calls.
    pub fn new(tools: Tools<'a>, plan: Plan, lock: Option<FileLock>) -> Self {
        let runtimes = tools.runtimes;
        Self {
            folder: folder_beside(runtimes, plan.name),
            log: runtimes.join(format!("{}.log", plan.name)),
            tools,
            plan,
            at: 0,
            phase: String::new(),
            made_from: Sha256::new(),
            _lock: lock,
        }
    }

    /// Begins the next step; false when it is finished already, made from the same things.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn needs(&mut self, step: &str, phase: &str, made_from: &[&[u8]]) -> Result<bool, Fault> {
        for part in std::iter::once(step.as_bytes()).chain(made_from.iter().copied()) {
            self.made_from.update((part.len() as u64).to_be_bytes());
            self.made_from.update(part);
        }
        self.tell(phase);
        let done = files::read(&self.mark(step))?.as_deref() == Some(self.digest().as_bytes());
        if done {
            self.at += 1;
        } else {
            files::remove(&self.mark(step))?;
        }
        Ok(!done)
    }

    /// Marks the step that was begun as finished.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn finished(&mut self, step: &str) -> Result<(), Fault> {
        files::write(&self.mark(step), self.digest().as_bytes())?;
        self.at += 1;
        Ok(())
    }

    /// Voids a step, so that it is made again the next time.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn void(&self, step: &str) -> Result<(), Fault> {
        files::remove(&self.mark(step))
    }

    /// Says what is being done; also for what is made every time, as a trial is.
    pub fn tell(&mut self, phase: &str) {
        phase.clone_into(&mut self.phase);
        (self.tools.watch)(phase, self.at, self.plan.steps, "");
    }

    /// Counts a step that leaves no mark.
    pub fn passed(&mut self) {
        self.at += 1;
    }

    /// A run of a program in the folder, kept in the log, its lines shown.
    pub fn call(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program);
        command.folder = Some(self.folder.clone());
        command.timeout = STEP_LIMIT;
        command.log = Some(self.log.clone());
        command.cancel = self.tools.cancel.clone();
        let watch = Arc::clone(self.tools.watch);
        let (phase, at, of) = (self.phase.clone(), self.at, self.plan.steps);
        let on_line: LineSink = Arc::new(move |line: &str| watch(&phase, at, of, line));
        command.on_line = Some(on_line);
        command
    }

    /// Runs a program; one that fails is no fault here.
    ///
    /// # Errors
    /// As [`Commands::run`].
    pub async fn run(&self, call: Command) -> Result<Ended, Fault> {
        self.tools.builds.run(call).await
    }

    /// Runs a program that runs nothing of what is installed, with all our rights; one that fails is no fault here.
    ///
    /// # Errors
    /// As [`Commands::run`].
    pub async fn run_ours(&self, call: Command) -> Result<Ended, Fault> {
        self.tools.commands.run(call).await
    }

    /// Runs a program that must succeed.
    ///
    /// # Errors
    /// [`FaultKind::Host`] with its last words.
    pub async fn must(&self, call: Command, what: &str) -> Result<Ended, Fault> {
        let ended = self.run(call).await?;
        self.need(&ended, what)?;
        Ok(ended)
    }

    /// The fault of a program that failed.
    ///
    /// # Errors
    /// [`FaultKind::Host`] with its last words, unless it ended with 0.
    pub fn need(&self, ended: &Ended, what: &str) -> Result<(), Fault> {
        if ended.code == Some(0) {
            return Ok(());
        }
        let told = if ended.errors.trim().is_empty() {
            &ended.output
        } else {
            &ended.errors
        };
        let lines: Vec<&str> = told.trim().lines().collect();
        let last_words = lines[lines.len().saturating_sub(8)..].join("\n");
        let fault = match Trouble::of(ended.code, &last_words) {
            Some(trouble) => self
                .fault(&format!("{what}: {}", trouble.what()))
                .hint(format!(
                    "{}; finished steps are not repeated. What was said stands in {}.",
                    trouble.way_on(),
                    self.log.display()
                )),
            None => self.fault(what),
        };
        Err(fault.detail(last_words))
    }

    /// A fault of this installation.
    pub fn fault(&self, what: &str) -> Fault {
        Fault::new(
            FaultKind::Host,
            format!("{what}; {} is not installed yet.", self.plan.name),
        )
        .hint(format!(
            "Read {} and try again; finished steps are not repeated.",
            self.log.display()
        ))
    }

    /// Makes what was installed the runtime, by one rename.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn switch(mut self, described: Described) -> Result<Runtime, Fault> {
        self.tell("switching");
        let description = Description {
            version: self.plan.version.to_owned(),
            program: described.program,
            site: described.site,
            sources: described.sources,
            installed_at: Timestamp::now(),
        };
        // Caches of what made it.
        files::remove(&self.folder.join(HOME))?;
        files::write_json(&self.folder.join(DESCRIPTION), &description)?;
        // It holds no secret, and is read by the users that services have for themselves.
        files::open_to_all(&self.folder)?;
        let folder = self.tools.runtimes.join(self.plan.name);
        // Only a folder without a description can lie there: something unfinished that is in nobody's use.
        files::remove(&folder)?;
        files::rename(&self.folder, &folder)?;
        Ok(Runtime {
            folder,
            description,
        })
    }

    fn mark(&self, step: &str) -> PathBuf {
        self.folder.join(format!(".{step}-done"))
    }

    fn digest(&self) -> String {
        let digest = self.made_from.clone().finalize();
        digest.iter().fold(String::new(), |mut digits, byte| {
            // Writing to a String does not fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }
}
