//! A user manager of systemd, with a runtime folder of its own, until it is dropped.

use std::{
    fs,
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

const PROGRAM: &str = "/lib/systemd/systemd";

pub struct Manager {
    folder: tempfile::TempDir,
    running: Child,
}

impl Manager {
    /// Starts one; none, and said so, where that is not possible.
    pub fn start() -> Option<Self> {
        let booted = Path::new("/run/systemd/system");
        if !Path::new(PROGRAM).exists() || !booted.is_dir() && fs::create_dir_all(booted).is_err() {
            eprintln!("skipped: systemd is not installed, or /run/systemd/system cannot be made");
            return None;
        }
        if Path::new(env!("CARGO_TARGET_TMPDIR")).starts_with("/tmp") {
            eprintln!(
                "skipped: units have a /tmp of their own, and this checkout lies in the real one"
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::DirBuilder::new()
            .mode(0o700)
            .create(folder.path().join("run"))
            .unwrap();
        let running = Command::new(PROGRAM)
            .arg("--user")
            .env("XDG_RUNTIME_DIR", folder.path().join("run"))
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let manager = Self { folder, running };
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let told = manager.run("systemctl", &["--user", "is-system-running"]);
            let told = String::from_utf8_lossy(&told.stdout).trim().to_owned();
            if told == "running" || told == "degraded" {
                return Some(manager);
            }
            let log = || fs::read_to_string(manager.folder.path().join("log")).unwrap_or_default();
            assert!(
                Instant::now() < limit,
                "it does not come up: {told} {}",
                log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program)
            .args(arguments)
            .env("XDG_RUNTIME_DIR", self.runtime())
            .output()
            .unwrap()
    }

    /// The paths of the units of ours.
    pub fn units(&self) -> Vec<String> {
        let mut found: Vec<String> = fs::read_dir(self.runtime().join("systemd/user"))
            .map(|entries| {
                entries
                    .flatten()
                    .map(|entry| entry.path().to_string_lossy().into_owned())
                    .filter(|path| path.contains("/guildhall-"))
                    .collect()
            })
            .unwrap_or_default();
        found.sort();
        found
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.runtime().join("systemd/user").join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// Runs a unit to its end, and answers how that was.
    pub fn run_now(&self, unit: &str) -> String {
        self.run("systemctl", &["--user", "start", "--wait", unit]);
        let shown = self.run(
            "systemctl",
            &["--user", "show", "--property=Result,ExecMainStatus", unit],
        );
        String::from_utf8_lossy(&shown.stdout).into_owned()
    }

    /// Whether a file of the runtime folder holds this.
    pub fn holds(&self, text: &str) -> bool {
        let mut folders = vec![self.runtime()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path.is_file()
                    && fs::read(&path)
                        .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text))
                {
                    return true;
                }
            }
        }
        false
    }

    /// What `systemd-analyze` says.
    pub fn analyze(&self, arguments: &[&str], unit: &str) -> String {
        let mut all = vec!["--user"];
        all.extend(arguments);
        all.push(unit);
        let told = self.run("systemd-analyze", &all);
        let mut text = String::from_utf8_lossy(&told.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&told.stderr));
        text
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.run("systemctl", &["--user", "exit"]);
        let limit = Instant::now() + Duration::from_secs(20);
        while self.running.try_wait().is_ok_and(|ended| ended.is_none()) {
            if Instant::now() > limit {
                let _ = self.running.kill();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
