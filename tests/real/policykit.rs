//! The real PolicyKit, from checkouts on this host: its runtime installed, a community's instance made, run, switched off
//! and on, joined, removed; with the figures that are shown before.
//!
//! `GUILDHALL_POLICYKIT_SRC` and `GUILDHALL_METAGOV_SRC` name the checkouts; without them it says that it was skipped. The
//! runtime is kept in the folder named by `GUILDHALL_REAL_CACHE` (`${XDG_CACHE_HOME:-~/.cache}/guildhall-real` when it is
//! not set).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "policykit/brokers.rs"]
mod brokers;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/description.rs"]
mod description;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/django_world.rs"]
mod django_world;
#[path = "policykit/former.rs"]
mod former;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../support/journal.rs"]
mod journal;
#[expect(
    dead_code,
    clippy::print_stderr,
    reason = "shared with other tests; a skipped test must say so"
)]
#[path = "systemd/manager.rs"]
mod manager;
#[path = "support/measures.rs"]
mod measures;
#[path = "../adapters/policykit/world.rs"]
mod policykit;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/redis.rs"]
mod redis;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/world.rs"]
mod world;

use guildhall::{
    adapters::{
        Peer, Settings, Standing, Target,
        policykit::{PolicyKit, SERVICE},
    },
    catalog::Catalog,
    domain::{Health, InstanceId, InstanceKind, PlatformId, RemoveMode},
    services::supervisor::{OwnProgram, Supervisor},
};
use manager::Manager;
use measures::{cache, memory_mib, named, within_a_quarter};
use policykit::World;
use std::{path::PathBuf, sync::Arc, time::Instant};

#[tokio::test]
#[expect(
    clippy::print_stderr,
    reason = "a skipped test must say so, and figures are read"
)]
async fn a_community_is_made_run_switched_off_and_on_joined_and_removed() {
    let (Some(policykit), Some(gateway)) = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    ) else {
        eprintln!("skipped: GUILDHALL_POLICYKIT_SRC and GUILDHALL_METAGOV_SRC name no checkouts");
        return;
    };
    let mut hall = World::bare(&[
        ("source_policykit", &policykit),
        ("source_gateway", &gateway),
    ])
    .await;
    hall.runtimes = cache().join("runtimes");
    let was_there = runtime(&hall).is_dir();

    let begun = Instant::now();
    let presence = hall
        .provision()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    hall.take(&presence);
    let made = begun.elapsed();
    hall.activate().await;
    let up = begun.elapsed();
    // A figure to be read, never a condition: how long it takes depends on what else this host does.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap();
    eprintln!(
        "made in {made:?}, answering after {up:?}; runtime installed before: {was_there}; load {load}"
    );
    assert_eq!(hall.names(), ["rosewood"]);
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    assert_eq!(
        hall.get("static/bundler/manifest.json").await.unwrap().0,
        200
    );
    only_slack_is_heard(&hall).await;
    let seen = hall.observe().await;
    assert_eq!(seen.health, Health::Degraded, "{seen:?}");
    assert!(seen.note.contains("no platform"), "{}", seen.note);

    figures_are_right(&hall);

    let before = count(&hall);
    hall.deactivate().await;
    assert_eq!(hall.keeper(), None);
    assert_eq!(hall.get("login/").await, None);
    assert_eq!(count(&hall), before);
    hall.activate().await;
    assert_eq!(count(&hall), before);

    let peer = scores();
    hall.connect(&peer).await;
    let probe = hall
        .adapter
        .probe_connection(&hall.op(), &peer)
        .await
        .unwrap();
    assert!(
        !probe.arrived && probe.sent,
        "nobody serves scores there: {probe:?}"
    );
    assert_eq!(hall.observe().await.drift, []);
    hall.adapter.disconnect(&hall.op(), &peer).await.unwrap();

    let removed = hall
        .adapter
        .remove(&hall.op(), RemoveMode::Hard)
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    eprintln!("{:?}", removed.left);
    assert_eq!(hall.keeper(), None);
    assert!(!hall.folder().exists());
}

fn runtime(hall: &World) -> PathBuf {
    hall.runtimes.join(SERVICE.recipe.name)
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn two_communities_share_one_and_a_removal_takes_every_row_of_its_own_and_none_of_the_others()
{
    let (Some(policykit), Some(gateway)) = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    ) else {
        eprintln!("skipped: GUILDHALL_POLICYKIT_SRC and GUILDHALL_METAGOV_SRC name no checkouts");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let tenant = async |slug: &'static str| {
        let mut hall = World::bare(&[
            ("source_policykit", &policykit),
            ("source_gateway", &gateway),
        ])
        .await;
        hall.kind = InstanceKind::Tenant;
        hall.slug = slug;
        // The runtime is the kept one, and the shared service lies beside a link to it.
        hall.runtimes = home.path().join("runtimes");
        hall
    };
    std::fs::create_dir_all(cache().join("runtimes")).unwrap();
    std::os::unix::fs::symlink(cache().join("runtimes"), home.path().join("runtimes")).unwrap();
    let mut rosewood = tenant("rosewood").await;
    rosewood.provisioned().await;
    rosewood.activate().await;
    let alone = count(&rosewood);
    let mut fern = tenant("fern").await;
    fern.provisioned().await;
    fern.activate().await;
    assert_eq!(fern.names(), ["rosewood", "fern"]);
    assert_eq!(fern.keeper(), rosewood.keeper());
    fern.connect(&scores()).await;
    for hall in [&rosewood, &fern] {
        let seen = hall.observe().await;
        assert_eq!(seen.standing, Standing::Present, "{seen:?}");
        assert_eq!(seen.drift, [], "{seen:?}");
    }
    let told = fern.deactivate().await;
    assert!(told.contains("nothing of it stops"), "{told}");
    assert_eq!(rosewood.get("login/").await.unwrap().0, 200);

    let removed = fern
        .adapter
        .remove(&fern.op(), RemoveMode::Soft)
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    eprintln!("{:?}", removed.left);
    assert_eq!(count(&rosewood), alone);
    assert_eq!(rosewood.get("login/").await.unwrap().0, 200);
    let mut trash = std::fs::read_dir(fern.home.path().join("data/.trash")).unwrap();
    let rows = trash.next().unwrap().unwrap().path().join("rows.json");
    let text = std::fs::read_to_string(rows).unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let models: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["model"].as_str())
        .collect();
    for model in ["policyengine.community", "core.community", "core.datastore"] {
        assert!(models.contains(&model), "{model}: {models:?}");
    }
    // The plugin with its settings is among them, and nothing of the other community.
    assert!(text.contains("http://127.0.0.1:9"), "{text}");
    assert!(!text.contains("rosewood"), "{text}");
    let service = rosewood.service();
    rosewood
        .adapter
        .remove(&rosewood.op(), RemoveMode::Hard)
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    assert!(!service.exists());
    assert_eq!(rosewood.keeper(), None);
}

fn scores() -> Peer {
    Peer {
        platform: PlatformId::new("sourcecred"),
        instance: InstanceId(2),
        url: None,
        settings: Settings::default(),
        target: Some(Target::Site {
            address: "http://127.0.0.1:9/".parse().unwrap(),
        }),
    }
}

/// A greeting is echoed, and what carries no signature is refused.
async fn only_slack_is_heard(hall: &World) {
    let echo = hall
        .site()
        .http
        .post(
            &format!("http://127.0.0.1:{}/", hall.port())
                .parse()
                .unwrap(),
            "api/hooks/slack",
        )
        .json(&serde_json::json!({ "type": "url_verification", "challenge": "nonce-77" }))
        .send()
        .await
        .unwrap();
    assert_eq!(echo.text(), "nonce-77");
    let forged = hall
        .site()
        .http
        .post(
            &format!("http://127.0.0.1:{}/", hall.port())
                .parse()
                .unwrap(),
            "api/hooks/slack",
        )
        .json(&serde_json::json!({ "type": "event_callback", "team_id": "T0123ABCD" }))
        .send()
        .await
        .unwrap();
    assert_eq!(forged.status, 500, "an event without a signature was taken");
}

/// What is shown before is what is measured after.
#[expect(clippy::print_stderr, reason = "figures are read")]
fn figures_are_right(hall: &World) {
    let memory = memory_mib(hall.keeper().unwrap().pid);
    let resources = Catalog::builtin()
        .unwrap()
        .get(&PlatformId::new("policykit"))
        .unwrap()
        .resources
        .clone();
    eprintln!(
        "memory: {memory} MiB measured, {} shown",
        resources.memory_active_mib
    );
    within_a_quarter("memory", memory, resources.memory_active_mib);
    let disk = measures::disk_mib(&runtime(hall));
    eprintln!(
        "runtime: {disk} MiB measured, {} shown",
        resources.disk_runtime_mib
    );
    within_a_quarter("runtime", disk, resources.disk_runtime_mib);
}

/// How many rows each table has that only people change.
fn count(hall: &World) -> Vec<String> {
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'django_celery_%'
        AND name NOT LIKE 'django_db_logger%' AND name != 'sqlite_sequence' ORDER BY name";

    hall.rows(tables)
        .iter()
        .map(|table| {
            format!(
                "{table} {:?}",
                hall.rows(&format!("SELECT count(*) FROM \"{table}\""))
            )
        })
        .collect()
}

/// The instance as the commit before the last migrations left it: its database, and the fact that says who made it.
async fn of_the_former_commit(policykit: &str, gateway: &str) -> World {
    let mut hall =
        World::bare(&[("source_policykit", policykit), ("source_gateway", gateway)]).await;
    hall.runtimes = cache().join("runtimes");
    hall.provisioned().await;
    former::lay(policykit.as_ref(), &runtime(&hall), &hall.folder());
    let op = hall.op();
    op.remember("version", &"0b71bc1d-1").await.unwrap();
    assert_eq!(hall.names(), ["rosewood"]);
    assert_eq!(newest(&hall.path("db.sqlite3")), "0022");
    hall
}

/// The number of the last of its own migrations in a database.
fn newest(database: &std::path::Path) -> String {
    let query = "SELECT max(substr(name, 1, 4)) FROM django_migrations WHERE app = 'policyengine'";
    let rows = guildhall::services::database::rows(database, query, &[]);
    rows.unwrap().unwrap()[0][0].clone()
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn a_database_of_a_former_commit_is_brought_up_and_one_that_cannot_be_stays_as_it_was() {
    let (Some(policykit), Some(gateway)) = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    ) else {
        eprintln!("skipped: GUILDHALL_POLICYKIT_SRC and GUILDHALL_METAGOV_SRC name no checkouts");
        return;
    };
    let mut hall = of_the_former_commit(&policykit, &gateway).await;
    hall.activate().await;
    assert_eq!(hall.names(), ["rosewood"]);
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    assert_eq!(newest(&hall.path("db.sqlite3")), "0025");
    let kept = std::fs::read_dir(hall.path("safety")).unwrap();
    let kept: Vec<_> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(newest(&kept[0]), "0022");
    hall.deactivate().await;

    // Somebody changed the tables by hand: the migration ends in the middle.
    let mut hall = of_the_former_commit(&policykit, &gateway).await;
    rusqlite::Connection::open(hall.path("db.sqlite3"))
        .unwrap()
        .execute_batch("ALTER TABLE policyengine_transformer RENAME TO taken_away")
        .unwrap();
    let fault = hall.fails_to_activate().await;
    assert!(fault.what.contains("nothing was changed"), "{fault:?}");
    assert_eq!(hall.journal.facts()["version"], "0b71bc1d-1");
    assert_eq!(newest(&hall.path("db.sqlite3")), "0022");
    assert_eq!(hall.names(), ["rosewood"]);
    assert!(!hall.path("upgrade").exists() && !hall.path("safety").exists());
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn it_runs_as_units_of_systemd_behind_walls() {
    let (Some(policykit), Some(gateway)) = (
        named("GUILDHALL_POLICYKIT_SRC"),
        named("GUILDHALL_METAGOV_SRC"),
    ) else {
        eprintln!("skipped: GUILDHALL_POLICYKIT_SRC and GUILDHALL_METAGOV_SRC name no checkouts");
        return;
    };
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut hall = World::bare(&[
        ("source_policykit", &policykit),
        ("source_gateway", &gateway),
    ])
    .await;
    let own = OwnProgram::at(world::program().to_owned());
    hall.adapter = Arc::new(PolicyKit::kept_by(Supervisor::systemd_user(
        own,
        manager.runtime(),
    )));
    hall.runtimes = cache().join("runtimes");
    hall.provisioned().await;
    hall.activate().await;
    assert_eq!(hall.get("login/").await.unwrap().0, 200);
    only_slack_is_heard(&hall).await;
    let seen = hall.observe().await;
    assert_eq!(seen.health, Health::Degraded, "{seen:?}");
    assert!(seen.note.contains("no platform"), "{}", seen.note);
    let units = manager.units();
    assert_eq!(units.len(), 2, "{units:?}");
    for unit in &units {
        let text = std::fs::read_to_string(unit).unwrap();
        assert!(text.contains("TemporaryFileSystem="), "{text}");
    }
    hall.deactivate().await;
    assert_eq!(manager.units(), [""; 0]);
}
