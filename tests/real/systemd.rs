//! Services as units of a real systemd: a user manager that the test starts itself, in a runtime folder of its own.
//!
//! Runs where systemd is installed and its folder in `/run` is there or can be made; says that it was skipped elsewhere.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "systemd/manager.rs"]
mod manager;
#[path = "../services/world.rs"]
mod world;

use guildhall::{
    domain::FaultKind,
    sandbox::service::Manners,
    services::{
        process_mark::ProcessMark,
        schedule::Rhythm,
        supervisor::{
            DriverKind, Launch, Readiness, Stopped, Supervisor, TimerDescription, Walls,
            environment,
        },
    },
};
use manager::Manager;
use rustix::process::Signal;
use std::{collections::BTreeMap, fs, time::Duration};
use world::{World, own, process};

/// A world whose service is kept by that manager.
fn under(manager: &Manager, mut world: World) -> World {
    world.supervisor = Supervisor::systemd_user(own(), manager.runtime());
    world
}

#[tokio::test]
async fn a_service_runs_as_units_is_started_again_and_leaves_nothing() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut world = under(&manager, World::listening("unit-life"));
    let secret = BTreeMap::from([("KEY".to_owned(), r#"a "b" $c \ d%n"#.to_owned().into())]);
    let file = world.home.path().join("env");
    environment::write(&file, &secret).unwrap();
    let launch = &mut world.service.processes[0].launch;
    launch.environment_file = Some(file);
    launch.memory_limit_mib = Some(64);
    launch
        .environment
        .insert("PLAIN".into(), r#"x "y" %n"#.into());
    // It tells both, so that what reached it is known.
    let text = launch.arguments.last_mut().unwrap();
    *text = text.replace(r#""tells":[]"#, r#""tells":["KEY","PLAIN"]"#);
    world.start().await.unwrap();
    let state = world.state().await;
    assert!(state.is_up());
    assert_eq!(state.driver, DriverKind::SystemdUser);
    assert_eq!(world.get("").await.unwrap(), "This is unit-life.");
    let log = world.log("web");
    assert!(log.contains(r#"KEY is a "b" $c \ d%n"#), "{log}");
    assert!(log.contains(r#"PLAIN is x "y" %n"#), "{log}");
    // A second start finds it.
    let first = world.web().await;
    world.start().await.unwrap();
    assert_eq!(world.web().await.pid, first.pid);
    // Killed by hand, it is started again, and that is seen.
    let mark = ProcessMark::of(first.pid.unwrap()).unwrap();
    assert!(mark.signal(Signal::KILL));
    world
        .until("it is started again", |state| {
            state.is_up() && state.restarts == 1
        })
        .await;
    assert_eq!(world.stop().await.unwrap(), Stopped::Ended);
    assert!(!world.state().await.kept);
    assert_eq!(world.stand_ins(), []);
    assert_eq!(manager.units(), [""; 0]);
}

#[tokio::test]
async fn behind_walls_a_service_sees_its_own_and_nothing_else_of_the_installation() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut world = under(&manager, World::of("unit-walls", &Manners::default()));
    let home = world.home.path().to_owned();
    let own = home.join("communities/rosewood/thing");
    for folder in [
        "communities/rosewood/thing",
        "communities/fern/thing",
        "runtimes/thing-1",
    ] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    fs::write(home.join("guildhall.db"), "sealed").unwrap();
    fs::write(home.join("runtimes/thing-1/program"), "lines").unwrap();
    let script = format!(
        "cd {}; (ls; ls communities; cat runtimes/thing-1/program; \
         touch runtimes/thing-1/x || echo shut; touch {own}/service/x || echo kept) > {own}/seen.new; \
         mv {own}/seen.new {own}/seen; exec tail -f /dev/null",
        home.display(),
        own = own.display(),
    );
    let mut launch = Launch::new("/bin/sh", &own).arguments(["-c", &script]);
    launch.writes = vec![own.clone()];
    world.service.folder = own.join("service");
    world.service.processes[0].launch = launch;
    world.service.processes[0].readiness = Readiness::Started;
    world.service.walls = Some(Walls {
        home: home.clone(),
        reads: vec![home.join("runtimes/thing-1")],
        own: own.clone(),
    });
    world.start().await.unwrap();
    world
        .until("it has looked", |_| own.join("seen").is_file())
        .await;
    let seen = fs::read_to_string(own.join("seen")).unwrap();
    assert_eq!(seen, "communities\nruntimes\nrosewood\nlinesshut\nkept\n");
    for unit in manager.units() {
        assert_eq!(manager.analyze(&["verify", "--man=no"], &unit).trim(), "");
    }
    world.stop().await.unwrap();
    assert_eq!(manager.units(), [""; 0]);
}

#[tokio::test]
async fn an_order_runs_behind_the_walls_of_its_service_and_answers() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let world = under(&manager, World::of("unit-order", &Manners::default()));
    let home = world.home.path().to_owned();
    let own = home.join("communities/rosewood/thing");
    for folder in ["communities/rosewood/thing", "runtimes/thing-1"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    fs::write(home.join("guildhall.db"), "sealed").unwrap();
    let walls = Walls {
        home: home.clone(),
        reads: vec![home.join("runtimes/thing-1")],
        own: own.clone(),
    };
    let script = "cat > got; ls \"$HALL\"; echo \"$HALL\" >&2; exit 3";
    let mut launch = Launch::new("/bin/sh", &own).arguments(["-c", script]);
    launch
        .environment
        .insert("HALL".to_owned(), home.display().to_string());
    let name = world.service.name.clone();
    let limit = Duration::from_secs(60);
    let confined = world
        .supervisor
        .confine(&world.tools(), &name, &walls, &launch, limit)
        .await
        .unwrap()
        .unwrap();
    let mut order = std::process::Command::new(confined.program)
        .args(confined.arguments)
        .envs(confined.environment)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut order.stdin.take().unwrap(), b"canary-1357").unwrap();
    let ended = order.wait_with_output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr),
    );
    assert_eq!(ended.status.code(), Some(3), "{out}{err}");
    // Neither the database nor anything else of the installation is there for it.
    assert_eq!(out, "communities\nruntimes\n", "{err}");
    assert_eq!(fs::read_to_string(own.join("got")).unwrap(), "canary-1357");
    assert!(!manager.holds("canary-1357"));
    world
        .supervisor
        .release(&world.tools(), &name, &walls, &world.service.folder)
        .await
        .unwrap();
    assert_eq!(manager.units(), [""; 0]);
}

#[tokio::test]
async fn what_lies_where_units_have_a_folder_of_their_own_runs_behind_walls_and_is_refused_without()
{
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut world = under(&manager, World::of("unit-hidden", &Manners::default()));
    let below = tempfile::tempdir_in("/tmp").unwrap();
    let own = below.path().join("communities/rosewood/thing");
    fs::create_dir_all(&own).unwrap();
    let script = format!("echo here > {}/seen; exec tail -f /dev/null", own.display());
    let mut launch = Launch::new("/bin/sh", &own).arguments(["-c", &script]);
    launch.writes = vec![own.clone()];
    world.service.processes[0].launch = launch;
    world.service.processes[0].readiness = Readiness::Started;
    let refused = world.start().await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::Host);
    assert!(
        refused.what.contains("has a /tmp of its own"),
        "{refused:?}"
    );
    assert!(refused.hint.contains("--home"), "{refused:?}");
    assert_eq!(manager.units(), [""; 0]);

    world.service.walls = Some(Walls {
        home: below.path().to_owned(),
        reads: Vec::new(),
        own: own.clone(),
    });
    world.start().await.unwrap();
    world
        .until("it has written", |_| own.join("seen").is_file())
        .await;
    world.stop().await.unwrap();
}

#[tokio::test]
async fn secrets_come_on_the_input_and_a_stubborn_process_is_killed() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let manners = Manners {
        name: "unit-secret".into(),
        reads_input: true,
        stubborn: true,
        leaves_child: true,
        ..Manners::default()
    };
    let mut world = under(&manager, World::of("unit-secret", &manners));
    world.service.processes[0].launch.grace = Duration::from_secs(1);
    world.start_with("canary-9876543210-canary").await.unwrap();
    assert!(world.log("web").contains("24 bytes came"));
    for unit in manager.units() {
        assert!(!fs::read_to_string(&unit).unwrap().contains("canary"));
    }
    assert_eq!(world.stop().await.unwrap(), Stopped::Killed);
    assert_eq!(world.stand_ins(), []);
    assert!(!manager.holds("canary"));
}

#[tokio::test]
async fn what_does_not_come_up_is_told_with_its_last_words() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let manners = Manners {
        name: "unit-fails".into(),
        fails: Some(7),
        ..Manners::default()
    };
    let world = under(&manager, World::of("unit-fails", &manners));
    let fault = world.start().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.detail.unwrap().contains("I cannot work"));
    assert_eq!(manager.units(), [""; 0]);
}

#[tokio::test]
async fn what_is_due_is_run_and_the_next_run_is_known() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut world = under(&manager, World::of("unit-timer", &Manners::default()));
    let written = world.home.path().join("ran");
    world.service.processes.clear();
    world.service.timers = vec![TimerDescription {
        name: "refresh".to_owned().try_into().unwrap(),
        launch: Launch {
            writes: vec![world.home.path().to_owned()],
            ..Launch::new("/bin/sh", world.home.path())
                .arguments(["-c", &format!("echo ran >> {}", written.display())])
        },
        rhythm: Rhythm {
            every_hours: 24,
            jitter_minutes: 0,
        },
        last: "2026-01-01T00:00:00Z".parse().unwrap(),
    }];
    world.start().await.unwrap();
    let limit = tokio::time::Instant::now() + Duration::from_secs(90);
    loop {
        let timer = world.state().await.timers["refresh"].clone();
        if let (Some(last), Some(next)) = (timer.last, timer.next) {
            assert_eq!(last.code, Some(0), "{}", world.log("refresh"));
            assert!(next > last.at);
            break;
        }
        assert!(tokio::time::Instant::now() < limit, "{timer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(fs::read_to_string(&written).unwrap(), "ran\n");
    assert!(world.state().await.kept);
    world.stop().await.unwrap();
    assert!(!world.state().await.kept);
    assert_eq!(manager.units(), [""; 0]);
}

#[tokio::test]
async fn every_unit_is_good_and_shut_in() {
    let Some(manager) = Manager::start() else {
        return;
    };
    let mut world = under(&manager, World::listening("unit-verify"));
    let mut worker = process(
        "worker",
        world.home.path(),
        &Manners {
            name: "unit-verify".into(),
            ..Manners::default()
        },
    );
    worker.launch.memory_limit_mib = Some(64);
    worker.launch.writes = vec![world.home.path().to_owned()];
    world.service.timers = vec![TimerDescription {
        name: "refresh".to_owned().try_into().unwrap(),
        launch: worker.launch.clone(),
        rhythm: Rhythm {
            every_hours: 24,
            jitter_minutes: 60,
        },
        last: jiff::Timestamp::now(),
    }];
    world.service.processes.push(worker);
    world.service.walls = Some(Walls {
        home: world.home.path().join("hall"),
        reads: vec![own().program],
        own: world.home.path().join("hall/own"),
    });
    fs::create_dir_all(world.home.path().join("hall/own")).unwrap();
    world.start().await.unwrap();
    let units = manager.units();
    assert_eq!(units.len(), 4, "{units:?}");
    for unit in &units {
        let verified = manager.analyze(&["verify", "--man=no"], unit);
        assert_eq!(verified.trim(), "", "{unit}");
        if unit.ends_with(".service") {
            // Of ten points of exposure; what has no protection at all has 9.6.
            let told = manager.analyze(&["security", "--offline=yes", "--threshold=30"], unit);
            eprintln!("{}", told.lines().last().unwrap_or_default());
            assert!(told.contains("OK"), "{told}");
        }
    }
    let boot = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/systemd/guildhall.service"
    );
    let unit = fs::read_to_string(boot)
        .unwrap()
        .replace("/usr/local/bin/guildhall", &own().program.to_string_lossy());
    let path = manager.write("guildhall-boot.service", &unit);
    assert_eq!(manager.analyze(&["verify", "--man=no"], &path).trim(), "");
    world.stop().await.unwrap();
}
