//! Starting, looking, stopping; what ends is started again.

use crate::world::{World, process};
use guildhall::{
    domain::FaultKind,
    sandbox::service::Manners,
    services::{
        ports,
        process_mark::ProcessMark,
        supervisor::{Stopped, environment, log},
    },
};
use rustix::process::Signal;
use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

#[tokio::test]
async fn a_service_runs_until_it_is_stopped_and_leaves_nothing() {
    let world = World::listening("plain-life");
    world.start().await.unwrap();
    let first = world.web().await;
    assert!(world.state().await.is_up());
    assert_eq!(world.get("").await.unwrap(), "This is plain-life.");
    // A second start finds it.
    world.start().await.unwrap();
    assert_eq!(world.web().await.pid, first.pid);
    assert_eq!(world.stop().await.unwrap(), Stopped::Ended);
    assert!(!world.state().await.kept);
    assert_eq!(world.processes(), []);
    assert_eq!(world.stop().await.unwrap(), Stopped::WasNot);
}

#[tokio::test]
async fn a_changed_description_takes_the_place_of_the_former() {
    let mut world = World::listening("plain-change");
    world.start().await.unwrap();
    let first = world.web().await;
    world.service.processes[0]
        .launch
        .environment
        .insert("CHANGED".into(), "yes".into());
    world.start().await.unwrap();
    assert_ne!(world.web().await.pid, first.pid);
    assert_eq!(world.stand_ins().len(), 1);
}

#[tokio::test]
async fn what_ends_is_started_again_and_is_told_to_have_ended() {
    let world = World::listening("plain-again");
    world.start().await.unwrap();
    let first = world.web().await;
    let _ = world.get("crash").await;
    let second = world
        .until("it is started again", |state| {
            state.is_up() && state.restarts == 1
        })
        .await;
    assert_eq!(second.last_exit.unwrap().code, Some(3));
    // Killed by hand is the same.
    assert_ne!(second.pid, first.pid);
    let mark = ProcessMark::of(second.pid.unwrap()).unwrap();
    assert!(mark.signal(Signal::KILL));
    let third = world
        .until("it is started once more", |state| {
            state.is_up() && state.restarts == 2
        })
        .await;
    assert_eq!(third.last_exit.unwrap().signal, Some(9));
    assert!(world.log("keeper").contains("web is started again in 2 s"));
}

#[tokio::test]
async fn what_does_not_come_up_is_stopped_and_its_last_words_are_told_without_secrets() {
    let mut world = World::of(
        "plain-fails",
        &Manners {
            name: "plain-fails".into(),
            fails: Some(7),
            ..Manners::default()
        },
    );
    let fault = world.start().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.what.contains("ended with 7"), "{}", fault.what);
    assert_eq!(fault.detail.as_deref(), Some("I cannot work"));
    assert_eq!(world.processes(), []);
    // What it says of its secrets is struck out.
    let file = world.home.path().join("env");
    let secret = BTreeMap::from([("KEY".to_owned(), "canary-0123456789".to_owned().into())]);
    environment::write(&file, &secret).unwrap();
    let manners = Manners {
        name: "plain-fails".into(),
        tells: vec!["KEY".into()],
        start_ms: 60_000,
        ..Manners::default()
    };
    let mut told = process("web", world.home.path(), &manners);
    told.launch.environment_file = Some(file);
    told.ready_within = Duration::from_secs(2);
    world.service.processes = vec![told];
    let fault = world.start().await.unwrap_err();
    assert!(world.log("web").contains("KEY is canary-0123456789"));
    let detail = fault.detail.unwrap();
    assert!(
        detail.contains("KEY is ") && !detail.contains("canary"),
        "{detail}"
    );
}

#[tokio::test]
async fn a_stranger_on_the_port_is_told_and_left_alone() {
    let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = stranger.local_addr().unwrap().port();
    let world = World::of(
        "plain-stranger",
        &Manners {
            name: "plain-stranger".into(),
            port: Some(port),
            ..Manners::default()
        },
    );
    let answering = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        while let Ok((mut stream, _)) = stranger.accept() {
            let mut asked = [0_u8; 1024];
            let length = stream.read(&mut asked).unwrap_or(0);
            if asked[..length].starts_with(b"GET /end") {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
        }
    });
    let fault = world.start().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict, "{fault:?}");
    assert_eq!(world.processes(), []);
    assert_eq!(world.get("").await.unwrap(), "hi");
    let _ = world.get("end").await;
    answering.join().unwrap();
}

#[tokio::test]
async fn what_does_not_end_when_asked_is_ended_with_what_it_started() {
    let mut world = World::of(
        "plain-stubborn",
        &Manners {
            name: "plain-stubborn".into(),
            stubborn: true,
            leaves_child: true,
            ..Manners::default()
        },
    );
    world.service.processes[0].launch.grace = Duration::from_millis(300);
    world.start().await.unwrap();
    let mark = ProcessMark::of(world.web().await.pid.unwrap()).unwrap();
    let children = format!("/proc/{}/task/{}/children", mark.pid, mark.pid);
    let child: i32 = fs::read_to_string(children)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let child = ProcessMark::of(child).unwrap();
    assert_eq!(world.stop().await.unwrap(), Stopped::Killed);
    assert!(!mark.is_alive() && !child.is_alive());
}

#[tokio::test]
async fn secrets_reach_the_process_and_nothing_else() {
    const CANARY: &str = "canary-9876543210-canary";
    let world = World::of(
        "plain-secrets",
        &Manners {
            name: "plain-secrets".into(),
            reads_input: true,
            ..Manners::default()
        },
    );
    world.start_with(CANARY).await.unwrap();
    assert!(world.log("web").contains("24 bytes came"));
    for mark in world.processes() {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{}/{file}", mark.pid)).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains(CANARY));
        }
    }
    for entry in fs::read_dir(&world.service.folder).unwrap().flatten() {
        let bytes = fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY));
    }
    // Started again after trouble, it gets them again.
    let mark = ProcessMark::of(world.web().await.pid.unwrap()).unwrap();
    assert!(mark.signal(Signal::KILL));
    world
        .until("it is started again", |state| state.restarts == 1)
        .await;
    world
        .until("it is up", |_| {
            world.log("web").matches("24 bytes came").count() == 2
        })
        .await;
}

#[tokio::test]
async fn a_log_does_not_grow_for_ever() {
    let world = World::listening("plain-log");
    world.start().await.unwrap();
    let line = "x".repeat(1000);
    for _ in 0..10 {
        world
            .get(&format!("log?lines=1000&text={line}"))
            .await
            .unwrap();
    }
    let path = world.service.folder.join("web.log");
    world
        .until("it was put aside twice", |_| {
            log::tail(&path, 1).is_ok_and(|last| last == [line.clone()])
                && log::former(&path).exists()
        })
        .await;
    let sizes = [&path, &log::former(&path)].map(|path| fs::metadata(path).unwrap().len());
    assert!(sizes.iter().all(|size| *size <= log::LIMIT), "{sizes:?}");
}

#[tokio::test]
async fn two_starts_at_once_start_it_once() {
    let world = World::listening("plain-twice");
    let mut other = World::of("plain-twice-other", &Manners::default());
    other.service = world.service.clone();
    let (one, two) = tokio::join!(world.start(), other.start());
    one.unwrap();
    two.unwrap();
    assert_eq!(world.stand_ins().len(), 1);
    assert!(!ports::is_free(port_of(&world)));
}

fn port_of(world: &World) -> u16 {
    match &world.service.processes[0].readiness {
        guildhall::services::supervisor::Readiness::Page { url, .. } => url.port().unwrap(),
        other => panic!("{other:?}"),
    }
}
