//! A home with one instance of PolicyKit in it, run by the built program or by a real runtime.

use crate::world::{World as Shared, behaves_as_world, program};
use guildhall::{
    adapters::{Halt, policykit::PolicyKit},
    domain::OperationKey,
    sandbox,
    services::{
        database,
        process_mark::ProcessMark,
        supervisor::{OwnProgram, Supervisor},
    },
};
use serde_json::Value;
use std::{fs, path::PathBuf, sync::Arc};

/// The instance, in a home of its own.
pub struct World(pub Shared);

behaves_as_world!(World);

impl World {
    /// An instance whose runtime is installed when it is first needed.
    pub async fn bare(settings: &[(&str, &str)]) -> Self {
        let mut world = Shared::of("policykit", settings).await;
        let own = OwnProgram::at(program().to_owned());
        world.adapter = Arc::new(PolicyKit::kept_by(Supervisor::plain(own)));
        world.marker = OperationKey::fresh().to_string();
        world.active = false;
        Self(world)
    }

    /// The same with the stand-in as its runtime.
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        let world = Self::bare(settings).await;
        sandbox::lay_runtimes(&world.runtimes, program()).unwrap();
        world
    }

    /// One that is switched on.
    pub async fn running(settings: &[(&str, &str)]) -> Self {
        let mut world = Self::new(settings).await;
        world.provisioned().await;
        world.activate().await;
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The rows of a query in its database, a line each.
    pub fn rows(&self, query: &str) -> Vec<String> {
        let rows = database::rows(&self.path("db.sqlite3"), query, &[]).unwrap();
        let rows = rows.unwrap_or_default().into_iter();
        rows.map(|row| row.join(" ")).collect()
    }

    pub fn communities(&self) -> Vec<String> {
        self.rows("SELECT metagov_slug FROM policyengine_community WHERE metagov_slug != ''")
    }

    pub fn port(&self) -> u16 {
        let port = self.journal.facts()["port"].as_u64().unwrap();
        u16::try_from(port).unwrap()
    }

    /// What it answers, status and body.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let base = format!("http://127.0.0.1:{}/", self.port())
            .parse()
            .unwrap();
        let answer = self.site().http.get(&base, path).send().await.ok()?;
        Some((answer.status, answer.text()))
    }

    /// What keeps its processes.
    pub fn keeper(&self) -> Option<ProcessMark> {
        let text = fs::read(self.path("service/keeper.json")).ok()?;
        let state: Value = serde_json::from_slice(&text).ok()?;
        let mark: ProcessMark = serde_json::from_value(state["keeper"].clone()).ok()?;
        mark.is_alive().then_some(mark)
    }

    pub async fn fails_to_activate(&mut self) -> guildhall::domain::Fault {
        self.active = true;
        match self.adapter.activate(&self.op()).await {
            Err(Halt::Stopped(fault)) => *fault,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mark) = self.keeper() {
            mark.kill_group();
        }
    }
}
