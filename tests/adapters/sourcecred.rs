//! The SourceCred adapter with the sandbox's stand-in for the tool: real processes, real ports, a real folder.

mod keeping;
mod life;
mod sources;
mod world;

pub use world::World as Ledger;

use crate::description::{Befell, Drift, Luck, OWN_HOST, Platform, Whose};
use guildhall::sandbox::LimitShape;
use std::fs;
use world::everything;

/// The ledger of somebody else.
const OF_OTHERS: &str = "{\"a\": 1}\n";

impl Ledger {
    /// Where somebody moves what is theirs.
    fn moved(&self) -> std::path::PathBuf {
        self.home.path().join("moved")
    }

    /// The folder that is there already, of whoever kept scores before.
    fn old_scores(&self) -> std::path::PathBuf {
        self.home.path().join("data/rosewood/old-scores")
    }
}

impl Platform for Ledger {
    const NAME: &'static str = "sourcecred";
    const CREATIONS: &'static [(&'static str, &'static str)] = &[];
    const LIMITS: &'static [LimitShape] = &[];
    const UNKNOWN_KEY: Option<(&'static str, &'static str)> = None;
    const ASKS_NOBODY: Option<&'static str> = Some(OWN_HOST);

    const NOT_PUT_BACK: &'static [(Drift, &'static str)] = &[(
        Drift::PartDeleted,
        "a ledger is never begun anew: balances are people's",
    )];

    async fn fresh() -> Self {
        Self::new(&[("plugins", "external")]).await
    }

    async fn made(&self) -> Vec<String> {
        let community = self.home.path().join("data/rosewood");
        let folders = fs::read_dir(community).into_iter().flatten().flatten();
        let mut made: Vec<String> = folders
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        made.extend(self.keeper().map(|_| "keeper".to_owned()));
        made
    }

    async fn use_it(&mut self) {
        self.write_graph();
        self.active = true;
        self.activate().await.unwrap();
    }

    async fn in_use(&self) -> String {
        let site = self.get("output/accounts.json").await;
        let ledger = self.read("data/ledger.json");
        format!("{:?} {site:?} {ledger}", self.keeper().is_some())
    }

    async fn drift(&self, how: Drift) -> Befell {
        match how {
            Drift::Renamed | Drift::Unmarked => {
                return Err("its name and its mark lie in files of Guildhall alone");
            }
            Drift::Archived | Drift::RightTaken | Drift::KeyRevoked => return Err(OWN_HOST),
            Drift::PartDeleted => fs::remove_file(self.path("data/ledger.json")).unwrap(),
            Drift::Deleted => fs::remove_dir_all(self.folder()).unwrap(),
        }
        Ok(())
    }

    async fn owned_by(&mut self, _whose: Whose) -> Befell {
        Err("whoever has its folder has it")
    }

    async fn befall(&mut self, luck: Luck) -> Befell {
        match luck {
            Luck::NameTaken => {
                fs::create_dir_all(self.path("data")).unwrap();
                fs::write(self.path("data/ledger.json"), OF_OTHERS).unwrap();
            }
            _ => return Err(OWN_HOST),
        }
        Ok(())
    }

    async fn relieve(&mut self, _luck: Luck) {
        fs::rename(self.folder(), self.moved()).unwrap();
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        let theirs = self.old_scores();
        fs::create_dir_all(theirs.join("data")).unwrap();
        fs::write(theirs.join("sourcecred.json"), "{\"bundledPlugins\": []}").unwrap();
        fs::write(theirs.join("data/ledger.json"), "{\"a\": 1}\n").unwrap();
        Some(theirs.to_string_lossy().into_owned())
    }

    async fn of_others(&self) -> Vec<String> {
        let theirs = self.old_scores();
        if !theirs.is_dir() {
            let places = [self.path("data"), self.moved().join("data")];
            let ledgers = places.map(|folder| fs::read_to_string(folder.join("ledger.json")));
            return ledgers
                .into_iter()
                .flatten()
                .filter(|text| text == OF_OTHERS)
                .collect();
        }
        everything(&theirs)
            .into_iter()
            .map(|(path, bytes)| format!("{} {bytes:?}", path.display()))
            .collect()
    }
}
