//! What must hold when everything has come to its end.

use crate::fire::Acknowledged;
use crate::town::{People, Town, WELCOME};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Lets what is unfinished come to its end, then looks at the platforms, the processes and the database.
pub fn everything_is_as_it_should_be(town: &Town, told: &Acknowledged) {
    town.let_minutes_pass();
    settle(town);
    town.let_minutes_pass();
    let audit = town.hall.run(&["audit", "verify"], "");
    assert_eq!(audit.code, Some(0), "{audit:?}");
    let slugs: Vec<String> = town
        .people()
        .into_iter()
        .map(|people| people.slug)
        .collect();
    homeserver(&town.platforms.state("matrix"), &slugs);
    groups(town);
    collectives(&town.platforms.state("opencollective"), &slugs);
    let active = told
        .finished
        .values()
        .filter(|wanted| wanted["sourcecred"])
        .count();
    // Of each the keeper and the site.
    town.wait_for_processes(2 * active);
    instances(town, told);
    database(town, told, &slugs);
}

/// Resumes until nothing is open.
fn settle(town: &Town) {
    let start = Instant::now();
    loop {
        let ran = town.hall.run(&["operation", "resume"], "");
        let open = town.hall.done(&["operation", "list"], "");
        if open["operations"].as_array().unwrap().is_empty() {
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it does not end: {ran:?}\n{open:#}"
        );
    }
}

/// One bot with one live token, one space, one of each room, each with its alias, and nothing else of ours.
fn homeserver(state: &Value, slugs: &[String]) {
    let mut rooms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, room) in state["rooms"].as_object().unwrap() {
        let creator = room["creator"].as_str().unwrap();
        let member = &room["state"][format!("m.room.member\n{creator}")]["content"]["membership"];
        if !creator.starts_with("@gov-") || member != "join" {
            continue;
        }
        let marker = &room["state"]["org.guildhall.instance\n"]["content"];
        let part = marker["part"]
            .as_str()
            .unwrap_or_else(|| panic!("{id} is half-made"));
        let slug = marker["community"].as_str().unwrap();
        rooms
            .entry(slug.to_owned())
            .or_default()
            .push(part.to_owned());
    }
    for slug in slugs {
        let parts = rooms.entry(slug.clone()).or_default();
        parts.sort();
        assert_eq!(*parts, ["general", "proposals", "space"], "rooms of {slug}");
    }
    assert_eq!(rooms.len(), slugs.len());
    assert_eq!(state["aliases"].as_object().unwrap().len(), 3 * slugs.len());
    let users = state["users"].as_object().unwrap().keys();
    let mut bots: Vec<&String> = users.filter(|user| user.starts_with("@gov-")).collect();
    let mut wanted: Vec<String> = slugs
        .iter()
        .map(|slug| format!("@gov-{slug}:matrix.sandbox"))
        .collect();
    bots.sort();
    wanted.sort();
    assert_eq!(bots, wanted.iter().collect::<Vec<_>>());
    let tokens = state["tokens"].as_object().unwrap().values();
    let live = tokens.filter(|token| token["user"].as_str().unwrap().starts_with("@gov-"));
    assert_eq!(live.count(), slugs.len(), "one live token for each bot");
}

/// One welcome in each group, and no other thread.
fn groups(town: &Town) {
    let state = town.platforms.state("loomio");
    for People { slug, group, .. } in town.people() {
        let threads: Vec<&Value> = state["discussions"]
            .as_object()
            .unwrap()
            .values()
            .filter(|thread| thread["group"] == group)
            .collect();
        assert_eq!(threads.len(), 1, "threads of {slug}: {threads:?}");
        assert_eq!(threads[0]["title"], WELCOME);
    }
    let loose = state["discussions"].as_object().unwrap().values();
    assert_eq!(loose.filter(|thread| thread["group"].is_null()).count(), 0);
}

/// One collective for each community, and no other of its user.
fn collectives(state: &Value, slugs: &[String]) {
    let accounts = state["accounts"].as_object().unwrap().values();
    let mut made: Vec<&str> = accounts
        .filter(|account| account["deleted"] == false)
        .filter(|account| account["settings"]["guildhall"].is_object())
        .map(|account| account["slug"].as_str().unwrap())
        .collect();
    made.sort_unstable();
    let mut wanted: Vec<&str> = slugs.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(made, wanted);
}

/// Every instance is as it was wanted last, and a look at it finds nothing amiss.
fn instances(town: &Town, told: &Acknowledged) {
    let checked = town.hall.run(&["check"], "");
    assert_eq!(checked.code, Some(0), "{checked:?}");
    for (slug, wanted) in &told.finished {
        let list = town.hall.done(&["instance", "list", slug], "");
        for (platform, on) in wanted {
            let lines = list["instances"].as_array().unwrap();
            let line = lines
                .iter()
                .find(|line| line["platform"] == *platform)
                .unwrap();
            let desired = if *on { "active" } else { "inactive" };
            assert_eq!(line["desired"], desired, "{slug}: {line}");
            assert_eq!(line["observed"], "ready", "{slug}: {line}");
            assert_eq!(line["drifted"], false, "{slug}: {line}");
            assert_ne!(line["health"], "down", "{slug}: {line}");
        }
    }
}

/// What was acknowledged is there, once.
fn database(town: &Town, told: &Acknowledged, slugs: &[String]) {
    let path = town.hall.home().join("guildhall.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let number = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap() };
    let check: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    for slug in told.communities.iter().chain(slugs) {
        let sql = format!("SELECT count(*) FROM communities WHERE slug = '{slug}'");
        assert_eq!(number(&sql), 1, "{slug} was acknowledged");
    }
    for operation in &told.operations {
        let sql = format!(
            "SELECT count(*) FROM operations WHERE id = {operation} AND state IN ('done', 'cancelled')"
        );
        assert_eq!(number(&sql), 1, "operation {operation} was acknowledged");
    }
    assert_eq!(
        number("SELECT count(*) FROM operations WHERE state NOT IN ('done', 'cancelled')"),
        0
    );
    assert_eq!(
        number("SELECT count(*) FROM communities"),
        i64::try_from(slugs.len()).unwrap()
    );
    assert_eq!(
        number(
            "SELECT count(*) FROM (SELECT 1 FROM instances GROUP BY community, platform HAVING count(*) > 1)"
        ),
        0
    );
    assert_eq!(
        number("SELECT count(*) FROM leases"),
        0,
        "nobody works on anything"
    );
    for people in town.people() {
        for (platform, key) in people.keys {
            let sql = format!(
                "SELECT count(*) FROM credentials JOIN accounts ON accounts.id = account
                 JOIN communities ON communities.id = accounts.community
                 WHERE slug = '{}' AND platform = '{platform}' AND credentials.state = 'active'
                   AND last_four = '{}'",
                people.slug,
                &key[key.len() - 4..]
            );
            assert_eq!(
                number(&sql),
                1,
                "the key of {}/{platform} was stored",
                people.slug
            );
        }
    }
}
