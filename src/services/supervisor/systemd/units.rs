//! The units of a service, from the templates in `assets/systemd/`.

use super::super::{
    Launch, ServiceDescription, TimerDescription, enter::PASSED, folder::ServiceFolder,
    state::DriverKind, systemd::Systemd,
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

const PROCESS: &str = include_str!("../../../../assets/systemd/process.service");
const RUN: &str = include_str!("../../../../assets/systemd/run.service");
const TIMER: &str = include_str!("../../../../assets/systemd/run.timer");
const HARDENING: &str = include_str!("../../../../assets/systemd/hardening.conf");
/// What a user's own processes cannot touch anyway, and a user's manager in a container cannot shut.
const SYSTEM_HARDENING: &str = include_str!("../../../../assets/systemd/hardening-system.conf");

/// A unit: its name and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub name: String,
    pub text: String,
    /// Whether it is started with the service; what a timer runs is not.
    pub starts: bool,
}

/// What every unit of a service has.
struct Surroundings<'a> {
    hardening: &'a str,
    input: &'a Path,
    /// The user that it runs as; none for the manager's own.
    user: Option<&'a str>,
}

/// The name of the unit of a process or timer, without its ending.
pub fn stem(service: &ServiceDescription, name: &str) -> String {
    format!("guildhall-{}--{name}", service.name)
}

/// Every unit of a service. `input` is the file with its secrets, `user` whom it runs as where that is not the manager's own.
///
/// # Errors
/// [`FaultKind::BadInput`] when a path or an argument cannot stand in a unit.
pub fn of(
    systemd: &Systemd,
    service: &ServiceDescription,
    input: &Path,
    user: Option<&str>,
) -> Result<Vec<Unit>, Fault> {
    let hardening = format!("{}\n{}", hardening(systemd).trim_end(), walls(service)?);
    let with = Surroundings {
        hardening: hardening.trim_end(),
        input,
        user,
    };
    let mut units = Vec::new();
    for process in &service.processes {
        let name = process.name.as_str();
        units.push(Unit {
            name: format!("{}.service", stem(service, name)),
            text: launch(PROCESS, service, name, &process.launch, &with)?,
            starts: true,
        });
    }
    for timer in &service.timers {
        let name = timer.name.as_str();
        units.push(Unit {
            name: format!("{}.service", stem(service, name)),
            text: launch(RUN, service, name, &timer.launch, &with)?,
            starts: false,
        });
        units.push(Unit {
            name: format!("{}.timer", stem(service, name)),
            text: schedule(service, timer)?,
            starts: true,
        });
    }
    Ok(units)
}

/// What everything that is run under this systemd is shut in by, a line each.
pub fn hardening(systemd: &Systemd) -> String {
    let mut lines = HARDENING.to_owned();
    if systemd.kind() == DriverKind::SystemdSystem {
        lines.push_str(SYSTEM_HARDENING);
    }
    lines
}

/// An empty folder in the place of the installation's, and in it only what the service may see. What the supervisor writes
/// in the service's own folder it may only read.
fn walls(service: &ServiceDescription) -> Result<String, Fault> {
    let Some(walls) = &service.walls else {
        return Ok(String::new());
    };
    let mut text = format!(
        "TemporaryFileSystem={}\n",
        mount(&walls.home, ":ro,mode=0755")?
    );
    for path in &walls.reads {
        write_to(
            &mut text,
            &format!("BindReadOnlyPaths={}\n", mount(path, "")?),
        );
    }
    write_to(
        &mut text,
        &format!("BindPaths={}\n", mount(&walls.own, "")?),
    );
    let written: BTreeSet<&PathBuf> = service
        .launches()
        .flat_map(|(_, launch)| &launch.writes)
        .filter(|path| path.starts_with(&walls.home) && !path.starts_with(&walls.own))
        .collect();
    for path in written {
        write_to(&mut text, &format!("BindPaths={}\n", mount(path, "")?));
    }
    if service.folder.starts_with(&walls.own) {
        let folder = mount(&service.folder, "")?;
        write_to(&mut text, &format!("BindReadOnlyPaths={folder}\n"));
    }
    Ok(text)
}

/// A path in a list of mounts with its options. A colon in it would begin such.
fn mount(path: &Path, options: &str) -> Result<String, Fault> {
    let text = path.to_string_lossy();
    if text.contains(':') {
        return Err(cannot(&text));
    }
    escaped(&format!("{text}{options}"))
}

fn schedule(service: &ServiceDescription, timer: &TimerDescription) -> Result<String, Fault> {
    let now = Timestamp::now();
    let due = timer.rhythm.next(timer.last, now, 0.0);
    let wait = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    let seconds = |seconds: u64| format!("{seconds}s");
    let text = fill(
        TIMER,
        &[
            ("description", &description(service, timer.name.as_str())?),
            ("first", &seconds(wait.as_secs())),
            ("every", &format!("{}h", timer.rhythm.every_hours.max(1))),
            ("jitter", &format!("{}min", timer.rhythm.jitter_minutes)),
        ],
    );
    Ok(text)
}

fn launch(
    template: &str,
    service: &ServiceDescription,
    name: &str,
    launch: &Launch,
    with: &Surroundings<'_>,
) -> Result<String, Fault> {
    let folder = ServiceFolder::at(&service.folder);
    let mut command = quoted(&launch.program.to_string_lossy())?;
    for argument in &launch.arguments {
        write_to(&mut command, &format!(" {}", quoted(argument)?));
    }
    let mut environment = String::new();
    // Of another user these are not true.
    let not_his = |name: &str| with.user.is_some() && matches!(name, "HOME" | "USER");
    for name in PASSED.into_iter().filter(|name| !not_his(name)) {
        if let Some(value) = std::env::var_os(name) {
            let pair = format!("{name}={}", value.to_string_lossy());
            write_to(
                &mut environment,
                &format!("Environment={}\n", escaped(&pair)?),
            );
        }
    }
    for (name, value) in &launch.environment {
        let pair = escaped(&format!("{name}={value}"))?;
        write_to(&mut environment, &format!("Environment={pair}\n"));
    }
    if let Some(path) = &launch.environment_file {
        write_to(
            &mut environment,
            &format!("EnvironmentFile={}\n", plain(path)?),
        );
    }
    let mut limits = String::new();
    if let Some(user) = with.user {
        write_to(&mut limits, &format!("User={user}\nGroup={user}\n"));
    }
    if let Some(most) = launch.memory_limit_mib {
        write_to(&mut limits, &format!("MemoryMax={most}M\n"));
    }
    for path in &launch.writes {
        write_to(
            &mut limits,
            &format!("ReadWritePaths={}\n", escaped(&path.to_string_lossy())?),
        );
    }
    let input = if launch.takes_secrets {
        format!("file:{}", plain(with.input)?)
    } else {
        "null".to_owned()
    };
    Ok(fill(
        template,
        &[
            ("description", &description(service, name)?),
            ("command", &command),
            ("folder", &plain(&launch.folder)?),
            ("environment", environment.trim_end()),
            ("input", &input),
            ("log", &plain(&folder.log(name))?),
            ("grace", &format!("{}s", launch.grace.as_secs().max(1))),
            ("limits", limits.trim_end()),
            ("hardening", with.hardening),
        ],
    ))
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
}

fn description(service: &ServiceDescription, name: &str) -> Result<String, Fault> {
    plain_text(&format!("{}: {name}", service.title))
}

/// Writing to a `String` does not fail.
fn write_to(text: &mut String, more: &str) {
    let _ = text.write_str(more);
}

/// A word of a command line: quoted, with what systemd would read otherwise (specifiers, variables) doubled.
fn quoted(word: &str) -> Result<String, Fault> {
    Ok(escaped(word)?.replace('$', "$$"))
}

/// A word in quotes, with specifiers doubled (systemd.syntax(7)).
fn escaped(word: &str) -> Result<String, Fault> {
    if word.chars().any(char::is_control) {
        return Err(cannot(word));
    }
    let inner = word
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    Ok(format!("\"{inner}\""))
}

/// A path where systemd takes no quotes.
fn plain(path: &Path) -> Result<String, Fault> {
    plain_text(&path.to_string_lossy())
}

fn plain_text(text: &str) -> Result<String, Fault> {
    if text.chars().any(char::is_control) {
        return Err(cannot(text));
    }
    Ok(text.replace('%', "%%"))
}

fn cannot(text: &str) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!("{text:?} cannot stand in a unit of systemd."),
    )
    .hint("Leave out line breaks and control characters, and colons in names of folders.")
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{ProcessDescription, Readiness, Walls},
        *,
    };

    #[test]
    fn a_word_that_systemd_would_read_otherwise_reaches_the_program_as_it_is() {
        assert_eq!(
            quoted(r#"a "b" \ %n $HOME"#).unwrap(),
            r#""a \"b\" \\ %%n $$HOME""#
        );
        assert!(quoted("two\nlines").is_err());
    }

    /// What `systemd-analyze` says of a unit; none where it is not installed.
    fn analyze(arguments: &[&str], unit: &Path) -> Option<String> {
        let program = crate::services::toolchain::in_path("systemd-analyze")?;
        let told = std::process::Command::new(program)
            .args(arguments)
            .arg(unit)
            .output()
            .unwrap();
        let both = [told.stdout, told.stderr].concat();
        Some(String::from_utf8_lossy(&both).into_owned())
    }

    #[test]
    #[expect(
        clippy::print_stderr,
        reason = "a skipped test must say so, and the figure is read"
    )]
    fn a_unit_of_the_system_runs_as_its_own_user_behind_walls_and_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("the home");
        let own = home.join("communities/rosewood/policykit");
        for place in [&own.join("service"), &home.join("runtimes/thing-1")] {
            std::fs::create_dir_all(place).unwrap();
        }
        let process = |name: &str| ProcessDescription {
            name: name.to_owned().try_into().unwrap(),
            launch: Launch {
                writes: vec![own.clone()],
                ..Launch::new("/bin/sh", home.join("runtimes/thing-1"))
            },
            readiness: Readiness::Started,
            ready_within: Duration::ZERO,
        };
        let service = ServiceDescription {
            name: "aaaa-rosewood-policykit".to_owned().try_into().unwrap(),
            title: "PolicyKit of Rosewood".to_owned(),
            folder: own.join("service"),
            processes: vec![process("web")],
            timers: Vec::new(),
            walls: Some(Walls {
                home: home.clone(),
                reads: vec![home.join("runtimes/thing-1")],
                own: own.clone(),
            }),
        };
        let system = Systemd::system();
        let input = folder.path().join("input");
        let units = of(&system, &service, &input, Some("gh-0123456789ab")).unwrap();
        let text = &units[0].text;
        assert!(text.contains("\nUser=gh-0123456789ab\n"), "{text}");
        assert!(!text.contains("HOME="), "{text}");
        let unit = folder.path().join(&units[0].name);
        std::fs::write(&unit, text).unwrap();
        let Some(verified) = analyze(&["verify", "--man=no"], &unit) else {
            eprintln!("skipped: systemd-analyze is not installed");
            return;
        };
        assert_eq!(verified.trim(), "", "{text}");
        let told = analyze(&["security", "--offline=yes", "--threshold=20"], &unit).unwrap();
        eprintln!("{}", told.lines().last().unwrap_or_default());
        assert!(told.contains("OK"), "{told}");
        let odd = Walls {
            home: "/a:b".into(),
            ..service.walls.clone().unwrap()
        };
        let odd = ServiceDescription {
            walls: Some(odd),
            ..service
        };
        assert!(of(&system, &odd, &input, None).is_err());
    }
}
