//! Made, switched on and off, removed, adopted; and killed in between.

use super::world::{World, everything, fault};
use crate::journal::Death;
use guildhall::{
    adapters::{Halt, Standing},
    domain::{DriftKind, FaultKind, Health, InstanceKind, RemoveMode},
};
use std::{fs, os::unix::fs::PermissionsExt};

#[tokio::test]
async fn a_whole_life_keeps_the_ledger_from_the_first_run_to_the_trash() {
    let mut world = World::new(&[("plugins", "external")]).await;
    world.provision().await.unwrap();
    let mode = fs::metadata(world.folder()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(world.read("data/ledger.json"), "[]\n");
    world.write_graph();

    world.active = true;
    let told = world.activate().await.unwrap();
    assert!(told.contains("http://127.0.0.1:"), "{told}");
    let (status, accounts) = world.get("output/accounts.json").await.unwrap();
    assert_eq!(status, 200);
    let accounts: serde_json::Value = serde_json::from_str(&accounts).unwrap();
    let first = &accounts["accounts"][0];
    assert_eq!(first["account"]["identity"]["name"], "alice");
    assert_eq!(first["totalCred"], 2.0);
    let seen = world.observe().await;
    assert_eq!(
        (seen.health, seen.standing),
        (Health::Ok, Standing::Present)
    );
    assert_eq!(seen.drift, []);

    let ledger = world.read("data/ledger.json");
    assert!(ledger.contains("CREATE_IDENTITY"));
    world.active = false;
    world.deactivate().await.unwrap();
    assert_eq!(world.keeper(), None);
    assert_eq!(world.get("sourcecred.json").await, None);
    assert_eq!(world.read("data/ledger.json"), ledger);
    assert!(world.path("output/accounts.json").is_file());
    assert_eq!(world.observe().await.health, Health::Ok);

    // Made again from the top, nothing is made anew.
    world.provision().await.unwrap();
    assert_eq!(world.read("data/ledger.json"), ledger);

    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(!world.folder().exists());
    let place = removed.left[0].trim_start_matches("The whole folder lies in ");
    let place = std::path::Path::new(place.trim_end_matches('.'));
    let kept = fs::read_to_string(place.join("data/ledger.json")).unwrap();
    assert_eq!(kept, ledger);
    let again = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert_eq!(again, removed);
    assert_eq!(world.observe().await.standing, Standing::Gone);
}

#[tokio::test]
async fn what_is_private_is_not_on_the_site() {
    let world = World::with_scores().await;
    for shown in [
        "",
        "sourcecred.json",
        "data/ledger.json",
        "config/currencyDetails.json",
    ] {
        assert_eq!(world.get(shown).await.unwrap().0, 200, "{shown}");
    }
    for hidden in [
        "guildhall.json",
        "config/grain.json",
        "config/personalAttributions.json",
        "config/plugins/external/rosewood/identityProposals.json",
        "config/plugins/external/rosewood/graph.json",
        "runs/last.json",
        "service/site.json",
        "service/service.json",
        "ledger.saved.json",
        ".lock",
        "data/%2e%2e/guildhall.json",
    ] {
        assert_eq!(world.get(hidden).await.unwrap().0, 404, "{hidden}");
    }
}

#[tokio::test]
async fn killed_at_any_write_of_the_journal_it_is_made_once_and_runs_once() {
    for (number, death) in (1..40).flat_map(|number| {
        [
            (number, Death::BeforeWrite(number)),
            (number, Death::AfterWrite(number)),
        ]
    }) {
        let mut world = World::new(&[("plugins", "external")]).await;
        let made = world
            .through(death, async |world| world.provision().await)
            .await;
        world.write_graph();
        world.active = true;
        let switched = {
            let activate = async |world: &mut World| world.activate().await.map(|_| ());
            world.through(death, activate).await
        };
        let community = world.home.path().join("data/rosewood");
        assert_eq!(fs::read_dir(community).unwrap().count(), 1, "{death:?}");
        assert_eq!(world.observe().await.health, Health::Ok, "{death:?}");
        assert!(world.keeper().is_some(), "{death:?}");
        let names = world
            .read("data/ledger.json")
            .matches("CREATE_IDENTITY")
            .count();
        assert_eq!(names, 2, "{death:?}");
        if !made && !switched {
            assert!(number > 4, "the test died too seldom");
            return;
        }
    }
    panic!("the operation never ran to its end");
}

#[tokio::test]
async fn without_a_source_a_person_is_asked_and_the_answer_is_enough() {
    let mut world = World::new(&[]).await;
    world.provision().await.unwrap();
    world.active = true;
    match world.activate().await {
        Err(Halt::Human(task)) => assert_eq!(task.title, "choose a source"),
        other => panic!("{other:?}"),
    }
    world.settings.insert("plugins".into(), "external".into());
    // No contributions yet is normal in a new community, and counts as active.
    let told = world.activate().await.unwrap();
    assert!(told.contains("no contributions yet"), "{told}");
    let seen = world.observe().await;
    assert_eq!(
        (seen.health, seen.note.as_str()),
        (Health::Ok, "no contributions yet")
    );
}

#[tokio::test]
async fn a_damaged_ledger_stops_everything_and_is_never_begun_anew() {
    let mut world = World::with_scores().await;
    let whole = world.read("data/ledger.json");
    let cut = &whole[..whole.len() - 30];
    fs::write(world.path("data/ledger.json"), cut).unwrap();
    assert_eq!(world.observe().await.health, Health::Down);
    let told = fault(world.activate().await);
    assert_eq!(told.kind, FaultKind::Storage);
    assert!(told.hint.contains("archived copy"), "{told}");
    world.provision().await.unwrap();
    assert_eq!(world.read("data/ledger.json"), cut);
    // The tool would take an emptied file for a new ledger.
    fs::write(world.path("data/ledger.json"), "").unwrap();
    assert_eq!(fault(world.activate().await).kind, FaultKind::Storage);
    assert_eq!(world.read("data/ledger.json"), "");
    // The copy made before the last run is offered, and put back when somebody decides so.
    let drift = world.observe().await.drift;
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert!(drift[0].what.contains("The ledger is damaged"), "{drift:?}");
    fault(world.configure().await);
    assert_eq!(world.read("data/ledger.json"), "");
    let saved = world.read("ledger.saved.json");
    world.put_back().await.unwrap();
    assert!(world.read("data/ledger.json").starts_with(&saved));
    assert_eq!(world.observe().await.drift, []);
    let kept = fs::read_dir(world.folder()).unwrap();
    let kept = kept.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert_eq!(
        kept.filter(|name| name.starts_with("ledger.damaged-"))
            .count(),
        1
    );
    // One that its people put back themselves is as good.
    fs::write(world.path("data/ledger.json"), &whole).unwrap();
    world.activate().await.unwrap();
    assert_eq!(world.read("ledger.saved.json"), whole);
}

#[tokio::test]
async fn settings_are_written_and_edits_by_hand_are_told_and_kept() {
    let mut world = World::with_scores().await;
    fs::write(world.path("config/grain.json"), "{\"mine\": true}").unwrap();
    let drift = world.observe().await.drift;
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].kind, DriftKind::Changed);
    assert!(drift[0].what.starts_with("config/grain.json"));
    world
        .settings
        .insert("grain_policy".into(), "balanced".into());
    world
        .settings
        .insert("currency_name".into(), "Petals".into());
    world.configure().await.unwrap();
    assert_eq!(world.observe().await.drift, []);
    assert!(world.read("config/grain.json").contains("BALANCED"));
    let edited = everything(&world.path("edited"));
    assert_eq!(edited[0].1, b"{\"mine\": true}");
    let (_, shown) = world.get("config/currencyDetails.json").await.unwrap();
    assert!(shown.contains("Petals"));
    fs::remove_file(world.path("sourcecred.json")).unwrap();
    assert_eq!(world.observe().await.drift[0].kind, DriftKind::Missing);
    world.activate().await.unwrap();
    assert!(world.read("sourcecred.json").contains("external/rosewood"));
}

#[tokio::test]
async fn other_sources_empty_the_mirror_and_wrong_settings_change_nothing() {
    let mut world = World::with_scores().await;
    fs::create_dir_all(world.path("cache/old")).unwrap();
    let before = everything(&world.path("config"));
    world.settings.insert("plugins".into(), "discourse".into());
    let told = fault(world.configure().await);
    assert_eq!(told.kind, FaultKind::BadInput);
    assert!(told.what.contains("discourse_url"), "{told}");
    assert_eq!(everything(&world.path("config")), before);
    world.settings.insert("plugins".into(), String::new());
    world.configure().await.unwrap();
    assert!(!world.path("cache").exists() && !world.path("output").exists());
    assert!(world.read("data/ledger.json").contains("alice"));
}

#[tokio::test]
async fn for_good_means_after_ledger_and_configuration_were_archived() {
    let world = World::with_scores().await;
    let ledger = world.read("data/ledger.json");
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert!(!world.folder().exists());
    let place = removed.left[0].trim_start_matches("Ledger and configuration lie in ");
    let place = std::path::Path::new(place.trim_end_matches('.'));
    assert_eq!(
        fs::read_to_string(place.join("ledger.json")).unwrap(),
        ledger
    );
    assert!(place.join("config/grain.json").is_file());
}

#[tokio::test]
async fn a_folder_that_exists_is_found_adopted_unchanged_and_left_when_removed() {
    let world = World::new(&[]).await;
    let theirs = world.home.path().join("data/rosewood/old-scores");
    fs::create_dir_all(theirs.join("data")).unwrap();
    fs::write(theirs.join("sourcecred.json"), "{\"bundledPlugins\": []}").unwrap();
    fs::write(theirs.join("data/ledger.json"), "{\"a\": 1}\n").unwrap();
    let before = everything(&theirs);
    let found = world.adapter.discover(&world.site()).await.unwrap();
    let reference = theirs.to_string_lossy().into_owned();
    let found = found
        .iter()
        .find(|each| each.reference == reference)
        .unwrap();
    assert_eq!(found.obstacle, None);
    let presence = world.adapter.adopt(&world.op(), &reference).await.unwrap();
    assert!(!presence.made_by_us);
    let seen = world.observe().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok)
    );
    assert_eq!(everything(&theirs), before);
    let removed = world
        .adapter
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert!(removed.left[0].contains("stays as it is"));
    assert!(theirs.join("data/ledger.json").is_file());
    let nothing = fault(world.adapter.adopt(&world.op(), "/nowhere/at/all").await);
    assert_eq!(nothing.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_link_reads_the_scores_of_another_site() {
    let theirs = World::with_scores().await;
    let address = format!("http://127.0.0.1:{}/", theirs.port());
    let mut world = World::new(&[("site_url", address.as_str())]).await;
    world.kind = InstanceKind::Link;
    world.provision().await.unwrap();
    assert_eq!(world.observe().await.health, Health::Ok);
    assert!(!world.folder().exists());
    theirs.deactivate().await.unwrap();
    let seen = world.observe().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Unseen, Health::Down)
    );
}
