//! The real Kybern, from checkouts on this host: its runtime installed, a community's group made, run, renamed, switched
//! off and on, removed; with the figures that are shown before.
//!
//! `GUILDHALL_KYBERN_SRC` and `GUILDHALL_CONCORD_SRC` name the checkouts; without them it says that it was skipped. Who
//! sets them accepts the licence.
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
#[path = "../adapters/kybern/world.rs"]
mod kybern;
#[path = "support/measures.rs"]
mod measures;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/world.rs"]
mod world;

use guildhall::{
    adapters::kybern::SERVICE,
    catalog::Catalog,
    domain::{Health, PlatformId, RemoveMode},
};
use kybern::World;
use measures::{cache, memory_mib, named, within_a_quarter};
use std::time::Instant;

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "a skipped test must say so, and figures are read"
)]
async fn a_group_is_made_run_renamed_switched_off_and_on_and_removed() {
    let (Some(kybern), Some(concord)) = (
        named("GUILDHALL_KYBERN_SRC"),
        named("GUILDHALL_CONCORD_SRC"),
    ) else {
        eprintln!("skipped: GUILDHALL_KYBERN_SRC and GUILDHALL_CONCORD_SRC name no checkouts");
        return;
    };
    let mut commons = World::bare(&[
        ("source_kybern", &kybern),
        ("source_concord", &concord),
        ("licence_accepted", "true"),
        ("template", "Core Team"),
        ("group_name", "Rosewood & Friends' Co-op"),
    ])
    .await;
    commons.runtimes = cache().join("runtimes");
    let runtime = commons.runtimes.join(SERVICE.recipe.name);
    let was_there = runtime.is_dir();

    let begun = Instant::now();
    let presence = commons
        .provision()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    commons.take(&presence);
    let made = begun.elapsed();
    commons.activate().await;
    let up = begun.elapsed();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    eprintln!(
        "made in {made:?}, answering after {up:?}; runtime installed before: {was_there}; load {load}"
    );
    let groups = ["Kybern Template Community", "Rosewood & Friends' Co-op"];
    assert_eq!(commons.names(), groups);
    let roles = "SELECT roles FROM groups_group WHERE id = 2";
    assert!(
        commons.rows(roles)[0].contains("core team"),
        "its template was not applied"
    );
    let seen = commons.observe().await;
    assert_eq!(seen.health, Health::Ok, "{seen:?}");
    let (_, page) = commons.get("").await.unwrap();
    assert!(!page.contains("polyfill.io"), "a hostile script is loaded");
    assert!(!page.contains("@latest"), "an unpinned script is loaded");

    let resources = Catalog::builtin()
        .unwrap()
        .get(&PlatformId::new("kybern"))
        .unwrap()
        .resources
        .clone();
    let memory = memory_mib(commons.keeper().unwrap().pid);
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

    commons.set("group_name", "Rosewood Commons");
    commons
        .adapter
        .configure(&commons.op(), &["group_name".to_owned()])
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    let groups = ["Kybern Template Community", "Rosewood Commons"];
    assert_eq!(commons.names(), groups);
    commons.deactivate().await;
    assert_eq!(commons.keeper(), None);
    assert_eq!(commons.names(), groups);
    commons.activate().await;
    assert_eq!(commons.observe().await.health, Health::Ok);

    let removed = commons
        .adapter
        .remove(&commons.op(), RemoveMode::Hard)
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    eprintln!("{:?}", removed.left);
    assert_eq!(commons.keeper(), None);
    assert!(!commons.folder().exists());
}
