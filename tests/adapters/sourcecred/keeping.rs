//! Timer and site: processes that outlive whoever started them.

use super::world::{World, everything, own, until};
use guildhall::{
    adapters::{local, sourcecred::ID},
    domain::Health,
    services::{lock::FileLock, supervisor::Supervisor},
};
use rustix::process::Signal;
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
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
async fn what_is_due_is_run_and_when_the_next_is_due_is_told() {
    let world = World::with_scores().await;
    let before = world.read("runs/last.json");
    world.deactivate().await.unwrap();
    let folder = world.path("service");
    let mut service = Supervisor::described(&folder).unwrap().unwrap();
    service.timers[0].last = "2026-01-01T00:00:00Z".parse().unwrap();
    service.timers[0].rhythm.jitter_minutes = 0;
    let supervisor = Supervisor::plain(own());
    let (site, never) = (world.site(), CancellationToken::new());
    let tools = local::tools(&site, &never);
    supervisor
        .start(&tools, &service, &Zeroizing::default())
        .await
        .unwrap();
    until("a run ended", || world.read("runs/last.json") != before).await;
    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let state = supervisor.state(&tools, &folder).await.unwrap().unwrap();
        let timer = &state.timers["refresh"];
        if timer.last.is_some_and(|exit| exit.code == Some(0)) {
            assert!(timer.next > timer.last.map(|exit| exit.at), "{timer:?}");
            break;
        }
        assert!(tokio::time::Instant::now() < limit, "{timer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
    let mark = world.keeper().unwrap();
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
