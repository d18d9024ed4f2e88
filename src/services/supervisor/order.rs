//! Orders: programs of a service that are run once and answer. They have no more rights than the service itself.

use super::{
    Driver, Supervisor, Tools, Walls,
    description::{Launch, ServiceName},
    state::DriverKind,
    systemd::{self, account, order},
};
use crate::domain::{Fault, FaultKind};
use std::{ffi::OsString, path::Path, time::Duration};

/// How an order is run instead of being started as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confined {
    /// The program.
    pub program: &'static str,
    /// Its arguments, which end with the order's own.
    pub arguments: Vec<String>,
    /// Variables that it needs itself.
    pub environment: Vec<(String, OsString)>,
}

/// What `systemd-run` says where there is no bus to wait on.
const NO_BUS: &str = "Failed to connect to bus";

/// Why an order that ended so was never begun; none where it was. The manager has exit codes of its own for that
/// (systemd.exec(5), "Process Exit Codes"), which no program of ours ends with.
#[must_use]
pub fn not_begun(code: Option<i32>, errors: &str) -> Option<Fault> {
    let code = code?;
    let (what, hint) = match code {
        1 if errors.contains(NO_BUS) => (
            "there is no bus over which it is waited for".to_owned(),
            "Install dbus, then try again; guildhall doctor looks for it.",
        ),
        200 => (
            "it may not go to its folder".to_owned(),
            "Let the installation lie where other users may go, as in /var/lib/guildhall.",
        ),
        203 => (
            "its program cannot be run behind the walls".to_owned(),
            "Let the program guildhall lie where everybody may run it, as in /usr/local/bin.",
        ),
        216 | 217 => (
            "it could not be given its user".to_owned(),
            "Check whether users can be made on this host, then try again.",
        ),
        226 => (
            "this kernel or container puts up no walls around it (it allows no mount namespaces)"
                .to_owned(),
            "Allow them, or run services without systemd: GUILDHALL_SUPERVISOR=plain.",
        ),
        201..=245 => (
            format!("exit code {code}, which systemd.exec(5) explains"),
            "Read the journal of the host, then try again.",
        ),
        _ => return None,
    };
    Some(
        Fault::new(
            FaultKind::Host,
            format!("The host's systemd could not begin it, so nothing was changed: {what}."),
        )
        .hint(hint),
    )
}

impl Supervisor {
    /// How an order to this service is run, so that it is behind the service's walls and, for the system's systemd, runs as
    /// the service's own user. None where services are processes of our own: an order is one as well then. What was lent
    /// for it is taken back with [`Supervisor::release`].
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host) when the user cannot be made,
    /// [`FaultKind::BadInput`](crate::domain::FaultKind::BadInput) for a folder that systemd cannot be told.
    pub async fn confine(
        &self,
        tools: &Tools<'_>,
        name: &ServiceName,
        walls: &Walls,
        launch: &Launch,
        limit: Duration,
    ) -> Result<Option<Confined>, Fault> {
        let Driver::Systemd(systemd) = self.driver() else {
            return Ok(None);
        };
        let user = order::prepare(&systemd, tools, name, walls, launch).await?;
        let user = user.as_deref();
        Ok(Some(Confined {
            program: "systemd-run",
            arguments: order::arguments(&systemd, name, walls, launch, limit, user)?,
            environment: systemd.environment(),
        }))
    }

    /// Ends an order that was broken off, and gives the folder back that was lent for it, unless the service itself runs in
    /// it.
    ///
    /// # Errors
    /// [`FaultKind::Host`](crate::domain::FaultKind::Host), [`FaultKind::Storage`](crate::domain::FaultKind::Storage).
    pub async fn release(
        &self,
        tools: &Tools<'_>,
        name: &ServiceName,
        walls: &Walls,
        folder: &Path,
    ) -> Result<(), Fault> {
        let Driver::Systemd(systemd) = self.driver() else {
            return Ok(());
        };
        order::end(&systemd, tools, name).await;
        if systemd.kind() != DriverKind::SystemdSystem {
            return Ok(());
        }
        let state = self.state(tools, folder).await?;
        let runs = state.is_some_and(|state| {
            state.kept || state.processes.values().any(super::ProcessState::is_up)
        });
        if runs {
            return Ok(());
        }
        account::take_back(tools, &account::name_of(name), walls).await
    }

    /// Lets a service that runs write again what was written beside it in its folder: it may have a user of its own.
    ///
    /// # Errors
    /// As [`Supervisor::confine`].
    pub async fn lend_again(&self, tools: &Tools<'_>, folder: &Path) -> Result<(), Fault> {
        let Driver::Systemd(systemd) = self.driver() else {
            return Ok(());
        };
        let runs = self.state(tools, folder).await?;
        match Self::described(folder)? {
            Some(service) if runs.is_some_and(|state| state.kept) => {
                systemd::lend_again(&systemd, tools, &service).await
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_manager_could_not_begin_is_told_apart_from_what_failed() {
        for (code, errors, said) in [
            (226, "", "puts up no walls"),
            (217, "", "its user"),
            (231, "", "exit code 231"),
            (
                1,
                "Failed to connect to bus: No such file or directory",
                "no bus",
            ),
        ] {
            let fault = not_begun(Some(code), errors).unwrap();
            assert!(fault.what.contains(said), "{fault}");
            assert!(!fault.hint.is_empty());
        }
        for (code, errors) in [(0, ""), (1, "Traceback"), (3, ""), (137, "")] {
            assert_eq!(not_begun(Some(code), errors), None, "{code}");
        }
        assert_eq!(not_begun(None, ""), None);
    }
}
