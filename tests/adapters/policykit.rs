//! The PolicyKit adapter with the sandbox's stand-in for Python: real processes, real ports, a real database.

mod shared;
mod world;

pub use shared::Tenant;
pub use world::World as Hall;

use crate::description::{Befell, Drift, Luck, OWN_HOST, Platform, Whose};
use guildhall::{
    adapters::{Halt, Peer, Settings, Standing, Target},
    domain::{DriftKind, FaultKind, Health, InstanceId, PlatformId, RemoveMode},
    sandbox::LimitShape,
};
use std::{fs, os::unix::fs::PermissionsExt as _};

impl Platform for Hall {
    const NAME: &'static str = "policykit";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[];
    const LIMITS: &'static [LimitShape] = &[];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = None;
    const ASKS_NOBODY: Option<&'static str> = Some(OWN_HOST);

    async fn fresh() -> Self {
        Self::new(&[]).await
    }

    async fn made(&self) -> Vec<String> {
        self.standing()
    }

    async fn use_it(&mut self) {
        self.activate().await;
    }

    async fn in_use(&self) -> String {
        let page = self.get("login/").await.map(|(status, _)| status);
        format!("{page:?} {:?} {:?}", self.names(), self.keeper().is_some())
    }

    async fn drift(&self, how: Drift) -> Befell {
        match how {
            Drift::PartDeleted => {
                self.connect(&scores("http://127.0.0.1:9/")).await;
                let database = rusqlite::Connection::open(self.path("db.sqlite3")).unwrap();
                database.execute("DELETE FROM core_plugin", []).unwrap();
            }
            Drift::Deleted => fs::remove_dir_all(self.folder()).unwrap(),
            Drift::Archived | Drift::RightTaken | Drift::KeyRevoked => return Err(OWN_HOST),
            Drift::Renamed | Drift::Unmarked => {
                return Err("its name and its mark lie in files of Guildhall alone");
            }
        }
        Ok(())
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        self.administered_by(whose);
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NameTaken => self.folder_of_others(),
            _ => return Err(OWN_HOST),
        }
        Ok(())
    }

    async fn relieve(&mut self, _luck: Luck) {
        self.move_others_away();
    }

    async fn of_others(&self) -> Vec<String> {
        self.files_of_others()
    }
}

impl Hall {
    /// Its database holds an administrator, or none.
    fn administered_by(&self, whose: Whose) {
        let database = rusqlite::Connection::open(self.path("db.sqlite3")).unwrap();
        let all = "DELETE FROM policyengine_communityuser";
        database.execute(all, []).unwrap();
        if whose == Whose::Peoples {
            let one = "INSERT INTO policyengine_communityuser (username, is_community_admin, community_id)
                SELECT 'U0123AMINA', 1, id FROM policyengine_community WHERE metagov_slug = 'rosewood'";
            database.execute(one, []).unwrap();
        }
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
    assert_eq!(hall.names(), ["rosewood"]);
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
    assert_eq!(hall.names(), ["rosewood"]);
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
    // What it kept ends a moment after it.
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut seen = hall.observe().await;
    while seen.health != Health::Down && std::time::Instant::now() < limit {
        seen = hall.observe().await;
    }
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
    // More than fits into one line of an answer.
    let many = "INSERT INTO policyengine_policy (name, community_id)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        SELECT 'A policy of the community ' || i, 1 FROM n";
    rusqlite::Connection::open(hall.path("db.sqlite3"))
        .unwrap()
        .execute(many, [])
        .unwrap();
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
    let policies = fs::read(saved.join("policies.json")).unwrap();
    let policies: Vec<serde_json::Value> = serde_json::from_slice(&policies).unwrap();
    assert_eq!(policies.len(), 3000);
    let query = "SELECT metagov_slug FROM policyengine_community";
    let rows = guildhall::services::database::rows(&saved.join("db.sqlite3"), query, &[]);
    assert_eq!(rows.unwrap().unwrap(), [["rosewood"]]);
}

/// The instance as another version of the runtime left it.
async fn of_another_version(hall: &Hall) {
    let op = hall.op();
    op.remember("version", &"0000000-1").await.unwrap();
}

#[tokio::test]
async fn a_database_of_another_version_is_brought_up_beside_and_the_former_one_is_kept() {
    let mut hall = Hall::running(&[]).await;
    of_another_version(&hall).await;
    hall.activate().await;
    assert_eq!(hall.journal.facts()["version"], "5fdb97ab-2");
    assert_eq!(hall.names(), ["rosewood"]);
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    assert!(!hall.path("upgrade").exists());
    let kept = fs::read_dir(hall.path("safety")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].to_string_lossy().ends_with("-0000000-1.sqlite3"));
    let query = "SELECT metagov_slug FROM policyengine_community";
    let rows = guildhall::services::database::rows(&kept[0], query, &[]);
    assert_eq!(rows.unwrap().unwrap(), [["rosewood"]]);
    hall.deactivate().await;
}

#[tokio::test]
async fn what_cannot_be_brought_up_stays_as_it_is_and_runs_on() {
    let mut hall = Hall::running(&[]).await;
    of_another_version(&hall).await;
    let description = hall
        .runtimes
        .join("policykit-5fdb97ab-2/guildhall-runtime.json");
    let whole = fs::read_to_string(&description).unwrap();
    let mut broken: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let program: Vec<&str> = broken["program"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let script = hall.home.path().join("python");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *migrate*) echo 'OperationalError: no such column' >&2; exit 1;; esac\nexec {} \"$@\"\n",
        program.join(" ")
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    broken["program"] = serde_json::json!([script]);
    fs::write(&description, broken.to_string()).unwrap();

    let fault = hall.fails_to_activate().await;
    assert!(
        fault.what.contains("nothing was changed, and it runs on"),
        "{fault:?}"
    );
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    assert_eq!(hall.names(), ["rosewood"]);
    assert!(!hall.path("upgrade").exists() && !hall.path("safety").exists());

    fs::write(&description, whole).unwrap();
    hall.activate().await;
    assert_eq!(hall.journal.facts()["version"], "5fdb97ab-2");
    hall.deactivate().await;
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_taken_for_an_empty_list() {
    let mut hall = Hall::new(&[]).await;
    hall.provisioned().await;
    hall.answers_only(r#"{"communities": {}}"#);
    let found = hall.adapter.discover(&hall.site()).await;
    assert_eq!(found.unwrap_err().kind, FaultKind::BadAnswer);
    // Nor is an export that was not made, and nothing is deleted then.
    let removed = hall.adapter.remove(&hall.op(), RemoveMode::Hard).await;
    assert!(removed.is_err(), "{removed:?}");
    assert_eq!(hall.names(), ["rosewood"]);
}

#[tokio::test]
async fn an_export_that_is_only_said_to_be_made_is_not_believed() {
    let mut hall = Hall::new(&[]).await;
    hall.provisioned().await;
    hall.answers_only(r#"{"saved": 3}"#);
    let taken = hall.adapter.belongings(&hall.site()).await.unwrap_err();
    assert!(taken.what.contains("there is nothing"), "{taken:?}");
    let removed = hall.adapter.remove(&hall.op(), RemoveMode::Hard).await;
    let Err(Halt::Stopped(fault)) = removed else {
        panic!("{removed:?}")
    };
    assert_eq!(fault.kind, FaultKind::BadAnswer, "{fault:?}");
    assert_eq!(hall.names(), ["rosewood"]);
}
