//! Guildhall is killed while it installs a runtime and makes an instance on it, each time at another moment, and the next
//! one goes on: never half a runtime in use, never a second process.
//!
//! `GUILDHALL_KILLS` says how often, `GUILDHALL_SEED` repeats a run whose seed was printed.

use crate::{
    hall::{Hall, Ran, ended, start},
    world::all_processes,
};
use guildhall::{
    sandbox,
    services::{database, process_mark::ProcessMark},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Child,
    time::Duration,
};

const KILLS: usize = 20;
/// So many kills are survived before what was begun is finished and taken away again.
const A_LIFE: usize = 5;
const RUNTIME: &str = "metagov-41f4f35-1";
const TEMPLATE: &str = "SELECT 1 FROM core_community";

/// What the service's Python does while it is installed; afterwards the stand-in answers for it.
const PYTHON: &str = r#"#!/bin/sh
sleep 0.03
case "$*" in
  --version) echo "Python 3.11.7" ;;
  "-m venv venv") mkdir -p venv/bin && cp "$0" venv/bin/python ;;
  "-m pip "*) ;;
  "manage.py migrate --noinput")
    if [ -d ../../build ]; then cp "@template@" ../../template.sqlite3; fi
    echo "Applying core.0001_initial... OK" ;;
  *) exec "@guildhall@" internal sandbox-metagov "$@" ;;
esac
"#;

struct Town {
    hall: Hall,
}

impl Town {
    fn new() -> Self {
        let hall = Hall::new(false);
        let at = |name: &str| hall.folder.path().join(name);
        let own = Path::new(env!("CARGO_BIN_EXE_guildhall"));
        sandbox::lay_runtimes(&at("laid"), own).unwrap();
        fs::create_dir_all(at("source/metagov")).unwrap();
        fs::write(at("source/metagov/manage.py"), "").unwrap();
        fs::create_dir(at("tools")).unwrap();
        let template = at("laid").join(RUNTIME).join("template.sqlite3");
        let script = PYTHON
            .replace("@template@", &template.to_string_lossy())
            .replace("@guildhall@", &own.to_string_lossy());
        let python = at("tools/python3.11");
        fs::write(&python, script).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        Self { hall }
    }

    fn begin(&self, arguments: &[&str]) -> Child {
        let tools = self.hall.folder.path().join("tools");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.hall.command();
        command
            .env("PATH", format!("{}:{path}", tools.display()))
            .env("GUILDHALL_SUPERVISOR", "plain")
            .arg("--json")
            .args(arguments);
        start(&mut command, "")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        ended(self.begin(arguments))
    }

    fn done(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.json()
    }

    fn runtime(&self) -> PathBuf {
        self.hall.home().join("runtimes").join(RUNTIME)
    }

    /// The web servers that run in this installation.
    fn servers(&self) -> Vec<ProcessMark> {
        let folder = self.hall.folder.path().to_string_lossy().into_owned();
        all_processes(|command| command.contains("gunicorn"))
            .into_iter()
            .filter(|mark| {
                let environment = fs::read(format!("/proc/{}/environ", mark.pid));
                String::from_utf8_lossy(&environment.unwrap_or_default()).contains(&folder)
            })
            .collect()
    }

    /// What must hold at any moment.
    fn check(&self, kill: usize) {
        assert!(
            self.servers().len() <= 1,
            "kill {kill}: {:?}",
            self.servers()
        );
        if self.runtime().join("guildhall-runtime.json").exists() {
            let template = self.runtime().join("template.sqlite3");
            let rows = database::rows(&template, TEMPLATE, &[]).unwrap();
            assert!(rows.is_some(), "kill {kill}: half a runtime is in use");
        }
    }

    fn create(&self, slug: &str) -> Vec<String> {
        let source = self.hall.folder.path().join("source");
        let mut words: Vec<String> = ["community", "create", slug, "--slug", slug]
            .map(str::to_owned)
            .to_vec();
        let listed = self.hall.done(&["catalog"], "");
        for row in listed["platforms"].as_array().unwrap() {
            let id = row["platform"]["id"].as_str().unwrap();
            let choice = if id == "metagov" { "active" } else { "off" };
            words.extend(["--platform".to_owned(), format!("{id}={choice}")]);
        }
        words.extend([
            "--setting".to_owned(),
            format!("metagov.source_gateway={}", source.display()),
        ]);
        words
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let folder = self.hall.folder.path().to_string_lossy().into_owned();
        for mark in self.servers() {
            let _ = mark.signal(Signal::KILL);
        }
        for mark in
            all_processes(|command| command.contains("internal") && command.contains(&folder))
        {
            let _ = mark.signal(Signal::KILL);
        }
    }
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn killed_while_installing_and_making_there_is_never_half_a_runtime_nor_a_second_process() {
    let seed: u64 = setting("GUILDHALL_SEED").unwrap_or_else(rand::random);
    let kills: usize = setting("GUILDHALL_KILLS").unwrap_or(KILLS);
    eprintln!("GUILDHALL_SEED={seed} GUILDHALL_KILLS={kills}");
    let mut random = StdRng::seed_from_u64(seed);
    let town = Town::new();
    let (mut in_time, mut installing) = (0, 0);
    for kill in 0..kills {
        let slug = format!("c{}", kill / A_LIFE);
        let create = town.create(&slug);
        let is_known = town.hall.run(&["community", "show", &slug], "").code == Some(0);
        let mut work = if is_known {
            town.begin(&["operation", "resume"])
        } else {
            let words: Vec<&str> = create.iter().map(String::as_str).collect();
            town.begin(&words)
        };
        // From at once to when all of it must be done.
        std::thread::sleep(Duration::from_millis(random.random_range(0..2500)));
        in_time += usize::from(work.try_wait().unwrap().is_none());
        let _ = work.kill();
        work.wait().unwrap();
        installing += usize::from(!town.runtime().exists());
        town.check(kill);
        if kill % A_LIFE == A_LIFE - 1 || kill + 1 == kills {
            if town.hall.run(&["community", "show", &slug], "").code != Some(0) {
                let words: Vec<&str> = create.iter().map(String::as_str).collect();
                town.done(&words);
            }
            town.run(&["operation", "resume"]);
            town.done(&["instance", "activate", &slug, "metagov"]);
            assert_eq!(town.servers().len(), 1, "kill {kill}");
            town.check(kill);
            let remove = [
                "instance",
                "remove",
                &slug,
                "metagov",
                "--hard",
                "--confirm",
                &slug,
            ];
            town.done(&remove);
            assert_eq!(town.servers(), [], "kill {kill}");
            assert!(
                !town
                    .hall
                    .home()
                    .join("communities")
                    .join(&slug)
                    .join("metagov")
                    .exists()
            );
            fs::remove_dir_all(town.runtime()).unwrap();
        }
    }
    eprintln!(
        "{kills} kills, {in_time} of them while it worked, {installing} before the runtime was there"
    );
}
