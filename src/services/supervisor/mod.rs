//! Services that outlive the screen: one face, and behind it processes of our own or systemd's units.
//!
//! | file | reason to be |
//! |---|---|
//! | `description` | what an instance runs, the same for every driver |
//! | `walls` | what it may see of the installation |
//! | `environment` | variables with secrets, in a file for their owner alone |
//! | `state` | how a service does |
//! | `ready` | waiting until it works |
//! | `log` | logs of limited size |
//! | `folder` | what lies in a service's folder, and who holds its locks |
//! | `plain` | the driver with processes of our own, kept by a [keeper](super::keeper) |
//! | `systemd` | the driver with systemd's units, from the templates in `assets/systemd/` |
//! | `order` | programs of a service that are run once, with no more rights than it |
//! | `walled` | what others wrote and belongs to no service, as package managers, run in the same way |
//! | `enter` | the hidden commands between the keeper and what it runs |
//! | `keyed` | the hidden command that hands secrets to a program that takes them from its environment only |
//! | `own` | how this program starts itself |
//!
//! Who starts or stops a service holds its lock, so two Guildhalls never start it twice; what runs holds a lock of its
//! own that the kernel releases, so that what an interrupted start left behind is found, whatever number it has.

mod description;
pub(super) mod enter;
pub mod environment;
pub(super) mod folder;
pub mod keyed;
pub mod log;
mod order;
mod own;
mod plain;
mod ready;
pub(super) mod state;
mod systemd;
mod walled;
mod walls;

pub use description::{
    Launch, ProcessDescription, Readiness, ServiceDescription, ServiceName, TimerDescription,
};
pub use order::{Confined, not_begun};
pub use own::OwnProgram;
pub use state::{DriverKind, Exit, ProcessState, ServiceState, TimerState};
pub use walled::{HOME, Walled};
pub use walls::Walls;

use super::{command::Commands, files, pages::Pages};
use crate::domain::Fault;
use folder::{Record, ServiceFolder};
use secrecy::SecretString;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use systemd::Systemd;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The folder of the service of an instance with this data folder: the same for every platform, so that whoever looks at
/// services needs no adapter.
#[must_use]
pub fn folder_of(data: &Path) -> PathBuf {
    data.join("service")
}

/// What a supervisor may use, lent by whoever calls it.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Runs programs to their end.
    pub commands: &'a dyn Commands,
    /// Asks pages.
    pub pages: &'a dyn Pages,
    /// Strikes secrets out of a text that is shown or kept.
    pub strike: fn(&[SecretString], &str) -> String,
    /// Stops waiting.
    pub cancel: &'a CancellationToken,
}

/// How a service was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It did not run.
    WasNot,
    /// It ended when asked to.
    Ended,
    /// Something of it did not end in time and was killed.
    Killed,
}

/// No process gets longer to end than this, whatever its description says.
pub(super) const LONGEST_GRACE: Duration = Duration::from_secs(120);

/// Starts, stops and looks at services.
#[derive(Debug, Clone, Default)]
pub struct Supervisor {
    own: Option<OwnProgram>,
    driver: Choice,
}

/// Which driver starts services.
#[derive(Debug, Clone, Default)]
enum Choice {
    /// systemd where it runs the host and stays, else processes of our own.
    #[default]
    Host,
    Plain,
    Systemd(Systemd),
}

/// The driver of one service.
enum Driver {
    Plain,
    Systemd(Systemd),
}

impl Driver {
    fn kind(&self) -> DriverKind {
        match self {
            Self::Plain => DriverKind::Plain,
            Self::Systemd(systemd) => systemd.kind(),
        }
    }
}

impl Supervisor {
    /// One that runs processes of our own, started by this program instead of the one that runs now.
    #[must_use]
    pub fn plain(own: OwnProgram) -> Self {
        Self {
            own: Some(own),
            driver: Choice::Plain,
        }
    }

    /// One that writes units for the systemd of the user whose runtime folder this is.
    #[must_use]
    pub fn systemd_user(own: OwnProgram, runtime: PathBuf) -> Self {
        Self {
            own: Some(own),
            driver: Choice::Systemd(Systemd::user(runtime)),
        }
    }

    /// The same with processes of our own, whatever runs this host: what is started leaves nothing outside its folder.
    #[must_use]
    pub fn without_systemd(mut self) -> Self {
        self.driver = Choice::Plain;
        self
    }

    /// How this program starts itself: what an adapter describes as a process of the service may be a hidden command.
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host) when its file cannot be found out.
    pub fn own(&self) -> Result<OwnProgram, Fault> {
        self.own.clone().map_or_else(OwnProgram::running, Ok)
    }

    /// Why services had better not lie in this folder, and what to do; none where they may.
    #[must_use]
    pub fn cannot_run_in(&self, home: &Path) -> Option<(String, &'static str)> {
        let Driver::Systemd(_) = self.driver() else {
            return None;
        };
        let private = systemd::hidden::lies_in(home)?;
        let text = format!(
            "{} lies below {private}: what systemd runs has a {private} of its own, and a restart of the host may empty it",
            home.display()
        );
        Some((text, systemd::hidden::WAY_ON))
    }

    /// Whether what is run on this host can have users of its own: only root can make them, and only the system's systemd
    /// runs something as them.
    #[must_use]
    pub fn gives_users(&self) -> bool {
        self.driver().kind() == DriverKind::SystemdSystem
    }

    /// What the manager of this host lacks to run what services are told to do once, and how it gets it; none where it
    /// lacks nothing.
    #[must_use]
    pub fn lacks(&self) -> Option<(String, &'static str)> {
        let Driver::Systemd(systemd) = self.driver() else {
            return None;
        };
        let bus = systemd.bus();
        let lacks = !bus.exists();
        lacks.then(|| {
            (
                format!(
                    "{} is not there: systemd-run waits for what it runs over that bus, so services can be started and told nothing",
                    bus.display()
                ),
                "Install dbus (for a user's services dbus-user-session too), then log in again or restart the host.",
            )
        })
    }

    /// Whether what others wrote runs here as root, and why; none where it does not.
    #[must_use]
    pub fn runs_as_root(&self, home: &Path) -> Option<(String, &'static str)> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        if !self.gives_users() {
            return Some((
                "services, installations and runs of tools are root's: no systemd is there that gives them users of their own".to_owned(),
                "Run Guildhall as a user of its own that is not root, or on a host with systemd.",
            ));
        }
        let closed = systemd::account::closed_above(home)?;
        Some((
            format!(
                "services, installations and runs of tools are root's: users of their own cannot come through {}",
                closed.display()
            ),
            "Let the installation lie elsewhere, as in /var/lib/guildhall (--home).",
        ))
    }

    /// What new services are started with.
    fn driver(&self) -> Driver {
        match &self.driver {
            Choice::Plain => Driver::Plain,
            Choice::Systemd(systemd) => Driver::Systemd(systemd.clone()),
            Choice::Host => Systemd::here().map_or(Driver::Plain, Driver::Systemd),
        }
    }

    /// What a service was started with. Units of a systemd that is not there any more do not run any more.
    fn driver_of(&self, record: &Record) -> Option<Driver> {
        let own = self.driver();
        if own.kind() == record.driver {
            return Some(own);
        }
        match record.driver {
            DriverKind::Plain => Some(Driver::Plain),
            kind => Systemd::here()
                .filter(|systemd| systemd.kind() == kind)
                .map(Driver::Systemd),
        }
    }

    /// Starts the service and waits until every process is ready. One that already runs as described is left alone; one
    /// that runs otherwise is stopped first. `secrets` is given to each process that takes them, on its standard input.
    /// What does not become ready is stopped again.
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host) when it cannot be started or is not ready in time, with the end
    /// of its log; [`FaultKind::Conflict`](crate::domain::FaultKind::Conflict) when somebody else answers in its place;
    /// `InUse` when another start of it takes too long; `Cancelled`; `Storage`.
    pub async fn start(
        &self,
        tools: &Tools<'_>,
        service: &ServiceDescription,
        secrets: &Zeroizing<Vec<u8>>,
    ) -> Result<(), Fault> {
        files::make_folder(&service.folder)?;
        let folder = ServiceFolder::at(&service.folder);
        let lock = folder.change(tools.cancel).await?;
        let state = self.look(tools, &folder).await?;
        let runs_so = state.is_some_and(|state| state.kept)
            && folder
                .record()?
                .is_some_and(|record| record.service == *service);
        if !runs_so {
            self.begin(tools, &folder, service, secrets).await?;
        }
        // Others may look meanwhile, and stop it; the wait below sees that.
        drop(lock);
        let ready = ready::wait(tools, service, || self.look(tools, &folder)).await;
        if ready.is_err() && !runs_so {
            self.stop(tools, &service.folder).await?;
        }
        ready
    }

    /// Stops what runs of it and starts it, under the lock of changes.
    async fn begin(
        &self,
        tools: &Tools<'_>,
        folder: &ServiceFolder,
        service: &ServiceDescription,
        secrets: &Zeroizing<Vec<u8>>,
    ) -> Result<(), Fault> {
        self.end(tools, folder).await?;
        let driver = self.driver();
        let start = folder::fresh_start();
        folder.write_record(&Record {
            driver: driver.kind(),
            start: Some(start.clone()),
            service: service.clone(),
        })?;
        for process in &service.processes {
            let log = folder.log(process.name.as_str());
            log::rotate_in_place(&log)?;
            log::mark_start(&log);
        }
        match driver {
            Driver::Plain => plain::start(folder, &self.own()?, &start, secrets).await,
            Driver::Systemd(systemd) => systemd::start(&systemd, tools, service, secrets).await,
        }
    }

    async fn end(&self, tools: &Tools<'_>, folder: &ServiceFolder) -> Result<Stopped, Fault> {
        let Some(record) = folder.record()? else {
            return Ok(Stopped::WasNot);
        };
        match self.driver_of(&record) {
            None => Ok(Stopped::WasNot),
            Some(Driver::Plain) => plain::stop(folder).await,
            Some(Driver::Systemd(systemd)) => systemd::stop(&systemd, tools, &record.service).await,
        }
    }

    /// Stops the service if it runs, and starts it: for changed secrets and settings, which a description does not show.
    ///
    /// # Errors
    /// As [`Supervisor::start`].
    pub async fn restart(
        &self,
        tools: &Tools<'_>,
        service: &ServiceDescription,
        secrets: &Zeroizing<Vec<u8>>,
    ) -> Result<(), Fault> {
        self.stop(tools, &service.folder).await?;
        self.start(tools, service, secrets).await
    }

    /// Stops the service whose folder this is: asks each process to end and kills it, with all it started, when it has
    /// not within its grace. When this returns nothing of it runs.
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host) when something cannot be ended, `InUse`, `Cancelled`, `Storage`.
    pub async fn stop(&self, tools: &Tools<'_>, folder: &Path) -> Result<Stopped, Fault> {
        if !folder.is_dir() {
            return Ok(Stopped::WasNot);
        }
        let folder = ServiceFolder::at(folder);
        let _lock = folder.change(tools.cancel).await?;
        self.end(tools, &folder).await
    }

    /// How the service does; none when it was never started.
    ///
    /// # Errors
    /// [`FaultKind::Storage`](crate::domain::FaultKind::Storage), [`FaultKind::Host`](crate::domain::FaultKind::Host).
    pub async fn state(
        &self,
        tools: &Tools<'_>,
        folder: &Path,
    ) -> Result<Option<ServiceState>, Fault> {
        self.look(tools, &ServiceFolder::at(folder)).await
    }

    async fn look(
        &self,
        tools: &Tools<'_>,
        folder: &ServiceFolder,
    ) -> Result<Option<ServiceState>, Fault> {
        let Some(record) = folder.record()? else {
            return Ok(None);
        };
        match self.driver_of(&record) {
            Some(Driver::Systemd(systemd)) => systemd::state(&systemd, tools, &record.service)
                .await
                .map(Some),
            Some(Driver::Plain) => plain::state(folder),
            // Whoever ran it is gone, and it with him; what is known is told as not running.
            None => plain::state(folder).map(|state| {
                state.map(|state| ServiceState {
                    driver: record.driver,
                    ..state
                })
            }),
        }
    }

    /// What was last started from this folder; none when nothing ever was.
    ///
    /// # Errors
    /// [`FaultKind::Storage`](crate::domain::FaultKind::Storage).
    pub fn described(folder: &Path) -> Result<Option<ServiceDescription>, Fault> {
        Ok(ServiceFolder::at(folder)
            .record()?
            .map(|record| record.service))
    }
}
