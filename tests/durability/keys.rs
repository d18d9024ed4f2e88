//! A bot's key that twelve communities share is assumed leaked, and half of the processes that work on it are killed.

use crate::{hall::Hall, platforms::Platforms};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{collections::BTreeSet, thread, time::Duration};

/// How many communities share the key.
const COMMUNITIES: usize = 12;
/// What the bot is invited with (the manifest's permissions).
const PERMISSIONS: u64 = 378_762_497_105;
/// How long a process lives that is killed; the next one lives longer.
const SHORTEST_LIFE: Duration = Duration::from_millis(15);

fn name(number: usize) -> String {
    format!("community-{number}")
}

/// Runs a command and kills it after a while, if it still runs.
fn killed(hall: &Hall, arguments: &[&str], input: &str, life: Duration) {
    let mut child = hall.spawn(arguments, input);
    thread::sleep(life);
    let _ = kill_process(Pid::from_child(&child), Signal::KILL);
    child.wait().unwrap();
}

fn report(hall: &Hall) -> Value {
    let ran = hall.run(&["key", "report", "1"], "");
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
    ran.json()
}

/// The operation that waits until the old key is ended.
fn ending(report: &Value) -> String {
    let parts = report["parts"].as_array().unwrap();
    let waits = parts.iter().find(|part| !part["operation"].is_null());
    let waits = waits.unwrap_or_else(|| panic!("nothing waits: {report}"));
    waits["operation"].to_string()
}

#[test]
#[expect(
    clippy::too_many_lines,
    clippy::cognitive_complexity,
    reason = "one story from the shared key to the dead one"
)]
fn a_key_of_twelve_communities_is_replaced_and_dead_at_the_end() {
    let hall = Hall::new(true);
    let platforms = Platforms::serve(&hall);
    let of = |field| platforms.key("discord", field);
    let (guild, owner, bot) = (of("guild_id"), of("owner"), of("bot"));
    platforms.control("POST", "discord/limits", &json!({"on": false}));
    let most = COMMUNITIES.to_string();
    hall.done(
        &["account", "policy", "discord", "shared", "--confirm", &most],
        "",
    );
    let setting = format!("guild_id={guild}");
    let add = [
        "account",
        "add",
        "discord",
        "shared",
        "--field",
        "bot_token",
        "--setting",
        &setting,
    ];
    let old = of("bot_token");
    hall.done(&add, &old);
    for number in 0..COMMUNITIES {
        let community = name(number);
        let mut create = vec![
            "community",
            "create",
            &community,
            "--platform",
            "discord=active",
        ];
        for off in [
            "policykit=off",
            "kybern=off",
            "sourcecred=off",
            "loomio=off",
            "opencollective=off",
        ] {
            create.extend(["--platform", off]);
        }
        hall.done(&create, "");
    }
    let key = |community: &str| ["key", "reach", community, "discord"].map(str::to_owned);
    let reach = key("community-0");
    let reach: Vec<&str> = reach.iter().map(String::as_str).collect();
    let found = hall.done(&reach, "");
    assert_eq!(
        found["keys"][0]["reaches_communities"], COMMUNITIES,
        "{found}"
    );

    let leaked = ["key", "assume-leaked", "community-0", "discord", "--yes"];
    killed(&hall, &leaked, "", SHORTEST_LIFE);
    let ran = hall.run(&leaked, "");
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(
        report(&hall)["parts"].as_array().unwrap().len(),
        COMMUNITIES
    );
    for number in 0..COMMUNITIES {
        let made = platforms.control(
            "POST",
            "discord/add-bot",
            &json!({"name": name(number), "owner": owner, "guild": guild, "bits": PERMISSIONS}),
        );
        let token = made["token"].as_str().unwrap();
        let community = name(number);
        let set = ["key", "set", &community, "discord", "--field", "bot_token"];
        if number % 2 == 0 {
            let life = SHORTEST_LIFE * u32::try_from(number + 1).unwrap();
            killed(&hall, &set, token, life);
            killed(&hall, &["operation", "resume"], "", life);
        }
        // It may be stored and moved already; then the same key again changes nothing.
        let ran = hall.run(&set, token);
        assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
    }
    hall.run(&["operation", "resume"], "");
    let waiting = report(&hall);
    assert!(
        waiting["ended_at"].is_null(),
        "the old key works still: {waiting}"
    );
    platforms.control("POST", "discord/reset-token", &json!({"bot": bot}));
    let operation = ending(&waiting);
    killed(&hall, &["task", "done", &operation], "", SHORTEST_LIFE * 4);
    // It may have died before its wish was written down; one that is fulfilled already is refused.
    hall.run(&["task", "done", &operation], "");
    hall.run(&["operation", "resume"], "");
    let ended = report(&hall);
    assert!(!ended["ended_at"].is_null(), "{ended}");
    assert!(
        ended["proof"].as_str().unwrap().contains("refused it"),
        "{ended}"
    );
    let parts = ended["parts"].as_array().unwrap();
    assert!(parts.iter().all(|part| part["state"] == "moved"), "{ended}");

    let keys = hall.done(&["key", "list"], "");
    let in_use: BTreeSet<&str> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["state"] == "active")
        .map(|key| key["fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(in_use.len(), COMMUNITIES, "{keys}");
    let again = hall.run(
        &[
            "key",
            "set",
            "community-3",
            "discord",
            "--field",
            "bot_token",
        ],
        &old,
    );
    assert_ne!(again.code, Some(0), "{again:?}");
    assert_eq!(hall.done(&["audit", "verify"], "")["broken"], Value::Null);
    let listed = hall.done(&["instance", "list"], "");
    for row in listed["instances"].as_array().unwrap() {
        if row["platform"] == "discord" {
            assert_eq!(row["observed"], "ready", "{row}");
        }
    }
}
