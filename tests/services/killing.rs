//! Whoever is killed, and whenever: never a second process, never a stranger hit.

use crate::world::World;
use guildhall::{
    sandbox::service::Manners,
    services::{
        process_mark::ProcessMark,
        supervisor::{Stopped, Supervisor},
    },
};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::time::Instant;

fn keeper(world: &World) -> Option<ProcessMark> {
    let text = fs::read(world.service.folder.join("keeper.json")).ok()?;
    let state: Value = serde_json::from_slice(&text).ok()?;
    serde_json::from_value(state["keeper"].clone()).ok()
}

async fn kill_keeper(world: &World) {
    assert!(keeper(world).unwrap().signal(Signal::KILL));
    let limit = Instant::now() + Duration::from_secs(20);
    while world.state().await.kept {
        assert!(Instant::now() < limit, "the keeper is gone");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_keeper_that_was_killed_takes_its_processes_along_and_the_next_starts_them_once() {
    let world = World::listening("killed-keeper");
    world.start().await.unwrap();
    let first = ProcessMark::of(world.web().await.pid.unwrap()).unwrap();
    kill_keeper(&world).await;
    assert!(!world.state().await.is_up());
    world.start().await.unwrap();
    assert!(!first.is_alive());
    assert_eq!(world.stand_ins().len(), 1);
}

#[tokio::test]
async fn a_service_is_stopped_when_its_keeper_is_gone_and_not_when_its_lock_is_free() {
    let world = World::listening("late-keeper");
    world.start().await.unwrap();
    world.stop().await.unwrap();
    // As if the keeper had given its lock back and took this long to end.
    let mut late = Command::new("sleep").arg("1").spawn().unwrap();
    let mark = ProcessMark::of(i32::try_from(late.id()).unwrap()).unwrap();
    let file = world.service.folder.join("keeper.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    state["keeper"] = serde_json::to_value(&mark).unwrap();
    fs::write(&file, state.to_string()).unwrap();
    world.stop().await.unwrap();
    assert!(!mark.is_alive());
    late.wait().unwrap();
}

#[tokio::test]
async fn a_process_that_outlived_its_keeper_is_ended_before_the_next_begins() {
    let mut world = World::of(
        "killed-orphan",
        &Manners {
            name: "killed-orphan".into(),
            stubborn: true,
            ..Manners::default()
        },
    );
    world.service.processes[0].launch.grace = Duration::from_millis(300);
    world.start().await.unwrap();
    let orphan = ProcessMark::of(world.web().await.pid.unwrap()).unwrap();
    kill_keeper(&world).await;
    assert!(orphan.is_alive());
    world.start().await.unwrap();
    assert!(!orphan.is_alive());
    assert_eq!(world.stand_ins().len(), 1);
}

#[tokio::test]
async fn a_number_that_was_given_to_somebody_else_is_never_hit() {
    let world = World::listening("killed-reuse");
    world.start().await.unwrap();
    world.stop().await.unwrap();
    let mut stranger = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let path = world.service.folder.join("keeper.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let path_of_record = world.service.folder.join("service.json");
    let mut record: Value = serde_json::from_slice(&fs::read(&path_of_record).unwrap()).unwrap();
    let mark = ProcessMark::of(i32::try_from(stranger.id()).unwrap()).unwrap();
    state["keeper"]["pid"] = mark.pid.into();
    state["processes"]["web"]["pid"] = mark.pid.into();
    record["start"] = state["start"].clone();
    fs::write(&path, state.to_string()).unwrap();
    fs::write(&path_of_record, record.to_string()).unwrap();
    assert!(!world.state().await.kept);
    assert_eq!(world.stop().await.unwrap(), Stopped::WasNot);
    world.start().await.unwrap();
    world.stop().await.unwrap();
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// The program that the next test kills.
#[tokio::test]
#[ignore = "started by the test below"]
async fn start_what_is_named() {
    let path = std::env::var("GUILDHALL_TEST_START").unwrap();
    let mut world = World::of("killed-starter", &Manners::default());
    world.service = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    world.start().await.unwrap();
    // What was started stays.
    std::process::exit(0);
}

/// Guildhall itself is killed while it starts a service, each time at another moment, and the next one starts it.
#[tokio::test]
async fn killed_while_starting_there_is_never_a_second_process() {
    let world = World::listening("killed-start");
    let description = world.home.path().join("describe.json");
    fs::write(&description, serde_json::to_vec(&world.service).unwrap()).unwrap();
    let kills: u64 = std::env::var("GUILDHALL_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(30);
    let mut survived = 0;
    for kill in 0..kills {
        let mut starter = Command::new(std::env::current_exe().unwrap())
            .args(["killing::start_what_is_named", "--exact", "--ignored"])
            .env("GUILDHALL_TEST_START", &description)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // From at once to when it must have begun: another moment each time.
        std::thread::sleep(Duration::from_millis(kill * 120 / kills));
        starter.kill().unwrap();
        starter.wait().unwrap();
        assert!(world.stand_ins().len() <= 1, "kill {kill}");
        survived += u32::from(!world.stand_ins().is_empty());
        if kill % 3 == 2 {
            world.stop().await.unwrap();
            assert_eq!(world.stand_ins(), [], "kill {kill}");
        }
    }
    eprintln!("{kills} kills; a process was there after {survived} of them");
    world.start().await.unwrap();
    assert_eq!(world.stand_ins().len(), 1);
    assert!(
        Supervisor::described(&world.service.folder)
            .unwrap()
            .is_some()
    );
    world.stop().await.unwrap();
    assert_eq!(world.stand_ins(), []);
}
