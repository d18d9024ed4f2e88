//! Running a program to its end, as this room asks for it. Who really runs it is not known here.

use crate::domain::Fault;
use async_trait::async_trait;
use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Sees each line that a program writes, cleaned.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// A program to be run to its end. Never holds a secret.
#[derive(Clone)]
pub struct Command {
    /// A name looked up in `PATH`, or a path.
    pub program: OsString,
    /// The Debian package that brings it, for the advice when it is missing.
    pub package: Option<String>,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder it runs in.
    pub folder: Option<PathBuf>,
    /// Variables besides the usual ones (`PATH`, `HOME`, the language).
    pub environment: Vec<(String, OsString)>,
    /// How long it may run.
    pub timeout: Duration,
    /// Where its output is kept.
    pub log: Option<PathBuf>,
    /// Sees its output as it comes.
    pub on_line: Option<LineSink>,
    /// Stops it.
    pub cancel: CancellationToken,
}

impl Command {
    /// A run of a program, one minute at most.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            package: None,
            arguments: Vec::new(),
            folder: None,
            environment: Vec::new(),
            timeout: Duration::from_secs(60),
            log: None,
            on_line: None,
            cancel: CancellationToken::new(),
        }
    }

    /// The same with these arguments.
    #[must_use]
    pub fn arguments<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The end of its standard output.
    pub output: String,
    /// The end of its standard error.
    pub errors: String,
}

/// Runs programs.
#[async_trait]
pub trait Commands: Send + Sync {
    /// Runs a program to its end. One that fails is no fault here.
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host) when it is missing or cannot be started, and what stopping it brings.
    async fn run(&self, command: Command) -> Result<Ended, Fault>;
}
