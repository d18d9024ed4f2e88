//! The engine over a real store and a real vault, with platforms that live in memory.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]

#[path = "support/fake_adapter.rs"]
mod fake_adapter;

#[path = "engine/accepting.rs"]
mod accepting;
#[path = "engine/authority.rs"]
mod authority;
#[path = "engine/crash.rs"]
mod crash;
#[path = "engine/delegation.rs"]
mod delegation;
#[path = "engine/drift.rs"]
mod drift;
#[path = "engine/handing_over.rs"]
mod handing_over;
#[path = "engine/key_age.rs"]
mod key_age;
#[path = "engine/keys.rs"]
mod keys;
#[path = "engine/life.rs"]
mod life;
#[path = "engine/moving.rs"]
mod moving;
#[path = "engine/parting.rs"]
mod parting;
#[path = "engine/powerful_keys.rs"]
mod powerful_keys;
#[path = "engine/rights.rs"]
mod rights;
#[path = "engine/rotation.rs"]
mod rotation;
#[path = "engine/rotation_cuts.rs"]
mod rotation_cuts;
#[path = "engine/slots.rs"]
mod slots;
#[path = "engine/threats.rs"]
mod threats;
#[path = "engine/town.rs"]
mod town;
#[path = "engine/trouble.rs"]
mod trouble;
#[path = "engine/waking.rs"]
mod waking;
#[path = "engine/wanted.rs"]
mod wanted;

use fake_adapter::{World, catalog, registry};
use guildhall::{
    domain::{
        Actor, Choice, Desired, Fault, Intent, KeyEntry, NewCommunity, Observed, OperationState,
        PlatformId, Slug,
    },
    engine::{
        Engine, EngineOptions, Events, Limits, NewInstallation, Operations, Protection,
        views::{EngineEvent, Examination, InstanceDetail, OperationRow, Receipt},
    },
    vault::{Unlocker, WorkFactor},
};
use secrecy::SecretString;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery";

/// A folder, a world, and the options to open engines on both.
#[derive(Clone)]
struct Home {
    folder: Arc<TempDir>,
    world: Arc<World>,
    options: EngineOptions,
}

impl Home {
    fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let world = Arc::new(World::default());
        let catalog = Arc::new(catalog(&folder.path().join("platforms")));
        let mut options = EngineOptions::new(folder.path().join("home"), catalog, registry(&world));
        options.login = Some("ada".into());
        options.limits = Limits {
            lease: Duration::from_millis(400),
            renew_every: Duration::from_millis(60),
            first_pause: Duration::from_millis(30),
            cancel_grace: Duration::from_millis(200),
            patience: Duration::from_secs(2),
            work_factor: WorkFactor::TRIFLING,
            ..Limits::default()
        };
        Self {
            folder,
            world,
            options,
        }
    }

    /// Sets the installation up: alpha active, beta and gamma inactive, every other platform off.
    async fn init(&self) -> Engine {
        let mut choices: BTreeMap<PlatformId, Choice> = self
            .options
            .catalog
            .iter()
            .map(|manifest| (manifest.id.clone(), Choice::Off))
            .collect();
        choices.insert(id("alpha"), Choice::Active);
        choices.insert(id("beta"), Choice::Inactive);
        choices.insert(id("gamma"), Choice::Inactive);
        let new = NewInstallation {
            name: "commons.example".into(),
            protection: Protection::Passphrase(SecretString::from(PASSPHRASE)),
            choices,
        };
        let (engine, _) = Engine::init(self.options.clone(), new)
            .await
            .expect("set-up");
        engine
    }

    async fn open(&self) -> Engine {
        Engine::open(self.options.clone()).await.expect("it opens")
    }
}

fn id(platform: &str) -> PlatformId {
    PlatformId::new(platform)
}

fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

async fn ada(engine: &Engine) -> Actor {
    engine.actor(None).await.expect("the operator")
}

async fn settle(engine: &Engine) {
    tokio::time::timeout(Duration::from_secs(20), engine.settle())
        .await
        .expect("it comes to rest");
}

/// Returns when an operation could not be written down.
async fn nothing_is_written(mut events: Events) {
    while let Some(event) = events.next().await {
        if let EngineEvent::Operation {
            state: OperationState::Running,
            fault: Some(_),
            ..
        } = event
        {
            return;
        }
    }
}

fn rosewood() -> NewCommunity {
    NewCommunity {
        slug: slug("rosewood"),
        name: "Rosewood Co-op".into(),
        description: String::new(),
        choices: BTreeMap::new(),
        settings: BTreeMap::new(),
    }
}

async fn create(engine: &Engine) -> Receipt {
    let actor = ada(engine).await;
    engine
        .submit(&actor, Intent::CreateCommunity(rosewood()))
        .await
        .expect("it is created")
}

async fn detail(engine: &Engine, platform: &str) -> InstanceDetail {
    let actor = ada(engine).await;
    engine
        .instance(&actor, &slug("rosewood"), &id(platform))
        .await
        .expect("the details")
}

async fn observed(engine: &Engine, platform: &str) -> Observed {
    detail(engine, platform)
        .await
        .instance
        .expect("an instance")
        .observed
}

async fn operations(engine: &Engine) -> Vec<OperationRow> {
    let actor = ada(engine).await;
    engine
        .operations(&actor, Operations::default())
        .await
        .expect("the operations")
}

async fn states(engine: &Engine) -> Vec<(String, OperationState)> {
    let mut rows: Vec<_> = operations(engine)
        .await
        .into_iter()
        .map(|row| {
            let operation = row.operation;
            (
                format!("{} {}", operation.platform, operation.verb),
                operation.state,
            )
        })
        .collect();
    rows.reverse();
    rows
}

async fn switch(engine: &Engine, platform: &str, desired: Desired) -> Result<Receipt, Fault> {
    let actor = ada(engine).await;
    let community = engine
        .community(&actor, &slug("rosewood"))
        .await?
        .community
        .id;
    let intent = Intent::SetDesired {
        community,
        platform: id(platform),
        desired,
    };
    engine.submit(&actor, intent).await
}

async fn examine(
    engine: &Engine,
    platform: &str,
    field: &str,
    secret: &str,
) -> Result<Examination, Fault> {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: field.into(),
        secret: SecretString::from(secret),
    }];
    engine
        .examine_key(
            &actor,
            &slug("rosewood"),
            &id(platform),
            entries,
            BTreeMap::new(),
        )
        .await
}

async fn enter(engine: &Engine, field: &str, secret: &str) -> Receipt {
    let examined = examine(engine, "beta", field, secret)
        .await
        .expect("examined");
    assert_eq!(examined.fault, None);
    let actor = ada(engine).await;
    let intent = Intent::StoreKey {
        examination: examined.id,
        keep_unverified: false,
        keep_powerful: false,
    };
    engine.submit(&actor, intent).await.expect("stored")
}

/// An engine on the home, with its vault open.
async fn unlocked(home: &Home) -> Engine {
    let engine = home.open().await;
    engine
        .unlock(Unlocker::Passphrase(SecretString::from(PASSPHRASE)))
        .await
        .expect("it unlocks");
    engine
}

/// Enters a token of beta for a community; kept though nobody could be asked about it where that is wanted.
async fn enter_as(
    engine: &Engine,
    community: &str,
    secret: &str,
    keep_unverified: bool,
) -> Result<Receipt, Fault> {
    let actor = ada(engine).await;
    let entries = vec![KeyEntry {
        field: "token".into(),
        secret: SecretString::from(secret),
    }];
    let examined = engine
        .examine_key(
            &actor,
            &slug(community),
            &id("beta"),
            entries,
            BTreeMap::new(),
        )
        .await?;
    let intent = Intent::StoreKey {
        examination: examined.id,
        keep_unverified,
        keep_powerful: false,
    };
    engine.submit(&actor, intent).await
}

async fn enter_for(engine: &Engine, community: &str, secret: &str) -> Result<Receipt, Fault> {
    enter_as(engine, community, secret, false).await
}
