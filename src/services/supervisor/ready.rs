//! Waiting until every process of a service works.

use super::{
    ProcessDescription, Readiness, ServiceDescription, Tools,
    folder::ServiceFolder,
    log,
    state::{ProcessState, ServiceState},
};
use crate::domain::{Fault, FaultKind};
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(100);
/// How long one page may take.
const ANSWER: Duration = Duration::from_secs(5);
/// So many lines of a log are told with a failed start.
const TOLD: usize = 12;

/// What was found of a process that is not ready.
enum Not {
    /// Nothing yet.
    Yet(String),
    /// Somebody else answers in its place.
    Stranger(String),
}

/// Waits.
///
/// # Errors
/// [`FaultKind::Host`] when a process ends before it is ready or takes too long, [`FaultKind::Conflict`] when somebody else
/// answers in its place, [`FaultKind::Cancelled`].
pub async fn wait<F>(
    tools: &Tools<'_>,
    service: &ServiceDescription,
    mut look: impl FnMut() -> F,
) -> Result<(), Fault>
where
    F: Future<Output = Result<Option<ServiceState>, Fault>>,
{
    let begun = Instant::now();
    for process in &service.processes {
        loop {
            let state = look().await?.filter(|state| state.kept);
            let Some(state) = state else {
                return Err(ended(tools, service, process, "was stopped"));
            };
            let state = state
                .processes
                .get(process.name.as_str())
                .cloned()
                .unwrap_or_default();
            let Some(not) = is_ready(tools, service, process, &state).await? else {
                break;
            };
            if let Some(exit) = state.last_exit {
                return Err(match not {
                    Not::Stranger(what) => stranger(process, &what),
                    Not::Yet(_) => ended(tools, service, process, &exit.to_string()),
                });
            }
            if begun.elapsed() >= process.ready_within {
                return Err(match not {
                    Not::Stranger(what) => stranger(process, &what),
                    Not::Yet(what) => late(tools, service, process, &what),
                });
            }
            tokio::select! {
                () = tools.cancel.cancelled() => {
                    return Err(Fault::new(FaultKind::Cancelled, "The start was stopped.")
                        .hint("Activate the instance to start it again."));
                }
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
    Ok(())
}

async fn is_ready(
    tools: &Tools<'_>,
    service: &ServiceDescription,
    process: &ProcessDescription,
    state: &ProcessState,
) -> Result<Option<Not>, Fault> {
    match &process.readiness {
        Readiness::Page { url, text, header } => {
            let name = header.as_ref().map(|(name, _)| name.as_str());
            let page = match tools.pages.page(url, name, ANSWER).await {
                Ok(page) => page,
                Err(fault) => return Ok(Some(Not::Yet(fault.what))),
            };
            if let Some((name, value)) = header
                && page.header.as_ref() != Some(value)
            {
                return Ok(Some(Not::Stranger(format!(
                    "what answers at {url} does not say {name}: {value}"
                ))));
            }
            if !(200..300).contains(&page.status) {
                return Ok(Some(Not::Yet(format!("{url} answers {}", page.status))));
            }
            if let Some(text) = text
                && !page.text.contains(text)
            {
                return Ok(Some(Not::Yet(format!("{url} does not show {text:?}"))));
            }
            // A stranger on its port answers too while it cannot be started.
            Ok((!state.is_up())
                .then(|| Not::Stranger(format!("{url} answers although the process does not run"))))
        }
        _ if !state.is_up() => Ok(Some(Not::Yet("it does not run yet".to_owned()))),
        Readiness::Started => Ok(None),
        Readiness::Line(text) => {
            let path = ServiceFolder::at(&service.folder).log(process.name.as_str());
            let lines = log::since_start(&path)?;
            let said = lines.iter().any(|line| line.contains(text));
            Ok((!said).then(|| Not::Yet(format!("its log does not say {text:?} yet"))))
        }
    }
}

fn ended(
    tools: &Tools<'_>,
    service: &ServiceDescription,
    process: &ProcessDescription,
    how: &str,
) -> Fault {
    Fault::new(
        FaultKind::Host,
        format!(
            "{} does not come up: the process {} {how} before it was ready.",
            service.title, process.name
        ),
    )
    .hint("Read its log, put right what it names, then activate the instance again.")
    .detail(said(tools, service, process))
}

fn late(
    tools: &Tools<'_>,
    service: &ServiceDescription,
    process: &ProcessDescription,
    what: &str,
) -> Fault {
    Fault::new(
        FaultKind::Host,
        format!(
            "{} does not come up: the process {} was not ready within {} s ({what}).",
            service.title,
            process.name,
            process.ready_within.as_secs()
        ),
    )
    .hint("Read its log; when this host is merely slow, activate the instance again.")
    .detail(said(tools, service, process))
}

fn stranger(process: &ProcessDescription, what: &str) -> Fault {
    Fault::new(
        FaultKind::Conflict,
        format!(
            "Another program is in the place of the process {}: {what}.",
            process.name
        ),
    )
    .hint("Activate the instance again; another port is then chosen.")
}

/// The end of what the process wrote since it was started.
fn said(tools: &Tools<'_>, service: &ServiceDescription, process: &ProcessDescription) -> String {
    let path = ServiceFolder::at(&service.folder).log(process.name.as_str());
    let lines = log::since_start(&path).unwrap_or_default();
    let skipped = lines.len().saturating_sub(TOLD);
    (tools.strike)(&service.secrets(), &lines[skipped..].join("\n"))
}
