//! A system of its own, run by a systemd of its own, until it is dropped. See `boot.sh`.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

const PROGRAM: &str = "/lib/systemd/systemd";
/// Where control groups of the second kind are, alone or beside the first.
const GROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

pub struct System {
    /// Holds the namespaces; when it is killed, all that is in them is.
    holder: Child,
    /// The manager, by its number on this host.
    manager: u32,
    group: PathBuf,
    _folder: tempfile::TempDir,
}

impl System {
    /// Boots one; none, and said so, where that is not possible.
    pub fn boot() -> Option<Self> {
        match Self::try_boot() {
            Ok(system) => Some(system),
            Err(why) => {
                eprintln!("skipped: {why}");
                None
            }
        }
    }

    fn try_boot() -> Result<Self, String> {
        if std::env::var_os("GUILDHALL_REAL").is_none_or(|value| value != "1") {
            return Err(
                "a system of its own is only booted with GUILDHALL_REAL=1 (see .ci/real-peers)"
                    .to_owned(),
            );
        }
        if !rustix::process::geteuid().is_root() {
            return Err("only root can boot a system of its own".to_owned());
        }
        for needed in ["unshare", "nsenter", "setpriv", "ip", "dbus-daemon"] {
            if guildhall::services::toolchain::in_path(needed).is_none() {
                return Err(format!("{needed} is not installed"));
            }
        }
        if !Path::new(PROGRAM).exists() {
            return Err("systemd is not installed".to_owned());
        }
        let above = GROUPS
            .into_iter()
            .map(Path::new)
            .find(|place| place.join("cgroup.procs").exists())
            .ok_or("there are no control groups of the second kind")?;
        let group = above.join(format!("guildhall-test-{}", std::process::id()));
        fs::create_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let place = folder.path().join("system");
        fs::create_dir(&place).unwrap();
        let boot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/system/boot.sh");
        // The shell enters the group before the namespaces are made, so that the group is their root. It ends with us.
        let line = "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"";
        let namespaces = "--fork --kill-child --pid --mount --uts --ipc --net --cgroup";
        let holder = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "sh", "-c", line])
            .arg(&group)
            .arg("unshare")
            .args(namespaces.split(' '))
            .args(["sh", boot])
            .arg(&place)
            .arg(env!("CARGO_BIN_EXE_guildhall"))
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log).unwrap())
            .stderr(fs::File::options().append(true).open(&log).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut system = Self {
            holder,
            manager: 0,
            group,
            _folder: folder,
        };
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let told = || fs::read_to_string(&log).unwrap_or_default();
            if system.holder.try_wait().unwrap().is_some() {
                return Err(told());
            }
            let children = format!("/proc/{0}/task/{0}/children", system.holder.id());
            let first = fs::read_to_string(children).unwrap_or_default();
            system.manager = first.trim().parse().unwrap_or_default();
            if system.manager > 0 {
                let asked = system.run(&["systemctl", "is-system-running"]);
                if String::from_utf8_lossy(&asked.stdout).trim() == "running" {
                    return Ok(system);
                }
            }
            if Instant::now() > limit {
                return Err(format!("systemd does not come up: {}", told()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a program in it as its root.
    pub fn run(&self, words: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["--all", "--target", &self.manager.to_string()])
            .args(["env", "-i", "HOME=/root", "LANG=C.UTF-8"])
            .arg("PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            // The sandbox keeps services as plain processes unless it is told otherwise.
            .arg("GUILDHALL_SUPERVISOR=systemd")
            .args(words)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The same; it must succeed. Answers what it wrote.
    pub fn must(&self, words: &[&str]) -> String {
        let ended = self.run(words);
        let told = String::from_utf8_lossy(&ended.stdout).into_owned();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{words:?}: {told}{errors}");
        told
    }

    /// The same; whether it succeeds.
    pub fn can(&self, words: &[&str]) -> bool {
        self.run(words).status.success()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
        let limit = Instant::now() + Duration::from_secs(20);
        // The kernel ends what was in the namespaces by and by; a group goes when nothing is in it.
        while remove(&self.group).is_err() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn remove(group: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(group)?.flatten() {
        if entry.path().is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
