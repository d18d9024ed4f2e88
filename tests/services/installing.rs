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
    time::Instant,
};

const KILLS: usize = 10;
/// After so many kills what was begun is finished and taken away again.
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

    /// The words that make a community with nothing but this service.
    fn words(&self, slug: &str) -> Vec<String> {
        let source = self.hall.folder.path().join("source");
        let mut words: Vec<String> = ["community", "create", slug, "--accept", "--slug", slug]
            .map(str::to_owned)
            .to_vec();
        let listed = self.done(&["catalog"]);
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

    /// Begins the community, or goes on with what an earlier one left.
    fn go_on(&self, slug: &str) -> Child {
        if self.run(&["community", "show", slug]).code == Some(0) {
            return self.begin(&["operation", "resume"]);
        }
        let words = self.words(slug);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.begin(&words)
    }

    /// Brings it to its end, undisturbed.
    fn create(&self, slug: &str) {
        ended(self.go_on(slug));
        self.done(&["instance", "activate", slug, "metagov"]);
        assert_eq!(self.servers().len(), 1, "{slug}");
    }

    /// Takes instance and runtime away again.
    fn finish(&self, slug: &str) {
        let remove = [
            "instance",
            "remove",
            slug,
            "metagov",
            "--hard",
            "--confirm",
            slug,
        ];
        self.done(&remove);
        assert_eq!(self.servers(), [], "{slug}");
        let folder = self.hall.home().join("communities").join(slug);
        assert!(!folder.join("metagov").exists());
        fs::remove_dir_all(self.runtime()).unwrap();
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
    // How long it takes when nobody disturbs it, the installation included.
    let begun = Instant::now();
    town.create("first");
    let whole = begun.elapsed();
    town.finish("first");
    let (mut killed, mut installing, mut life) = (0, 0, 0);
    while killed < kills {
        let slug = format!("c{life}");
        life += 1;
        for _ in 0..A_LIFE {
            let mut work = town.go_on(&slug);
            std::thread::sleep(whole.mul_f64(random.random_range(0.0..1.0)));
            if work.try_wait().unwrap().is_some() {
                break;
            }
            work.kill().unwrap();
            work.wait().unwrap();
            killed += 1;
            installing += usize::from(!town.runtime().exists());
            town.check(killed);
        }
        town.create(&slug);
        town.check(killed);
        town.finish(&slug);
    }
    eprintln!(
        "{killed} kills in {life} lives of {whole:?}, {installing} before the runtime was there"
    );
}
