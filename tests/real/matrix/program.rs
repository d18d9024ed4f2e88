//! The program as its user meets it, against a real homeserver: set up, create, switch, kill, remove.

use crate::hall::{Hall, ended};
use crate::synapse::{Limits, Synapse, say};
use crate::world::content;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use std::{
    process::Child,
    time::{Duration, Instant},
};

/// What a community gets by default and is not meant here.
const OTHERS: [&str; 5] = [
    "policykit",
    "kybern",
    "sourcecred",
    "opencollective",
    "loomio",
];

/// Creates a community with a space and two rooms; the exit code.
fn create(hall: &Hall, server: &Synapse, slug: &str, people: &str) -> Option<i32> {
    ended(begin_to_create(hall, server, slug, people)).code
}

fn begin_to_create(hall: &Hall, server: &Synapse, slug: &str, people: &str) -> Child {
    let off: Vec<String> = OTHERS.iter().map(|other| format!("{other}=off")).collect();
    let settings = [
        format!("matrix.homeserver={}", server.base),
        "matrix.rooms=general,proposals".to_owned(),
        "matrix.raised_limits=true".to_owned(),
        format!("matrix.invite={people}"),
    ];
    let mut arguments = vec!["community", "create", "Rosewood", "--slug", slug];
    arguments.extend(["--platform", "matrix=active"]);
    for off in &off {
        arguments.extend(["--platform", off]);
    }
    for setting in &settings {
        arguments.extend(["--setting", setting]);
    }
    hall.spawn(&arguments, "")
}

/// The rooms of a community on the server, by the part their marker names.
async fn rooms(server: &Synapse, slug: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for room in server.rooms().await {
        let id = room["room_id"].as_str().unwrap();
        let marker = content(&server.room_state(id).await, "org.guildhall.instance", "");
        if marker["community"] == slug {
            found.push((marker["part"].as_str().unwrap().to_owned(), id.to_owned()));
        }
    }
    found.sort();
    found
}

fn parts(rooms: &[(String, String)]) -> Vec<&str> {
    rooms.iter().map(|(part, _)| part.as_str()).collect()
}

const WHOLE: [&str; 3] = ["general", "proposals", "space"];

fn state<'a>(answer: &'a Value, field: &str) -> &'a Value {
    &answer["instances"][0][field]
}

#[tokio::test]
async fn from_nothing_to_a_community_that_is_switched_off_and_on_and_taken_away() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let amina = server.register("amina", false).await;
    let hall = Hall::new(false);
    assert_eq!(
        create(&hall, &server, "rosewood", &amina.id),
        Some(3),
        "it waits for a key"
    );

    let key = key("rosewood");
    let mistyped = format!("{}x", &server.admin.token[..server.admin.token.len() - 1]);
    let refused = hall.run(&key, &mistyped);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("checksum"), "{refused:?}");
    assert_eq!(server.rooms().await.len(), 0);
    let made = hall.done(&key, &server.admin.token);
    assert_eq!(state(&made, "observed"), "ready", "{made}");

    let found = rooms(&server, "rosewood").await;
    assert_eq!(parts(&found), WHOLE);
    assert_eq!(server.rooms().await.len(), 3, "and no other");
    let (general, space) = (&found[0].1, &found[2].1);
    let hierarchy = format!("/_matrix/client/v1/rooms/{space}/hierarchy");
    assert_eq!(amina.join(space).await, 200);
    let listed = amina.get(&hierarchy).await;
    assert_eq!(listed["rooms"].as_array().unwrap().len(), 3, "{listed}");
    assert_eq!(amina.join(general).await, 200);
    assert_eq!(amina.say(general, "hello").await, 200);

    let off = hall.done(&["instance", "deactivate", "rosewood", "matrix"], "");
    assert_eq!(state(&off, "desired"), "inactive");
    assert_eq!(amina.say(general, "anybody?").await, 403);
    let checked = hall.run(&["check", "rosewood", "matrix"], "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(!checked.out.contains("\"drifted\":true"), "{checked:?}");
    let on = hall.done(&["instance", "activate", "rosewood", "matrix"], "");
    assert_eq!(state(&on, "desired"), "active");
    assert_eq!(amina.say(general, "hello again").await, 200);

    // Only the bot's own key is kept; the administrator's was used once.
    let kept = hall.done(&["key", "list"], "");
    let fields: Vec<&Value> = kept["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["field"])
        .collect();
    assert_eq!(fields, ["access_token"], "{kept}");

    let database = std::fs::read(hall.home().join("guildhall.db")).unwrap();
    let token = server.admin.token.as_bytes();
    assert!(!database.windows(token.len()).any(|bytes| bytes == token));

    let remove = [
        "instance",
        "remove",
        "rosewood",
        "matrix",
        "--hard",
        "--confirm",
        "rosewood",
        "--yes",
    ];
    let waits = hall.run(&remove, "");
    assert_eq!(
        waits.code,
        Some(3),
        "it needs an administrator's token: {waits:?}"
    );
    assert_eq!(server.rooms().await.len(), 3);
    hall.done(&key, &server.admin.token);
    assert_eq!(server.rooms().await.len(), 0);
    let users = server.users().await;
    assert!(
        !users.iter().any(|user| user.starts_with("@gov-")),
        "{users:?}"
    );
    let audit = hall.run(&["audit", "verify"], "");
    assert_eq!(audit.code, Some(0), "{audit:?}");
}

#[tokio::test]
async fn killed_anywhere_and_taken_up_again_there_is_one_of_each() {
    const KILLS: u32 = 8;
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    let hall = Hall::new(false);
    let seed: u64 = std::env::var("GUILDHALL_SEED")
        .map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    say(&format!("GUILDHALL_SEED={seed}"));
    let mut random = StdRng::seed_from_u64(seed);
    // Spread over the whole run, each time a little elsewhere.
    let mut instant = |number: u32| (f64::from(number) + random.random::<f64>()) / f64::from(KILLS);

    // A key that is lent dies with the process: it is entered again.
    assert_eq!(create(&hall, &server, "lent", ""), Some(3));
    let start = Instant::now();
    hall.done(&key("lent"), &server.admin.token);
    let whole = start.elapsed();
    for number in 0..KILLS {
        let slug = format!("lent-{number}");
        assert_eq!(create(&hall, &server, &slug, ""), Some(3));
        let child = hall.spawn(&key(&slug), &server.admin.token);
        let when = whole.mul_f64(instant(number));
        kill(child, when).await;
        let had = rooms(&server, &slug).await.len();
        hall.run(&["operation", "resume"], "");
        if rooms(&server, &slug).await.len() < 3 {
            hall.done(&key(&slug), &server.admin.token);
        }
        assert_whole(
            &hall,
            &server,
            &slug,
            &format!("killed after {when:?} with {had} rooms"),
        )
        .await;
    }

    // One that is stored is there for the next Guildhall, which goes on by itself.
    assert_eq!(create(&hall, &server, "stored", ""), Some(3));
    let keep = [&key("stored")[..], &["--keep-powerful"]].concat();
    hall.done(&keep, &server.admin.token);
    let start = Instant::now();
    assert_eq!(create(&hall, &server, "stored-whole", ""), Some(0));
    let whole = start.elapsed();
    let mut expected = 3 + KILLS;
    for number in 0..KILLS {
        let slug = format!("stored-{number}");
        let child = begin_to_create(&hall, &server, &slug, "");
        let when = whole.mul_f64(instant(number));
        kill(child, when).await;
        let had = rooms(&server, &slug).await.len();
        let resumed = hall.run(&["operation", "resume"], "");
        assert_eq!(resumed.code, Some(0), "{resumed:?}");
        let list = hall.done(&["community", "list"], "");
        if !list.to_string().contains(&format!("\"{slug}\"")) {
            assert_eq!(had, 0, "nothing is made before it is written down");
            continue;
        }
        expected += 1;
        assert_whole(
            &hall,
            &server,
            &slug,
            &format!("killed after {when:?} with {had} rooms"),
        )
        .await;
    }
    let rooms = server.rooms().await;
    let inhabited = rooms.iter().filter(|room| room["joined_members"] != 0);
    assert_eq!(inhabited.count(), 3 * usize::try_from(expected).unwrap());
    let users = server.users().await;
    let bots = users.iter().filter(|user| user.starts_with("@gov-"));
    assert_eq!(bots.count(), usize::try_from(expected).unwrap());
    let audit = hall.run(&["audit", "verify"], "");
    assert_eq!(audit.code, Some(0), "{audit:?}");
}

fn key(slug: &str) -> [&str; 6] {
    ["key", "set", slug, "matrix", "--field", "admin_token"]
}

async fn kill(mut child: Child, when: Duration) {
    tokio::time::sleep(when).await;
    child.kill().unwrap();
    ended(child);
}

async fn assert_whole(hall: &Hall, server: &Synapse, slug: &str, what: &str) {
    assert_eq!(parts(&rooms(server, slug).await), WHOLE, "{slug}: {what}");
    let bot = format!("@gov-{slug}:localhost");
    assert_eq!(server.devices(&bot).await.len(), 1, "{bot}: {what}");
    let list = hall.done(&["instance", "list", slug], "");
    let lines = list["instances"].as_array().unwrap();
    let line = lines
        .iter()
        .find(|line| line["platform"] == "matrix")
        .unwrap();
    assert_eq!(line["observed"], "ready", "{slug}: {what}: {line}");
    say(&format!("{slug}: {what}"));
}
