//! The real SourceCred from npm: installed as the adapter installs it, run, shown, stopped.
//!
//! Needs the network and minutes, so it says that it was skipped unless `GUILDHALL_REAL=1`. The runtime is kept in the
//! folder named by `GUILDHALL_REAL_CACHE` (`${XDG_CACHE_HOME:-~/.cache}/guildhall-real` when it is not set).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "../support/journal.rs"]
mod journal;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/sourcecred/world.rs"]
mod sourcecred;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../adapters/world.rs"]
mod world;

use guildhall::{adapters::sourcecred::RECIPE, domain::Health, services::runtime};
use sourcecred::World;
use std::{fs, path::PathBuf, process::Command};

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
