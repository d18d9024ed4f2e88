//! A home with one instance of a Django service in it, run by the built program or by a real runtime.

use crate::world::{World as Shared, behaves_as_world, program};
use guildhall::{
    adapters::{Adapter, Halt},
    domain::{Fault, InstanceKind, OperationKey},
    sandbox,
    services::{
        database,
        process_mark::ProcessMark,
        supervisor::{OwnProgram, Supervisor},
    },
};
use serde_json::Value;
use std::{fs, marker::PhantomData, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc};

/// What differs from one service to the next.
pub trait Service {
    /// The platform's id.
    const ID: &'static str;
    /// The names of what was made in its database.
    const MADE: &'static str;

    /// Its adapter, whose processes this supervisor keeps.
    fn adapter(supervisor: Supervisor) -> Arc<dyn Adapter>;
}

/// The instance, in a home of its own.
pub struct World<S>(pub Shared, PhantomData<S>);

behaves_as_world!(World<S>, S);

impl<S: Service> World<S> {
    /// An instance whose runtime is installed when it is first needed.
    pub async fn bare(settings: &[(&str, &str)]) -> Self {
        let mut world = Shared::of(S::ID, settings).await;
        let own = OwnProgram::at(program().to_owned());
        world.adapter = S::adapter(Supervisor::plain(own));
        world.marker = OperationKey::fresh().to_string();
        world.active = false;
        Self(world, PhantomData)
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

    /// Something of somebody else's lies where the instance is to lie.
    pub fn folder_of_others(&self) {
        fs::create_dir_all(self.folder()).unwrap();
        fs::write(self.folder().join("db.sqlite3"), "of others").unwrap();
    }

    /// Whoever owns it moves it away.
    pub fn move_others_away(&self) {
        fs::rename(self.folder(), self.home.path().join("moved")).unwrap();
    }

    /// What is there of others, wherever it lies now.
    pub fn files_of_others(&self) -> Vec<String> {
        let places = [self.folder(), self.home.path().join("moved")];
        let files = places.map(|folder| fs::read_to_string(folder.join("db.sqlite3")));
        files.into_iter().flatten().collect()
    }

    /// What was made in its database, by name.
    pub fn names(&self) -> Vec<String> {
        self.rows(S::MADE)
    }

    /// From now on its runtime answers this to every order, and does nothing.
    pub fn answers_only(&self, answer: &str) {
        let script = self.home.path().join("python");
        let text = format!("#!/bin/sh\necho 'GUILDHALL_RESULT {answer}'\n");
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        let runtimes = fs::read_dir(&self.runtimes).unwrap().flatten();
        let description = runtimes
            .filter(|runtime| runtime.file_name().to_string_lossy().starts_with(S::ID))
            .map(|runtime| runtime.path().join("guildhall-runtime.json"))
            .find(|description| description.is_file())
            .unwrap();
        let mut other: Value = serde_json::from_slice(&fs::read(&description).unwrap()).unwrap();
        other["program"] = serde_json::json!([script]);
        fs::write(&description, other.to_string()).unwrap();
    }

    /// What stands because of us: folders, what was made in the database, and what keeps it running.
    pub fn standing(&self) -> Vec<String> {
        let community = self.home.path().join("data/rosewood");
        let folders = fs::read_dir(community).into_iter().flatten().flatten();
        let mut made: Vec<String> = folders
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        made.extend(self.names());
        made.extend(self.keeper().map(|_| "keeper".to_owned()));
        made
    }
}

impl<S> World<S> {
    /// The folder of its service: its own, unless several communities share it.
    pub fn service(&self) -> PathBuf {
        if self.kind == InstanceKind::Tenant {
            let shared = self.runtimes.with_file_name("shared");
            return shared.join(self.platform);
        }
        self.folder()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.service().join(name)
    }

    /// The rows of a query in its database, a line each.
    pub fn rows(&self, query: &str) -> Vec<String> {
        let rows = database::rows(&self.path("db.sqlite3"), query, &[]).unwrap();
        let rows = rows.unwrap_or_default().into_iter();
        rows.map(|row| row.join(" ")).collect()
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

    pub async fn fails_to_activate(&mut self) -> Fault {
        self.active = true;
        match self.adapter.activate(&self.op()).await {
            Err(Halt::Stopped(fault)) => *fault,
            other => panic!("{other:?}"),
        }
    }
}

impl<S> Drop for World<S> {
    fn drop(&mut self) {
        if let Some(mark) = self.keeper() {
            mark.kill_group();
        }
    }
}
