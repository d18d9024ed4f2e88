//! Services as units of a real system's manager, each as a user of its own: a systemd that the test boots itself, in
//! namespaces of its own, with the program run in it as root.
//!
//! Runs as root where such a system can be booted and `GUILDHALL_REAL=1` asks for it; says that it was skipped elsewhere.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

#[path = "system/contained.rs"]
mod contained;

use contained::System;
use serde_json::Value;
use std::time::{Duration, Instant};

const HOME: &str = "/srv/guildhall";
const COMMUNITIES: &str = "/srv/guildhall/sandbox/communities";

impl System {
    /// Runs the program; it must do what it is told, or wait for a person.
    fn guildhall(&self, words: &[&str]) -> String {
        let start = ["guildhall", "--home", HOME, "--sandbox"];
        let ended = self.run(&[&start, words].concat());
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(
            matches!(ended.status.code(), Some(0 | 3)),
            "{words:?}: {told}{errors}"
        );
        told
    }

    /// The unit of a process of a community's PolicyKit; none when it is not loaded.
    fn unit(&self, community: &str, process: &str) -> Option<String> {
        let pattern = format!("guildhall-*-{community}-policykit--{process}.service");
        let listed = self.must(&[
            "systemctl",
            "list-units",
            "--plain",
            "--no-legend",
            &pattern,
        ]);
        listed.split_whitespace().next().map(str::to_owned)
    }

    fn property(&self, unit: &str, name: &str) -> String {
        let told = self.must(&["systemctl", "show", "--property", name, "--value", unit]);
        told.trim().to_owned()
    }

    /// Who a process runs as, and its number.
    fn user_of(&self, community: &str, process: &str) -> (String, String) {
        let unit = self.unit(community, process).unwrap();
        let pid = self.property(&unit, "MainPID");
        let user = self.must(&["ps", "-o", "user:32=", "-p", &pid]);
        (user.trim().to_owned(), pid)
    }

    /// Everybody who owns something in a folder, and everything in it that others may look into.
    fn owners(&self, folder: &str) -> (Vec<String>, String) {
        let told = self.must(&["find", folder, "-printf", "%u\n"]);
        let mut owners: Vec<String> = told.lines().map(str::to_owned).collect();
        owners.sort();
        owners.dedup();
        (owners, self.must(&["find", folder, "-perm", "/077"]))
    }

    fn users(&self) -> Vec<String> {
        let told = self.must(&["getent", "passwd"]);
        let names = told.lines().filter_map(|line| line.split(':').next());
        names
            .filter(|name| name.starts_with("gh-"))
            .map(str::to_owned)
            .collect()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let limit = Instant::now() + Duration::from_secs(60);
        while !holds(self) {
            assert!(Instant::now() < limit, "never: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn set_up(&self) {
        self.guildhall(&["init", "--name", "Commons"]);
        // The sandbox lies in a folder of the installation's, and users of services come no further than they may look.
        self.must(&["chmod", "0711", HOME]);
    }

    /// Nothing of a service is left that the manager, the host's users or a file know.
    fn holds_nothing(&self) {
        assert_eq!(self.users(), [""; 0]);
        let listed = self.must(&[
            "systemctl",
            "list-units",
            "--all",
            "--no-legend",
            "guildhall-*",
        ]);
        assert_eq!(listed.trim(), "");
        let left = "ls -A /run/guildhall; ls -A /run/systemd/system";
        assert_eq!(self.must(&["sh", "-c", left]).trim(), "");
    }
}

#[test]
fn each_community_is_run_by_the_system_as_a_user_of_its_own_who_sees_nothing_of_the_others() {
    let Some(system) = System::boot() else {
        return;
    };
    system.set_up();
    system.guildhall(&["community", "create", "Rosewood"]);
    system.guildhall(&["community", "create", "Fern"]);
    let (rosewood, pid) = system.user_of("rosewood", "web");
    let (fern, _) = system.user_of("fern", "web");
    assert!(rosewood.starts_with("gh-"), "{rosewood}");
    assert_ne!(rosewood, fern);
    assert_eq!(system.user_of("rosewood", "worker").0, rosewood);

    // What made its rows was an order, and that ran as the same user.
    let data = format!("{COMMUNITIES}/rosewood/policykit");
    let log = system.must(&["cat", &format!("{data}/orders.log")]);
    assert!(log.contains(&format!("--uid={rosewood} ")), "{log}");
    assert!(log.contains("GUILDHALL_RESULT "), "{log}");

    it_sees_its_own_only(&system, &pid, &rosewood, &fern);

    // Off: no unit, no user, and everything is root's; on again: as before.
    system.guildhall(&["instance", "deactivate", "rosewood", "policykit"]);
    assert_eq!(system.unit("rosewood", "web"), None);
    assert_eq!(system.users(), [fern.as_str()]);
    assert_eq!(
        system.owners(&data),
        (vec!["root".to_owned()], String::new())
    );
    system.guildhall(&["instance", "activate", "rosewood", "policykit"]);
    assert_eq!(system.user_of("rosewood", "web").0, rosewood);

    // Removed with all its files, the other one goes on.
    system.guildhall(&["instance", "deactivate", "rosewood", "policykit"]);
    system.guildhall(&[
        "instance",
        "remove",
        "rosewood",
        "policykit",
        "--hard",
        "--confirm",
        "rosewood",
        "--yes",
    ]);
    assert!(!system.can(&["ls", &data]));
    assert_eq!(system.users(), [fern.as_str()]);
    assert_eq!(system.user_of("fern", "web").0, fern);
    system.guildhall(&["down"]);
    system.holds_nothing();
}

/// Its files are its own, and nobody else's; and behind its walls there is nothing else.
fn it_sees_its_own_only(system: &System, pid: &str, rosewood: &str, fern: &str) {
    let data = format!("{COMMUNITIES}/rosewood/policykit");
    let (owners, open) = system.owners(&data);
    assert_eq!(owners, [rosewood]);
    assert_eq!(open, "");
    let inside = |user: &str, words: &[&str]| {
        let user = format!("--reuid={user}");
        let enter = ["nsenter", "--target", pid, "--mount", "setpriv", &user];
        system.can(&[&enter, ["--clear-groups"].as_slice(), words].concat())
    };
    let database = format!("{data}/db.sqlite3");
    assert!(inside(rosewood, &["cat", &database]));
    assert!(!inside(fern, &["cat", &database]));
    // Behind its walls there are neither the other community nor the database with the sealed keys, for nobody.
    assert!(!inside("root", &["ls", &format!("{COMMUNITIES}/fern")]));
    assert!(!inside(
        "root",
        &["ls", &format!("{HOME}/sandbox/guildhall.db")]
    ));
    assert!(system.can(&["ls", &format!("{HOME}/sandbox/guildhall.db")]));
    assert!(!inside(rosewood, &["touch", &format!("{data}/service/x")]));
    assert!(!inside(rosewood, &["touch", "/srv/x"]));
}

#[test]
fn what_is_killed_comes_back_and_after_a_boot_what_should_be_active_is() {
    let Some(system) = System::boot() else {
        return;
    };
    system.set_up();
    system.guildhall(&["community", "create", "Rosewood"]);
    system.guildhall(&["community", "create", "Fern"]);
    let web = system.unit("rosewood", "web").unwrap();
    let former = system.property(&web, "MainPID");
    system.must(&["kill", "-KILL", &former]);
    system.until("it is started again", |system| {
        system.property(&web, "NRestarts") == "1" && system.property(&web, "SubState") == "running"
    });
    let listed = system.guildhall(&["service", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert!(listed.to_string().contains("systemd-system"), "{listed}");

    // The unit that starts everything at boot, as it ships, and the system's manager runs it.
    system.guildhall(&["instance", "deactivate", "fern", "policykit"]);
    system.guildhall(&["down"]);
    system.holds_nothing();
    let boot = include_str!("../../assets/systemd/guildhall.service")
        .replace("bin/guildhall", "bin/guildhall --sandbox")
        .replace(
            "UMask=0077",
            "UMask=0077\nEnvironment=GUILDHALL_HOME=/srv/guildhall GUILDHALL_SUPERVISOR=systemd",
        );
    let path = "/etc/systemd/system/guildhall.service";
    system.must(&["sh", "-c", "printf %s \"$0\" > \"$1\"", &boot, path]);
    system.must(&["systemctl", "daemon-reload"]);
    system.must(&["systemctl", "start", "guildhall.service"]);
    assert!(system.user_of("rosewood", "web").0.starts_with("gh-"));
    assert_eq!(system.unit("fern", "web"), None);
    system.must(&["systemctl", "stop", "guildhall.service"]);
    system.holds_nothing();
}

#[test]
fn a_run_of_a_tool_is_its_communitys_user_too_and_its_keys_stand_nowhere() {
    let Some(system) = System::boot() else {
        return;
    };
    system.set_up();
    let others =
        ["policykit", "kybern", "loomio", "opencollective"].map(|name| format!("{name}=off"));
    let mut create = vec![
        "community",
        "create",
        "Rosewood",
        "--platform",
        "sourcecred=active",
    ];
    create.extend(["--platform", "discord=active"]);
    for other in &others {
        create.extend(["--platform", other]);
    }
    system.guildhall(&create);
    let keys: Value = serde_json::from_str(&system.guildhall(&["sandbox", "keys"])).unwrap();
    let text = |name: &str| keys["discord"][name].as_str().unwrap();
    let token = text("bot_token");
    let guild = format!("guild_id={}", text("guild_id"));
    let enter = |words: &[&str]| {
        let line =
            "printf %s \"$0\" | guildhall --home \"$1\" --sandbox key set rosewood \"${@:2}\"";
        system.run(&[&["bash", "-c", line, token, HOME], words].concat())
    };
    enter(&["discord", "--field", "bot_token", "--setting", &guild]);
    enter(&["sourcecred", "--field", "discord_token"]);

    // Behind the walls the simulated platforms are out of reach, as everything else of the installation is: a run reads
    // nothing there.
    let data = format!("{COMMUNITIES}/rosewood/sourcecred");
    let logs = system.must(&["sh", "-c", &format!("cat {data}/runs/*.log")]);
    assert!(logs.contains("--uid=gh-"), "{logs}");
    assert!(logs.contains("internal keyed"), "{logs}");
    assert!(logs.contains(" load"), "{logs}");
    assert!(!logs.contains(token), "{logs}");
    let (owners, open) = system.owners(&data);
    assert_eq!(open, "");
    assert!(
        owners[0].starts_with("gh-") && owners.len() == 1,
        "{owners:?}"
    );

    // The same at its hour, started by the manager itself.
    let pattern = "guildhall-*-rosewood-sourcecred--refresh.timer";
    let listed = system.must(&["systemctl", "list-units", "--plain", "--no-legend", pattern]);
    let timer = listed.split_whitespace().next().unwrap().to_owned();
    let service = timer.replace(".timer", ".service");
    assert_eq!(system.property(&service, "User"), owners[0]);
    let last = |system: &System| system.must(&["cat", &format!("{data}/runs/last.json")]);
    let before = last(&system);
    system.must(&["systemctl", "start", &service]);
    system.until("it ran", |system| last(system) != before);
    assert_eq!(system.owners(&format!("{data}/runs")).0, owners);
    system.guildhall(&["down"]);
    system.holds_nothing();
}
