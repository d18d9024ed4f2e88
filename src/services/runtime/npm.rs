//! Installs a runtime from npm, in steps that are not done again once they are finished.

use super::{DESCRIPTION, Description, Runtime, find};
use crate::{
    domain::{Fault, FaultKind},
    services::{
        command::{Command, Commands, Ended, LineSink},
        files,
        lock::FileLock,
        toolchain,
    },
};
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long another Guildhall's installation is waited for.
const PATIENCE: Duration = Duration::from_secs(45 * 60);
/// How long the packages may take to come, and a native module to be built (sheet: sourcecred 3: minutes).
const STEP_LIMIT: Duration = Duration::from_secs(40 * 60);

/// How a runtime from npm is installed.
#[derive(Debug, Clone, Copy)]
pub struct NpmRecipe {
    /// The name of its folder, with the version.
    pub name: &'static str,
    /// The platform's version.
    pub version: &'static str,
    /// `package.json`.
    pub package: &'static str,
    /// `package-lock.json`, without addresses of a registry.
    pub lock: &'static str,
    /// The one package whose native part is built; no other package's scripts are run.
    pub native: &'static str,
    /// The program's script, below the folder.
    pub script: &'static str,
    /// The shared site, below the folder.
    pub site: &'static str,
    /// JavaScript that fails when the native part does not work.
    pub trial: &'static str,
    /// What `--version` prints.
    pub says: &'static str,
}

/// Sees how far an installation is: the phase, the number of finished phases, of how many, the last line.
pub type Watch = Arc<dyn Fn(&str, usize, usize, &str) + Send + Sync>;

/// Finds the runtime, or installs it.
///
/// # Errors
/// [`FaultKind::Host`] when a tool is missing or a step fails (what was finished stays and is not done again),
/// [`FaultKind::InUse`] when another installation takes too long, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
pub async fn ensure_npm(
    runtimes: &Path,
    recipe: &NpmRecipe,
    commands: &dyn Commands,
    watch: &Watch,
    cancel: &CancellationToken,
) -> Result<Runtime, Fault> {
    if let Some(runtime) = find(runtimes, recipe.name, recipe.version)? {
        return Ok(runtime);
    }
    files::make_folder(runtimes)?;
    watch("waiting for another installation", 0, STEPS, recipe.name);
    let lock = runtimes.join(format!(".{}.lock", recipe.name));
    let _lock = FileLock::take(&lock, PATIENCE, cancel).await?;
    if let Some(runtime) = find(runtimes, recipe.name, recipe.version)? {
        return Ok(runtime);
    }
    Installation {
        folder: runtimes.join(format!(".{}.new", recipe.name)),
        log: runtimes.join(format!("{}.log", recipe.name)),
        recipe,
        commands,
        watch,
        cancel,
    }
    .install(runtimes)
    .await
}

/// Packages, native part, trial, switch.
const STEPS: usize = 4;

struct Installation<'a> {
    folder: PathBuf,
    log: PathBuf,
    recipe: &'a NpmRecipe,
    commands: &'a dyn Commands,
    watch: &'a Watch,
    cancel: &'a CancellationToken,
}

impl Installation<'_> {
    async fn install(self, runtimes: &Path) -> Result<Runtime, Fault> {
        let tools = [
            toolchain::NODE,
            toolchain::NPM,
            toolchain::COMPILER,
            toolchain::MAKE,
            toolchain::PYTHON,
        ];
        let places = toolchain::require(self.commands, &tools).await?;
        let [node, npm, ..] = places.as_slice() else {
            return Err(
                Fault::new(FaultKind::Internal, "A tool that is here was lost.").hint("Try again."),
            );
        };
        self.install_with(runtimes, node, npm).await
    }

    async fn install_with(
        self,
        runtimes: &Path,
        node: &Path,
        npm: &Path,
    ) -> Result<Runtime, Fault> {
        files::make_folder(&self.folder)?;
        self.begin_anew_if_other()?;
        if !self.is_done("packages") {
            self.packages(npm).await?;
            self.done("packages")?;
        }
        if !self.is_done("native") {
            self.native(node, npm).await?;
            self.done("native")?;
        }
        self.tell("trying it", 2, "");
        self.trial(node).await?;
        self.tell("switching", 3, "");
        let description = Description {
            version: self.recipe.version.to_owned(),
            program: vec![
                node.to_string_lossy().into_owned(),
                format!("{{runtime}}/{}", self.recipe.script),
            ],
            site: Some(self.recipe.site.to_owned()),
            installed_at: Timestamp::now(),
        };
        files::write_json(&self.folder.join(DESCRIPTION), &description)?;
        let folder = runtimes.join(self.recipe.name);
        // Only a folder without a description can lie there: something unfinished that is in nobody's use.
        files::remove(&folder)?;
        files::rename(&self.folder, &folder)?;
        Ok(Runtime {
            folder,
            description,
        })
    }

    /// Another package list than the one that was begun with makes every finished step void.
    fn begin_anew_if_other(&self) -> Result<(), Fault> {
        let wanted = [
            ("package.json", self.recipe.package),
            ("package-lock.json", self.recipe.lock),
        ];
        for (name, text) in wanted {
            let path = self.folder.join(name);
            if files::read(&path)?.as_deref() != Some(text.as_bytes()) {
                for step in ["packages", "native"] {
                    files::remove(&self.mark(step))?;
                }
                files::write(&path, text.as_bytes())?;
            }
        }
        Ok(())
    }

    async fn packages(&self, npm: &Path) -> Result<(), Fault> {
        self.tell("fetching packages", 0, "");
        let ended = self
            .run(
                "fetching packages",
                0,
                self.call(npm)
                    .arguments(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]),
            )
            .await?;
        self.need(&ended, "npm could not fetch the packages")
    }

    async fn native(&self, node: &Path, npm: &Path) -> Result<(), Fault> {
        self.tell("building the native module", 1, "");
        let mut call =
            self.call(npm)
                .arguments(["rebuild", self.recipe.native, "--foreground-scripts"]);
        call.environment.push(("JOBS".to_owned(), "2".into()));
        // Built here from the source that the lock file vouches for, never fetched ready-made from elsewhere.
        call.environment
            .push(("npm_config_build_from_source".to_owned(), "true".into()));
        if let Some(headers) = toolchain::node_headers(node) {
            call.environment
                .push(("npm_config_nodedir".to_owned(), headers.into_os_string()));
        }
        let ended = self.run("building the native module", 1, call).await?;
        self.need(
            &ended,
            &format!(
                "The native module {} could not be built",
                self.recipe.native
            ),
        )
    }

    async fn trial(&self, node: &Path) -> Result<(), Fault> {
        let native = self.call(node).arguments(["-e", self.recipe.trial]);
        let ended = self.commands.run(native).await?;
        if ended.code != Some(0) {
            files::remove(&self.mark("native"))?;
        }
        self.need(&ended, "The native module that was built does not load")?;
        let version = self.call(node).arguments([self.recipe.script, "--version"]);
        let ended = self.commands.run(version).await?;
        if ended.code != Some(0) || ended.output.trim() != self.recipe.says {
            files::remove(&self.mark("packages"))?;
            return self.need(
                &Ended {
                    code: None,
                    ..ended
                },
                "What was installed does not run",
            );
        }
        Ok(())
    }

    fn call(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.folder = Some(self.folder.clone());
        command.timeout = STEP_LIMIT;
        command.log = Some(self.log.clone());
        command.cancel = self.cancel.clone();
        command
    }

    async fn run(
        &self,
        phase: &'static str,
        done: usize,
        mut call: Command,
    ) -> Result<Ended, Fault> {
        let watch = Arc::clone(self.watch);
        let on_line: LineSink = Arc::new(move |line: &str| watch(phase, done, STEPS, line));
        call.on_line = Some(on_line);
        self.commands.run(call).await
    }

    fn need(&self, ended: &Ended, what: &str) -> Result<(), Fault> {
        if ended.code == Some(0) {
            return Ok(());
        }
        let told = if ended.errors.trim().is_empty() {
            &ended.output
        } else {
            &ended.errors
        };
        let lines: Vec<&str> = told.trim().lines().collect();
        Err(Fault::new(
            FaultKind::Host,
            format!("{what}; {} is not installed yet.", self.recipe.name),
        )
        .hint(format!(
            "Read {} and try again; finished steps are not repeated.",
            self.log.display()
        ))
        .detail(lines[lines.len().saturating_sub(8)..].join("\n")))
    }

    fn tell(&self, phase: &str, done: usize, line: &str) {
        (self.watch)(phase, done, STEPS, line);
    }

    fn mark(&self, step: &str) -> PathBuf {
        self.folder.join(format!(".{step}-done"))
    }

    fn is_done(&self, step: &str) -> bool {
        self.mark(step).is_file()
    }

    fn done(&self, step: &str) -> Result<(), Fault> {
        files::write(&self.mark(step), b"")
    }
}

#[cfg(test)]
mod tests;
