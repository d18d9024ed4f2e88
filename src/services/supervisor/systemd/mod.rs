//! The driver with systemd: units of the user or of the system, written at each start and gone after a restart of the
//! host, so that the record of what should run is one: the database.

pub(super) mod account;
mod control;
pub(super) mod hidden;
pub(super) mod order;
pub mod units;

pub use control::Systemd;

use super::{
    ServiceDescription, Stopped, Tools, Walls,
    folder::ServiceFolder,
    log,
    state::{DriverKind, Exit, ProcessState, ServiceState, TimerState},
};
use crate::{
    domain::Fault,
    services::{files, process_mark::ProcessMark},
};
use control::Properties;
use jiff::Timestamp;
use std::path::PathBuf;
use units::Unit;
use zeroize::Zeroizing;

/// Writes the units, and starts those that run with the service.
pub async fn start(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
    secrets: &Zeroizing<Vec<u8>>,
) -> Result<(), Fault> {
    hidden::require_seen(service)?;
    let input = input(systemd, service);
    files::make_folder(&systemd.secrets())?;
    files::write(&input, secrets)?;
    files::make_folder(&systemd.units())?;
    let lent = lent(systemd, service);
    if let Some((user, walls)) = &lent {
        account::lend(tools, user, walls).await?;
    }
    let user = lent.as_ref().map(|(user, _)| user.as_str());
    let units = units::of(systemd, service, &input, user)?;
    for unit in &units {
        files::write(&systemd.units().join(&unit.name), unit.text.as_bytes())?;
    }
    systemd.call(tools, &["daemon-reload"]).await?;
    let mut arguments = vec!["start"];
    arguments.extend(started(&units));
    if arguments.len() > 1 {
        systemd.call(tools, &arguments).await?;
    }
    Ok(())
}

/// Stops every unit and takes it away.
pub async fn stop(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
) -> Result<Stopped, Fault> {
    let input = input(systemd, service);
    let names: Vec<String> = names(service);
    let there: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| systemd.units().join(name).exists())
        .collect();
    if there.is_empty() {
        files::remove(&input)?;
        take_back(systemd, tools, service).await?;
        return Ok(Stopped::WasNot);
    }
    let before = systemd.show(tools, &names).await?;
    let ran = before.values().any(is_active);
    let mut arguments = vec!["stop"];
    arguments.extend(&there);
    systemd.call(tools, &arguments).await?;
    let after = systemd.show(tools, &names).await?;
    let killed = after
        .values()
        .any(|unit| unit.get("Result").is_some_and(|how| how == "timeout"));
    for name in &names {
        files::remove(&systemd.units().join(name))?;
    }
    files::remove(&input)?;
    systemd.call(tools, &["daemon-reload"]).await?;
    let mut arguments = vec!["reset-failed"];
    arguments.extend(&there);
    // Units that did not fail are refused here, and that is well.
    let _ = systemd.call(tools, &arguments).await;
    take_back(systemd, tools, service).await?;
    Ok(match (ran, killed) {
        (_, true) => Stopped::Killed,
        (true, false) => Stopped::Ended,
        (false, false) => Stopped::WasNot,
    })
}

/// The user and the walls of a service that runs as somebody else: only the system's systemd does that, and only where he
/// reaches what it runs.
fn lent<'a>(systemd: &Systemd, service: &'a ServiceDescription) -> Option<(String, &'a Walls)> {
    let walls = service.walls.as_ref()?;
    if systemd.kind() != DriverKind::SystemdSystem {
        return None;
    }
    if !account::reaches(service, walls) {
        tracing::warn!(
            service = %service.name,
            "it has no user of its own: its program or the installation lies where only root looks"
        );
        return None;
    }
    Some((account::name(service), walls))
}

/// What somebody else wrote in the service's folder meanwhile is its user's, where it has one.
pub async fn lend_again(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
) -> Result<(), Fault> {
    match lent(systemd, service) {
        Some((user, walls)) => account::lend(tools, &user, walls).await,
        None => Ok(()),
    }
}

/// What was lent to the service's user is root's again.
async fn take_back(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
) -> Result<(), Fault> {
    match &service.walls {
        Some(walls) if systemd.kind() == DriverKind::SystemdSystem => {
            account::take_back(tools, &account::name(service), walls).await
        }
        _ => Ok(()),
    }
}

/// How it does. Logs that grew large are put aside on the way: systemd writes them without a limit.
pub async fn state(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
) -> Result<ServiceState, Fault> {
    let folder = ServiceFolder::at(&service.folder);
    for (name, _) in service.launches() {
        log::rotate_in_place(&folder.log(name))?;
    }
    let shown = systemd.show(tools, &names(service)).await?;
    let of = |name: &str, ending: &str| {
        shown
            .get(&format!("{}.{ending}", units::stem(service, name)))
            .cloned()
            .unwrap_or_default()
    };
    let processes = service
        .processes
        .iter()
        .map(|process| {
            let unit = of(process.name.as_str(), "service");
            (process.name.to_string(), process_state(&unit))
        })
        .collect();
    let mut timers = std::collections::BTreeMap::new();
    for timer in &service.timers {
        let name = timer.name.to_string();
        let state = TimerState {
            next: next_run(systemd, tools, service, &name).await?,
            last: exit_of(&of(&name, "service")),
        };
        timers.insert(name, state);
    }
    let kept = service
        .processes
        .iter()
        .map(|process| of(process.name.as_str(), "service"))
        .chain(
            service
                .timers
                .iter()
                .map(|timer| of(timer.name.as_str(), "timer")),
        )
        .all(|unit| is_active(&unit));
    Ok(ServiceState {
        driver: systemd.kind(),
        kept,
        processes,
        timers,
    })
}

/// When systemd runs it next; none while it runs or the timer does not.
async fn next_run(
    systemd: &Systemd,
    tools: &Tools<'_>,
    service: &ServiceDescription,
    name: &str,
) -> Result<Option<Timestamp>, Fault> {
    let unit = format!("{}.timer", units::stem(service, name));
    let listed = systemd
        .call(tools, &["list-timers", "--output=json", &unit])
        .await?;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap_or_default();
    let next = listed[0]["next"].as_i64().filter(|next| *next > 0);
    Ok(next.and_then(|next| Timestamp::from_microsecond(next).ok()))
}

fn process_state(unit: &Properties) -> ProcessState {
    let number = |name: &str| unit.get(name).and_then(|value| value.parse::<i32>().ok());
    let pid = number("MainPID").filter(|pid| *pid > 0 && ProcessMark::of(*pid).is_some());
    ProcessState {
        pid,
        since: pid.and_then(|_| time(unit, "ExecMainStartTimestamp")),
        restarts: number("NRestarts")
            .and_then(|restarts| u32::try_from(restarts).ok())
            .unwrap_or_default(),
        last_exit: exit_of(unit),
    }
}

/// How what a unit runs last ended; none while it runs for the first time. systemd forgets the code of a run when the next
/// one begins; then only that it ended is known.
fn exit_of(unit: &Properties) -> Option<Exit> {
    let number = |name: &str| unit.get(name).and_then(|value| value.parse::<i32>().ok());
    let at = time(unit, "ExecMainExitTimestamp");
    let began = time(unit, "ExecMainStartTimestamp");
    let status = number("ExecMainStatus");
    match (at, number("ExecMainCode")) {
        // As in wait(2): 1 is an exit, 2 and 3 are signals.
        (Some(at), Some(1)) => Some(Exit {
            code: status,
            signal: None,
            at,
        }),
        (Some(at), Some(2 | 3)) => Some(Exit {
            code: None,
            signal: status,
            at,
        }),
        _ if number("NRestarts").is_some_and(|restarts| restarts > 0) => Some(Exit {
            code: None,
            signal: None,
            at: began.unwrap_or_else(Timestamp::now),
        }),
        _ => None,
    }
}

fn time(unit: &Properties, name: &str) -> Option<Timestamp> {
    let seconds = unit.get(name)?.strip_prefix('@')?.parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

fn is_active(unit: &Properties) -> bool {
    unit.get("ActiveState")
        .is_some_and(|state| matches!(state.as_str(), "active" | "activating" | "reloading"))
}

fn started(units: &[Unit]) -> impl Iterator<Item = &str> {
    units
        .iter()
        .filter(|unit| unit.starts)
        .map(|unit| unit.name.as_str())
}

fn names(service: &ServiceDescription) -> Vec<String> {
    let runs = service
        .launches()
        .map(|(name, _)| format!("{}.service", units::stem(service, name)));
    let timers = service
        .timers
        .iter()
        .map(|timer| format!("{}.timer", units::stem(service, timer.name.as_str())));
    timers.chain(runs).collect()
}

fn input(systemd: &Systemd, service: &ServiceDescription) -> PathBuf {
    systemd.secrets().join(format!("{}.input", service.name))
}
