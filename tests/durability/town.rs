//! The installation that is killed, the platforms that live on, and the people around it.

use crate::hall::Hall;
use crate::platforms::Platforms;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs,
    sync::Mutex,
    time::{Duration, Instant},
};

/// The rooms of every community's space.
pub const ROOMS: &str = "general,proposals";
/// The platforms of every community.
pub const PLATFORMS: [&str; 4] = ["matrix", "loomio", "opencollective", "sourcecred"];
/// The thread that every group begins with.
pub const WELCOME: &str = "Welcome";

/// An installation and its platforms.
pub struct Town {
    pub hall: Hall,
    pub platforms: Platforms,
    people: Mutex<Vec<People>>,
}

/// What people prepared for a community.
#[derive(Debug, Clone)]
pub struct People {
    pub slug: String,
    /// The number of its group.
    pub group: u64,
    /// By platform.
    pub keys: [(&'static str, String); 2],
}

impl Town {
    /// Starts the platforms and sets the installation up.
    pub fn begin() -> Self {
        let hall = Hall::new(true);
        let platforms = Platforms::serve(&hall);
        // What is tried here is death, not patience.
        let lifted = json!({"preset": "lifted", "hold_ms": 0});
        platforms.control("POST", "matrix/limits", &lifted);
        platforms.control("POST", "loomio/limit", &json!({"requests": 1_000_000}));
        platforms.control("POST", "latency", &json!({"ms": 5}));
        Self {
            hall,
            platforms,
            people: Mutex::default(),
        }
    }

    /// What people do before a community comes: they make a group with a bot user in it, and a user for its collective.
    pub fn prepare(&self, slug: &str) -> People {
        let act = |path: &str, input: Value| self.platforms.control("POST", path, &input);
        let bot = json!({"name": format!("Bot of {slug}"), "email": format!("{slug}@example.org")});
        let bot = act("loomio/add-user", bot);
        let group = json!({"user": bot["id"], "handle": slug, "name": slug});
        let group = act("loomio/make-group", group);
        let user = format!("{slug}-bot");
        act("opencollective/add-user", json!({"slug": user}));
        let scopes = json!({"user": user, "scopes": ["account", "webhooks"]});
        let token = act("opencollective/add-token", scopes);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let people = People {
            slug: slug.to_owned(),
            group: group["id"].as_u64().unwrap(),
            keys: [
                ("loomio", text(&bot["api_key"])),
                ("opencollective", text(&token["token"])),
            ],
        };
        self.people.lock().unwrap().push(people.clone());
        people
    }

    /// Forgets how many calls were made, as some minutes do: Loomio allows 900 in five of them from one address, and
    /// every killed process takes what it had reserved with it.
    pub fn let_minutes_pass(&self) {
        let database = Connection::open(self.hall.home().join("guildhall.db")).unwrap();
        database.busy_timeout(Duration::from_secs(30)).unwrap();
        database
            .execute_batch("DELETE FROM rate_grants; DELETE FROM rate_pauses;")
            .unwrap();
    }

    /// What people prepared, for every community.
    pub fn people(&self) -> Vec<People> {
        self.people.lock().unwrap().clone()
    }

    /// The processes that run in or for this installation, the serving one left out: id and arguments.
    pub fn processes(&self) -> Vec<(i32, String)> {
        let folder = self.hall.folder.path().to_str().unwrap();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
                continue;
            };
            let Ok(arguments) = fs::read(entry.path().join("cmdline")) else {
                continue;
            };
            let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
            let place = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let is_ours = arguments.contains(folder) || place.starts_with(folder);
            if is_ours
                && u32::try_from(pid) != Ok(self.platforms.serving.id())
                && !arguments.is_empty()
            {
                found.push((pid, arguments));
            }
        }
        found
    }

    /// Waits until this many processes are left.
    pub fn wait_for_processes(&self, many: usize) {
        let start = Instant::now();
        while self.processes().len() != many {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "{many} processes are expected: {:#?}",
                self.processes()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Ends what a failure left running.
impl Drop for Town {
    fn drop(&mut self) {
        for (pid, _) in self.processes() {
            if let Some(pid) = Pid::from_raw(pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
