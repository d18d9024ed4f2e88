//! Talking to systemd, through `systemctl`.

use super::super::{Tools, state::DriverKind};
use crate::{
    domain::{Fault, FaultKind},
    services::command::Command,
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long one call may take. A stop waits for the grace of what it stops, which is added.
const CALL: Duration = Duration::from_secs(60);

/// The systemd that is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Systemd {
    /// The user's folder of running things (`XDG_RUNTIME_DIR`); none for the system's.
    user: Option<PathBuf>,
}

/// The properties of a unit, as `systemctl show` writes them.
pub type Properties = BTreeMap<String, String>;

impl Systemd {
    /// The system's.
    pub fn system() -> Self {
        Self { user: None }
    }

    /// That of the user whose runtime folder this is.
    pub fn user(runtime: PathBuf) -> Self {
        Self {
            user: Some(runtime),
        }
    }

    pub fn kind(&self) -> DriverKind {
        if self.user.is_some() {
            DriverKind::SystemdUser
        } else {
            DriverKind::SystemdSystem
        }
    }

    /// The one that runs this host for us: the system's for root; the user's where it goes on after the last logout
    /// (lingering), because services must outlive the screen.
    pub fn here() -> Option<Self> {
        if rustix::process::geteuid().is_root() {
            let runs = Path::new("/run/systemd/private").exists();
            return runs.then(Self::system);
        }
        let runtime = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
        let name = std::env::var("USER").ok()?;
        let lingers = Path::new("/var/lib/systemd/linger").join(name).exists();
        (lingers && runtime.join("systemd/private").exists()).then(|| Self::user(runtime))
    }

    /// The bus over which `systemd-run` waits for what it runs (systemd-run(1), `--wait` and `--pipe`).
    pub fn bus(&self) -> PathBuf {
        self.user.as_ref().map_or_else(
            || PathBuf::from("/run/dbus/system_bus_socket"),
            |runtime| runtime.join("bus"),
        )
    }

    /// Where units are written: gone after a restart of the host.
    pub fn units(&self) -> PathBuf {
        self.user.as_ref().map_or_else(
            || PathBuf::from("/run/systemd/system"),
            |runtime| runtime.join("systemd/user"),
        )
    }

    /// Where secrets are kept for what is started again: in memory, for their owner alone.
    pub fn secrets(&self) -> PathBuf {
        self.user
            .as_deref()
            .unwrap_or(Path::new("/run"))
            .join("guildhall")
    }

    /// The variables with which programs of systemd find it.
    pub fn environment(&self) -> Vec<(String, OsString)> {
        let runtime = self.user.iter();
        runtime
            .map(|runtime| ("XDG_RUNTIME_DIR".to_owned(), runtime.into()))
            .collect()
    }

    /// Runs `systemctl`.
    ///
    /// # Errors
    /// [`FaultKind::Host`] with what it says.
    pub async fn call(&self, tools: &Tools<'_>, arguments: &[&str]) -> Result<String, Fault> {
        let mut command = Command::new("systemctl");
        if self.user.is_some() {
            command.arguments.push("--user".into());
        }
        command.environment = self.environment();
        command.arguments.push("--no-pager".into());
        let mut command = command.arguments(arguments);
        command.timeout = CALL + super::super::LONGEST_GRACE;
        command.cancel = tools.cancel.clone();
        let ended = tools.commands.run(command).await?;
        if ended.code == Some(0) {
            return Ok(ended.output);
        }
        Err(Fault::new(
            FaultKind::Host,
            format!(
                "systemd refuses to {}.",
                arguments.first().unwrap_or(&"act")
            ),
        )
        .hint("Read what it says, put that right, then try again.")
        .detail(ended.errors.trim()))
    }

    /// The properties of these units, by name.
    ///
    /// # Errors
    /// As [`Systemd::call`].
    pub async fn show(
        &self,
        tools: &Tools<'_>,
        units: &[String],
    ) -> Result<BTreeMap<String, Properties>, Fault> {
        let mut arguments = vec![
            "show",
            "--timestamp=unix",
            "--property=Id,ActiveState,SubState,MainPID,NRestarts,Result,ExecMainCode,ExecMainStatus,\
             ExecMainStartTimestamp,ExecMainExitTimestamp",
        ];
        arguments.extend(units.iter().map(String::as_str));
        let shown = self.call(tools, &arguments).await?;
        let blocks = shown.split("\n\n").map(|block| {
            block
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect::<Properties>()
        });
        Ok(blocks
            .filter_map(|block| Some((block.get("Id")?.clone(), block)))
            .collect())
    }
}
