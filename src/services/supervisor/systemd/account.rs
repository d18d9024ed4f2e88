//! A user of its own for a service of the system's systemd.
//!
//! A user is made for each service when it is started, is given the service's folder, and is taken away when it is
//! stopped, the folder with him going back to root. `DynamicUser=` is not used: it gives numbers away again while files
//! with them stay, unless they lie in a folder of systemd's own, and the folder of an instance lies where Guildhall reads it.
//! One user for all would let the code of one community read the database of another.

use super::super::{Launch, ServiceDescription, ServiceName, Tools, Walls};
use crate::{
    domain::{Fault, FaultKind},
    services::command::{Command, Ended},
};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// What `getent` answers when there is no such user (getent(1)).
const NONE: i32 = 2;
/// How much of a digest is enough to keep services apart: names of users have 32 characters at most (useradd(8)).
const DIGITS: usize = 12;

/// The name of the user of a service.
pub fn name(service: &ServiceDescription) -> String {
    name_of(&service.name)
}

/// The name of the user of the service of this name.
pub fn name_of(service: &ServiceName) -> String {
    let digest = Sha256::digest(service.as_str().as_bytes());
    let mut name = "gh-".to_owned();
    for byte in digest.iter().take(DIGITS / 2) {
        // Writing to a String does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Whether a user of its own would reach what the service runs: everybody may look where its programs lie, into what the
/// walls show, and to where the installation's folder lies. That folder itself need not be open: the walls show an empty
/// one in its place.
pub fn reaches(service: &ServiceDescription, walls: &Walls) -> bool {
    service
        .launches()
        .all(|(_, launch)| reaches_order(launch, walls))
}

/// The same for one program. What it writes must be the service's own: nothing else is given to its user.
pub fn reaches_order(launch: &Launch, walls: &Walls) -> bool {
    let Ok(program) = fs::canonicalize(&launch.program) else {
        return false;
    };
    let is_shown = |place: &Path| {
        if place.starts_with(&walls.home) {
            lets_others_in(place)
        } else {
            is_open(place)
        }
    };
    (program.starts_with(&walls.home) || is_open(&program))
        && launch
            .writes
            .iter()
            .all(|place| place.starts_with(&walls.own))
        && walls.reads.iter().all(|place| is_shown(place))
        && walls.home.parent().is_some_and(is_open)
}

/// The folder above an installation's through which nobody else may go; none where everybody may.
pub fn closed_above(home: &Path) -> Option<&Path> {
    let mut above = home.ancestors().skip(1);
    above.find(|place| place.is_dir() && !lets_others_in(place))
}

/// Whether everybody may go to this file or folder.
fn is_open(path: &Path) -> bool {
    path.ancestors().all(lets_others_in)
}

fn lets_others_in(place: &Path) -> bool {
    const OTHERS_MAY_GO: u32 = 0o001;
    fs::metadata(place).is_ok_and(|about| about.permissions().mode() & OTHERS_MAY_GO != 0)
}

/// Makes the user where it is missing, and gives it the service's folder.
///
/// # Errors
/// [`FaultKind::Host`] with what the program says that did not do it.
pub async fn lend(tools: &Tools<'_>, name: &str, walls: &Walls) -> Result<(), Fault> {
    if !exists(tools, name).await? {
        let made = Command::new("useradd").arguments([
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            "--comment",
            "A service of Guildhall",
            name,
        ]);
        must(tools, made, "A user for the service could not be made").await?;
    }
    give(tools, &format!("{name}:{name}"), walls).await
}

/// Gives the folder back to root and takes the user away, where there is one.
///
/// # Errors
/// As [`lend`].
pub async fn take_back(tools: &Tools<'_>, name: &str, walls: &Walls) -> Result<(), Fault> {
    if !exists(tools, name).await? {
        return Ok(());
    }
    if walls.own.is_dir() {
        give(tools, "0:0", walls).await?;
    }
    let gone = Command::new("userdel").arguments([name]);
    must(
        tools,
        gone,
        "The user of the service could not be taken away",
    )
    .await
    .map(drop)
}

async fn exists(tools: &Tools<'_>, name: &str) -> Result<bool, Fault> {
    let asked = Command::new("getent").arguments(["passwd", name]);
    let ended = tools.commands.run(asked).await?;
    match ended.code {
        Some(0) => Ok(true),
        Some(NONE) => Ok(false),
        _ => Err(failed(
            "The users of this host could not be looked up",
            &ended,
        )),
    }
}

/// Links are changed themselves and never followed: what the service wrote must not lead out of its folder.
async fn give(tools: &Tools<'_>, to: &str, walls: &Walls) -> Result<(), Fault> {
    let given = Command::new("chown")
        .arguments(["-R", "-P", "--no-dereference", to, "--"])
        .arguments([walls.own.as_os_str()]);
    must(
        tools,
        given,
        "The folder of the service could not be given over",
    )
    .await
    .map(drop)
}

async fn must(tools: &Tools<'_>, command: Command, what: &str) -> Result<Ended, Fault> {
    let ended = tools.commands.run(command).await?;
    if ended.code == Some(0) {
        return Ok(ended);
    }
    Err(failed(what, &ended))
}

fn failed(what: &str, ended: &Ended) -> Fault {
    Fault::new(FaultKind::Host, format!("{what}."))
        .hint("Read what it says, put that right, then try again.")
        .detail(ended.errors.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{
        pages::{Page, Pages},
        supervisor::{ProcessDescription, Readiness},
    };
    use async_trait::async_trait;
    use std::{
        collections::BTreeSet,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tokio_util::sync::CancellationToken;

    /// A host that knows its users, and writes down who was given what.
    #[derive(Default)]
    struct Users {
        known: Mutex<BTreeSet<String>>,
        given: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl crate::services::command::Commands for Users {
        async fn run(&self, command: Command) -> Result<Ended, Fault> {
            let words: Vec<String> = command
                .arguments
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            let name = words.last().cloned().unwrap_or_default();
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let done = match command.program.to_string_lossy().as_ref() {
                "getent" if known.contains(&name) => 0,
                "getent" => NONE,
                "useradd" => i32::from(!known.insert(name)),
                "userdel" => i32::from(!known.remove(&name)),
                "chown" => {
                    let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
                    given.push(words[3].clone());
                    0
                }
                other => panic!("{other}"),
            };
            Ok(Ended {
                code: Some(done),
                output: String::new(),
                errors: String::new(),
            })
        }
    }

    #[async_trait]
    impl Pages for Users {
        async fn page(&self, _: &url::Url, _: Option<&str>, _: Duration) -> Result<Page, Fault> {
            Err(Fault::new(
                FaultKind::Unreachable,
                "There are no pages here.",
            ))
        }
    }

    fn walled(home: &Path, program: &Path) -> ServiceDescription {
        ServiceDescription {
            name: "aaaa-rosewood-policykit".to_owned().try_into().unwrap(),
            title: String::new(),
            folder: home.join("own/service"),
            processes: vec![ProcessDescription {
                name: "web".to_owned().try_into().unwrap(),
                launch: Launch::new(program, home),
                readiness: Readiness::Started,
                ready_within: Duration::ZERO,
            }],
            timers: Vec::new(),
            walls: Some(Walls {
                home: home.to_owned(),
                reads: Vec::new(),
                own: home.join("own"),
            }),
        }
    }

    #[tokio::test]
    async fn a_service_has_a_user_while_it_runs_and_leaves_none_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("own")).unwrap();
        let users = Users::default();
        let cancel = CancellationToken::new();
        let tools = Tools {
            commands: &users,
            pages: &users,
            strike: |_, text| text.to_owned(),
            cancel: &cancel,
        };
        let service = walled(folder.path(), Path::new("/bin/sh"));
        let walls = service.walls.clone().unwrap();
        let own = name(&service);
        assert!(own.starts_with("gh-") && own.len() <= 32, "{own}");
        lend(&tools, &own, &walls).await.unwrap();
        // Interrupted and begun again, it is the same user.
        lend(&tools, &own, &walls).await.unwrap();
        assert_eq!(users.known.lock().unwrap().len(), 1);
        take_back(&tools, &own, &walls).await.unwrap();
        take_back(&tools, &own, &walls).await.unwrap();
        assert!(users.known.lock().unwrap().is_empty());
        let given = users.given.lock().unwrap().clone();
        let lent = format!("{own}:{own}");
        assert_eq!(given, [lent.as_str(), lent.as_str(), "0:0"]);
    }

    #[test]
    fn who_could_not_reach_what_it_runs_gets_no_user_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let can = |home: &Path, program: &Path| {
            let service = walled(home, program);
            reaches(&service, service.walls.as_ref().unwrap())
        };
        let sh = Path::new("/bin/sh");
        assert!(can(&home, sh));
        let hidden = folder.path().join("hidden");
        fs::create_dir(&hidden).unwrap();
        fs::write(hidden.join("python"), "").unwrap();
        fs::set_permissions(&hidden, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!can(&home, &hidden.join("python")));
        let inner = hidden.join("home");
        fs::create_dir(&inner).unwrap();
        assert!(!can(&inner, sh));
        assert_eq!(closed_above(&inner), Some(hidden.as_path()));
        assert_eq!(closed_above(&home), None);
    }
}
