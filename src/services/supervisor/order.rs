//! Orders: programs of a service that are run once and answer. They have no more rights than the service itself.

use super::{
    Driver, Supervisor, Tools, Walls,
    description::{Launch, ServiceName},
    state::DriverKind,
    systemd::{self, account, order},
};
use crate::domain::Fault;
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
