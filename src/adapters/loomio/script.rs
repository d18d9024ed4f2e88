//! The one script that is run in the container of the operator's own Loomio (sheet: loomio 4.3, 4.6, 4.8).
//!
//! Its answer may hold the bot's key: it is read here, goes straight to the vault, and no part of the program's standard
//! output ever gets into a message or a log. Data travels in the environment, never in the code or on the command line.

use super::record;
use crate::adapters::{
    contract::Site,
    process::{Input, ProcessCall},
};
use crate::domain::{Fault, FaultKind, clean_line, shorten};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{fmt, time::Duration};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Our own writing; nothing of Loomio is copied.
const SCRIPT: &str = include_str!("script.rb");

/// What begins the line of the result; the application prints warnings of its own before it.
const RESULT: &str = "GUILDHALL ";

/// It boots the whole application (sheet: loomio 4.3).
const LIMIT: Duration = Duration::from_secs(120);

/// A run takes hundreds of MiB on that host: one at a time.
static ONE: Mutex<()> = Mutex::const_new(());

/// What `make` answers.
#[derive(Deserialize)]
pub(super) struct Made {
    pub group_id: u64,
    pub key: String,
    pub handle: String,
    pub api_key: String,
}

impl fmt::Debug for Made {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Made group {}", self.group_id)
    }
}

/// What `rekey` answers.
#[derive(Deserialize)]
pub(super) struct Rekeyed {
    pub api_key: String,
}

/// What the other parts answer.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    /// The state of the subscription.
    pub state: Option<String>,
}

/// Runs one part of the script: `input["do"]` names it.
///
/// # Errors
/// [`FaultKind::Host`] when the container or Docker is not there, [`FaultKind::Conflict`] when the handle is taken,
/// [`FaultKind::OutcomeUnknown`] when it ran out of time, [`FaultKind::Refused`] with the script's last words.
pub(super) async fn run<T: DeserializeOwned>(
    site: &Site,
    input: &Value,
    cancel: &CancellationToken,
) -> Result<T, Fault> {
    let container = record::container(site).ok_or_else(|| {
        Fault::new(
            FaultKind::BadInput,
            "No container of Loomio is set in which Guildhall may run scripts.",
        )
        .hint("Set runner_container, and mode to self-hosted; this is as good as root there.")
    })?;
    let turn = ONE.lock().await;
    let call = docker()
        .args(["exec", "-i", "-e", "GUILDHALL", container])
        .args(["bundle", "exec", "rails", "runner", "-"])
        .env("GUILDHALL", input.to_string())
        .input(Input::Bytes(SCRIPT.as_bytes().to_vec()))
        .timeout(LIMIT)
        .cancel(cancel);
    // The fault of a stopped run quotes what was printed last, which may be the key.
    let finished = site
        .runner
        .run(call)
        .await
        .map_err(|fault| match fault.kind {
            FaultKind::OutcomeUnknown | FaultKind::Cancelled => Fault {
                detail: None,
                ..fault
            },
            _ => fault,
        })?;
    drop(turn);
    if !finished.status.success() {
        return Err(failed(container, &finished.stderr_tail));
    }
    let line = finished
        .stdout_tail
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(RESULT));
    // Without the reader's words: they could quote the key.
    line.and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| {
            Fault::new(
                FaultKind::OutcomeUnknown,
                format!("The script in the container {container} ended without its result."),
            )
            .hint("Resume the operation: what the script made is found again.")
        })
}

/// The containers of this host with their states, by name.
pub(super) async fn containers(site: &Site) -> Result<Vec<(String, String)>, Fault> {
    let call = docker()
        .args(["ps", "--all", "--format", "{{.Names}} {{.State}}"])
        .timeout(Duration::from_secs(20));
    let finished = site.runner.run(call).await?.success()?;
    Ok(finished
        .stdout_tail
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, state)| (name.to_owned(), state.trim().to_owned()))
        .collect())
}

fn docker() -> ProcessCall {
    ProcessCall::new("docker")
        .package("docker.io")
        .pass_env("DOCKER_HOST")
        .pass_env("DOCKER_CONTEXT")
}

fn failed(container: &str, said: &str) -> Fault {
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    let last = shorten(&clean_line(last.unwrap_or_default()), 300, "…");
    let (kind, what, hint) = if last.contains("handle taken") {
        (
            FaultKind::Conflict,
            "Another group of that Loomio has, or had, this community's handle.".to_owned(),
            "Write the handle of the group that is meant into the setting group, or rename the community's slug.",
        )
    } else if last.contains("No such container") || last.contains("is not running") {
        (
            FaultKind::Host,
            format!("The container {container} is not running on this machine."),
            "Start Loomio, or correct the setting runner_container, then try again.",
        )
    } else if last.contains("subgroup") {
        (
            FaultKind::Unsupported,
            "A subgroup shares its parent's subscription and cannot be suspended alone.".to_owned(),
            "Leave the setting pause at announcements.",
        )
    } else {
        (
            FaultKind::Refused,
            format!(
                "The script in the container {container} failed; what it had done so far remains."
            ),
            "Read its last words in the details, then resume the operation: it finds what it made.",
        )
    };
    Fault::new(kind, what).hint(hint).detail(last)
}
