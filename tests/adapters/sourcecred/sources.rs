//! Sources that come and go: a forum on loopback.

use super::world::{World, everything, fault};
use guildhall::{
    adapters::{Peer, Settings},
    domain::{FaultKind, Health, InstanceId, PlatformId},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

/// A forum with one topic by Alice, which can lose its topics.
struct Forum {
    address: String,
    broken: Arc<AtomicBool>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Forum {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let broken = Arc::new(AtomicBool::new(false));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (is_broken, seen) = (Arc::clone(&broken), Arc::clone(&calls));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &is_broken, &seen);
            }
        });
        Self {
            address,
            broken,
            calls,
        }
    }

    fn saw(&self, path: &str) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|call| call.starts_with(path)).count()
    }
}

fn answer(mut stream: TcpStream, broken: &AtomicBool, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    while lines
        .next()
        .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
    {}
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let topic = path.starts_with("/t/");
    let body = match path.as_str() {
        "/latest.json" => r#"{"topic_list": {"topics": [{"id": 7}]}}"#,
        _ if topic => {
            r#"{"post_stream": {"posts": [{"username": "alice", "created_at": "2026-11-01T00:00:00Z"}]}}"#
        }
        _ => "{}",
    };
    seen.lock().unwrap().push(path);
    let status = if topic && broken.load(Ordering::SeqCst) {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
}

async fn world(forum: &Forum) -> World {
    // With the slash that the tool does not take.
    let address = format!("{}/", forum.address);
    let mut world = World::new(&[("plugins", "discourse"), ("discourse_url", &address)]).await;
    world.provision().await.unwrap();
    fs::write(world.path(".sandbox-pace-ms"), "0").unwrap();
    world.active = true;
    world
}

#[tokio::test]
async fn a_load_that_fails_costs_neither_mirror_nor_scores() {
    let forum = Forum::start();
    let world = world(&forum).await;
    world.activate().await.unwrap();
    let accounts = world.read("output/accounts.json");
    assert!(accounts.contains("alice"));
    let mirror = everything(&world.path("cache"));
    assert!(!mirror.is_empty());

    forum.broken.store(true, Ordering::SeqCst);
    let told = fault(world.activate().await);
    assert_eq!(told.kind, FaultKind::Unreachable);
    // The tool did empty it and try again.
    assert!(
        told.detail
            .unwrap()
            .contains("clearing cache and restarting")
    );
    assert_eq!(everything(&world.path("cache")), mirror);
    assert_eq!(world.read("output/accounts.json"), accounts);
    let seen = world.observe().await;
    assert_eq!(seen.health, Health::Degraded);
    assert!(seen.note.contains("last run failed"), "{}", seen.note);

    forum.broken.store(false, Ordering::SeqCst);
    world.activate().await.unwrap();
    assert_eq!(world.observe().await.health, Health::Ok);
}

#[tokio::test]
async fn a_forum_that_is_away_is_asked_before_the_tool_is() {
    let forum = Forum::start();
    let mut world = world(&forum).await;
    world.activate().await.unwrap();
    let topics = forum.saw("/t/");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    world.settings.insert("discourse_url".into(), nobody);
    let told = fault(world.configure().await);
    assert_eq!(told.kind, FaultKind::Unreachable);
    assert_eq!(forum.saw("/t/"), topics);
    assert_eq!(world.observe().await.health, Health::Degraded);
}

fn server() -> Peer {
    Peer {
        platform: PlatformId::new("discord"),
        instance: InstanceId(3),
        url: None,
        settings: Settings(BTreeMap::from([(
            "guild_id".into(),
            "123456789012345678".into(),
        )])),
        target: None,
    }
}

#[tokio::test]
async fn a_source_whose_key_is_gone_keeps_no_other_from_being_read() {
    let forum = Forum::start();
    let mut world = world(&forum).await;
    let token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.0123456789abcdefghijklmnopqrstuvwxyzAB";
    world.secrets.insert("discord_token".into(), token.into());
    world.adapter.connect(&world.op(), &server()).await.unwrap();
    world.journal.next_operation();
    world.secrets.clear();
    let topics = forum.saw("/t/");
    world.activate().await.unwrap();
    assert!(forum.saw("/t/") > topics, "the forum was read");
    assert!(world.read("output/accounts.json").contains("alice"));
    let seen = world.observe().await;
    assert_eq!(seen.health, Health::Degraded);
    assert!(seen.note.contains("discord_token"), "{}", seen.note);
}

#[tokio::test]
async fn a_source_without_its_key_is_not_written_down_before_the_key_is_there() {
    let forum = Forum::start();
    let world = world(&forum).await;
    let told = fault(world.adapter.connect(&world.op(), &server()).await);
    assert_eq!(told.kind, FaultKind::NeedsKey);
    assert_eq!(told.field.as_deref(), Some("discord_token"));
    assert!(!world.read("sourcecred.json").contains("discord"));
}

#[tokio::test]
async fn a_connected_forum_is_read_scored_tested_and_taken_out_again() {
    let forum = Forum::start();
    let mut world = World::new(&[]).await;
    world.provision().await.unwrap();
    fs::write(world.path(".sandbox-pace-ms"), "0").unwrap();
    let peer = Peer {
        platform: PlatformId::new("discourse"),
        instance: InstanceId(2),
        url: Some(forum.address.clone()),
        settings: Settings::default(),
        target: None,
    };
    let told = world.adapter.connect(&world.op(), &peer).await.unwrap();
    assert_eq!(told, "sourcecred/discourse is read and scored.");
    assert!(
        world
            .read("sourcecred.json")
            .contains("sourcecred/discourse")
    );
    world.journal.next_operation();
    world.active = true;
    world.activate().await.unwrap();
    let probe = world
        .adapter
        .probe_connection(&world.op(), &peer)
        .await
        .unwrap();
    assert!(probe.arrived, "{}", probe.what);
    let offered = world
        .adapter
        .offer_target(&world.op(), &PlatformId::new("metagov"))
        .await
        .unwrap();
    let expected = format!("http://127.0.0.1:{}/", world.port());
    match offered {
        guildhall::adapters::Target::Site { address } => assert_eq!(address.as_str(), expected),
        other => panic!("{other:?}"),
    }
    world.adapter.disconnect(&world.op(), &peer).await.unwrap();
    assert!(!world.read("sourcecred.json").contains("discourse"));
    assert!(world.read("data/ledger.json").contains("alice"));
    let other = Peer {
        platform: PlatformId::new("mastodon"),
        ..peer
    };
    let refused = fault(world.adapter.connect(&world.op(), &other).await);
    assert_eq!(refused.kind, FaultKind::Unsupported);
    assert!(refused.hint.contains("external graph"));
}
