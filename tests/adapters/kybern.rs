//! The Kybern adapter with the sandbox's stand-in for Python: real processes, real ports, a real database.

mod world;

pub use world::World as Commons;

use crate::{
    description::{Befell, Drift, Luck, OWN_HOST, Platform, Whose},
    world::task,
};
use guildhall::{
    adapters::{Halt, Standing},
    domain::{FaultKind, Health, RemoveMode},
    sandbox::LimitShape,
};
use std::fs;

const ACCEPTED: (&str, &str) = ("licence_accepted", "true");

impl Platform for Commons {
    const NAME: &'static str = "kybern";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[];
    const LIMITS: &'static [LimitShape] = &[];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = None;
    const ASKS_NOBODY: Option<&'static str> = Some(OWN_HOST);

    async fn fresh() -> Self {
        Self::new(&[ACCEPTED]).await
    }

    async fn made(&self) -> Vec<String> {
        self.standing()
    }

    async fn use_it(&mut self) {
        self.activate().await;
    }

    async fn in_use(&self) -> String {
        let page = self.get("?hide_info=1").await;
        format!("{page:?} {:?} {:?}", self.names(), self.keeper().is_some())
    }

    async fn drift(&self, how: Drift) -> Befell {
        match how {
            Drift::Renamed => {
                let database = rusqlite::Connection::open(self.path("db.sqlite3")).unwrap();
                let rename = "UPDATE groups_group SET name = 'Elsewhere' WHERE id = 2";
                database.execute(rename, []).unwrap();
            }
            Drift::Deleted => fs::remove_dir_all(self.folder()).unwrap(),
            Drift::Archived | Drift::RightTaken | Drift::KeyRevoked => return Err(OWN_HOST),
            Drift::Unmarked | Drift::PartDeleted => {
                return Err("what its people make and delete there is theirs");
            }
        }
        Ok(())
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        let owners = match whose {
            Whose::Ours => "guildhall-admin",
            Whose::Peoples => "guildhall-admin,amina",
        };
        let database = rusqlite::Connection::open(self.path("db.sqlite3")).unwrap();
        let change = "UPDATE groups_group SET owner = ?1 WHERE id = 2";
        database.execute(change, [owners]).unwrap();
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

#[tokio::test]
async fn nothing_is_fetched_before_the_licence_is_accepted() {
    let mut commons = Commons::new(&[]).await;
    let task = task(commons.provision().await.unwrap_err());
    assert_eq!(task.step, "licence");
    assert!(!commons.folder().exists());
    commons.set(ACCEPTED.0, ACCEPTED.1);
    commons.provisioned().await;
    assert_eq!(
        commons.names(),
        ["Kybern Template Community", "Rosewood Co-op"]
    );
}

#[tokio::test]
async fn without_a_group_in_the_answer_nothing_counts_as_made() {
    let commons = Commons::new(&[ACCEPTED]).await;
    commons.answers_only(r#"{"status": "made"}"#);
    let op = commons.op();
    let Err(Halt::Stopped(fault)) = commons.adapter.provision(&op).await else {
        panic!("it counts as made")
    };
    assert_eq!(fault.kind, FaultKind::BadAnswer, "{fault:?}");
    assert!(fault.what.contains("which group it made"), "{fault:?}");
}

#[tokio::test]
async fn only_the_front_page_with_the_name_counts() {
    let mut commons = Commons::new(&[ACCEPTED]).await;
    commons.provisioned().await;
    commons.activate().await;
    assert_eq!(commons.observe().await.health, Health::Ok);
    assert_eq!(commons.get("nowhere/").await.unwrap().0, 200);
    fs::rename(commons.path("db.sqlite3"), commons.path("elsewhere")).unwrap();
    assert_eq!(commons.get("login/").await.unwrap().0, 200);
    assert_eq!(commons.observe().await.standing, Standing::Gone);
    commons.deactivate().await;
    assert_eq!(commons.keeper(), None);
}

#[tokio::test]
async fn a_removal_leaves_no_process_and_no_file_but_the_export() {
    let mut commons = Commons::new(&[ACCEPTED]).await;
    commons.provisioned().await;
    commons.activate().await;
    let op = commons.op();
    commons.adapter.remove(&op, RemoveMode::Hard).await.unwrap();
    assert_eq!(commons.keeper(), None);
    assert!(!commons.folder().exists());
    let archive = commons.home.path().join("data/.archive");
    let saved = fs::read_dir(archive).unwrap().next().unwrap().unwrap();
    assert!(saved.path().join("rows.json").is_file());
}
