//! `guildhall doctor`: whether everything is well with this installation on this host.

use super::{doctor_ssh, doctor_tools, exit::Exit, hall::Context, table::Page};
use crate::{
    domain::Fault,
    engine::{Check, Engine},
};
use serde_json::json;
use std::{collections::BTreeMap, os::unix::fs::PermissionsExt, path::Path, time::SystemTime};

/// Before this moment (2025-01-01) no copy of this program existed, so the clock must be wrong.
const EARLIEST: u64 = 1_735_689_600;

/// Looks, and says what to do about what is not well.
///
/// # Errors
/// `Storage` when not even the database can be read.
pub async fn run(context: &Context) -> Result<Exit, Fault> {
    let home = &context.place.home;
    let mut checks = vec![clock(), folder(home)];
    let simulated = context.globals.sandbox;
    if Engine::exists(home) {
        let hall = context.open().await?;
        checks.extend(hall.engine.doctor(&hall.actor).await?);
        let people = hall.engine.admins(&hall.actor, None).await?.len();
        checks.extend(doctor_ssh::checks(Path::new(doctor_ssh::FOLDER), people));
        let template = hall.engine.template(&hall.actor).await?;
        checks.extend(doctor_tools::checks(hall.engine.catalog(), &template, simulated).await?);
        hall.close().await;
    } else {
        checks.push(check(
            "installation",
            Err((
                format!("there is none in {}", home.display()),
                "Set one up with guildhall init, or name its folder with --home.",
            )),
        ));
        let catalog = context.catalog()?;
        checks.extend(doctor_tools::checks(&catalog, &BTreeMap::new(), simulated).await?);
    }
    let is_well = checks.iter().all(|check| check.well);
    context
        .out
        .data(&json!({ "well": is_well, "checks": checks }), |out| {
            let mut page = Page::default();
            for check in &checks {
                let sign = if check.well { "ok" } else { "!" };
                page.field(out, &check.what, &format!("{sign}  {}", check.found));
                page.field(out, "", &check.hint);
            }
            page.render()
        })?;
    Ok(if is_well { Exit::Done } else { Exit::Failed })
}

/// One thing that was looked at.
pub fn check(what: &str, found: Result<String, (String, &str)>) -> Check {
    let (well, found, hint) = match found {
        Ok(found) => (true, found, String::new()),
        Err((found, hint)) => (false, found, hint.to_owned()),
    };
    Check {
        what: what.to_owned(),
        well,
        found,
        hint,
    }
}

fn clock() -> Check {
    let seconds = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let now = super::words::when(jiff::Timestamp::now());
    check(
        "clock",
        if seconds < EARLIEST {
            Err((
                format!("it says {now}"),
                "Set the clock of this host: keys and certificates are judged by it.",
            ))
        } else {
            Ok(now)
        },
    )
}

fn folder(home: &Path) -> Check {
    let shown = home.display();
    check(
        "folder",
        match std::fs::metadata(home) {
            Ok(about) if about.permissions().mode() & 0o077 != 0 => Err((
                format!("{shown} is open to other users"),
                "Close it with: chmod 700",
            )),
            Ok(_) => Ok(shown.to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(format!("{shown} is not there yet"))
            }
            Err(error) => Err((
                format!("{shown} cannot be read: {error}"),
                "Run this as the user whose folder it is.",
            )),
        },
    )
}
