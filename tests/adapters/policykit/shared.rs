//! Several communities in one PolicyKit.

use super::{Hall, scores};
use crate::{
    description::{Befell, Drift, Luck, OWN_HOST, Platform, Whose},
    world::{behaves_as_world, fault},
};
use guildhall::{
    domain::{FaultKind, Health, InstanceKind, RemoveMode},
    sandbox::LimitShape,
};
use std::fs;

/// A community's instance in a service that others may use too.
pub struct Tenant(pub Hall);

behaves_as_world!(Tenant);

const CHOSEN: [(&str, &str); 2] = [("instance_kind", "tenant"), ("sharing_accepted", "true")];

impl Tenant {
    async fn alone() -> Self {
        let mut hall = Hall::new(&CHOSEN).await;
        hall.kind = InstanceKind::Tenant;
        Self(hall)
    }

    /// Another community of the same installation, in the same service.
    async fn beside(&self, slug: &'static str) -> Self {
        let mut hall = Hall::bare(&CHOSEN).await;
        hall.kind = InstanceKind::Tenant;
        hall.slug = slug;
        hall.runtimes.clone_from(&self.runtimes);
        Self(hall)
    }

    async fn running(mut self) -> Self {
        self.provisioned().await;
        self.activate().await;
        self
    }

    async fn page(&self) -> Option<u16> {
        self.0.get("login/").await.map(|(status, _)| status)
    }
}

impl Platform for Tenant {
    const NAME: &'static str = "policykit, shared";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[];
    const LIMITS: &'static [LimitShape] = &[];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = None;
    const ASKS_NOBODY: Option<&'static str> = Some(OWN_HOST);

    async fn fresh() -> Self {
        Self::alone().await
    }

    async fn made(&self) -> Vec<String> {
        self.0.standing()
    }

    async fn use_it(&mut self) {
        self.activate().await;
    }

    async fn in_use(&self) -> String {
        format!(
            "{:?} {:?} {:?}",
            self.page().await,
            self.0.names(),
            self.0.keeper().is_some()
        )
    }

    async fn drift(&self, how: Drift) -> Befell {
        match how {
            Drift::PartDeleted => {
                self.connect(&scores("http://127.0.0.1:9/")).await;
                let database = rusqlite::Connection::open(self.0.path("db.sqlite3")).unwrap();
                database.execute("DELETE FROM core_plugin", []).unwrap();
            }
            Drift::Deleted => {
                fs::remove_dir_all(self.0.service()).unwrap();
                fs::remove_dir_all(self.folder()).unwrap();
            }
            Drift::Archived | Drift::RightTaken | Drift::KeyRevoked => return Err(OWN_HOST),
            Drift::Renamed | Drift::Unmarked => {
                return Err("its name and its mark lie in files of Guildhall alone");
            }
        }
        Ok(())
    }

    async fn owned_by(&mut self, whose: Whose) -> Befell {
        self.0.administered_by(whose);
        Ok(())
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NameTaken => self.0.folder_of_others(),
            _ => return Err(OWN_HOST),
        }
        Ok(())
    }

    async fn relieve(&mut self, _luck: Luck) {
        self.0.move_others_away();
    }

    async fn of_others(&self) -> Vec<String> {
        self.0.files_of_others()
    }
}

#[tokio::test]
async fn two_communities_share_one_process_and_switching_one_off_says_that_nothing_stops() {
    let mut rosewood = Tenant::alone().await.running().await;
    let keeper = rosewood.0.keeper();
    let mut fern = rosewood.beside("fern").await;
    fern.provisioned().await;
    let told = fern.activate().await;
    assert!(told.contains("with 1 other community"), "{told}");
    assert_eq!(fern.0.port(), rosewood.0.port());
    assert_eq!(fern.0.keeper(), keeper);
    assert_eq!(fern.0.names(), ["rosewood", "fern"]);
    for world in [&rosewood, &fern] {
        let seen = world.observe().await;
        assert_eq!(seen.health, Health::Degraded, "{seen:?}");
        assert!(seen.note.contains("no platform"), "{}", seen.note);
    }
    let found = fern.adapter.discover(&fern.site()).await.unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.reference.as_str()).collect();
    assert_eq!(names, ["fern"]);

    let told = fern.deactivate().await;
    assert!(told.contains("nothing of it stops"), "{told}");
    assert_eq!(rosewood.page().await, Some(200));
    let seen = fern.observe().await;
    assert!(seen.note.contains("runs for others"), "{seen:?}");
    let told = rosewood.deactivate().await;
    assert!(told.contains("Web and worker are off"), "{told}");
    assert_eq!(rosewood.page().await, None);
    assert_eq!(rosewood.0.names(), ["rosewood", "fern"]);
    fern.activate().await;
    assert_eq!(fern.page().await, Some(200));
    fern.deactivate().await;
}

#[tokio::test]
async fn one_that_is_lost_is_told_of_itself_and_not_of_the_others() {
    let rosewood = Tenant::alone().await.running().await;
    let fern = rosewood.beside("fern").await.running().await;
    let database = rusqlite::Connection::open(rosewood.0.path("db.sqlite3")).unwrap();
    database
        .execute(
            "DELETE FROM policyengine_community WHERE metagov_slug = 'fern'",
            [],
        )
        .unwrap();
    let seen = fern.observe().await;
    assert_eq!(seen.standing, guildhall::adapters::Standing::Gone);
    let seen = rosewood.observe().await;
    assert_eq!(seen.standing, guildhall::adapters::Standing::Present);
}

#[tokio::test]
async fn a_removal_takes_its_own_rows_and_keys_and_the_last_one_the_service() {
    let mut rosewood = Tenant::alone().await;
    let own = "own-public-key-of-rosewood";
    rosewood
        .secrets
        .insert("discord_public_key".to_owned(), own.into());
    let rosewood = rosewood.running().await;
    let fern = rosewood.beside("fern").await.running().await;
    let told = |name: &str| fs::read_to_string(rosewood.0.path(name)).unwrap();
    assert!(told("instance.json").contains(own));

    let op = rosewood.op();
    let removed = rosewood
        .adapter
        .remove(&op, RemoveMode::Hard)
        .await
        .unwrap();
    let again = rosewood
        .adapter
        .remove(&op, RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(removed, again);
    assert!(!rosewood.folder().exists());
    assert_eq!(fern.0.names(), ["fern"]);
    assert_eq!(fern.page().await, Some(200));
    assert_eq!(fern.observe().await.health, Health::Degraded);
    assert!(!told("instance.json").contains(own));
    let mut archived = fs::read_dir(rosewood.home.path().join("data/.archive")).unwrap();
    let saved = archived.next().unwrap().unwrap().path();
    assert!(saved.join("policies.json").is_file());
    // The database holds other communities' rows.
    assert!(!saved.join("db.sqlite3").exists());

    let op = fern.op();
    let removed = fern.adapter.remove(&op, RemoveMode::Soft).await.unwrap();
    let again = fern.adapter.remove(&op, RemoveMode::Soft).await.unwrap();
    assert_eq!(removed, again);
    let told = removed.left.concat();
    assert!(told.contains("but keys and tokens"), "{told}");
    assert!(told.contains("does not put them back"), "{told}");
    assert_eq!(fern.0.keeper(), None);
    assert!(!fern.0.service().exists() && !fern.folder().exists());
    let mut trash = fs::read_dir(fern.home.path().join("data/.trash")).unwrap();
    let kept = trash.next().unwrap().unwrap().path().join("rows.json");
    assert!(fs::read_to_string(kept).unwrap().contains("fern"));
}

#[tokio::test]
async fn what_another_community_brought_is_not_overwritten_but_may_be_replaced_together() {
    let key = |world: &mut Tenant, key: &str| {
        world
            .secrets
            .insert("discord_public_key".to_owned(), key.into());
    };
    let mut rosewood = Tenant::alone().await;
    key(&mut rosewood, "the-public-key-of-one-application");
    let mut rosewood = rosewood.running().await;
    let mut fern = rosewood.beside("fern").await;
    key(&mut fern, "the-public-key-of-another-application");
    let refused = fault(fern.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Conflict, "{refused:?}");
    assert!(!refused.what.contains("rosewood"), "{refused:?}");
    key(&mut fern, "the-public-key-of-one-application");
    let mut fern = fern.running().await;

    // Both follow a new key, one after the other, and nobody is asked to be first.
    for world in [&mut rosewood, &mut fern] {
        key(world, "the-new-public-key-of-that-application");
        let op = world.op();
        world
            .adapter
            .move_key(&op, "discord_public_key")
            .await
            .unwrap();
    }
    let told = fs::read_to_string(rosewood.0.path("instance.json")).unwrap();
    assert!(told.contains("the-new-public-key"), "{told}");
    assert!(!told.contains("of-one-application"), "{told}");
    assert_eq!(rosewood.page().await, Some(200));
}
