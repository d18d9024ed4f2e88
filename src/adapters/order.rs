//! Programs of a service on this host that are run once and answer, with no more rights than the service itself has.

use super::{
    contract::Site,
    local,
    process::{Finished, ProcessCall},
};
use crate::{
    domain::Fault,
    services::supervisor::{Confined, Launch, ServiceName, Walls, not_begun},
};
use std::{path::Path, time::Duration};
use tokio_util::sync::CancellationToken;

/// An order to a service.
pub struct Order<'a> {
    /// The service.
    pub name: ServiceName,
    /// What it may see of the installation.
    pub walls: Walls,
    /// The program.
    pub launch: Launch,
    /// The service's own folder, by which it is known whether it runs.
    pub service: &'a Path,
    /// How long it may take.
    pub limit: Duration,
}

/// Runs it; `arrange` says what it reads and where its output is kept. Where a manager of the host runs the services it is a
/// unit behind the service's walls and runs as the service's user, else a process like any other.
///
/// # Errors
/// As [`Runner::run`](super::process::Runner::run); [`FaultKind::Host`](crate::domain::FaultKind::Host) also when it could
/// not be begun behind its walls. One that fails is no fault here.
pub async fn run(
    site: &Site,
    order: Order<'_>,
    cancel: &CancellationToken,
    arrange: impl FnOnce(ProcessCall) -> ProcessCall,
) -> Result<Finished, Fault> {
    let Order {
        name,
        walls,
        launch,
        service,
        limit,
    } = order;
    let tools = local::tools(site, cancel);
    let confined = site
        .supervisor
        .confine(&tools, &name, &walls, &launch, limit)
        .await?;
    let is_confined = confined.is_some();
    let call = arrange(as_call(launch, confined))
        .timeout(limit)
        .cancel(cancel);
    let finished = site.runner.run(call).await;
    if !is_confined {
        return finished;
    }
    // Also after a cancellation.
    let never = CancellationToken::new();
    let tools = local::tools(site, &never);
    let released = site
        .supervisor
        .release(&tools, &name, &walls, service)
        .await;
    let finished = finished.and_then(|finished| released.map(|()| finished))?;
    match not_begun(finished.status.code(), &finished.stderr_tail) {
        Some(fault) => Err(fault.detail(finished.last_words())),
        None => Ok(finished),
    }
}

fn as_call(launch: Launch, confined: Option<Confined>) -> ProcessCall {
    if let Some(confined) = confined {
        let call = ProcessCall::new(confined.program)
            .package("systemd")
            .args(confined.arguments);
        return confined
            .environment
            .into_iter()
            .fold(call, |call, (name, value)| call.env(&name, value));
    }
    let call = ProcessCall::new(launch.program)
        .args(launch.arguments)
        .folder(launch.folder);
    launch
        .environment
        .into_iter()
        .fold(call, |call, (name, value)| call.env(&name, value))
}
