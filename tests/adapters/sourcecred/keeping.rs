//! Timer and site: processes that outlive whoever started them.

use super::world::{World, everything, own, until};
use guildhall::{
    adapters::sourcecred::ID,
    domain::Health,
    services::{
        keeper::KeepSpec,
        lock::FileLock,
        process_mark::ProcessMark,
        supervisor::{Service, Stopped},
    },
};
use rustix::process::Signal;
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    time::Duration,
};
use zeroize::Zeroizing;

#[tokio::test]
async fn a_killed_keeper_is_told_and_activation_repairs() {
    let world = World::with_scores().await;
    let first = world.keeper().unwrap();
    assert!(first.signal(Signal::KILL));
    until("the keeper is gone", || world.keeper().is_none()).await;
    let seen = world.observe().await;
    assert_eq!(seen.health, Health::Degraded);
    assert!(seen.note.contains("timer and site"), "{}", seen.note);
    world.activate().await.unwrap();
    assert_ne!(world.keeper().unwrap(), first);
    assert_eq!(world.observe().await.health, Health::Ok);
}

#[tokio::test]
async fn the_keeper_has_a_session_of_its_own_and_is_in_one_piece() {
    let world = World::with_scores().await;
    let mark = world.keeper().unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", mark.pid)).unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let session = |stat: &[&str]| stat[3].to_owned();
    let ours = fs::read_to_string("/proc/self/stat").unwrap();
    let ours: Vec<&str> = ours
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    assert_ne!(session(&fields), session(&ours));
    assert_eq!(fields[4], "0", "it has a terminal");
    // A second start finds it.
    let service = Service::new(world.path("keeper"), "keeper");
    let launch = service.launched().unwrap().unwrap();
    let again = service
        .start(&own(), &launch, &Zeroizing::default())
        .await
        .unwrap();
    assert_eq!(again, mark);
}

#[tokio::test]
async fn a_port_that_a_stranger_took_is_given_up() {
    let world = World::with_scores().await;
    let port = world.port();
    world.deactivate().await.unwrap();
    // Taken already, by a test beside this one, is taken too.
    let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    world.activate().await.unwrap();
    assert_ne!(world.port(), port);
    assert_eq!(world.observe().await.health, Health::Ok);
    drop(stranger);
}

#[tokio::test]
async fn a_stranger_on_the_port_is_not_taken_for_the_site() {
    let ours = World::with_scores().await;
    let mut world = World::with_scores().await;
    // Another instance answers where this one's site should be.
    world.settings.insert("unused".into(), "x".into());
    guildhall::adapters::Journal::remember(&*world.journal, "port", ours.port().into())
        .await
        .unwrap();
    let mut site = world.site();
    site.marker.push_str("-other");
    let address = format!("http://127.0.0.1:{}/", ours.port());
    assert!(
        world.get("sourcecred.json").await.unwrap().0 == 200,
        "{address}"
    );
    let marker = world
        .read("guildhall.json")
        .replace(&world.site().marker, &site.marker);
    fs::write(world.path("guildhall.json"), marker).unwrap();
    let seen = world.adapter.observe(&site).await.unwrap();
    assert_eq!(seen.health, Health::Degraded);
    assert!(seen.note.contains("Another program"), "{}", seen.note);
}

#[tokio::test]
async fn a_process_that_got_the_keepers_number_is_never_ended() {
    let world = World::with_scores().await;
    world.deactivate().await.unwrap();
    let mut stranger = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut mark = ProcessMark::of(i32::try_from(stranger.id()).unwrap()).unwrap();
    mark.started -= 1;
    let file = world.path("keeper/keeper.pid.json");
    fs::write(&file, serde_json::to_vec(&mark).unwrap()).unwrap();
    let service = Service::new(world.path("keeper"), "keeper");
    let stopped = service.stop(Duration::from_secs(1)).await.unwrap();
    assert_eq!(stopped, Stopped::WasNot);
    assert_eq!(stranger.try_wait().unwrap(), None);
    fs::write(&file, serde_json::to_vec(&mark).unwrap()).unwrap();
    world.activate().await.unwrap();
    assert!(world.keeper().is_some());
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn what_does_not_end_when_asked_is_ended() {
    let home = tempfile::tempdir().unwrap();
    let service = Service::new(home.path(), "stubborn");
    let script = "trap '' TERM; sleep 60 & echo ready; wait; wait";
    let launch = guildhall::services::supervisor::Launch {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        folder: home.path().to_owned(),
        environment: std::collections::BTreeMap::new(),
    };
    let mark = service
        .start(&own(), &launch, &Zeroizing::default())
        .await
        .unwrap();
    until("it is ready", || {
        fs::read_to_string(service.log()).is_ok_and(|log| log.contains("ready"))
    })
    .await;
    let stopped = service.stop(Duration::from_millis(300)).await.unwrap();
    assert_eq!(stopped, Stopped::Killed);
    assert!(!mark.is_alive());
}

/// The scheduled run, as the keeper starts it.
fn job(world: &World) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_guildhall"))
        .args(["internal", "job", ID])
        .arg(world.folder())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn of_two_runs_at_once_one_is_left_out() {
    let world = World::with_scores().await;
    let before = world.read("runs/last.json");
    let held = FileLock::try_take(&world.path(".lock")).unwrap().unwrap();
    let left_out = job(&world);
    assert_eq!(left_out.status.code(), Some(3), "{left_out:?}");
    assert_eq!(world.read("runs/last.json"), before);
    drop(held);
    assert_eq!(job(&world).status.code(), Some(0));
    assert_ne!(world.read("runs/last.json"), before);
}

#[tokio::test]
async fn the_keeper_runs_what_is_due_and_writes_when_the_next_is() {
    let world = World::with_scores().await;
    let before = world.read("runs/last.json");
    let service = Service::new(world.path("keeper"), "keeper");
    let launch = service.launched().unwrap().unwrap();
    service.stop(Duration::from_secs(15)).await.unwrap();
    let path = world.path("keeper/keep.json");
    let mut spec: KeepSpec = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let schedule = spec.schedule.as_mut().unwrap();
    schedule.last = "2026-01-01T00:00:00Z".parse().unwrap();
    schedule.rhythm.jitter_minutes = 0;
    fs::write(&path, serde_json::to_vec(&spec).unwrap()).unwrap();
    service
        .start(&own(), &launch, &Zeroizing::default())
        .await
        .unwrap();
    until("a run ended", || world.read("runs/last.json") != before).await;
    until("the next run is written down", || {
        world
            .read("keeper/journal.log")
            .contains("the run ended with 0")
            && world.read("keeper/schedule.json").contains("\"code\": 0")
    })
    .await;
}

#[tokio::test]
async fn a_token_is_on_no_disk_in_no_argument_and_not_in_the_keepers_environment() {
    const CANARY: &str = "ghp_canary0123456789canary0123456789";
    let mut world = World::new(&[
        ("plugins", "github"),
        ("github_repositories", "rosewood/site"),
    ])
    .await;
    world.secrets.insert("github_token".into(), CANARY.into());
    world.provision().await.unwrap();
    world.active = true;
    world.activate().await.unwrap();
    // The keeper can run with it: it came on its input.
    let service = Service::new(world.path("keeper"), "keeper");
    let mark = service.running().unwrap().unwrap();
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{file}", mark.pid)).unwrap();
        assert!(!contains(&text, CANARY), "{file}");
    }
    for (path, bytes) in everything(world.home.path()) {
        assert!(!contains(&bytes, CANARY), "{}", path.display());
    }
    world.secrets.clear();
    let told = super::world::fault(world.activate().await);
    assert_eq!(told.kind, guildhall::domain::FaultKind::NeedsKey);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}
