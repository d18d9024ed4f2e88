//! A folder with a stand-in service, run by the built program.

use guildhall::{
    adapters::{
        http::{Http, HttpOptions},
        local,
        process::Runner,
    },
    domain::Fault,
    sandbox::service::{Manners, NAME},
    services::{
        ports,
        process_mark::ProcessMark,
        supervisor::{
            Launch, OwnProgram, ProcessDescription, ProcessState, Readiness, ServiceDescription,
            ServiceState, Stopped, Supervisor, Tools,
        },
    },
};
use rustix::process::Signal;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The built program.
pub fn own() -> OwnProgram {
    OwnProgram::at(PathBuf::from(env!("CARGO_BIN_EXE_guildhall")))
}

/// A stand-in as a process called `name`; it takes half a second to end at most before it is killed.
pub fn process(name: &str, folder: &Path, manners: &Manners) -> ProcessDescription {
    let text = serde_json::to_string(manners).unwrap();
    let readiness = match manners.port {
        Some(port) => Readiness::Page {
            url: format!("http://127.0.0.1:{port}/").parse().unwrap(),
            text: Some(format!("This is {}.", manners.name)),
            header: Some((NAME.to_owned(), manners.name.clone())),
        },
        None => Readiness::Line("is ready".to_owned()),
    };
    ProcessDescription {
        name: name.to_owned().try_into().unwrap(),
        launch: Launch {
            takes_secrets: manners.reads_input,
            grace: Duration::from_secs(5),
            ..Launch::new(own().program, folder)
                .arguments(own().hidden(&["sandbox-service", &text]))
        },
        readiness,
        ready_within: Duration::from_secs(20),
    }
}

/// A service in a folder of its own.
pub struct World {
    pub home: tempfile::TempDir,
    pub supervisor: Supervisor,
    pub service: ServiceDescription,
    runner: Runner,
    http: Http,
    cancel: CancellationToken,
}

impl World {
    /// One stand-in with these manners, called `web`; `name` chooses where ports are looked for.
    pub fn of(name: &str, manners: &Manners) -> Self {
        // Not in the folder for temporary files: units of systemd have one of their own.
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let service = ServiceDescription {
            name: name.to_owned().try_into().unwrap(),
            title: format!("The stand-in {name}"),
            folder: home.path().join("service"),
            processes: vec![process("web", home.path(), manners)],
            timers: Vec::new(),
            walls: None,
        };
        Self {
            home,
            supervisor: Supervisor::plain(own()),
            service,
            runner: Runner::with_grace(Duration::from_secs(2)),
            http: Http::new(HttpOptions::default()),
            cancel: CancellationToken::new(),
        }
    }

    /// One that listens.
    pub fn listening(name: &str) -> Self {
        Self::of(
            name,
            &Manners {
                name: name.to_owned(),
                port: Some(ports::choose(name).unwrap()),
                ..Manners::default()
            },
        )
    }

    pub fn tools(&self) -> Tools<'_> {
        local::lent(&self.runner, &self.http, &self.cancel)
    }

    pub async fn start(&self) -> Result<(), Fault> {
        self.start_with("").await
    }

    pub async fn start_with(&self, secrets: &str) -> Result<(), Fault> {
        let secrets = Zeroizing::new(secrets.as_bytes().to_vec());
        self.supervisor
            .start(&self.tools(), &self.service, &secrets)
            .await
    }

    pub async fn stop(&self) -> Result<Stopped, Fault> {
        self.supervisor
            .stop(&self.tools(), &self.service.folder)
            .await
    }

    pub async fn state(&self) -> ServiceState {
        self.supervisor
            .state(&self.tools(), &self.service.folder)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn web(&self) -> ProcessState {
        self.state().await.processes["web"].clone()
    }

    pub fn log(&self, name: &str) -> String {
        fs::read_to_string(self.service.folder.join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Asks the stand-in.
    pub async fn get(&self, path: &str) -> Result<String, Fault> {
        let Readiness::Page { url, .. } = &self.service.processes[0].readiness else {
            panic!("it does not listen");
        };
        let answer = self.http.get(url, path).once().send().await?;
        Ok(answer.text())
    }

    /// Waits until the process is as wanted.
    pub async fn until(&self, what: &str, holds: impl Fn(&ProcessState) -> bool) -> ProcessState {
        let limit = Instant::now() + Duration::from_secs(30);
        loop {
            let state = self.web().await;
            if holds(&state) {
                return state;
            }
            assert!(Instant::now() < limit, "{what}: {state:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every process of this host that works for this service, keeper and all, by what stands in its arguments.
    pub fn processes(&self) -> Vec<ProcessMark> {
        let needle = self.home.path().to_string_lossy().into_owned();
        all_processes(|command| command.contains(&needle))
    }

    /// Every stand-in of this service.
    pub fn stand_ins(&self) -> Vec<ProcessMark> {
        let needle = format!("\"name\":\"{}\"", self.service.name);
        all_processes(|command| command.contains("sandbox-service") && command.contains(&needle))
    }
}

pub fn all_processes(wanted: impl Fn(&str) -> bool) -> Vec<ProcessMark> {
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            wanted(&String::from_utf8_lossy(&command)).then_some(pid)
        })
        .filter_map(ProcessMark::of)
        .collect()
}

impl Drop for World {
    fn drop(&mut self) {
        for mark in self.processes().into_iter().chain(self.stand_ins()) {
            let _ = mark.signal(Signal::KILL);
        }
    }
}
