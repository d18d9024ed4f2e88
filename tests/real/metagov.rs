//! The real Metagov Gateway, from a checkout on this host: its runtime installed, a community made, its plugins enabled,
//! switched off and on, removed; with the figures that are shown before.
//!
//! `GUILDHALL_METAGOV_SRC` names the checkout; without it it says that it was skipped.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/description.rs"]
mod description;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/django_world.rs"]
mod django_world;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../support/journal.rs"]
mod journal;
#[path = "support/measures.rs"]
mod measures;
#[path = "../adapters/metagov/world.rs"]
mod metagov;
#[path = "support/redis.rs"]
mod redis;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/world.rs"]
mod world;

use guildhall::{
    adapters::{Halt, Peer, Settings, Target, metagov::SERVICE},
    catalog::Catalog,
    domain::{Health, InstanceId, PlatformId, RemoveMode},
};
use measures::{cache, memory_mib, named, within_a_quarter};
use metagov::World;
use redis::Redis;
use std::time::Instant;

fn peer(platform: &str, url: Option<&str>) -> Peer {
    Peer {
        platform: PlatformId::new(platform),
        instance: InstanceId(2),
        url: url.map(str::to_owned),
        settings: Settings::default(),
        target: Some(Target::Site {
            address: "http://127.0.0.1:9/".parse().unwrap(),
        }),
    }
}

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "a skipped test must say so, and figures are read"
)]
async fn a_community_is_made_joined_switched_off_and_on_and_removed() {
    let Some(gateway) = named("GUILDHALL_METAGOV_SRC") else {
        eprintln!("skipped: GUILDHALL_METAGOV_SRC names no checkout");
        return;
    };
    let mut gate = World::bare(&[("source_gateway", &gateway)]).await;
    gate.runtimes = cache().join("runtimes");
    let runtime = gate.runtimes.join(SERVICE.recipe.name);
    let was_there = runtime.is_dir();
    let begun = Instant::now();
    let presence = gate
        .provision()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    gate.take(&presence);
    let made = begun.elapsed();
    gate.activate().await;
    let up = begun.elapsed();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    eprintln!(
        "made in {made:?}, answering after {up:?}; runtime installed before: {was_there}; load {load}"
    );
    assert_eq!(gate.names(), ["rosewood"]);
    let (_, page) = gate.get("api/internal/community/rosewood").await.unwrap();
    assert!(page.contains("Rosewood Co-op"), "{page}");
    assert_eq!(gate.observe().await.health, Health::Ok);

    let resources = Catalog::builtin()
        .unwrap()
        .get(&PlatformId::new("metagov"))
        .unwrap()
        .resources
        .clone();
    let memory = memory_mib(gate.keeper().unwrap().pid);
    eprintln!(
        "memory: {memory} MiB measured, {} shown",
        resources.memory_active_mib
    );
    let disk = measures::disk_mib(&runtime);
    eprintln!(
        "runtime: {disk} MiB measured, {} shown",
        resources.disk_runtime_mib
    );
    within_a_quarter("memory", memory, resources.memory_active_mib);
    within_a_quarter("runtime", disk, resources.disk_runtime_mib);

    gate.connect(&peer("sourcecred", None)).await;
    // Nobody answers there: nothing half made may be left.
    gate.secrets
        .insert("discourse_api_key".to_owned(), "0".repeat(64).into());
    gate.secrets.insert(
        "discourse_webhook_secret".to_owned(),
        "a-secret-of-ours".into(),
    );
    let forum = peer("discourse", Some("http://127.0.0.1:9"));
    match gate.adapter.connect(&gate.op(), &forum).await {
        Err(Halt::Stopped(fault)) => eprintln!("{fault}"),
        other => panic!("{other:?}"),
    }
    let plugins = "SELECT name FROM core_plugin";
    assert_eq!(gate.rows(plugins), ["sourcecred"]);
    gate.deactivate().await;
    assert_eq!(gate.keeper(), None);
    gate.activate().await;
    assert_eq!(gate.rows(plugins), ["sourcecred"]);
    let seen = gate.observe().await;
    assert!(
        seen.health == Health::Ok && seen.drift.is_empty(),
        "{seen:?}"
    );

    gate.adapter
        .remove(&gate.op(), RemoveMode::Hard)
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    assert_eq!(gate.keeper(), None);
    assert!(!gate.folder().exists());
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn tasks_go_through_a_redis_that_the_operator_named() {
    let (Some(gateway), Some(redis)) = (named("GUILDHALL_METAGOV_SRC"), Redis::start()) else {
        eprintln!("skipped: no checkout is named, or there is no redis-server");
        return;
    };
    let mut gate = World::bare(&[
        ("source_gateway", &gateway),
        ("broker_url", &redis.address()),
    ])
    .await;
    gate.runtimes = cache().join("runtimes");
    gate.secrets
        .insert("broker_login".to_owned(), Redis::login());
    gate.provisioned().await;
    // It waits until the worker says that it is ready, which it is once the queue took it.
    gate.activate().await;
    redis.must_hold_only(&format!("guildhall-{}:", gate.marker));
    let files = std::fs::read_dir(gate.path("broker")).unwrap();
    assert_eq!(files.count(), 0, "tasks still lie in files");
    assert_eq!(gate.observe().await.health, Health::Ok);
    gate.deactivate().await;
}
