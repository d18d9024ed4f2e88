//! The real SourceCred from npm: installed as the adapter installs it, run, shown, stopped.
//!
//! Needs the network and minutes, so it says that it was skipped unless `GUILDHALL_REAL=1`. The runtime is kept in the
//! folder named by `GUILDHALL_REAL_CACHE` (`${XDG_CACHE_HOME:-~/.cache}/guildhall-real` when it is not set).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/description.rs"]
mod description;
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
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/sourcecred/world.rs"]
mod sourcecred;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/world.rs"]
mod world;

use guildhall::{
    adapters::sourcecred::{RECIPE, SourceCred},
    domain::Health,
    services::{runtime, supervisor::Supervisor},
};
use manager::Manager;
use sourcecred::World;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from);
    set("GUILDHALL_REAL_CACHE").unwrap_or_else(|| {
        let cache = set("XDG_CACHE_HOME").unwrap_or_else(|| set("HOME").unwrap().join(".cache"));
        cache.join("guildhall-real")
    })
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn the_real_tool_scores_shows_and_stops_and_the_ledger_stays() {
    if std::env::var("GUILDHALL_REAL").as_deref() != Ok("1") {
        eprintln!("skipped: the real SourceCred is tried only with GUILDHALL_REAL=1");
        return;
    }
    let mut world = World::new(&[("plugins", "external"), ("grain_policy", "immediate")]).await;
    let runtimes = cache().join("runtimes");
    world.runtimes.clone_from(&runtimes);
    world
        .provision()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    let installed = runtime::find(&runtimes, RECIPE.name, RECIPE.version).unwrap();
    let program = installed.unwrap().folder.join(RECIPE.script);
    assert!(program.is_file(), "{}", program.display());

    // Nothing contributed yet is normal.
    world.active = true;
    let told = world
        .activate()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    assert!(told.contains("no contributions yet"), "{told}");
    world.write_graph();
    let told = world
        .activate()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    assert!(told.starts_with("The scores are there."), "{told}");

    let graph = world.path("output/credGraph");
    assert!(fs::metadata(&graph).unwrap().len() > 0);
    let (status, accounts) = world.get("output/accounts.json").await.unwrap();
    assert_eq!(status, 200);
    let accounts: serde_json::Value = serde_json::from_str(&accounts).unwrap();
    let mut names: Vec<(String, f64)> = accounts["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| {
            let name = each["account"]["identity"]["name"].as_str().unwrap();
            (name.to_owned(), each["totalCred"].as_f64().unwrap())
        })
        .collect();
    names.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(names.len(), 2);
    assert!(
        names[0].0 == "alice" && names[0].1 > names[1].1,
        "{names:?}"
    );
    let (status, page) = world.get("").await.unwrap();
    assert!(status == 200 && page.contains("<title>SourceCred</title>"));
    assert_eq!(world.get("guildhall.json").await.unwrap().0, 404);
    assert_eq!(
        world.observe().await.health,
        Health::Ok,
        "{:?}",
        world.observe().await
    );

    // The policy that the settings wrote is one that the tool understands.
    let ledger = world.read("data/ledger.json");
    let node = Command::new("node")
        .arg(&program)
        .args(["grain", "-s"])
        .current_dir(world.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&node.stderr).into_owned();
    assert!(said.contains("must have at least one identity"), "{said}");

    world.active = false;
    world.deactivate().await.unwrap();
    assert_eq!(world.keeper(), None);
    assert_eq!(world.get("sourcecred.json").await, None);
    assert_eq!(world.read("data/ledger.json"), ledger);
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
async fn as_units_of_systemd_site_and_timer_work_behind_walls() {
    if std::env::var("GUILDHALL_REAL").as_deref() != Ok("1") {
        eprintln!("skipped: the real SourceCred is tried only with GUILDHALL_REAL=1");
        return;
    }
    let Some(manager) = Manager::start() else {
        return;
    };
    let supervisor = Supervisor::systemd_user(sourcecred::own(), manager.runtime());
    let mut world = World::new(&[("plugins", "external"), ("grain_policy", "immediate")]).await;
    world.adapter = Arc::new(SourceCred::kept_by(supervisor));
    world.runtimes = cache().join("runtimes");
    world
        .provision()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    world.write_graph();
    world.active = true;
    world
        .activate()
        .await
        .unwrap_or_else(|halt| panic!("{halt:#?}"));
    assert_eq!(world.get("output/accounts.json").await.unwrap().0, 200);
    let units = manager.units();
    assert_eq!(units.len(), 3, "{units:?}");
    for unit in units.iter().filter(|unit| unit.ends_with(".service")) {
        let text = fs::read_to_string(unit).unwrap();
        assert!(text.contains("TemporaryFileSystem="), "{text}");
        assert_eq!(manager.analyze(&["verify", "--man=no"], unit).trim(), "");
        let told = manager.analyze(&["security", "--offline=yes", "--threshold=30"], unit);
        eprintln!("{}", told.lines().last().unwrap_or_default());
        assert!(told.contains("OK"), "{told}");
    }
    // What the timer runs, now.
    fs::remove_file(world.path("output/credGraph")).unwrap();
    let refresh = units
        .iter()
        .find(|unit| unit.ends_with("--refresh.service"));
    let name = Path::new(refresh.unwrap()).file_name().unwrap();
    let ran = manager.run_now(name.to_str().unwrap());
    assert!(ran.contains("ExecMainStatus=0"), "{ran}");
    assert!(world.path("output/credGraph").is_file());
    world.active = false;
    world.deactivate().await.unwrap();
    assert_eq!(manager.units(), [""; 0]);
}
