//! The one process runner: bounded in time and output, stoppable, and silent about secrets. Knows no platform.
//!
//! A program gets a process group of its own (so that a Ctrl-C in the terminal does not reach it, and stopping it stops what
//! it started), an environment made from nothing but an allow-list and what the caller gives, and no terminal on its
//! standard streams. It still shares the controlling terminal: programs that ask there for a password must be told
//! not to (`GIT_TERMINAL_PROMPT=0`, `BatchMode=yes`). What outlives a program that ended by itself is not touched.

mod group;
mod output;
mod run;

#[cfg(test)]
mod tests;

pub use output::Stream;
pub use run::Runner;

use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use std::{ffi::OsString, fmt, path::PathBuf, process::ExitStatus, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Sees each line of output as it comes: cleaned of control characters and secrets, without its line end.
pub type LineSink = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// What a program is given to read.
#[derive(Debug, Clone, Default)]
pub enum Input {
    /// Nothing: its input is at its end.
    #[default]
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A secret; it is struck out of the output.
    Secret(SecretString),
}

/// One run of a program, being put together.
#[derive(Clone)]
#[must_use = "a program does not run until it is given to the runner"]
pub struct ProcessCall {
    program: OsString,
    package: Option<String>,
    arguments: Vec<OsString>,
    folder: Option<PathBuf>,
    environment: Vec<(String, OsString)>,
    passed: Vec<String>,
    secret_environment: Vec<(String, SecretString)>,
    input: Input,
    timeout: Duration,
    tail_limit: usize,
    log: Option<PathBuf>,
    on_line: Option<LineSink>,
    secrets: Vec<SecretString>,
    cancel: CancellationToken,
}

impl fmt::Debug for ProcessCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProcessCall {}", self.name())
    }
}

impl ProcessCall {
    /// A run of `program`: a name looked up in `PATH`, or a path. Ten minutes at most, the last 64 KiB of each stream kept.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            package: None,
            arguments: Vec::new(),
            folder: None,
            environment: Vec::new(),
            passed: Vec::new(),
            secret_environment: Vec::new(),
            input: Input::Nothing,
            timeout: Duration::from_secs(10 * 60),
            tail_limit: 64 * 1024,
            log: None,
            on_line: None,
            secrets: Vec::new(),
            cancel: CancellationToken::new(),
        }
    }

    /// The Debian package that brings the program, for the advice when it is missing.
    pub fn package(mut self, package: &str) -> Self {
        self.package = Some(package.to_owned());
        self
    }

    /// One argument. Arguments are visible to every user of the machine: never a secret.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// More arguments.
    pub fn args<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// The folder it runs in.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// A variable of its environment. Never a secret.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Passes a variable of our own environment on, if it is set there.
    pub fn pass_env(mut self, name: &str) -> Self {
        self.passed.push(name.to_owned());
        self
    }

    /// A secret in its environment: only for programs that read it from nowhere else (sheet: sourcecred, credentials). The
    /// program's environment can be read by its own user and by root while it runs. It is struck out of the output.
    pub fn secret_env(mut self, name: &str, secret: &SecretString) -> Self {
        self.secret_environment
            .push((name.to_owned(), secret.clone()));
        self
    }

    /// What it is given to read.
    pub fn input(mut self, input: Input) -> Self {
        self.input = input;
        self
    }

    /// How long it may run.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes of the end of each stream are kept.
    pub fn tail_limit(mut self, bytes: usize) -> Self {
        self.tail_limit = bytes;
        self
    }

    /// A file, made with mode 0600, to which both streams are appended without secrets; 16 MiB per run at most.
    pub fn log(mut self, file: impl Into<PathBuf>) -> Self {
        self.log = Some(file.into());
        self
    }

    /// Sees each line as it comes.
    pub fn on_line(mut self, sink: LineSink) -> Self {
        self.on_line = Some(sink);
        self
    }

    /// Names one more secret that the program may print, so that it is struck out.
    pub fn redact(mut self, secret: &SecretString) -> Self {
        self.secrets.push(secret.clone());
        self
    }

    /// Stops the program when the token is cancelled.
    pub fn cancel(mut self, token: &CancellationToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// How messages name the program: without its folder.
    fn name(&self) -> String {
        let path = PathBuf::from(&self.program);
        path.file_name().map_or_else(
            || self.program.to_string_lossy().into_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// A program that ended by itself. Its output holds none of the secrets of the run.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The program's name.
    pub program: String,
    /// How it ended.
    pub status: ExitStatus,
    /// The end of its standard output.
    pub stdout_tail: String,
    /// The end of its standard error.
    pub stderr_tail: String,
    /// Why its log is not whole, if it is not.
    pub log_fault: Option<Fault>,
}

impl Finished {
    /// The run, if the program ended with 0.
    ///
    /// # Errors
    /// [`FaultKind::Host`] with the end of what it said.
    pub fn success(self) -> Result<Self, Fault> {
        if self.status.success() {
            return Ok(self);
        }
        let program = &self.program;
        let ended = self.status.code().map_or_else(
            || "was ended by a signal".to_owned(),
            |code| format!("failed (exit code {code})"),
        );
        Err(Fault::new(
            FaultKind::Host,
            format!("{program} {ended}; what it had done so far remains."),
        )
        .hint("Read its last words in the details or its log, then try again.")
        .detail(self.last_words()))
    }

    /// The last lines it wrote to standard error, or else to standard output.
    #[must_use]
    pub fn last_words(&self) -> String {
        let told = if self.stderr_tail.trim().is_empty() {
            &self.stdout_tail
        } else {
            &self.stderr_tail
        };
        let lines: Vec<&str> = told.trim_end().lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}
