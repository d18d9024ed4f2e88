//! A home with one instance of SourceCred in it, run by the built program.

use crate::journal::Death;
use crate::world::{World as Shared, behaves_as_world, program};
use guildhall::{
    adapters::{
        Halt,
        http::{Http, HttpOptions},
        process::Runner,
        sourcecred::SourceCred,
    },
    domain::{Fault, OperationKey},
    sandbox,
    services::{
        process_mark::ProcessMark,
        supervisor::{OwnProgram, Supervisor},
    },
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// The instance, in a home of its own.
pub struct World(pub Shared);

behaves_as_world!(World);

/// The built program.
pub fn own() -> OwnProgram {
    OwnProgram::at(program().to_owned())
}

impl World {
    /// An installation with the stand-in as its runtime, and an instance with these settings.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        let mut world = Shared::of("sourcecred", settings).await;
        sandbox::lay_runtimes(&world.runtimes, program()).unwrap();
        world.adapter = Arc::new(SourceCred::kept_by(Supervisor::plain(own())));
        world.marker = OperationKey::fresh().to_string();
        world.active = false;
        world.runner = Runner::with_grace(Duration::from_secs(2));
        world.http = Http::new(HttpOptions {
            attempts: 1,
            ..HttpOptions::default()
        });
        Self(world)
    }

    /// The same with a graph of three contributions, two by Alice and one by Bob.
    pub async fn with_scores() -> Self {
        let mut world = Self::new(&[("plugins", "external")]).await;
        world.provision().await.unwrap();
        world.write_graph();
        world.active = true;
        world.activate().await.unwrap();
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub async fn provision(&mut self) -> Result<(), Halt> {
        let presence = self.0.provision().await?;
        self.take(&presence);
        Ok(())
    }

    pub async fn activate(&self) -> Result<String, Halt> {
        let op = self.op();
        self.until_death(self.adapter.activate(&op)).await
    }

    pub async fn deactivate(&self) -> Result<String, Halt> {
        self.adapter.deactivate(&self.op()).await
    }

    pub async fn configure(&self) -> Result<(), Halt> {
        let done = self.adapter.configure(&self.op(), &[]).await;
        done.map(|_| ())
    }

    /// What differs is put back.
    pub async fn put_back(&self) -> Result<(), Halt> {
        let all = ["*".to_owned()];
        let done = self.adapter.configure(&self.op(), &all).await;
        done.map(|_| ())
    }

    /// Runs the operation until it is through, after it died once as planned.
    pub async fn through(
        &mut self,
        death: Death,
        run: impl AsyncFn(&mut Self) -> Result<(), Halt>,
    ) -> bool {
        self.journal.revive(Some(death));
        let died = run(self).await.is_err();
        self.journal.revive(None);
        if died {
            run(self).await.unwrap();
        }
        died
    }

    /// The keeper of timer and site.
    pub fn keeper(&self) -> Option<ProcessMark> {
        let text = fs::read(self.path("service/keeper.json")).ok()?;
        let state: Value = serde_json::from_slice(&text).ok()?;
        let mark: ProcessMark = serde_json::from_value(state["keeper"].clone()).ok()?;
        mark.is_alive().then_some(mark)
    }

    pub fn port(&self) -> u16 {
        let port = self.journal.facts()["port"].as_u64().unwrap();
        u16::try_from(port).unwrap()
    }

    /// What the site answers, status and body.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let base = format!("http://127.0.0.1:{}/", self.port())
            .parse()
            .unwrap();
        let answer = self.site().http.get(&base, path).send().await.ok()?;
        Some((answer.status, answer.text()))
    }

    pub fn write_graph(&self) {
        let place = self.path("config/plugins/external/rosewood");
        write_contributions(&place);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The keeper ends its run with it when it is asked to.
        if let Some(mark) = self.keeper() {
            mark.kill_group();
        }
    }
}

/// Why an operation stopped.
pub fn fault(done: Result<impl std::fmt::Debug, Halt>) -> Fault {
    match done {
        Err(Halt::Stopped(fault)) => *fault,
        other => panic!("{other:?}"),
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < limit, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Every file below a folder with what it holds.
pub fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(everything(&path));
        } else if path.is_file() {
            found.push((path.clone(), fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

/// A graph as the tool reads it: two contributions by Alice, one by Bob, a week apart.
pub fn write_contributions(place: &Path) {
    fs::create_dir_all(place).unwrap();
    let address = |parts: &[&str]| {
        let mut whole = vec!["external", "rosewood"];
        whole.extend(parts);
        json!(whole)
    };
    let week = 7 * 24 * 60 * 60 * 1000_i64;
    let time = |number: i64| 1_727_740_800_000_i64 + number * week;
    let nodes = json!([
        address(&["contribution", "c0"]),
        address(&["contribution", "c1"]),
        address(&["contribution", "c2"]),
        address(&["person", "alice"]),
        address(&["person", "bob"]),
    ]);
    let node = |index: i64| {
        let stamp = if index < 3 {
            json!(time(index))
        } else {
            Value::Null
        };
        json!({"index": index, "description": format!("node {index}"), "timestampMs": stamp})
    };
    let edge = |number: i64, person: i64| {
        json!({
            "srcIndex": number, "dstIndex": person, "timestampMs": time(number),
            "address": address(&["authors", &format!("c{number}")]),
        })
    };
    let graph = json!([
        {"type": "sourcecred/weightedGraph", "version": "0.1.0"},
        {
            "graphJSON": [
                {"type": "sourcecred/graph", "version": "0.8.0"},
                {
                    "sortedNodeAddresses": nodes,
                    "edges": [edge(0, 3), edge(1, 3), edge(2, 4)],
                    "nodes": (0..5).map(node).collect::<Vec<_>>(),
                },
            ],
            "weightsJSON": [
                {"type": "sourcecred/weights", "version": "0.2.0"},
                {
                    "nodeWeights": {"N\0external\0rosewood\0contribution\0": 1},
                    "edgeWeights": {"E\0external\0rosewood\0authors\0": {"forwards": 1, "backwards": 1}},
                },
            ],
        },
    ]);
    let person = |name: &str| {
        json!({
            "pluginName": "rosewood", "name": name, "type": "USER",
            "alias": {"address": format!("N\0external\0rosewood\0person\0{name}\0"), "description": name},
        })
    };
    fs::write(place.join("graph.json"), graph.to_string()).unwrap();
    let people = json!([person("alice"), person("bob")]);
    fs::write(place.join("identityProposals.json"), people.to_string()).unwrap();
}
