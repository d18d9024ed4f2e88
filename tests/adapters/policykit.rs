//! The PolicyKit adapter with the sandbox's stand-in for Python: real processes, real ports, a real database.

mod world;

pub use world::World as Hall;

use crate::description::{Drift, Platform};
use guildhall::{
    adapters::{Peer, Settings, Standing, Target},
    domain::{DriftKind, FaultKind, Health, InstanceId, PlatformId, RemoveMode},
    sandbox::LimitShape,
};
use std::{fs, os::unix::fs::PermissionsExt as _};

impl Platform for Hall {
    const NAME: &'static str = "policykit";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[];
    const LIMITS: &'static [LimitShape] = &[];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = None;

    async fn fresh() -> Self {
        Self::new(&[]).await
    }

    async fn made(&self) -> Vec<String> {
        let community = self.home.path().join("data/rosewood");
        let folders = fs::read_dir(community).into_iter().flatten().flatten();
        let mut made: Vec<String> = folders
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        made.extend(self.communities());
        made.extend(self.keeper().map(|_| "keeper".to_owned()));
        made
    }

    async fn use_it(&mut self) {
        self.activate().await;
    }

    async fn in_use(&self) -> String {
        let page = self.get("login/").await.map(|(status, _)| status);
        format!(
            "{page:?} {:?} {:?}",
            self.communities(),
            self.keeper().is_some()
        )
    }

    async fn drift(&self, how: Drift) -> bool {
        match how {
            Drift::PartDeleted => {
                self.connect(&scores("http://127.0.0.1:9/")).await;
                let database = rusqlite::Connection::open(self.path("db.sqlite3")).unwrap();
                database.execute("DELETE FROM core_plugin", []).unwrap();
            }
            Drift::Deleted => fs::remove_dir_all(self.folder()).unwrap(),
            _ => return false,
        }
        true
    }
}

fn scores(address: &str) -> Peer {
    Peer {
        platform: PlatformId::new("sourcecred"),
        instance: InstanceId(2),
        url: None,
        settings: Settings::default(),
        target: Some(Target::Site {
            address: address.parse().unwrap(),
        }),
    }
}

#[tokio::test]
async fn an_instance_holds_its_community_and_nobody_else_can_read_its_files() {
    let mut hall = Hall::running(&[]).await;
    assert_eq!(hall.communities(), ["rosewood"]);
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    for name in ["instance.json", "db.sqlite3", "guildhall.json"] {
        let mode = fs::metadata(hall.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let secret = hall.journal.secrets()["django_secret_key"].clone();
    let told = fs::read_to_string(hall.path("instance.json")).unwrap();
    assert!(told.contains(secrecy::ExposeSecret::expose_secret(&secret)));

    let seen = hall.observe().await;
    assert_eq!(seen.health, Health::Degraded, "{seen:?}");
    assert!(seen.note.contains("no platform"), "{}", seen.note);

    let told = hall.deactivate().await;
    assert!(told.contains("every row and file stays"), "{told}");
    assert_eq!(hall.keeper(), None);
    assert_eq!(hall.get("login/").await, None);
    assert_eq!(hall.communities(), ["rosewood"]);
}

#[tokio::test]
async fn a_lost_database_is_told_although_every_page_still_says_200() {
    let mut hall = Hall::running(&[]).await;
    fs::rename(hall.path("db.sqlite3"), hall.path("elsewhere")).unwrap();
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    assert_eq!(fs::metadata(hall.path("db.sqlite3")).unwrap().len(), 0);
    let seen = hall.observe().await;
    assert_eq!(seen.standing, Standing::Gone);
    assert!(seen.note.contains("missing or empty"), "{}", seen.note);
    let fault = hall.fails_to_activate().await;
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_killed_process_is_started_again_and_a_worker_that_is_gone_is_told() {
    let mut hall = Hall::running(&[]).await;
    assert_eq!(hall.observe().await.health, Health::Degraded);
    let keeper = hall.keeper().unwrap();
    keeper.kill_group();
    let seen = hall.observe().await;
    assert_eq!(seen.health, Health::Down, "{seen:?}");
    hall.activate().await;
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
}

#[tokio::test]
async fn scores_are_joined_and_what_somebody_takes_out_is_drift() {
    let mut hall = Hall::running(&[]).await;
    let peer = scores("http://127.0.0.1:9/");
    let told = hall.connect(&peer).await;
    assert!(told.contains("sourcecred"), "{told}");
    let plugins = "SELECT name, community_platform_id FROM core_plugin";
    assert_eq!(hall.rows(plugins), ["sourcecred http://127.0.0.1:9"]);
    let probe = hall
        .adapter
        .probe_connection(&hall.op(), &peer)
        .await
        .unwrap();
    assert!(probe.arrived, "{probe:?}");
    assert_eq!(hall.observe().await.drift, []);

    // Another address takes the place of the former: never two plugins of one name.
    hall.connect(&scores("http://127.0.0.1:10/")).await;
    assert_eq!(hall.rows(plugins), ["sourcecred http://127.0.0.1:10"]);

    let kept = hall.journal.facts();
    hall.adapter.disconnect(&hall.op(), &peer).await.unwrap();
    assert!(hall.rows(plugins).is_empty());
    assert_eq!(hall.observe().await.drift, []);
    let op = hall.op();
    op.remember("joined", &kept["joined"]).await.unwrap();
    let drift = hall.observe().await.drift;
    assert_eq!(drift[0].kind, DriftKind::Missing, "{drift:?}");
    hall.deactivate().await;
}

#[tokio::test]
async fn a_removal_leaves_no_process_and_no_file_but_the_export() {
    let hall = Hall::running(&[]).await;
    let op = hall.op();
    let removed = hall.adapter.remove(&op, RemoveMode::Hard).await.unwrap();
    let again = hall.adapter.remove(&op, RemoveMode::Hard).await.unwrap();
    assert_eq!(removed, again);
    assert_eq!(hall.keeper(), None);
    assert!(!hall.folder().exists());
    let mut archived = fs::read_dir(hall.home.path().join("data/.archive")).unwrap();
    let saved = archived.next().unwrap().unwrap().path();
    assert!(
        removed.left[0].contains(&*saved.to_string_lossy()),
        "{removed:?}"
    );
    assert!(saved.join("policies.json").is_file());
    let query = "SELECT metagov_slug FROM policyengine_community";
    let rows = guildhall::services::database::rows(&saved.join("db.sqlite3"), query, &[]);
    assert_eq!(rows.unwrap().unwrap(), [["rosewood"]]);
}
