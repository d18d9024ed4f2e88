//! Twenty communities with a service each, as the program's user meets them: a restart of the host, `up` and `down`.

use crate::{hall::Hall, world::all_processes};
use guildhall::services::process_mark::ProcessMark;
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs,
    time::{Duration, Instant},
};

const COMMUNITIES: usize = 20;

/// An installation whose processes end with it.
struct Town(Hall);

impl Town {
    /// What runs in this installation.
    fn processes(&self) -> Vec<ProcessMark> {
        let folder = self.0.folder.path().to_string_lossy().into_owned();
        all_processes(|command| command.contains("internal") && command.contains(&folder))
    }

    /// Whose service runs, by what the program says.
    fn up(&self) -> Vec<String> {
        let listed = self.0.done(&["service", "list"], "");
        let rows = listed["services"].as_array().unwrap();
        let mut up: Vec<String> = rows
            .iter()
            .filter(|row| row["state"]["kept"] == true)
            .filter(|row| !row["state"]["processes"]["site"]["pid"].is_null())
            .map(|row| row["slug"].as_str().unwrap().to_owned())
            .collect();
        up.sort();
        up
    }

    /// What a restart of the host leaves: no process, and records of another run of the system.
    fn restart_host(&self) {
        let limit = Instant::now() + Duration::from_secs(30);
        while !self.processes().is_empty() {
            for mark in self.processes() {
                let _ = mark.signal(Signal::KILL);
            }
            assert!(Instant::now() < limit, "{:?}", self.processes());
            std::thread::sleep(Duration::from_millis(20));
        }
        for number in 0..COMMUNITIES {
            let folder = format!("communities/c{number}/sourcecred/service/keeper.json");
            let path = self.0.home().join(folder);
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let mut state: Value = serde_json::from_str(&text).unwrap();
            state["keeper"]["boot"] = "another run of the system".into();
            // The number is now somebody else's: ours.
            state["keeper"]["pid"] = std::process::id().into();
            fs::write(&path, state.to_string()).unwrap();
        }
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        for mark in self.processes() {
            let _ = mark.signal(Signal::KILL);
        }
    }
}

#[test]
fn after_a_restart_of_the_host_exactly_the_active_ones_come_back() {
    let town = Town(Hall::new(true));
    let hall = &town.0;
    let mut wanted = Vec::new();
    for number in 0..COMMUNITIES {
        let slug = format!("c{number}");
        let mut create = vec!["community", "create", &slug, "--slug", &slug];
        let listed = hall.done(&["catalog"], "");
        let choices: Vec<String> = platforms(&listed)
            .iter()
            .map(|id| {
                format!(
                    "{id}={}",
                    if id == "sourcecred" {
                        "inactive"
                    } else {
                        "off"
                    }
                )
            })
            .collect();
        for choice in &choices {
            create.extend(["--platform", choice]);
        }
        hall.done(&create, "");
        hall.done(
            &[
                "instance",
                "configure",
                &slug,
                "sourcecred",
                "plugins=external",
            ],
            "",
        );
        hall.done(&["instance", "activate", &slug, "sourcecred"], "");
        // Every fourth is switched off again.
        if number % 4 == 3 {
            hall.done(&["instance", "deactivate", &slug, "sourcecred"], "");
        } else {
            wanted.push(slug);
        }
    }
    wanted.sort();
    assert_eq!(town.up(), wanted);
    town.restart_host();
    assert_eq!(town.up(), [""; 0]);
    let up = hall.done(&["up"], "");
    assert_eq!(up["services"].as_array().unwrap().len(), wanted.len());
    assert_eq!(town.up(), wanted);
    // A second time there is nothing to do.
    let again = hall.done(&["up"], "");
    assert_eq!(again["running_before"], wanted.len());
    assert_eq!(again["services"].as_array().unwrap().len(), 0);
    let log = hall.done(&["service", "logs", "c0", "sourcecred"], "");
    assert!(!log["lines"].as_array().unwrap().is_empty());
    let down = hall.done(&["down"], "");
    assert_eq!(down["stopped"].as_array().unwrap().len(), wanted.len());
    assert_eq!(town.processes(), []);
    assert_eq!(town.up(), [""; 0]);
}

fn platforms(listed: &Value) -> Vec<String> {
    listed["platforms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|platform| platform["platform"]["id"].as_str().unwrap().to_owned())
        .collect()
}
