//! Orders under systemd: a program of a service that is run once and answers, as a unit that lives as long as the order
//! does (`systemd-run`), as the service's own user and behind its walls. No shell is in between.

use super::{
    super::{
        Tools, Walls,
        description::{Launch, ServiceName},
        enter::PASSED,
        state::DriverKind,
    },
    Systemd, account, units,
};
use crate::domain::{Fault, FaultKind};
use std::{path::Path, time::Duration};

/// The unit of an order. There is never a second one for a service.
pub fn unit(name: &ServiceName) -> String {
    format!("guildhall-{name}--order.service")
}

/// The arguments of `systemd-run` that run this as the service itself would be run. Standard streams and the exit code are
/// the program's.
///
/// # Errors
/// [`FaultKind::BadInput`] when a path cannot be named to systemd.
pub fn arguments(
    systemd: &Systemd,
    name: &ServiceName,
    walls: &Walls,
    launch: &Launch,
    limit: Duration,
    user: Option<&str>,
) -> Result<Vec<String>, Fault> {
    let mut words: Vec<String> = Vec::new();
    if systemd.kind() == DriverKind::SystemdUser {
        words.push("--user".to_owned());
    }
    for word in [
        "--quiet",
        "--collect",
        "--pipe",
        "--wait",
        "--service-type=exec",
    ] {
        words.push(word.to_owned());
    }
    words.push(format!("--unit={}", unit(name)));
    words.push(format!("--working-directory={}", launch.folder.display()));
    if let Some(user) = user {
        words.push(format!("--uid={user}"));
        words.push(format!("--gid={user}"));
    }
    let mut properties: Vec<String> = units::hardening(systemd)
        .lines()
        .filter(|line| line.contains('='))
        .map(str::to_owned)
        .collect();
    properties.push(format!("RuntimeMaxSec={}", limit.as_secs().max(1)));
    properties.push(format!(
        "TemporaryFileSystem={}:ro,mode=0755",
        mount(&walls.home)?
    ));
    for path in &walls.reads {
        properties.push(format!("BindReadOnlyPaths={}", mount(path)?));
    }
    properties.push(format!("BindPaths={}", mount(&walls.own)?));
    properties.push(format!("ReadWritePaths={}", mount(&walls.own)?));
    words.extend(
        properties
            .into_iter()
            .map(|line| format!("--property={line}")),
    );
    // Of another user these are not true.
    let passed = PASSED
        .into_iter()
        .filter(|name| user.is_none() || !matches!(*name, "HOME" | "USER"));
    for name in passed {
        if let Some(value) = std::env::var_os(name) {
            words.push(format!("--setenv={name}={}", value.to_string_lossy()));
        }
    }
    for (name, value) in &launch.environment {
        words.push(format!("--setenv={name}={value}"));
    }
    words.push("--".to_owned());
    words.push(launch.program.to_string_lossy().into_owned());
    words.extend(launch.arguments.iter().cloned());
    Ok(words)
}

/// A path in a list of mounts on the command line: in quotes, and without what would end them or begin something else.
fn mount(path: &Path) -> Result<String, Fault> {
    let text = path.to_string_lossy();
    let is_odd = |letter: char| letter.is_control() || matches!(letter, ':' | '"' | '\\' | '%');
    if text.contains(is_odd) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{text:?} cannot be named to systemd."),
        )
        .hint("Leave colons, quotes, backslashes, percent signs and control characters out of names of folders."));
    }
    Ok(format!("\"{text}\""))
}

/// Ends an order that runs. One that is not there is refused, and that is well.
pub async fn end(systemd: &Systemd, tools: &Tools<'_>, name: &ServiceName) {
    if let Err(fault) = systemd.call(tools, &["stop", &unit(name)]).await {
        tracing::debug!(service = %name, %fault, "there was no order to end");
    }
}

/// Prepares an order: what an interrupted one left is ended, and the service's folder is its user's. Answers the user.
///
/// # Errors
/// [`FaultKind::Host`] when he cannot be made or given the folder.
pub async fn prepare(
    systemd: &Systemd,
    tools: &Tools<'_>,
    name: &ServiceName,
    walls: &Walls,
    launch: &Launch,
) -> Result<Option<String>, Fault> {
    end(systemd, tools, name).await;
    if systemd.kind() != DriverKind::SystemdSystem || !account::reaches_order(launch, walls) {
        return Ok(None);
    }
    let user = account::name_of(name);
    account::lend(tools, &user, walls).await?;
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walls(home: &Path) -> Walls {
        Walls {
            home: home.to_owned(),
            reads: vec![home.join("runtimes/thing-1")],
            own: home.join("communities/rosewood/thing"),
        }
    }

    fn words(systemd: &Systemd, home: &str, user: Option<&str>) -> Result<Vec<String>, Fault> {
        let name = "aaaa-rosewood-thing".to_owned().try_into()?;
        let mut launch = Launch::new("/usr/bin/python3", "/srv/guildhall/runtimes/thing-1")
            .arguments(["manage.py", "shell"]);
        launch
            .environment
            .insert("GUILDHALL_NAME".to_owned(), "a b".to_owned());
        let walls = walls(Path::new(home));
        let limit = Duration::from_secs(180);
        arguments(systemd, &name, &walls, &launch, limit, user)
    }

    #[test]
    fn an_order_of_the_system_runs_as_its_own_user_behind_walls_and_without_a_shell() {
        let words = words(
            &Systemd::system(),
            "/srv/guildhall",
            Some("gh-0123456789ab"),
        )
        .unwrap();
        for wanted in [
            "--pipe",
            "--wait",
            "--uid=gh-0123456789ab",
            "--gid=gh-0123456789ab",
            "--unit=guildhall-aaaa-rosewood-thing--order.service",
            "--property=NoNewPrivileges=yes",
            "--property=ProtectKernelTunables=yes",
            "--property=RuntimeMaxSec=180",
            "--property=TemporaryFileSystem=\"/srv/guildhall\":ro,mode=0755",
            "--property=BindPaths=\"/srv/guildhall/communities/rosewood/thing\"",
            "--setenv=GUILDHALL_NAME=a b",
        ] {
            assert!(
                words.iter().any(|word| word == wanted),
                "{wanted}: {words:?}"
            );
        }
        assert!(!words.iter().any(|word| word.starts_with("--setenv=HOME=")));
        assert_eq!(
            words[words.len() - 4..],
            ["--", "/usr/bin/python3", "manage.py", "shell"]
        );
    }

    #[test]
    fn an_order_of_a_user_runs_as_the_user_and_odd_folders_are_refused() {
        let systemd = Systemd::user("/run/user/1000".into());
        let plain = words(&systemd, "/srv/guildhall", None).unwrap();
        assert_eq!(plain[0], "--user");
        assert!(!plain.iter().any(|word| word.starts_with("--uid=")));
        for odd in ["/srv/a:b", "/srv/a\"b", "/srv/a%n", "/srv/a\\b"] {
            let refused = words(&systemd, odd, None).unwrap_err();
            assert_eq!(refused.kind, FaultKind::BadInput, "{odd}");
        }
    }
}
