//! Starts a program, waits for it, and stops it with everything it started.

use super::{
    Finished, Input, ProcessCall,
    group::{Group, Tasks},
    output::{self, Log, Sink, Stream},
};
use crate::{
    adapters::http::Scrubber,
    domain::{Fault, FaultKind},
};
use rustix::process::Signal;
use secrecy::ExposeSecret;
use std::{
    collections::HashMap, ffi::OsString, io, process::ExitStatus, process::Stdio, sync::Arc,
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::Instant,
};
use zeroize::Zeroizing;

/// The variables of our own environment that every program gets. No proxy, no key, nothing of a session.
const PASSED: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
];

/// How long output is awaited after a program's end: what it started may hold its streams open for ever.
const LAST_OUTPUT: Duration = Duration::from_secs(2);

/// How often it is looked whether a stopped group is gone.
const LOOK: Duration = Duration::from_millis(20);

/// The one process runner.
#[derive(Debug, Clone)]
pub struct Runner {
    grace: Duration,
    /// What is started in place of a program, by the program's name.
    stand_ins: Arc<HashMap<OsString, Vec<OsString>>>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
            stand_ins: Arc::default(),
        }
    }
}

/// Why a program is stopped.
enum Stop {
    Late,
    Request,
}

impl Runner {
    /// A runner that asks a program to end (TERM), and ends it (KILL) when it has not within `grace`.
    #[must_use]
    pub fn with_grace(grace: Duration) -> Self {
        Self {
            grace,
            ..Self::default()
        }
    }

    /// The same runner, which starts `command` (a program and its first arguments) wherever `program` is asked for: the
    /// process runner's counterpart of another base URL. Messages go on naming the program asked for.
    #[must_use]
    pub fn standing_in(mut self, program: &str, command: Vec<OsString>) -> Self {
        Arc::make_mut(&mut self.stand_ins).insert(program.into(), command);
        self
    }

    /// Runs a program to its end. A program that fails is no fault here: see [`Finished::success`].
    ///
    /// # Errors
    /// [`FaultKind::Host`] when it is not installed or cannot be started, [`FaultKind::Storage`] when its folder or log
    /// cannot be used, [`FaultKind::BadInput`] when an argument or a plain variable holds a secret of the run,
    /// [`FaultKind::Cancelled`] when it was stopped on request, [`FaultKind::OutcomeUnknown`] when it ran out of time and
    /// was stopped.
    pub async fn run(&self, call: ProcessCall) -> Result<Finished, Fault> {
        let program = call.name();
        if call.cancel.is_cancelled() {
            return Err(stopped(&program, "was not started"));
        }
        let scrubber = scrubber(&call);
        check(&call, &scrubber)?;
        let log = open_log(&call)?;
        let mut child = start(&call, self.stand_ins.get(&call.program).map(Vec::as_slice))?;
        let mut group = Group::of(&child);
        let sink = Arc::new(Sink::new(
            scrubber,
            call.on_line.clone(),
            call.tail_limit,
            log,
        ));
        let mut tasks = Tasks::default();
        if let Some(pipe) = child.stdout.take() {
            tasks.start(output::drain(pipe, Stream::Out, Arc::clone(&sink)));
        }
        if let Some(pipe) = child.stderr.take() {
            tasks.start(output::drain(pipe, Stream::Error, Arc::clone(&sink)));
        }
        let mut feeding = Tasks::default();
        if let Some(mut pipe) = child.stdin.take() {
            let bytes = Zeroizing::new(match &call.input {
                Input::Nothing => Vec::new(),
                Input::Bytes(bytes) => bytes.clone(),
                Input::Secret(secret) => secret.expose_secret().as_bytes().to_vec(),
            });
            // A program that ends without reading everything is within its rights.
            feeding.start(async move {
                pipe.write_all(&bytes).await?;
                pipe.shutdown().await
            });
        }
        let ended = tokio::select! {
            biased;
            () = call.cancel.cancelled() => Err(Stop::Request),
            status = child.wait() => Ok(status),
            () = tokio::time::sleep(call.timeout) => Err(Stop::Late),
        };
        let stop = match ended {
            Ok(status) => {
                group.release();
                tasks.finish(LAST_OUTPUT).await;
                return finished(program, status, &sink);
            }
            Err(stop) => stop,
        };
        self.stop(&mut child, &mut group).await;
        tasks.finish(LAST_OUTPUT).await;
        let (out, error, _) = sink.take();
        let words = if error.trim().is_empty() { out } else { error };
        Err(match stop {
            Stop::Request => stopped(&program, "was stopped; what it had done so far remains"),
            Stop::Late => Fault::new(
                FaultKind::OutcomeUnknown,
                format!(
                    "{program} did not end within {} s and was stopped; what it had done so far remains.",
                    call.timeout.as_secs_f64().ceil()
                ),
            )
            .hint("Read its last words in the details or its log, then try again."),
        }
        .detail(words.trim_end()))
    }

    /// Asks the whole group to end, and ends what is left of it after the grace.
    async fn stop(&self, child: &mut Child, group: &mut Group) {
        let until = Instant::now() + self.grace;
        group.signal(Signal::TERM);
        let mut leader_gone = tokio::time::timeout(self.grace, child.wait()).await.is_ok();
        // What it started got the signal too, and some of it may need a moment more; but nobody may ever collect it.
        let until = until.min(Instant::now() + LAST_OUTPUT);
        while leader_gone && group.exists() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        group.signal(Signal::KILL);
        if !leader_gone {
            // A program stuck in the kernel (a dead disk) must not hold us as well.
            leader_gone = tokio::time::timeout(LAST_OUTPUT, child.wait())
                .await
                .is_ok();
        }
        if leader_gone {
            group.release();
        }
    }
}

fn finished(
    program: String,
    status: io::Result<ExitStatus>,
    sink: &Sink,
) -> Result<Finished, Fault> {
    let status = status.map_err(|error| {
        Fault::new(
            FaultKind::Host,
            format!("How {program} ended cannot be found out."),
        )
        .hint("Check the instance, then try again.")
        .detail(error)
    })?;
    let (stdout_tail, stderr_tail, log_fault) = sink.take();
    Ok(Finished {
        program,
        status,
        stdout_tail,
        stderr_tail,
        log_fault,
    })
}

/// Every secret of the run.
fn scrubber(call: &ProcessCall) -> Scrubber {
    let mut scrubber = Scrubber::new();
    let in_environment = call.secret_environment.iter().map(|(_, secret)| secret);
    for secret in call.secrets.iter().chain(in_environment) {
        scrubber.add(secret);
    }
    if let Input::Secret(secret) = &call.input {
        scrubber.add(secret);
    }
    scrubber
}

/// What must hold before anything is started.
fn check(call: &ProcessCall, scrubber: &Scrubber) -> Result<(), Fault> {
    let program = call.name();
    let plain = call.environment.iter().map(|(_, value)| value);
    let mut visible = call.arguments.iter().chain(plain).chain([&call.program]);
    if visible.any(|text| scrubber.finds(&text.to_string_lossy())) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("A secret would have been visible on the command line of {program}; it was not started."),
        )
        .hint("Enter the key only in the field for the key."));
    }
    if let Some(folder) = call.folder.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(Fault::new(
            FaultKind::Storage,
            format!(
                "The folder {} in which {program} is to run is not there.",
                folder.display()
            ),
        )
        .hint("Check the disk and the folder's owner, then try again."));
    }
    Ok(())
}

fn open_log(call: &ProcessCall) -> Result<Option<Log>, Fault> {
    let Some(path) = &call.log else {
        return Ok(None);
    };
    let mut log = Log::open(path)?;
    let words: Vec<String> = [&call.program]
        .into_iter()
        .chain(&call.arguments)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    log.write(&format!("{} $ {}", jiff::Timestamp::now(), words.join(" ")))?;
    Ok(Some(log))
}

fn start(call: &ProcessCall, stand_in: Option<&[OsString]>) -> Result<Child, Fault> {
    let mut command = match stand_in {
        Some([program, first @ ..]) => {
            let mut command = Command::new(program);
            command.args(first);
            command
        }
        _ => Command::new(&call.program),
    };
    command
        .args(&call.arguments)
        .env_clear()
        .process_group(0)
        .kill_on_drop(true)
        .stdin(match call.input {
            Input::Nothing => Stdio::null(),
            _ => Stdio::piped(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let passed = PASSED
        .into_iter()
        .chain(call.passed.iter().map(String::as_str));
    for name in passed {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in &call.environment {
        command.env(name, value);
    }
    for (name, secret) in &call.secret_environment {
        command.env(name, secret.expose_secret());
    }
    if let Some(folder) = &call.folder {
        command.current_dir(folder);
    }
    command.spawn().map_err(|error| not_started(call, &error))
}

fn not_started(call: &ProcessCall, error: &io::Error) -> Fault {
    let program = call.name();
    let missing = error.kind() == io::ErrorKind::NotFound;
    let what = if missing {
        format!("The program {program} is not installed on this machine.")
    } else {
        format!("The program {program} cannot be started.")
    };
    let hint = match &call.package {
        Some(package) if missing => {
            format!("Install it (Debian: apt install {package}), then try again.")
        }
        _ if missing => "Install it, or put its folder into PATH, then try again.".to_owned(),
        _ => "Check that its file may be executed and that memory is free.".to_owned(),
    };
    Fault::new(FaultKind::Host, what).hint(hint).detail(error)
}

fn stopped(program: &str, how: &str) -> Fault {
    Fault::new(FaultKind::Cancelled, format!("{program} {how}."))
        .hint("Start it again when you want it to go on.")
}
