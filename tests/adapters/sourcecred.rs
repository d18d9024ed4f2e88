//! The SourceCred adapter with the sandbox's stand-in for the tool: real processes, real ports, a real folder.

mod keeping;
mod life;
mod sources;
mod world;

pub use world::World as Ledger;

use crate::description::{Drift, Platform};
use guildhall::sandbox::LimitShape;
use std::fs;
use world::everything;

impl Ledger {
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

    async fn drift(&self, how: Drift) -> bool {
        match how {
            Drift::Renamed
            | Drift::Unmarked
            | Drift::Archived
            | Drift::RightTaken
            | Drift::KeyRevoked => {
                return false;
            }
            Drift::PartDeleted => fs::remove_file(self.path("data/ledger.json")).unwrap(),
            Drift::Deleted => fs::remove_dir_all(self.folder()).unwrap(),
        }
        true
    }

    async fn somebody_elses(&mut self) -> Option<String> {
        let theirs = self.old_scores();
        fs::create_dir_all(theirs.join("data")).unwrap();
        fs::write(theirs.join("sourcecred.json"), "{\"bundledPlugins\": []}").unwrap();
        fs::write(theirs.join("data/ledger.json"), "{\"a\": 1}\n").unwrap();
        Some(theirs.to_string_lossy().into_owned())
    }

    async fn of_others(&self) -> Vec<String> {
        let files = everything(&self.old_scores()).into_iter();
        files
            .map(|(path, bytes)| format!("{} {bytes:?}", path.display()))
            .collect()
    }
}
