//! An installation of a given size, written through the store in one transaction.

use guildhall::{
    adapters::registry::Registry,
    catalog::Catalog,
    domain::{Desired, InstanceKind, Observed, PlatformId, Slug},
    engine::{Engine, EngineOptions, NewInstallation, Protection},
    store::{NewInstance, Store},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where it lies.
pub struct Place {
    pub home: PathBuf,
    pub config: PathBuf,
    /// The name of the community that the list begins with.
    pub first: String,
}

/// Builds it. No instance is in a state in which the program would ask its platform anything.
pub fn build(folder: &Path, communities: u32) -> Place {
    let home = folder.join("home");
    let config = folder.join("config");
    let catalog = Arc::new(Catalog::builtin().unwrap());
    let platforms: Vec<(PlatformId, InstanceKind)> = catalog
        .iter()
        .map(|manifest| (manifest.id.clone(), manifest.kinds[0].kind))
        .collect();
    let options = EngineOptions::new(home.clone(), catalog, Registry::builtin());
    let new = NewInstallation {
        name: "Commons".into(),
        protection: Protection::IdentityFile(folder.join("identity.txt")),
        choices: BTreeMap::new(),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (engine, _recovery) = Engine::init(options, new).await.unwrap();
        engine.shutdown().await;
    });
    drop(runtime);
    let store = Store::open(&home).unwrap();
    store
        .write_now(move |writer| {
            let now = jiff::Timestamp::now();
            for number in 1..=communities {
                let slug: Slug = format!("community-{number:05}").parse().unwrap();
                let name = format!("Community {number:05}");
                let description = "Housing held in common by the people who live in it.";
                let community = writer.insert_community(&slug, &name, description, now)?;
                let instances: Vec<NewInstance> = platforms
                    .iter()
                    .enumerate()
                    .map(|(place, (platform, kind))| instance(platform, *kind, place))
                    .collect();
                writer.insert_instances(community.id, &instances, now)?;
            }
            Ok(())
        })
        .unwrap();
    Place {
        home,
        config,
        first: "Community 00001".to_owned(),
    }
}

fn instance(platform: &PlatformId, kind: InstanceKind, place: usize) -> NewInstance {
    let (desired, observed) = match place % 3 {
        0 => (Desired::Active, Observed::NeedsKey),
        1 => (Desired::Inactive, Observed::NeedsHuman),
        _ => (Desired::Inactive, Observed::NeedsKey),
    };
    NewInstance {
        platform: platform.clone(),
        kind,
        desired,
        observed,
        note: String::new(),
        settings: BTreeMap::new(),
    }
}
