//! The adapter of the Metagov Gateway with the sandbox's stand-in for Python: real processes, real ports, a real database.

mod world;

pub use world::World as Gate;

use crate::description::{Befell, Drift, Luck, OWN_HOST, Platform, Whose};
use guildhall::{
    adapters::{Peer, Settings, Standing, Target},
    domain::{Health, InstanceId, PlatformId},
    sandbox::LimitShape,
};
use std::fs;

impl Platform for Gate {
    const NAME: &'static str = "metagov";
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
        self.connect(&scores("http://127.0.0.1:9/")).await;
    }

    async fn in_use(&self) -> String {
        let page = self.get("api/internal/community/rosewood").await;
        format!("{page:?} {:?}", self.keeper().is_some())
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

    async fn owned_by(&mut self, _whose: Whose) -> Befell {
        Err("whoever has its folder has it")
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
async fn switching_off_and_on_keeps_plugins_and_another_address_replaces_the_former() {
    let mut gate = Gate::running(&[]).await;
    let plugins = "SELECT name, community_platform_id FROM core_plugin";
    gate.connect(&scores("http://127.0.0.1:9/")).await;
    gate.connect(&scores("http://127.0.0.1:10/")).await;
    assert_eq!(gate.rows(plugins), ["sourcecred http://127.0.0.1:10"]);
    let probe = gate
        .adapter
        .probe_connection(&gate.op(), &scores("http://127.0.0.1:10/"))
        .await
        .unwrap();
    assert!(probe.arrived, "{probe:?}");
    assert_eq!(gate.observe().await.health, Health::Ok);
    gate.deactivate().await;
    assert_eq!(gate.keeper(), None);
    assert_eq!(gate.rows(plugins), ["sourcecred http://127.0.0.1:10"]);
    gate.activate().await;
    assert_eq!(gate.observe().await.health, Health::Ok);
    assert_eq!(gate.observe().await.drift, []);
    gate.deactivate().await;
}

#[tokio::test]
async fn a_lost_database_is_told_although_the_schemas_are_still_there() {
    let mut gate = Gate::running(&[]).await;
    fs::rename(gate.path("db.sqlite3"), gate.path("elsewhere")).unwrap();
    let schemas = gate.get("api/internal/plugin-schemas").await.unwrap();
    assert_eq!(schemas.0, 200);
    assert_eq!(gate.observe().await.standing, Standing::Gone);
    gate.deactivate().await;
}
